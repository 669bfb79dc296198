"""The product with failpoints, as one run for all fault tests."""
import os
from pathlib import Path

import pytest
from faults_kit import Faults
from stack_with_addons import StackWithAddons


@pytest.fixture(scope='session')
def stack(tmp_path_factory):
    """ Workers and crons behind nginx, the simulator, and the test-only module. """
    folder = tmp_path_factory.mktemp('failpoints')
    os.environ['SCHOOL_FAULTS'] = str(folder)
    with StackWithAddons(
        'faults', Path(__file__).parent / 'addons', 'school_faults', workers=3,
    ) as running:
        running.failpoints = folder
        yield running
    del os.environ['SCHOOL_FAULTS']


@pytest.fixture(scope='session')
def session_faults(stack):
    return Faults(stack)


@pytest.fixture
def faults(session_faults):
    """ What a fault test needs; the simulator starts plain, and the rules hold at the end. """
    session_faults.begin()
    yield session_faults
    session_faults.end()
