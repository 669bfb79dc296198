"""The comparison of a day: a clean one raises nothing, and whatever is planted is found."""
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proof import (
    CLASSES,
    LedgerDay,
    OurMovement,
    StatedLine,
    compare_balances,
    compare_day,
    covers,
    covers_moment,
    find_closing_balance,
    get_day_bounds,
)
from proof.reference import is_same_reference


DAY = date(2026, 9, 14)
START, END = get_day_bounds(DAY)
WHOLE_DAY = [(START, END - timedelta(seconds=1))]
NOON = START + timedelta(hours=12)
AMOUNTS = st.integers(1, 50_000_00).map(lambda cents: Decimal(cents) / 100)


def movement(receipt='UIE0000001', **values):
    return OurMovement(**{
        'receipt': receipt, 'moved_at': NOON, 'amount': Decimal(500), 'booked': Decimal(500),
        'account_reference': 'ADM-012', **values,
    })


def line(receipt='UIE0000001', **values):
    return StatedLine(**{
        'receipt': receipt, 'completed_at': NOON, 'amount': Decimal(500),
        'account_reference': 'ADM-012', **values,
    })


def find(ours=(), stated=(), windows=WHOLE_DAY, **values):
    return compare_day(DAY, list(ours), list(stated), stated_windows=windows, **values)


def kinds(*args, **values):
    return [(found.kind, found.settled) for found in find(*args, **values)]


# === ONE OF EACH CLASS === #

def test_the_same_on_both_sides_is_no_difference():
    assert find([movement()], [line()]) == []


def test_the_statement_has_what_nobody_told_us():
    found, = find([], [line()])
    assert (found.kind, found.settled) == ('missing_here', False)
    assert (found.our_amount, found.their_amount) == (None, Decimal(500))
    assert found.sources == {'statement'}


def test_found_by_the_statement_and_booked_is_said_and_settled():
    found, = find([movement(told_by=frozenset({'statement'}))], [line()])
    assert (found.kind, found.settled) == ('missing_here', True)
    assert found.lacking == {'inbox'}


def test_told_and_not_booked():
    found, = find([movement(booked=None)], [line()])
    assert (found.kind, found.settled) == ('missing_here', False)
    assert found.lacking == {'ledger'}
    assert found.sources == {'inbox', 'statement'}


def test_the_statement_of_that_time_has_it_not():
    found, = find([movement()])
    assert (found.kind, found.lacking) == ('missing_there', {'statement'})


def test_without_a_statement_nothing_is_missing_there():
    assert find([movement()], windows=[]) == []


def test_a_statement_of_the_morning_says_nothing_of_the_evening():
    morning = [(START, NOON - timedelta(seconds=2))]
    assert find([movement()], windows=morning) == []


def test_pull_of_that_time_has_it_not():
    found, = find([movement()], windows=[], pulled_windows=WHOLE_DAY)
    assert (found.kind, found.lacking) == ('missing_there', {'pull'})
    assert find([movement(pulled=True)], windows=[], pulled_windows=WHOLE_DAY) == []


def test_the_statement_vouches_for_what_pull_left_out():
    assert find([movement()], [line()], pulled_windows=WHOLE_DAY) == []


def test_a_statement_does_not_vouch_for_what_it_alone_tells_of():
    """ Somebody may have typed the row: Pull, which covers that time, has it not. """
    stated = movement(told_by=frozenset({'statement'}))
    found = {one.kind: one for one in find([stated], [line()], pulled_windows=WHOLE_DAY)}
    assert found.keys() == {'missing_here', 'missing_there'}
    assert (found['missing_there'].settled, found['missing_there'].lacking) == (False, {'pull'})
    assert kinds([stated], [line()]) == [('missing_here', True)]
    asked = movement(told_by=frozenset({'statement', 'status'}))
    assert 'missing_there' not in dict(kinds([asked], [line()], pulled_windows=WHOLE_DAY))
    pulled = replace(stated, pulled=True)
    assert 'missing_there' not in dict(kinds([pulled], [line()], pulled_windows=WHOLE_DAY))


def test_a_disputed_line_is_not_stated():
    """ Another file that covers its time has it not. """
    found, = find([movement()], [line(disputed=True)])
    assert (found.kind, found.settled, found.lacking) == ('missing_there', False, {'statement'})
    for kind in ('payment', 'charge', 'sweep', 'reversal', 'other'):
        alone, = find([], [line(kind=kind, disputed=True, booked=True)])
        assert (alone.kind, alone.settled, alone.their_amount) == (
            'missing_there', False, Decimal(500),
        )


def test_a_refused_line_is_said_and_settled():
    found, = find([], [line(refused=True)])
    assert (found.kind, found.settled) == ('missing_there', True)
    found, = find([movement()], [line(refused=True)])  # Booked all the same.
    assert (found.kind, found.settled) == ('missing_there', False)


