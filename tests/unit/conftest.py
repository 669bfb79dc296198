"""Unit tests import the plain libraries inside the add-ons, never Odoo."""
import sys
from pathlib import Path

import pytest
from hypothesis import settings


ROOT = Path(__file__).resolve().parents[2]
for folder in ('school_mpesa', 'school_fees', 'tests'):
    sys.path.insert(0, str(ROOT / folder))

# No deadline: a busy machine is no defect. No database: a run leaves nothing in the checkout.
settings.register_profile('unit', deadline=None, database=None)
settings.load_profile('unit')


@pytest.fixture
def daraja_server():
    """A server to be told how to answer the Daraja client."""
    from daraja_stand_in import stand_in

    with stand_in() as server:
        yield server
