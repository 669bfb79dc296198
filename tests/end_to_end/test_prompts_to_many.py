"""Thirty families are prompted at once, and each answers in its own way; a second run asks none."""
from collections import Counter

import pytest
from road import wait_for


pytestmark = pytest.mark.usefixtures('books', 'any_hour')
# What comes of a prompt, in turn: by whose doing, and what the run tells of it.
OUTCOMES = (
    ('pay', 'paid'), ('cancel', 'cancelled'), ('2001', 'wrong_pin'), ('1', 'low_balance'),
    ('1037', 'no_answer'), ('pay', 'paid'),
)


@pytest.fixture
def any_hour(road):
    """ Let prompts go out at the hour of the test, and fast. """
    road.stack.sql(
        "UPDATE res_company SET mpesa_prompt_bulk_from = 0, mpesa_prompt_bulk_to = 24,"
        " mpesa_prompt_bulk_pace = 60 RETURNING id",
    )
    yield
    road.stack.sql(
        "UPDATE res_company SET mpesa_prompt_bulk_from = 7, mpesa_prompt_bulk_to = 20,"
        " mpesa_prompt_bulk_pace = 20 RETURNING id",
    )


def start(road, payers):
    """ Prompt these families as the bursar. """
    run = road.call('bursar', 'mpesa.prompt.bulk', 'create', {
        'chosen_by': 'students', 'student_ids': [(6, 0, [one['student_id'] for one in payers])],
    })
    road.call('bursar', 'mpesa.prompt.bulk', 'action_preview', [run])
    road.call('bursar', 'mpesa.prompt.bulk', 'action_start', [run])
    return run


def results(road, run):
    """ Return what the bursar reads of each student, once nothing is under way. """
    rows = road.call(
        'bursar', 'mpesa.prompt.bulk.result', 'search_read', [('run_id', '=', run)],
        ['student_id', 'result', 'reason', 'paid', 'asked'],
    )
    return {row['student_id'][0]: row for row in rows}


def wait_over(road, run):
    def look():
        rows = results(road, run)
        is_over = not {row['result'] for row in rows.values()} & {'waiting', 'open'}
        return rows if is_over else None
    return wait_for(look, f"end of run {run}", timeout=150)


def test_thirty_families(road):
    payers = road.make_payers(30)
    expected = {}
    for number, payer in enumerate(payers):
        doing, result = OUTCOMES[number % len(OUTCOMES)]
        expected[payer['student_id']] = result
        if doing.isdigit():
            road.control.script(phone=payer['phone'], outcome=doing)
    first, second = start(road, payers), start(road, payers)
    for number, payer in enumerate(payers):
        doing, _result = OUTCOMES[number % len(OUTCOMES)]
        if doing == 'pay':
            road.pay(payer)
        elif doing == 'cancel':
            road.cancel(payer)
    rows = wait_over(road, first)
    assert {student: row['result'] for student, row in rows.items()} == expected
    for payer in payers:
        row = rows[payer['student_id']]
        assert row['asked'] == payer['amount_residual']
        assert row['paid'] == (payer['amount_residual'] if row['result'] == 'paid' else 0)
    assert {row['result'] for row in wait_over(road, second).values()} == {'left'}
    phones = {payer['phone'] for payer in payers}
    pushes = Counter(push['msisdn'] for push in road.control.pushes() if push['msisdn'] in phones)
    assert pushes == dict.fromkeys(phones, 1)
    states = road.call('bursar', 'mpesa.prompt.bulk', 'read', [first, second], ['state'])
    assert [row['state'] for row in states] == ['done', 'done']
