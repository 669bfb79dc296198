"""What a day at Safaricom and the same day in our books must agree on. Plain Python, no Odoo."""
from .closing_balance import compare_balances, find_closing_balance
from .coverage import STEP, covers, covers_moment, get_day_bounds
from .day_comparison import compare_day
from .difference import CLASSES, Difference
from .facts import LedgerDay, OurMovement, StatedLine


__all__ = [
    'CLASSES', 'STEP', 'Difference', 'LedgerDay', 'OurMovement', 'StatedLine', 'compare_balances',
    'compare_day', 'covers', 'covers_moment', 'find_closing_balance', 'get_day_bounds',
]
