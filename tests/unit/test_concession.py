"""What the school gives back on charges."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from rules.concession import (
    AMOUNT,
    PERCENT,
    Concession,
    apply_concessions,
    percent_for_rank,
    sibling_ranks,
)


TUITION, LUNCH = 'tuition', 'lunch'
CHARGES = [(TUITION, Decimal(12500)), (LUNCH, Decimal(4200))]


def concession(value, kind=PERCENT, items=(TUITION,), cap=None, key='rule'):
    cap = None if cap is None else Decimal(cap)
    return Concession(key, kind, Decimal(value), frozenset(items), cap)


def test_a_percentage_of_what_it_covers():
    assert apply_concessions(CHARGES, [concession(10)]) == [(TUITION, 'rule', 1250)]


def test_half_a_shilling_counts_up():
    assert apply_concessions([(TUITION, Decimal(125))], [concession(10)]) == [
        (TUITION, 'rule', 13),
    ]


def test_a_cap_is_the_most_for_the_term():
    given_ = apply_concessions(CHARGES, [concession(50, items=(TUITION, LUNCH), cap=7000)])
    assert given_ == [(TUITION, 'rule', 6250), (LUNCH, 'rule', 750)]


def test_an_amount_goes_over_the_charges_in_their_order():
    given_ = apply_concessions(CHARGES, [concession(14000, AMOUNT, (TUITION, LUNCH))])
    assert given_ == [(TUITION, 'rule', 12500), (LUNCH, 'rule', 1500)]


def test_two_concessions_never_exceed_the_charge():
    given_ = apply_concessions(CHARGES, [concession(80, key='staff'), concession(30, key='rank')])
    assert given_ == [(TUITION, 'staff', 10000), (TUITION, 'rank', 2500)]


@given(
    st.dictionaries(st.sampled_from('abcd'), st.decimals(0, 100_000, places=2), min_size=1),
    st.lists(st.builds(
        concession, st.integers(0, 200), st.sampled_from((PERCENT, AMOUNT)),
        st.sets(st.sampled_from('abcd')), st.none() | st.integers(0, 50_000), st.uuids(),
    ), max_size=4),
)
def test_concessions_never_exceed_charge_scope_or_cap(charges, concessions):
    given_ = apply_concessions(list(charges.items()), concessions)
    assert all(amount > 0 for _item, _key, amount in given_)
    for item, charge in charges.items():
        assert sum(amount for other, _key, amount in given_ if other == item) <= charge
    for one in concessions:
        parts = [(item, amount) for item, key, amount in given_ if key == one.key]
        assert all(item in one.items for item, _amount in parts)
        total = sum(amount for _item, amount in parts)
        assert one.cap is None or total <= one.cap
        assert one.kind == PERCENT or total <= one.value


def test_the_child_furthest_on_in_school_is_first():
    children = [('amina', 3, 'ADM30'), ('brian', 8, 'ADM12'), ('faith', 8, 'ADM11')]
    assert sibling_ranks(children) == {'faith': 1, 'brian': 2, 'amina': 3}


def test_ranks_move_up_when_a_sibling_leaves():
    children = [('amina', 3, 'ADM30'), ('brian', 8, 'ADM12')]
    assert sibling_ranks(children) == {'brian': 1, 'amina': 2}


def test_the_table_of_ranks():
    table = [(2, Decimal(10)), (3, Decimal(20))]
    assert [percent_for_rank(table, rank) for rank in (1, 2, 3, 6)] == [0, 10, 20, 20]