def test_what_waits_for_a_second_person_is_open():
    found, = find([], [line(waits=True)])
    assert (found.kind, found.settled, found.lacking) == ('missing_here', False, {'person'})
    found, = find([], [line(kind='reversal', direction='out', waits=True)])
    assert (found.kind, found.settled, found.lacking) == ('reversed', False, {'person'})


def test_a_reversal_whose_payment_nobody_knows_is_open():
    reversal = movement(kind='reversal', direction='out', waits=True)
    for stated, windows in (([line(kind='reversal', direction='out')], WHOLE_DAY), ([], [])):
        found, = find([reversal], stated, windows=windows)
        assert (found.kind, found.settled, found.lacking) == ('reversed', False, {'person'})


def test_two_charges_of_one_receipt_are_two_lines():
    charges = [
        line(kind='charge', direction='out', amount=Decimal(amount), occurrence=number)
        for number, amount in enumerate((5, 7), start=1)
    ]
    found, = find([], charges)
    assert (found.kind, found.their_amount) == ('charge', Decimal(12))
    assert find([], [replace(charge, booked=True) for charge in charges]) == []


def test_a_payment_twice_is_a_duplicate_whatever_its_occurrence():
    assert kinds([movement()], [line(), line(occurrence=2)]) == [('duplicate', False)]


def test_what_an_entry_took_off_unidentified_is_said():
    found, = find([movement(booked=Decimal(0), cleared=Decimal(500))], [line()])
    assert (found.kind, found.settled, found.lacking) == ('amount', False, {'entry'})


# === THE WALLET AT THE END OF A DAY === #

def balances(ours, theirs, before=0, explained=0):
    found = compare_balances(
        Decimal(ours), None if theirs is None else Decimal(theirs), before=Decimal(before),
        explained=[Decimal(explained)],
    )
    return found and (found.kind, found.line_kind, found.our_amount, found.their_amount)


def test_balances():
    assert balances(800, None) is None
    assert balances(800, 800) is None
    assert balances(800, 1000) == ('amount', 'balance', 800, 1000)  # From the first day on: once.
    assert balances(800, 1000, before=200) is None
    assert balances(800, 1000, before=150) == ('amount', 'balance', 800, 1000)
    assert balances(1000, 1000, before=200) == ('amount', 'balance', 1000, 1000)
    assert balances(300, 1000, explained=700) is None  # A payment that is not booked: said of it.
    assert balances(300, 1000, before=700, explained=700) == ('amount', 'balance', 300, 1000)
    assert balances(300, 1000, explained=600) == ('amount', 'balance', 300, 1000)


def test_amount():
    found, = find([movement()], [line(amount=Decimal('500.01'))])
    assert (found.kind, found.our_amount, found.their_amount) == (
        'amount', Decimal(500), Decimal('500.01'),
    )


def test_the_books_hold_another_amount():
    found, = find([movement(booked=Decimal(499))], [line()])
    assert (found.kind, found.our_amount, found.their_amount) == (
        'amount', Decimal(499), Decimal(500),
    )


def test_another_message_tells_another_amount():
    found, = find([movement(other_amount=Decimal(600))], [line()])
    assert (found.kind, found.our_amount, found.their_amount) == (
        'amount', Decimal(500), Decimal(600),
    )


def test_account():
    found, = find([movement()], [line(account_reference='ADM-013')])
    assert (found.kind, found.our_text, found.their_text) == ('account', 'ADM-012', 'ADM-013')


def test_a_found_payment_whose_account_only_the_statement_knows():
    ours = movement(account_reference='', told_by=frozenset({'status'}))
    assert kinds([ours], [line()]) == [('account', False), ('missing_here', True)]


@pytest.mark.parametrize(('minutes', 'expected'), [(5, []), (6, [('time', False)])])
def test_time(minutes, expected):
    late = line(completed_at=NOON + timedelta(minutes=minutes))
    assert kinds([movement()], [late]) == expected


def test_a_second_that_makes_it_another_day_is_said_on_both_days():
    ours = movement(moved_at=END - timedelta(seconds=1))
    theirs = line(completed_at=END)
    assert kinds([ours], [theirs]) == [('time', False)]
    found, = compare_day(
        DAY + timedelta(days=1), [ours], [theirs],
        stated_windows=[(START, END + timedelta(days=1))],
    )
    assert found.kind == 'time'


def test_duplicate():
    found, = find([movement()], [line(), line(amount=Decimal(700))])
    assert (found.kind, found.their_amount) == ('duplicate', Decimal(1200))
    assert kinds([movement()], [line(other_amount=Decimal(700))]) == [('duplicate', False)]


