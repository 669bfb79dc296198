"""What a student pays who was not there for the whole term."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.proration import FULL, HALF, NONE, POLICIES, WEEKS, Term, prorate, share_of_term


TERM = Term(date(2026, 1, 5), date(2026, 4, 2))  # 88 days: 13 weeks.
HALF_TERM = Term(TERM.first, TERM.last, date(2026, 2, 23))
days_of_term = st.integers(0, 87).map(lambda days: TERM.first + timedelta(days=days))


def part(policy, first=TERM.first, last=TERM.last, term=TERM, **options):
    return share_of_term(term, policy, first, last, **options).part


def test_seven_of_thirteen_weeks():
    share = share_of_term(TERM, WEEKS, date(2026, 2, 16), TERM.last)
    assert (share.part, share.weeks, share.of_weeks) == (Fraction(7, 13), 7, 13)


def test_the_week_in_which_a_student_joins_counts():
    assert part(WEEKS, date(2026, 2, 22)) == Fraction(7, 13)


def test_the_week_in_which_a_student_leaves_counts():
    assert part(WEEKS, last=date(2026, 1, 12)) == Fraction(2, 13)


@pytest.mark.parametrize(
    ('first', 'last', 'expected'),
    [
        (TERM.first, TERM.last, 1),
        (date(2026, 2, 22), TERM.last, 1),
        (date(2026, 2, 23), TERM.last, Fraction(1, 2)),
        (TERM.first, date(2026, 2, 22), Fraction(1, 2)),
    ],
)
def test_half_after_half_term(first, last, expected):
    assert part(HALF, first, last, HALF_TERM) == expected


def test_without_a_half_term_day_the_middle_counts():
    assert TERM.half_day == date(2026, 2, 18)


def test_nothing_after_the_day_limit():
    assert part(NONE, TERM.first + timedelta(days=13), day_limit=14) == 1
    assert part(NONE, TERM.first + timedelta(days=14), day_limit=14) == 0


def test_full_is_full_for_one_day():
    assert part(FULL, TERM.last, TERM.last) == 1


def test_a_full_charge_is_left_to_the_structure_under_which_the_term_ends():
    assert part(FULL, last=date(2026, 2, 1), moves_on=True) == 0


def test_a_stay_outside_the_term_is_none():
    assert TERM.clip(date(2026, 4, 3), None) is None
    assert TERM.clip(date(2025, 1, 1), date(2026, 1, 4)) is None
    assert TERM.clip(date(2025, 1, 1), None) == (TERM.first, TERM.last)


@given(st.sampled_from(POLICIES))
def test_the_whole_term_is_charged_whole(policy):
    assert part(policy, day_limit=14) == 1


@given(st.sampled_from(POLICIES), days_of_term, days_of_term)
def test_a_part_lies_between_nothing_and_all(policy, first, last):
    first, last = sorted((first, last))
    assert 0 <= part(policy, first, last, day_limit=14) <= 1


@given(st.sampled_from((FULL, WEEKS, HALF)), days_of_term.filter(lambda day: day > TERM.first))
def test_a_move_within_the_term_charges_no_week_twice(policy, day):
    before = part(policy, last=day - timedelta(days=1), moves_on=True)
    assert before + part(policy, day) == 1


@given(st.decimals(0, 1_000_000, places=2), st.fractions(0, 1))
def test_a_part_of_an_amount_never_exceeds_it_by_more_than_rounding(amount, share):
    assert 0 <= prorate(amount, share) <= amount + Decimal('0.5')


def test_a_part_is_whole_shillings():
    assert prorate(Decimal(10000), Fraction(7, 13)) == 5385


def test_an_unknown_policy_is_refused():
    with pytest.raises(ValueError, match="no known policy"):
        share_of_term(TERM, 'daily', TERM.first, TERM.last)
