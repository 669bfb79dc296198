"""The mutator plants what it says, and nothing else."""
import copy
import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import daraja
import pytest
from daraja_simulator import mutator
from daraja_simulator.statement import statement
from daraja_simulator.statement_file import TEMPLATES, make_file
from test_simulator_statement import SCHOOL, happen, simulated


@pytest.fixture(scope='module')
def clean():
    """Facts and rows of 600 payments over three days, some reversed, charged and swept."""
    world, source = simulated('3'), random.Random(3)  # noqa: S311 - must be replayable
    for number in range(600):
        happen(world, 'wait', source.randrange(700))
        happen(world, 'tariff', 'mgao' if number % 2 else 'off')
        phone, amount = f'2547120{number % 97:05}', source.randrange(1, 60_000)
        happen(world, 'pay', phone, f'ADM-{number:04}', amount)
        if number % 50 == 7:
            happen(world, 'reverse', number)
        if number % 100 == 99:
            happen(world, 'sweep', 60, True)
    return statement(world, SCHOOL)


@pytest.fixture
def seed():
    """A new one each time; a failure prints it."""
    fresh = mutator.fresh_seed()
    print(f'mutator seed {fresh}')  # noqa: T201 - so that a failure can be replayed
    return fresh


def key(row):
    return row['receipt'], row['kind'], row['amount'], row['account_no'], row['at_eat']


def test_each_class_as_often_as_any_other(clean, seed):
    facts, rows = clean
    before = copy.deepcopy(rows)
    mutated = mutator.mutate(facts, rows, 200, seed)
    assert mutated.counts() == dict.fromkeys(mutator.CLASSES, 20)
    assert len({(one['class'], one['receipt']) for one in mutated.planted}) == 200
    assert rows == before


def test_the_seed_plants_the_same_again(clean, seed):
    first, again = (mutator.mutate(*clean, 50, seed) for _time in range(2))
    assert (first.rows, first.planted, first.facts) == (again.rows, again.planted, again.facts)
    other = mutator.mutate(*clean, 50, mutator.fresh_seed())
    assert other.rows != first.rows


def test_nothing_else_is_changed(clean, seed):
    facts, rows = clean
    mutated = mutator.mutate(facts, rows, 200, seed)
    planted = {one['receipt'] for one in mutated.planted}
    # `was` of a reversal is the payment, which stays as it is.
    untouched = [key(row) for row in rows if row['receipt'] not in planted]
    assert [key(row) for row in mutated.rows if row['receipt'] not in planted] == untouched


@pytest.mark.parametrize('name', mutator.CLASSES)
def test_one_class_alone(clean, seed, name):
    """ What a plain comparison of the rows before and after finds is what was planted. """
    facts, rows = clean
    mutated = mutator.mutate(facts, rows, 20, seed, [name])
    before, after = Counter(map(key, rows)), Counter(map(key, mutated.rows))
    gone, new = before - after, after - before
    receipts = {one['receipt'] for one in mutated.planted}
    assert {found[0] for found in (gone + new)} == receipts
    assert len(receipts) == 20
    payments_gone = [found for found in gone if found[1] == 'payment']
    changes = {'missing_there', 'amount', 'account', 'time'}
    assert len(payments_gone) == (20 if name in changes else 0)
    kinds = {found[1] for found in new}
    assert kinds <= {
        'missing_here': {'payment'}, 'missing_there': set(), 'amount': {'payment'},
        'account': {'payment'}, 'time': {'payment', 'charge'}, 'duplicate': {'payment'},
        'reversed': {'reversal'}, 'unknown_kind': {'unknown'}, 'charge': {'charge'},
        'sweep': {'sweep'},
    }[name]
    known = {row['receipt'] for row in rows}
    fresh = name in {'missing_here', 'reversed', 'unknown_kind', 'sweep'}
    assert receipts.isdisjoint(known) is fresh
    for one in mutated.planted:
        if name in {'amount', 'account', 'time'}:
            assert one['was'] != one['now']
        if name == 'reversed':
            assert one['was'] in known


def test_balances_and_receipts_give_nothing_away(clean, seed):
    facts, rows = clean
    mutated = mutator.mutate(facts, rows, 200, seed)
    balance = Decimal(facts['opening'])
    for row in mutated.rows:
        balance += Decimal(row['amount'])
        assert row['balance'] == f'{balance:.2f}'
        assert facts['start_eat'] <= row['at_eat'] <= facts['end_eat']
    assert mutated.facts['closing'] == f'{balance:.2f}'
    assert [row['at_eat'] for row in mutated.rows] == sorted(row['at_eat'] for row in mutated.rows)
    for one in mutated.planted:
        assert str(daraja.day_of_code(one['receipt'])) == one['day']


@pytest.mark.parametrize('template', TEMPLATES)
@pytest.mark.parametrize('form', ['csv', 'xlsx'])
def test_it_reads_back_without_a_gap(clean, seed, template, form):
    facts, rows = clean
    mutated = mutator.mutate(facts, rows, 100, seed)
    got = daraja.read_statement(*make_file(mutated.facts, mutated.rows, template, form))
    assert (len(got.lines), got.unreadable, got.skipped) == (len(mutated.rows), (), 0)
    told = got.lines[::-1] if template == 'B' else got.lines
    eat = timedelta(hours=3)
    assert [(
        line.receipt, 'unknown' if line.kind == 'other' else line.kind,
        f"{line.amount if line.direction == 'in' else -line.amount:.2f}", line.account_reference,
        (line.completed_at_utc + eat).strftime('%Y%m%d%H%M%S'),
    ) for line in told] == [key(row) for row in mutated.rows]
    assert daraja.find_gaps(got.lines) == ()
    if template == 'A':
        assert daraja.find_gaps(got.lines, got.opening, got.closing) == ()


def test_a_tariff_that_charges_for_all(seed):
    world = simulated('4')
    world.settings.pay_bill_charge = 'customer'
    for number in range(5):
        happen(world, 'pay', '254712000111', f'ADM-{number}', 5000)
    mutated = mutator.mutate(*statement(world, SCHOOL), 3, seed, ['charge'])
    assert Counter(row['kind'] for row in mutated.rows) == {'payment': 5, 'charge': 8}


def test_more_than_there_are_payments(clean, seed):
    with pytest.raises(mutator.TooFewRows):
        mutator.mutate(*clean, 1000, seed)


def test_nothing_to_plant(clean, seed):
    facts, rows = clean
    mutated = mutator.mutate(facts, rows, 0, seed)
    assert (mutated.rows, mutated.facts, mutated.planted) == (rows, facts, [])


def test_it_knows_nothing_of_the_product():
    code = Path(mutator.__file__).read_text(encoding='utf-8')
    imported = {
        line.split()[1] for line in code.splitlines() if line.startswith(('import ', 'from '))
    }
    assert imported <= {
        'random', 'secrets', 'collections', 'dataclasses', 'datetime', 'decimal', '.receipts',
    }