def test_reversed():
    back = line('UIE0000002', kind='reversal', direction='out', linked_receipt='UIE0000001')
    ours = movement('UIE0000002', kind='reversal', direction='out')
    assert kinds([movement()], [line(), back]) == [('reversed', False)]
    assert kinds([movement(), ours], [line(), back]) == [('reversed', True)]
    assert kinds([movement(), replace(ours, booked=None)], [line(), back]) == [('reversed', False)]
    assert kinds([movement()], [line(), replace(back, booked=True)]) == [('reversed', True)]
    assert kinds([movement(), ours], windows=[]) == [('reversed', True)]
    assert kinds([movement(), ours], [line()]) == [('missing_there', False)]


@pytest.mark.parametrize(('kind', 'expected'), [
    ('charge', 'charge'), ('sweep', 'sweep'), ('withdrawal', 'sweep'), ('other', 'unknown_kind'),
])
def test_lines_that_only_the_statement_has(kind, expected):
    theirs = line('UIE0000002', kind=kind, direction='out')
    assert kinds([], [theirs]) == [(expected, False)]
    assert kinds([], [replace(theirs, booked=True)]) == []


def test_a_payment_under_an_unknown_kind_is_said_once():
    assert kinds([movement()], [line(kind='other')]) == [('unknown_kind', False)]


def test_a_charge_shares_the_receipt_of_its_payment():
    charge = line(kind='charge', direction='out', amount=Decimal(5), booked=True)
    assert find([movement()], [line(), charge]) == []


def test_the_books_of_the_day():
    ledger = LedgerDay(total=Decimal('499.99'), expected=Decimal(500))
    found, = find([movement()], [line()], ledger=ledger)
    assert (found.kind, found.line_kind, found.receipt) == ('amount', 'ledger', '')
    assert find([movement()], [line()], ledger=LedgerDay(Decimal(500), Decimal('500.00'))) == []


def test_another_days_money_is_left_to_that_day():
    before = START - timedelta(hours=1)
    assert find([movement(moved_at=before)], []) == []
    assert find([], [line(completed_at=before)]) == []


def test_no_difference_shows_what_was_typed():
    """ Somebody may have typed a number of one's own. """
    found, = find([movement(account_reference='0712000111')], [line()])
    assert '0712000111' not in repr(found)
    assert '0712000111' not in repr(movement(account_reference='0712000111'))
    assert '0712000111' not in repr(line(account_reference='0712000111'))


# === A DAY AS IT COMES === #

@st.composite
def clean_days(draw):
    """ A day on which both sides agree: payments, some with a charge, and sweeps. """
    ours, stated = [], []
    for number in range(draw(st.integers(1, 25))):
        receipt = f'UIE{number:07}'
        seconds = draw(st.integers(0, 24 * 3600 - 1))
        moment = START + timedelta(seconds=seconds)
        amount = draw(AMOUNTS)
        account = draw(st.sampled_from(['ADM-012', 'adm 012', '', 'Wanjiku', '0712 *** 111']))
        ours.append(movement(
            receipt, moved_at=moment, amount=amount, booked=amount, account_reference=account,
        ))
        stated.append(line(
            receipt, completed_at=moment, amount=amount,
            account_reference=draw(st.sampled_from([account, account.upper(), f' {account}'])),
        ))
        if draw(st.booleans()):
            stated.append(line(
                receipt, kind='charge', direction='out', amount=Decimal(23), completed_at=moment,
                booked=True,
            ))
    for number in range(draw(st.integers(0, 2))):
        stated.append(line(f'UIS{number:07}', kind='sweep', direction='out', booked=True))
    return ours, stated


def plant(kind, index, ours, stated):
    """ Break one payment of a clean day.

    :return: The receipt that shows it.
    """
    mine = ours[index]
    theirs = next(item for item in stated if item.key == mine.key)
    position = stated.index(theirs)

    def alter(**values):
        stated[position] = replace(theirs, **values)

    extra = f'UIX{index:07}'
    if kind == 'missing_here':
        ours[index] = replace(mine, moved_at=START - timedelta(days=9), receipt=f'UIY{index:07}')
    elif kind == 'missing_there':
        alter(completed_at=START - timedelta(days=9), receipt=f'UIY{index:07}')
    elif kind == 'amount':
        alter(amount=theirs.amount + Decimal('0.01'))
    elif kind == 'account':
        alter(account_reference='ZZZ-999')
    elif kind == 'time':
        alter(completed_at=theirs.completed_at + timedelta(days=1))
    elif kind == 'duplicate':
        stated.append(replace(theirs, amount=Decimal(7)))
    elif kind == 'reversed':
        stated.append(line(extra, kind='reversal', direction='out', linked_receipt=mine.receipt))
        return extra
    elif kind == 'unknown_kind':
        alter(kind='other')
    else:
        stated.append(line(extra, kind=kind, direction='out'))
        return extra
    return mine.receipt


@given(clean_days())
def test_a_clean_day_raises_nothing(day):
    assert find(*day) == []


