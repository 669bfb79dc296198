from . import test_road
