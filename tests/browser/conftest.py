"""What the browser tests share."""
import pytest
from live_road import LiveRoad


@pytest.fixture(scope='session')
def road(stack):
    """ The ways to ask for money and to see what became of it. """
    return LiveRoad(stack)
