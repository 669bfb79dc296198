"""Unit tests import the plain libraries inside the add-ons, never Odoo."""
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parents[2]
for folder in ('school_mpesa', 'school_fees', 'tests'):
    sys.path.insert(0, str(ROOT / folder))
