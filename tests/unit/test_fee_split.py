"""How an annual fee is cut into terms."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.fee_split import EQUAL, PUBLIC_BOARDING, raise_by, split_terms


amounts = st.decimals(0, 10_000_000, places=2)
weights = st.lists(st.integers(0, 100), min_size=1, max_size=4).filter(any)


def test_the_gazetted_boarding_fee():
    assert split_terms(Decimal(53554), PUBLIC_BOARDING) == [26777, 16066, 10711]


def test_equal_thirds_leave_the_remainder_to_the_last_term():
    assert split_terms(Decimal(100), EQUAL) == [33, 33, 34]


def test_the_remainder_goes_to_the_last_term_that_has_a_weight():
    assert split_terms(Decimal(101), (50, 50, 0)) == [50, 51, 0]


@given(amounts, weights)
def test_the_parts_add_up(annual, weights):
    assert sum(split_terms(annual, weights)) == annual


@given(amounts, weights)
def test_no_part_is_below_zero_and_a_term_without_weight_costs_nothing(annual, weights):
    for part, weight in zip(split_terms(annual, weights), weights, strict=True):
        assert part >= 0
        assert weight or not part


@given(amounts, weights)
def test_all_but_the_last_part_are_whole_shillings(annual, weights):
    parts = split_terms(annual, weights)
    last = max(position for position, weight in enumerate(weights) if weight)
    assert all(part == int(part) for position, part in enumerate(parts) if position != last)


@pytest.mark.parametrize(
    ('annual', 'weights'), [(-1, (1, 1)), (1, (0, 0)), (1, (2, -1)), (1, ())],
)
def test_what_cannot_be_cut_is_refused(annual, weights):
    with pytest.raises(ValueError, match="zero or more"):
        split_terms(Decimal(annual), weights)


@pytest.mark.parametrize(
    ('amount', 'percent', 'raised'),
    [(10000, 5, 10500), (17850, 3, 18386), (17850, 0, 17850), (100, -10, 90)],
)
def test_raising(amount, percent, raised):
    assert raise_by(Decimal(amount), Decimal(percent)) == raised


def test_an_amount_that_does_not_rise_keeps_its_cents():
    assert raise_by(Decimal('10.50'), Decimal(0)) == Decimal('10.50')
