"""How one payment is split over students."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.allocation import (
    BY_BALANCE,
    EQUAL,
    NAMED_CHILD_FIRST,
    OLDEST_DUE,
    POLICIES,
    OpenItem,
    allocate,
    settle_order,
)


FAITH, BRIAN, GRACE = 'faith', 'brian', 'grace'
FAMILY = (FAITH, BRIAN, GRACE)
JANUARY, MAY, SEPTEMBER = date(2027, 1, 5), date(2027, 5, 3), date(2027, 9, 6)


def owes(student, amount, due=JANUARY, chosen=False, key=None):
    return OpenItem(key or (student, due), student, due, Decimal(amount), chosen)


def split(amount, items, named=FAITH, students=FAMILY, policy=OLDEST_DUE, **options):
    return dict(allocate(Decimal(amount), items, named, students, policy, **options))


# === ORDER === #

def test_the_oldest_debt_comes_first():
    items = [owes(FAITH, 10, MAY), owes(FAITH, 10, JANUARY)]
    assert [item.due for item in settle_order(items)] == [JANUARY, MAY]


def test_a_chosen_bill_comes_before_an_older_one():
    items = [owes(FAITH, 10, JANUARY), owes(FAITH, 10, MAY, chosen=True)]
    assert [item.due for item in settle_order(items)] == [MAY, JANUARY]


def test_debts_of_one_day_follow_the_order_of_the_students():
    items = [owes(GRACE, 10), owes(BRIAN, 10), owes(FAITH, 10)]
    assert [item.student for item in settle_order(items, FAMILY)] == [FAITH, BRIAN, GRACE]


# === SPLIT === #

def test_a_payment_settles_the_named_child_before_older_debts_of_siblings():
    items = [owes(FAITH, 1000, MAY), owes(BRIAN, 1000, JANUARY)]
    assert split(1500, items) == {FAITH: 1000, BRIAN: 500}


def test_what_nobody_owes_is_credit_of_the_named_child():
    items = [owes(FAITH, 1000), owes(BRIAN, 300)]
    assert split(2000, items) == {FAITH: 1700, BRIAN: 300}


def test_without_debts_all_is_credit_of_the_named_child():
    assert split(500, [], named=BRIAN) == {BRIAN: 500}


def test_chosen_bills_come_first_whoever_owes_them():
    items = [owes(FAITH, 1000, JANUARY), owes(BRIAN, 700, SEPTEMBER, chosen=True)]
    assert split(800, items) == {BRIAN: 700, FAITH: 100}


def test_the_rest_after_chosen_bills_goes_to_the_oldest_debt():
    items = [
        owes(FAITH, 400, JANUARY), owes(FAITH, 400, MAY), owes(FAITH, 400, SEPTEMBER, chosen=True),
    ]
    assert split(600, items) == {FAITH: 600}


def test_siblings_follow_the_oldest_debt():
    items = [owes(BRIAN, 500, MAY), owes(GRACE, 500, JANUARY)]
    assert split(700, items, policy=OLDEST_DUE) == {GRACE: 500, BRIAN: 200}


def test_siblings_share_equally_but_none_gets_more_than_it_owes():
    items = [owes(BRIAN, 100), owes(GRACE, 900)]
    assert split(600, items, policy=EQUAL) == {BRIAN: 100, GRACE: 500}


def test_siblings_share_by_balance():
    items = [owes(BRIAN, 100), owes(GRACE, 300)]
    assert split(200, items, policy=BY_BALANCE) == {BRIAN: 50, GRACE: 150}


def test_cents_that_cannot_be_shared_go_to_the_first():
    items = [owes(student, 100) for student in FAMILY]
    assert split(100, items, policy=EQUAL, whole_family=True) == {
        FAITH: Decimal('33.34'), BRIAN: Decimal('33.33'), GRACE: Decimal('33.33'),
    }


def test_a_payment_for_the_family_pools_all_children():
    items = [owes(FAITH, 1000, MAY), owes(BRIAN, 1000, JANUARY)]
    assert split(1500, items, whole_family=True) == {BRIAN: 1000, FAITH: 500}


def test_a_payment_for_the_family_may_still_begin_with_the_named_child():
    items = [owes(FAITH, 1000, MAY), owes(BRIAN, 1000, JANUARY)]
    shares = split(1500, items, policy=NAMED_CHILD_FIRST, whole_family=True)
    assert shares == {FAITH: 1000, BRIAN: 500}


def test_debts_of_strangers_are_left_alone():
    assert split(500, [owes('somebody', 500)]) == {FAITH: 500}


def test_shares_come_in_the_order_of_the_students():
    items = [owes(GRACE, 100, JANUARY), owes(BRIAN, 100, MAY), owes(FAITH, 100, SEPTEMBER)]
    shares = allocate(Decimal(300), items, FAITH, FAMILY, OLDEST_DUE)
    assert [student for student, _share in shares] == [FAITH, BRIAN, GRACE]


# === BAD INPUT === #

@pytest.mark.parametrize(('amount', 'named', 'policy'), [
    (Decimal(-1), FAITH, OLDEST_DUE),
    (Decimal(1), 'somebody', OLDEST_DUE),
    (Decimal(1), FAITH, 'by_height'),
])
def test_bad_input_is_refused(amount, named, policy):
    with pytest.raises(ValueError, match=r'\.$'):
        allocate(amount, [], named, FAMILY, policy)


# === LAWS === #

amounts = st.decimals(0, 10**7, places=2)
open_items = st.lists(
    st.builds(
        OpenItem, key=st.uuids(), student=st.sampled_from(FAMILY),
        due=st.sampled_from([JANUARY, MAY, SEPTEMBER]),
        amount=st.decimals('0.01', 10**6, places=2), chosen=st.booleans(),
    ),
    max_size=12,
)
payments = (amounts, open_items, st.sampled_from(FAMILY), st.sampled_from(POLICIES), st.booleans())


def total_due(items, student):
    return sum((item.amount for item in items if item.student == student), Decimal(0))


@given(*payments)
def test_shares_make_up_the_amount_and_none_is_nought_or_less(amount, items, named, policy, family):
    shares = allocate(amount, items, named, FAMILY, policy, whole_family=family)
    assert sum(share for _student, share in shares) == amount
    assert all(share > 0 for _student, share in shares)
    assert len({student for student, _share in shares}) == len(shares)


@given(*payments)
def test_only_the_named_child_gets_more_than_it_owes(amount, items, named, policy, family):
    shares = dict(allocate(amount, items, named, FAMILY, policy, whole_family=family))
    for student, share in shares.items():
        if student != named:
            assert share <= total_due(items, student)


@given(*payments)
def test_credit_appears_only_when_nobody_owes_any_more(amount, items, named, policy, family):
    shares = dict(allocate(amount, items, named, FAMILY, policy, whole_family=family))
    if shares.get(named, 0) > total_due(items, named):
        for student in set(FAMILY) - {named}:
            assert shares.get(student, 0) == total_due(items, student)


@given(*payments)
def test_chosen_bills_are_settled_before_anything_else(amount, items, named, policy, family):
    shares = dict(allocate(amount, items, named, FAMILY, policy, whole_family=family))
    chosen = [item for item in items if item.chosen]
    covered = sum(
        min(shares.get(student, Decimal(0)), total_due(chosen, student)) for student in FAMILY
    )
    assert covered == min(amount, sum((item.amount for item in chosen), Decimal(0)))


@given(*payments)
def test_shares_are_whole_cents(amount, items, named, policy, family):
    for _student, share in allocate(amount, items, named, FAMILY, policy, whole_family=family):
        assert share == share.quantize(Decimal('0.01'))


@given(amounts, amounts, open_items, st.sampled_from(FAMILY))
def test_more_money_never_gives_a_child_less(amount, extra, items, named):
    less = dict(allocate(amount, items, named, FAMILY, OLDEST_DUE))
    more = dict(allocate(amount + extra, items, named, FAMILY, OLDEST_DUE))
    assert all(more.get(student, 0) >= share for student, share in less.items())
