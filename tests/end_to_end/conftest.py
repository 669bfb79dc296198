"""What the end-to-end tests share."""
import pytest
from live_road import books_kept


@pytest.fixture
def books(road):
    """ Afterwards all money is in the books, once, and every rule holds. """
    with books_kept(road):
        yield
