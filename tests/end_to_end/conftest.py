"""What the end-to-end tests share."""
import pytest
from live_road import LiveRoad, books_kept


@pytest.fixture(scope='session')
def road(stack):
    """ The ways to ask for money and to see what became of it. """
    return LiveRoad(stack)


@pytest.fixture
def books(road):
    """ Afterwards all money is in the books, once, and every rule holds. """
    with books_kept(road):
        yield
