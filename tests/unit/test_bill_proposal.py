"""What each student should be charged for a term."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from rules.bill_proposal import (
    DEPOSIT,
    FAMILY,
    NO_PRICE,
    NO_STRUCTURE,
    ONCE,
    OVER_CEILING,
    TWO_STRUCTURES,
    YEAR,
    Fee,
    Price,
    Stay,
    Structure,
    Student,
    propose,
    share_family_fees,
)
from rules.concession import PERCENT, Concession
from rules.proration import Share, Term


TERM = Term(date(2026, 1, 5), date(2026, 4, 2))
TUITION = Fee('tuition', head='TUI', order=(1,), prorata='weeks')
BOARDING = Fee('boarding', head='BES', order=(2,), prorata='weeks')
LUNCH = Fee('lunch', head='LUN', order=(3,), optional=True)
TRANSPORT = Fee('transport', head='TRA', order=(4,), optional=True)
LEVY = Fee('levy', FAMILY, head='PTA', order=(5,))
EXAM = Fee('exam', YEAR, head='EXM', order=(6,))
ADMISSION = Fee('admission', ONCE, head='ADM', order=(7,))
CAUTION = Fee('caution', DEPOSIT, head='DEP', order=(8,))


def price(fee, *amounts, **options):
    amounts = amounts if len(amounts) == 3 else amounts * 3
    return Price(fee, tuple(map(Decimal, amounts)), **options)


def structure(*prices, key='all', **options):
    return Structure(key, frozenset(options.pop('levels', {8})), prices, **options)


def stay(first=TERM.first, last=TERM.last, level=8, boarding='day', key=1):
    return Stay(key, level, boarding, first, last)


def student(*stays, **values):
    return Student('faith', list(stays or (stay(),)), **values)


def amounts(proposal):
    return [(*line.key, line.amount) for line in proposal.lines]


def charged(who, *structures, number=1, ceilings=None):
    return {
        line.fee: line.amount for line in propose(who, structures, TERM, number, ceilings).lines
    }


# === STRUCTURES === #

def test_the_amount_of_the_term():
    fees = structure(price(TUITION, 26777, 16066, 10711))
    assert [charged(student(), fees, number=n)['tuition'] for n in (1, 2, 3)] == [
        26777, 16066, 10711,
    ]


def test_the_closest_structure_fits():
    day = structure(price(TUITION, 1000))
    boarding = structure(price(TUITION, 2000), boarding='boarding')
    staff = structure(price(TUITION, 500), boarding='day', category='staff')
    assert charged(student(), day, boarding, staff) == {'tuition': 1000}
    assert charged(student(stay(boarding='boarding')), day, boarding) == {'tuition': 2000}
    assert charged(student(category='staff'), day, boarding, staff) == {'tuition': 500}


def test_no_structure_is_a_warning_and_nothing_counts_as_gone():
    proposal = propose(student(stay(level=9)), [structure(price(TUITION, 1000))], TERM, 1)
    assert proposal.warnings == [(NO_STRUCTURE, 1)]
    assert not proposal.complete
    assert not proposal.lines


def test_two_structures_that_fit_equally_are_a_warning():
    one = structure(price(TUITION, 1000), key='one', boarding='day')
    two = structure(price(TUITION, 2000), key='two', category='staff')
    proposal = propose(student(category='staff'), [one, two], TERM, 1)
    assert proposal.warnings == [(TWO_STRUCTURES, ('one', 'two'))]
    assert not proposal.complete
    assert not proposal.lines


def test_who_is_not_there_is_charged_nothing():
    proposal = propose(Student('faith', []), [structure(price(TUITION, 1000))], TERM, 1)
    assert (proposal.lines, proposal.warnings, proposal.complete) == ([], [], True)


def test_lines_follow_the_order_of_the_bill():
    fees = structure(price(BOARDING, 5), price(TUITION, 5))
    assert list(charged(student(), fees)) == ['tuition', 'boarding']


# === OPTIONS AND ZONES === #

def test_options_are_for_who_chose_them():
    fees = structure(price(TUITION, 1000), price(LUNCH, 400))
    assert charged(student(), fees) == {'tuition': 1000}
    assert charged(student(choices={'lunch': (None, 2)}), fees) == {'tuition': 1000, 'lunch': 800}


def test_the_price_of_the_zone():
    fees = structure(
        price(TRANSPORT, 500), price(TRANSPORT, 900, zone='far'),
        price(TRANSPORT, 700, zone='near'),
    )
    assert charged(student(choices={'transport': ('far', 1)}), fees) == {'transport': 900}
    assert charged(student(choices={'transport': ('else', 1)}), fees) == {'transport': 500}


def test_an_option_without_a_price_is_a_warning():
    fees = structure(price(TUITION, 1000), price(TRANSPORT, 900, zone='far'))
    who = student(choices={'transport': ('near', 1)})
    assert propose(who, [fees], TERM, 1).warnings == [(NO_PRICE, 'transport')]


def test_what_new_students_pay():
    fees = structure(price(ADMISSION, 3000, 0, 0, new_only=True), price(TUITION, 1000),
                     price(TUITION, 1500, new_only=True))
    assert charged(student(), fees) == {'tuition': 1000}
    assert charged(student(is_new=True), fees) == {'tuition': 1500, 'admission': 3000}


# === BASES === #

def test_what_is_charged_once():
    fees = structure(price(EXAM, 0, 800, 0), price(CAUTION, 5000, 0, 0))
    assert charged(student(), fees) == {'caution': 5000}
    assert charged(student(), fees, number=2) == {'exam': 800, 'caution': 5000}
    assert charged(student(), fees, number=3) == {'exam': 800, 'caution': 5000}
    had = student(had=frozenset({'exam', 'caution'}))
    assert charged(had, fees, number=3) == {}


def test_what_one_child_of_the_family_pays():
    fees = structure(price(LEVY, 600))
    assert charged(student(), fees) == {}
    assert charged(student(bears=frozenset({'levy'})), fees) == {'levy': 600}


def family(*levels):
    return [Student(n, [stay(level=level)]) for n, level in enumerate(levels, start=1)]


def test_the_first_child_whose_structure_has_it_pays_for_the_family():
    fees = [structure(price(LEVY, 600)), structure(price(TUITION, 1), levels={9})]
    assert share_family_fees(family(9, 8, 8), fees, {}) == {
        1: frozenset(), 2: frozenset({'levy'}), 3: frozenset(),
    }


def test_who_was_charged_for_the_family_keeps_the_charge():
    fees = [structure(price(LEVY, 600))]
    assert share_family_fees(family(8, 8), fees, {2: {'levy', 'tuition'}}) == {
        1: frozenset(), 2: frozenset({'levy'}),
    }


# === PRO-RATA === #

def test_seven_of_thirteen_weeks():
    fees = structure(price(TUITION, 13000))
    line = propose(student(stay(date(2026, 2, 16))), [fees], TERM, 1).lines[0]
    assert line.amount == 7000
    assert line.share == Share(Fraction(7, 13), 7, 13)


def test_from_day_to_boarding():
    day = structure(price(TUITION, 13000), price(LUNCH, 1300), boarding='day')
    boarding = structure(price(TUITION, 13000), price(BOARDING, 26000), boarding='boarding')
    who = student(
        stay(last=date(2026, 2, 15)), stay(date(2026, 2, 16), boarding='boarding', key=2),
    )
    assert charged(who, day, boarding) == {'tuition': 13000, 'boarding': 14000}


def test_a_move_at_another_price_by_weeks():
    one = structure(price(TUITION, 13000))
    two = structure(price(TUITION, 26000), levels={9})
    who = student(stay(last=date(2026, 2, 15)), stay(date(2026, 2, 16), level=9, key=2))
    assert charged(who, one, two) == {'tuition': 6000 + 14000}


def test_a_full_charge_follows_the_last_structure():
    sports = Fee('sports', head='ACT')
    one, two = structure(price(sports, 300)), structure(price(sports, 500), levels={9})
    who = student(stay(last=date(2026, 2, 15)), stay(date(2026, 2, 16), level=9, key=2))
    assert charged(who, one, two) == {'sports': 500}


def test_a_late_move_is_no_late_joining():
    sports = Fee('sports', head='ACT', prorata='none', day_limit=14)
    one, two = structure(price(sports, 300)), structure(price(sports, 500), levels={9})
    who = student(stay(last=date(2026, 2, 15)), stay(date(2026, 2, 16), level=9, key=2))
    assert charged(who, one, two) == {'sports': 500}
    assert charged(student(stay(date(2026, 2, 16), level=9)), one, two) == {}


# === CONCESSIONS AND CEILINGS === #

def test_a_concession_is_its_own_line_under_the_charge():
    fees = structure(price(TUITION, 12500), price(BOARDING, 9000))
    rule = Concession('sibling', PERCENT, Decimal(10), frozenset({'tuition'}))
    assert amounts(propose(student(concessions=[rule]), [fees], TERM, 1)) == [
        ('tuition', None, 12500), ('tuition', 'sibling', -1250), ('boarding', None, 9000),
    ]


def test_a_concession_is_of_what_is_charged():
    fees = structure(price(TUITION, 13000))
    rule = Concession('sibling', PERCENT, Decimal(10), frozenset({'tuition'}))
    who = student(stay(date(2026, 2, 16)), concessions=[rule])
    assert amounts(propose(who, [fees], TERM, 1))[1] == ('tuition', 'sibling', -700)


def test_the_ceilings_of_a_vote_head():
    fees = structure(price(TUITION, 1000))
    for ceilings, warned in (
        ({'TUI': (1000, 0)}, False), ({'TUI': (999, 0)}, True), ({}, False),
        ({'TUI': (0, 2500)}, False), ({'TUI': (0, 2499)}, True),
    ):
        who = student(head_totals={'TUI': Decimal(1500)})
        warnings = propose(who, [fees], TERM, 1, ceilings).warnings
        assert warnings == ([(OVER_CEILING, 'TUI')] if warned else []), ceilings
