"""In which zone Pull's times are: what tells, and what happens where nothing does."""
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from daraja.pull import PulledPayment
from daraja.pull_times import moment_of, read_zone
from hypothesis import given
from hypothesis import strategies as st


NOON = datetime(2026, 9, 14, 9, 0)  # 12:00 in Kenya; codes of that day begin with UIE
LATEST = datetime(2026, 9, 14, 10, 0)
LEAD = timedelta(hours=3)


def payment(told, code='UIE4K7P2QX'):
    return PulledPayment(code, Decimal(5), told, 'ADM-012', '712000111')


def test_a_payment_whose_time_is_known_tells():
    known = {'UIE4K7P2QX': NOON}
    assert read_zone([payment(NOON)], known, LATEST) == 'utc'
    assert read_zone([payment(NOON + LEAD)], known, LATEST) == 'eat'
    assert read_zone([payment(NOON + timedelta(hours=1))], known, LATEST) is None


def test_a_time_that_lies_ahead_is_kenyan():
    assert read_zone([payment(LATEST + timedelta(hours=2))], {}, LATEST) == 'eat'
    assert read_zone([payment(LATEST + timedelta(minutes=5))], {}, LATEST) is None


def test_the_day_of_the_code_tells_around_midnight():
    late = datetime(2026, 9, 14, 22, 30)  # of the 15th in Kenya, if it is UTC
    later = late + timedelta(days=2)
    assert read_zone([payment(late, 'UIF4K7P2QX')], {}, later) == 'utc'
    assert read_zone([payment(late, 'UIE4K7P2QX')], {}, later) == 'eat'
    # A code that does not begin with either day tells nothing.
    assert read_zone([payment(late, 'UIA4K7P2QX')], {}, later) is None
    assert read_zone([payment(datetime(2026, 9, 14, 8, 0))], {}, later) is None


def test_contradicting_witnesses_tell_nothing():
    known = {'UIE4K7P2QX': NOON, 'UIE4K7P2QY': NOON}
    two = [payment(NOON), payment(NOON + LEAD, 'UIE4K7P2QY')]
    assert read_zone(two, known, LATEST) is None
    assert read_zone([*two, payment(NOON)], known, LATEST) == 'utc'


def test_rows_without_a_time_are_no_witnesses():
    assert read_zone([payment(None)], {'UIE4K7P2QX': NOON}, LATEST) is None
    assert moment_of(payment(None), 'utc') is None


@pytest.mark.parametrize(('zone', 'moment'), [
    ('utc', NOON), (None, NOON), ('eat', NOON - LEAD),
])
def test_the_moment_follows_the_zone_and_the_mark_is_believed(zone, moment):
    assert moment_of(payment(NOON), zone) == moment


@given(
    st.integers(0, 86_399), st.sampled_from(['utc', 'eat']), st.sampled_from(['utc', 'eat', None]),
)
def test_the_kenyan_day_is_right_whatever_zone_is_assumed(second, truth, assumed):
    """ The law that lets a receipt be dated although nobody knows the zone. """
    made = datetime(2026, 9, 14) - LEAD + timedelta(seconds=second)  # of the 14th in Kenya
    told = made if truth == 'utc' else made + LEAD
    moment = moment_of(payment(told), assumed)
    assert (moment + LEAD).date().isoformat() == '2026-09-14'


def test_a_time_that_is_ahead_in_either_zone_tells_nothing():
    assert read_zone([payment(LATEST + timedelta(days=2), '1234567890')], {}, LATEST) is None
    assert read_zone([payment(LATEST + LEAD, '1234567890')], {}, LATEST) == 'eat'