@given(clean_days(), st.data())
def test_whatever_is_planted_is_found_and_nothing_else(day, data):
    ours, stated = day
    plants = data.draw(st.dictionaries(
        st.integers(0, len(ours) - 1), st.sampled_from(CLASSES), max_size=len(ours),
    ))
    planted = {(kind, plant(kind, index, ours, stated)) for index, kind in plants.items()}
    found = find(ours, stated)
    assert {(difference.kind, difference.receipt) for difference in found} == planted
    assert len(found) == len(planted)
    assert not any(difference.settled for difference in found)


@given(clean_days(), st.randoms())
def test_the_order_of_the_sources_does_not_count(day, random):
    ours, stated = day
    plant('amount', 0, ours, stated)
    first = find(ours, stated)
    random.shuffle(ours)
    random.shuffle(stated)
    assert find(ours, stated) == first


# === WHICH TIMES ARE COVERED === #

def test_the_days_bounds_are_kenyan_midnights():
    bounds = get_day_bounds(DAY)
    assert bounds == (datetime(2026, 9, 13, 21), datetime(2026, 9, 14, 21))


@given(st.lists(st.integers(1, 24 * 3600 - 1), unique=True, max_size=6), st.randoms())
def test_pieces_that_meet_cover_the_day(cuts, random):
    edges = [0, *sorted(cuts), 24 * 3600]
    windows = [
        (START + timedelta(seconds=first), START + timedelta(seconds=last - 1))
        for first, last in pairwise(edges)
    ]
    random.shuffle(windows)
    assert covers(windows, START, END)
    if len(windows) > 1:
        dropped = windows.pop()
        if dropped[1] > dropped[0]:
            assert not covers(windows, START, END)
            assert not covers_moment(windows, dropped[0])


def test_nothing_covers_nothing():
    assert not covers([], START, END)
    assert not covers([(START, END - timedelta(seconds=2))], START, END)


# === THE BALANCE AT THE END === #

@given(st.lists(st.tuples(st.sampled_from(['in', 'out']), AMOUNTS), min_size=1), st.randoms())
def test_the_last_of_one_second_is_found_in_any_order(moves, random):
    balance, lines = Decimal(100_000_000), []
    seen = {balance}
    for direction, amount in moves:
        balance += amount if direction == 'in' else -amount
        if balance in seen:
            return  # It ends where it was before: see below.
        seen.add(balance)
        lines.append((NOON, direction, amount, balance))
    random.shuffle(lines)
    assert find_closing_balance(lines) == balance


def test_the_last_second_decides():
    assert find_closing_balance([
        (NOON, 'in', Decimal(5), Decimal(105)),
        (NOON - timedelta(seconds=1), 'in', Decimal(100), Decimal(100)),
    ]) == Decimal(105)


def test_a_balance_that_cannot_be_told():
    assert find_closing_balance([]) is None
    assert find_closing_balance([(NOON, 'in', Decimal(5), None)]) is None
    assert find_closing_balance([
        (NOON, 'in', Decimal(5), Decimal(105)), (NOON, 'out', Decimal(5), Decimal(100)),
    ]) is None


# === REFERENCES === #

@pytest.mark.parametrize(('ours', 'theirs', 'same'), [
    ('ADM-012', 'adm-012', True),
    ('ADM 012', 'ADM012', True),
    ('ADM-012', 'ADM-0123', False),
    ('ADM-012', '', False),
    ('', '', True),
    ('0712 *** 111', '0712000111', True),
    ('0712000111', '0712 *** 111', True),
    ('0712 *** 111', '2547****111', False),
    ('fees 0712 *** 111', 'fees 0713 000 111', False),
    ('a' * 40, 'a' * 60, True),
])
def test_references(ours, theirs, same):
    assert is_same_reference(ours, theirs) is same


# === WHAT SAFARICOM DOES NOT KNOW === #

def test_what_people_denied_is_settled():
    denied = movement(booked=None, denied=True)
    for windows, pulled in ((WHOLE_DAY, []), ([], WHOLE_DAY), ([], [])):
        found, = find([denied], windows=windows, pulled_windows=pulled)
        assert (found.kind, found.settled, found.lacking) == ('missing_there', True, {'denied'})
    found, = find([denied], [line(disputed=True)])  # Another file has it not.
    assert found.settled


def test_what_was_denied_and_is_told_again_is_open():
    denied = movement(booked=None, denied=True)
    for ours, stated in (
        (replace(denied, told_again=True), []), (denied, [line()]),
        (replace(denied, told_again=True), [line(account_reference='OTHER')]),
    ):
        found, = find([ours], stated)
        assert (found.kind, found.settled, found.lacking) == ('missing_here', False, {'denied'})
        assert (found.our_amount, found.their_amount) == (None, Decimal(500))
