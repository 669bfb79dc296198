"""When a payment was made whose time cannot be read."""
from datetime import datetime

import pytest
from daraja.payment_date import date_payment


NOW = datetime(2026, 9, 14, 7, 30)  # 10:30 in Kenya
TOLD = datetime(2026, 9, 1, 8)


@pytest.mark.parametrize(('told', 'code', 'made'), [
    (TOLD, 'UIE4K7P2QX', TOLD),
    (TOLD, 'ZZZ4K7P2QX', TOLD),
    (datetime(2026, 9, 14, 7, 39), 'UIE4K7P2QX', datetime(2026, 9, 14, 7, 39)),  # clocks differ
    (None, 'UID4K7P2QX', datetime(2026, 9, 13, 9)),  # noon in Kenya
    (datetime(2031, 1, 1), 'UID4K7P2QX', datetime(2026, 9, 13, 9)),
    (None, 'UIE4K7P2QX', NOW),  # today, before noon: not ahead
    (None, 'UIF4K7P2QX', None),  # tomorrow
    (datetime(2031, 1, 1), 'UIF4K7P2QX', None),
    (None, 'ZZZ4K7P2QX', None),  # of no day
    (None, 'UBV4K7P2QX', None),  # 31 February
    (None, '', None),
])
def test_the_time_told_else_the_day_of_the_code(told, code, made):
    assert date_payment(told, code, NOW) == made


def test_the_first_minutes_of_a_day_are_of_that_day():
    before_midnight = datetime(2026, 9, 13, 20, 59)  # 23:59 in Kenya
    assert date_payment(None, 'UIE4K7P2QX', before_midnight) == datetime(2026, 9, 13, 21)
