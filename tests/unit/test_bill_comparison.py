"""What is still to be charged: a proposal beside what is posted."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from rules.bill_comparison import GONE, LESS, MORE, NEW, SAME, compare, documents
from rules.bill_proposal import Line


fees = st.sampled_from(('tuition', 'lunch', 'boarding'))
money = st.decimals(0, 50_000, places=2)


@st.composite
def bills(draw):
    """The lines of a bill: for each fee a charge and concessions that do not exceed it."""
    lines = []
    for fee in draw(st.sets(fees)):
        charge = left = draw(money)
        lines.append(Line(fee, None, charge))
        for key in draw(st.sets(st.sampled_from(('sibling', 'staff')))):
            given_back = draw(st.decimals(0, left, places=2)) if left else Decimal(0)
            left -= given_back
            lines.append(Line(fee, key, -given_back))
    return lines


def totals(lines):
    return {line.key: line.amount for line in lines}


def statuses(lines, posted):
    return {(d.fee, d.concession): d.status for d in compare(lines, posted)}


def test_the_statuses():
    lines = [
        Line('tuition', None, Decimal(1000)), Line('tuition', 'sibling', Decimal(-200)),
        Line('lunch', None, Decimal(400)), Line('boarding', None, Decimal(900)),
        Line('sports', None, Decimal(50)),
    ]
    posted = {
        ('tuition', None): Decimal(1000), ('tuition', 'sibling'): Decimal(-100),
        ('lunch', None): Decimal(500), ('boarding', None): Decimal(800), ('trip', None): Decimal(7),
    }
    assert statuses(lines, posted) == {
        ('tuition', None): SAME, ('tuition', 'sibling'): MORE, ('lunch', None): LESS,
        ('boarding', None): MORE, ('sports', None): NEW, ('trip', None): GONE,
    }


def test_what_was_taken_back_wholly_is_no_difference():
    assert compare([], {('tuition', None): Decimal(0)}) == []


def test_from_day_to_boarding_is_a_supplement_and_a_credit_note():
    differences = compare(
        [Line('boarding', None, Decimal(9000)), Line('boarding', 'staff', Decimal(-4500))],
        {('lunch', None): Decimal(400), ('lunch', 'staff'): Decimal(-200)},
    )
    charged, credited = documents(differences)
    assert [d.amount for d in charged] == [9000, -4500]
    assert [d.amount for d in credited] == [-400, 200]


def test_a_concession_granted_later_is_a_credit_note():
    differences = compare(
        [Line('tuition', None, Decimal(9000)), Line('tuition', 'staff', Decimal(-4500))],
        {('tuition', None): Decimal(9000)},
    )
    charged, credited = documents(differences)
    assert charged == []
    assert [(d.concession, d.amount) for d in credited] == [('staff', -4500)]


@given(bills())
def test_running_twice_does_nothing(lines):
    assert documents(compare(lines, totals(lines))) == ([], [])


@given(bills(), bills())
def test_posting_the_difference_makes_the_ledger_what_was_proposed(lines, before):
    after = totals(before)
    charged, credited = documents(compare(lines, after))
    for difference in charged + credited:
        key = (difference.fee, difference.concession)
        after[key] = after.get(key, Decimal(0)) + difference.amount
    wanted = totals(lines)
    assert {k: v for k, v in after.items() if v} == {k: v for k, v in wanted.items() if v}


@given(bills(), bills())
def test_no_document_is_below_zero(lines, before):
    charged, credited = documents(compare(lines, totals(before)))
    assert sum(d.amount for d in charged) >= 0
    assert sum(d.amount for d in credited) <= 0


@given(bills())
def test_a_first_bill_has_no_credit_note(lines):
    charged, credited = documents(compare(lines, {}))
    assert not credited
    assert sum(d.amount for d in charged) == sum(line.amount for line in lines)
