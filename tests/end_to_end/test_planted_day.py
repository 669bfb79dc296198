"""Discrepancies that nobody chose, on the statement of a whole day: all found, and nothing else.

300 payments by default. `make planted` has 10,000, and prints what it planted and found.
"""
import os
from collections import Counter

import invariants
import pytest
from daraja_simulator.mutator import CLASSES, fresh_seed, mutate
from daraja_simulator.statement_file import make_file
from planted_day import FORMS, PlantedDay
from stack import Stack
from stack_config import say


SEED = os.environ.get('SCHOOL_PLANTED_SEED') or fresh_seed()
PAYMENTS = int(os.environ.get('SCHOOL_PLANTED_PAYMENTS') or 300)
PLANTED = int(os.environ.get('SCHOOL_PLANTED') or 200)
TURNS = int(os.environ.get('SCHOOL_PLANTED_TURNS') or 1)  # each with a seed of its own
# What the books follow by themselves once it is known. The rest is for a person.
FOLLOWED = {'missing_here', 'reversed', 'charge', 'sweep'}
ZERO = ('balance_difference', 'statement_difference', 'unaccounted', 'waiting_count')


@pytest.fixture(scope='module')
def paid():
    """ A day of which all is booked and no statement is known. """
    options = ('--seed', SEED)
    with Stack('planted', workers=2, nginx=True, demo=True, simulator_options=options) as stack:
        day = PlantedDay(stack, SEED, PAYMENTS)
        try:
            day.happen()
            day.keep()
            yield day
        finally:
            day.forget()


@pytest.fixture
def evening(paid, capsys):
    """ Come back to that day; afterwards say what was measured. """
    yield paid
    with capsys.disabled():
        say('\n' + paid.describe())
    paid.took.clear()


def test_a_clean_statement_raises_none(evening):
    evening.come_back()
    control = evening.road.control
    statement = evening.upload(control.statement(
        evening.shortcode, *evening.period, form=FORMS[0],
    ))
    evening.book(statement)
    evening.wait_proven()
    close = evening.prove()
    assert not evening.read_differences()
    assert close['state'] == 'proven'
    assert (close['statement_count'], close['movement_count']) == (evening.payments,) * 2
    assert [close[name] for name in ZERO] == [0] * len(ZERO)
    invariants.check(evening.stack)


@pytest.mark.parametrize('turn', range(TURNS))
def test_all_that_is_planted_is_found(evening, capsys, turn):
    spoilt = mutate(
        evening.facts, evening.rows, count=PLANTED, seed=f'{SEED}-{turn}',
    )
    planted = Counter((one['class'], one['receipt']) for one in spoilt.planted)
    # The day's own charges and sweeps are differences until they are booked.
    own = Counter(
        (row['kind'], row['receipt']) for row in spoilt.rows if row['kind'] in {'charge', 'sweep'}
    )
    evening.come_back(crons=0)
    statement = evening.upload(make_file(spoilt.facts, spoilt.rows, form=FORMS[turn % 2]))
    gaps, = evening.road.call(
        'head', 'mpesa.statement', 'read', [statement], ['gap_count', 'unreadable_count'],
    )
    if gaps['gap_count'] or gaps['unreadable_count']:
        assert not evening.prove()['is_stated'], "It has gaps, and nobody has looked."
        evening.road.call('head', 'mpesa.statement', 'action_check', [statement])
    evening.prove()
    found = evening.read_differences()
    with capsys.disabled():
        say(f"\nseed {spoilt.seed}: {len(spoilt.rows)} lines, {len(planted)} planted")
        for name in CLASSES:
            count = sum(one[0] == name for one in planted)
            hit = sum(one[0] == name for one in planted & found)
            say(f"  {name:<13} {count:>3} planted, {hit:>3} found")
        say(f"  raised without being planted: {len(found - (planted | own))}")
    assert found == planted | own

    evening.go_on()
    evening.book(statement)
    close = evening.prove()
    left = Counter(one for one in planted if one[0] not in FOLLOWED)
    assert evening.read_differences(only_open=True) == left
    assert (close['unaccounted'], close['waiting_count']) == (0, 0)
    assert close['state'] == 'different'
    invariants.check(evening.stack)
