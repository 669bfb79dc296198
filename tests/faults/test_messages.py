"""Messages that come twice, at once, in the wrong order, changed, or to a client that hung up."""
import json

import pytest
from road import wait_for


@pytest.mark.parametrize('copies', [2, 8, 50])
def test_the_same_bytes_at_once_are_one_payment(faults, copies):  # F13
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    before = faults.last_row()
    assert faults.post_all([stk] * copies, clients=min(copies, 16)) == [200] * copies
    faults.wait_request(asked, 'paid')
    faults.wait_drained()
    states = [row['state'] for row in faults.inbox(before)]
    assert sorted(states) == ['done'] + ['repeat'] * (copies - 1)
    assert faults.bookings(stk['receipt']) == (1, 1, 1)


def test_another_amount_under_a_known_code_is_a_conflict(faults):  # F14
    asked = faults.ask_one()
    _stk, confirmation = faults.hold_success(asked)
    assert faults.post(confirmation) == 200
    row = faults.wait_request(asked, 'paid')
    before = faults.last_row()
    changed = {**json.loads(confirmation['body']), 'TransAmount': '999999.00'}
    assert faults.post(confirmation, json.dumps(changed)) == 200
    faults.wait_drained()
    kept, = faults.inbox(before)
    assert kept['state'] == 'conflict'
    assert kept['reason']
    assert faults.request(asked)['amount'] == row['amount']
    assert faults.bookings(confirmation['receipt']) == (1, 1, 1)


@pytest.mark.parametrize('order', ['stk first', 'confirmation first', 'together'])
def test_result_and_confirmation_are_one_payment(faults, order):  # F15
    asked = faults.ask_one()
    stk, confirmation = faults.hold_success(asked)
    before = faults.last_row()
    messages = [stk, confirmation] if order != 'confirmation first' else [confirmation, stk]
    if order == 'together':
        assert faults.post_all(messages * 2, clients=4) == [200] * 4
    else:
        for message in messages:
            assert faults.post(message) == 200
            faults.wait_drained()
    faults.wait_request(asked, 'paid')
    faults.wait_drained()
    assert faults.bookings(stk['receipt']) == (1, 1, 1)
    linked = faults.stack.sql(
        "SELECT endpoint, payment_transaction_id AS tx, mpesa_transaction_id AS movement"
        "  FROM mpesa_callback WHERE id > %s", [before],
    )
    assert {row['endpoint'] for row in linked} == {'stk', 'confirmation'}
    assert {row['tx'] for row in linked} == {faults.request(asked)['id']}
    assert len({row['movement'] for row in linked}) == 1


def test_result_before_the_answer_of_the_push(faults):  # F16
    phone = faults.next_phone()
    faults.control.script(phone=phone, outcome='0', callback='before_answer')
    asked = faults.parent_asks(faults.next_bill(), amount=1000, phone=phone)
    row = faults.wait_request(asked, 'paid')
    assert faults.bookings(row['receipt']) == (1, 1, 1)


def test_a_failure_after_the_success_is_a_conflict(faults):  # F17
    asked = faults.ask_one()
    prompt = faults.pay(asked)
    faults.wait_request(asked, 'paid')
    faults.control.wait_idle()
    faults.wait_drained()
    before = faults.last_row()
    failure = faults.control.forged_stk(prompt['id'], change='failure')
    body = failure['body'] if isinstance(failure['body'], str) else json.dumps(failure['body'])
    assert faults.post({'url': failure['url'], 'body': body}) == 200
    faults.wait_drained()
    kept, = faults.inbox(before)
    assert kept['state'] == 'conflict'
    assert faults.request(asked)['push'] == 'paid'


def test_a_success_after_the_failure_wins(faults):  # F17
    phone = faults.next_phone()
    faults.control.script(phone=phone, outcome='1037', callback='late_success', seconds=1)
    asked = faults.parent_asks(faults.next_bill(), amount=1000, phone=phone)
    row = faults.wait_request(asked, 'paid')
    assert faults.bookings(row['receipt']) == (1, 1, 1)


def test_a_client_that_hangs_up_before_the_answer(faults):  # F24
    asked = faults.ask_one()
    stk, _confirmation = faults.hold_success(asked)
    before, logged = faults.last_row(), len(faults.stack.log_text('odoo'))
    faults.post_and_hang_up(stk)
    wait_for(lambda: faults.inbox(before), "kept message", timeout=20)
    faults.wait_request(asked, 'paid')
    assert 'Traceback' not in faults.stack.log_text('odoo')[logged:]


def test_a_message_that_always_fails_slows_nobody(faults):  # F50
    before = faults.last_row()
    poison = faults.confirmation('UIP0SON001', 'POISON', 500)
    asked = faults.ask_many(5)
    faults.control.set(hold_callbacks=True)
    good = [faults.hold_success(one)[0] for one in asked]
    assert faults.post_all([*good[:2], poison, *good[2:]]) == [200] * 6
    for one in asked:
        faults.wait_request(one, 'paid', timeout=15)

    def find():
        row, = (row for row in faults.inbox(before) if row['state'] in {'new', 'parked'})
        return row
    tried = wait_for(lambda: find()['tries'] and find(), "first try")
    assert (tried['state'], tried['reason']) == ('new', 'ArithmeticError')

    def try_again():
        # Its next try is minutes away by then; the clock is moved instead of waited for.
        faults.stack.sql(
            "UPDATE mpesa_callback SET next_try_at = now() AT TIME ZONE 'UTC' - interval '1 s'"
            " WHERE id = %s AND state = 'new'", [tried['id']],
        )
        faults.wake()
        return find()['state'] == 'parked'
    wait_for(try_again, "parked message", timeout=60, pause=0.5)
    assert find()['tries'] == 8
    assert faults.bookings('UIP0SON001') == (0, 0, 0)
