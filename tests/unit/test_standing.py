from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.standing import STANDINGS, classify


TODAY = date(2026, 6, 15)
DAYS = st.integers(-1000, 1000).map(lambda days: TODAY + timedelta(days=days))


@pytest.mark.parametrize(('residual', 'due', 'term', 'expected'), [
    (100, TODAY - timedelta(days=1), 'now', 'this_term'),
    (100, TODAY, 'now', 'this_term'),
    (100, TODAY, None, 'arrears'),
    (100, TODAY - timedelta(days=90), 'before', 'arrears'),
    (100, TODAY + timedelta(days=1), 'now', 'not_due'),
    (-100, TODAY + timedelta(days=1), 'now', 'credit'),
    (-100, TODAY, None, 'credit'),
])
def test_standing_of_an_item(residual, due, term, expected):
    assert classify(residual, due, TODAY, term, 'now') == expected


def test_without_a_term_that_runs_all_that_is_due_is_arrears():
    assert classify(100, TODAY, TODAY, None, None) == 'arrears'


@given(
    residual=st.integers(1, 10**6), due=DAYS, term=st.sampled_from([None, 1, 2]),
    current=st.sampled_from([None, 1, 2]),
)
def test_debt_is_never_credit_and_due_or_not_by_its_date(residual, due, term, current):
    standing = classify(residual, due, TODAY, term, current)
    assert standing in STANDINGS[:3]
    assert (standing == 'not_due') == (due > TODAY)
