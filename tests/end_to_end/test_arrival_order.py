"""The same money is told of more than once, in any order, also at once: it is booked once."""
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests


pytestmark = pytest.mark.usefixtures('books')
COPIES = 20


def assert_booked_once(road, asked):
    """ One movement, one receipt, one payment, of the amount that was asked for. """
    row = road.wait_request(asked, 'paid')
    road.wait_bill(asked['bill'], 'paid')
    road.settle()
    found, = road.stack.sql(
        """
        SELECT count(DISTINCT t.id) AS movements, count(DISTINCT r.id) AS receipts,
               count(DISTINCT l.payment_id) AS payments, sum(DISTINCT p.amount) AS amount
          FROM mpesa_transaction t JOIN school_receipt r ON r.external_ref = t.receipt
          JOIN school_receipt_line l ON l.receipt_id = r.id
          JOIN account_payment p ON p.id = l.payment_id AND p.state NOT IN ('draft', 'canceled')
         WHERE t.receipt = %s
        """, [row['receipt']],
    )
    assert found == {
        'movements': 1, 'receipts': 1, 'payments': 1, 'amount': asked['bill']['amount_residual'],
    }


def messages_of(road, asked):
    """ The inbox rows about one request. """
    return road.stack.sql(
        """
        SELECT c.endpoint, c.state FROM mpesa_callback c JOIN mpesa_transaction t
            ON t.id = c.mpesa_transaction_id JOIN payment_transaction p
            ON p.id = t.payment_transaction_id WHERE p.reference = %s ORDER BY c.id
        """, [asked['reference']],
    )


def post(delivery):
    """ Send a held message as Safaricom would. """
    return requests.post(
        delivery['url'], data=delivery['body'].encode(), timeout=60,
        headers={'Content-Type': 'application/json'},
    ).status_code


@pytest.mark.parametrize('order', ['after', 'before', 'together', 'none'])
def test_a_prompt_and_its_paybill_confirmation_are_one_payment(road, order):
    phone = road.next_phone()
    road.control.script(phone=phone, c2b_order=order)
    asked = road.ask(phone=phone)
    road.pay(asked)
    assert_booked_once(road, asked)
    endpoints = sorted(message['endpoint'] for message in messages_of(road, asked))
    assert endpoints == (['stk'] if order == 'none' else ['confirmation', 'stk'])


def test_the_result_comes_before_the_answer_to_the_push(road):
    phone = road.next_phone()
    road.control.script(phone=phone, outcome='0', callback='before_answer')
    asked = road.ask(phone=phone)
    assert_booked_once(road, asked)
    assert "received" in road.page(asked)


def test_a_failure_comes_before_the_answer_to_the_push(road):
    phone = road.next_phone()
    road.control.script(phone=phone, outcome='1032', callback='before_answer')
    asked = road.ask(phone=phone)
    road.wait_request(asked, 'declined')
    road.settle()
    assert road.request(asked)['push'] == 'declined'  # the answer does not open it again


def hold(road, asked):
    """ Let the phone pay and keep both messages back.

    :return: The result, and the paybill confirmation.
    :rtype: tuple[dict, dict]
    """
    prompt = road.control.wait_prompt(asked['phone'], timeout=30)
    road.control.set(hold_callbacks=True)
    try:
        road.control.pay(prompt)
        result, = road.control.wait_delivery(kind='stk', checkout_request_id=prompt['id'])
        receipt = road.control.push(prompt['id'])['receipt']
        confirmation, = road.control.wait_delivery(kind='c2b_confirmation', receipt=receipt)
    finally:
        road.control.set(hold_callbacks=False)
    return result, confirmation


def test_twenty_copies_at_once(road):
    asked = road.ask()
    result, _confirmation = hold(road, asked)
    before = road.last_row()
    with ThreadPoolExecutor(COPIES) as pool:
        assert list(pool.map(post, [result] * COPIES)) == [200] * COPIES
    assert_booked_once(road, asked)
    rows = road.inbox(before)
    assert [row['endpoint'] for row in rows] == ['stk'] * COPIES  # each is kept
    assert sorted(row['state'] for row in rows) == ['done'] + ['repeat'] * (COPIES - 1)


def test_copies_of_both_messages_at_once(road):
    asked = road.ask()
    both = hold(road, asked)
    with ThreadPoolExecutor(COPIES) as pool:
        assert set(pool.map(post, both * (COPIES // 2))) == {200}
    assert_booked_once(road, asked)


def test_confirmations_alone_at_once(road):
    asked = road.ask()
    _result, confirmation = hold(road, asked)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, [confirmation] * 8)) == {200}
    assert_booked_once(road, asked)


def test_a_repeat_with_other_money_is_a_conflict_and_changes_nothing(road):
    asked = road.ask()
    result, _confirmation = hold(road, asked)
    post(result)
    assert_booked_once(road, asked)
    before, booked = road.last_row(), road.booked()
    checkout = result['checkout_request_id']
    for change in ('amount', 'receipt', 'phone', 'failure', 'unknown_id'):
        forged = road.control.forged_stk(checkout, change=change)
        sent = road.control.forge(forged['url'], forged['body'], headers=forged['headers'])
        assert [answer['status'] for answer in sent] == [200]
    road.wait_drained()
    rows = road.inbox(before)
    assert [row['state'] for row in rows] == ['conflict'] * 5
    assert all(row['reason'] for row in rows)
    assert road.booked() == booked
    assert road.request(asked)['push'] == 'paid'


def test_typed_by_hand_without_a_request(road):
    bill = road.next_bill()
    phone = road.next_phone()
    before = road.last_row()
    road.control.pay_bill(
        phone, road.school['shortcode'], f"  {bill['student']['admission_no'].lower()} ",
        int(bill['amount_residual']),
    )
    road.settle()
    row, = road.inbox(before)
    movement, = road.stack.sql(
        "SELECT m.amount, r.state, l.student_id FROM mpesa_transaction m"
        "  JOIN school_receipt r ON r.id = m.receipt_id"
        "  JOIN school_receipt_line l ON l.receipt_id = r.id WHERE m.id = %s", [row['movement_id']],
    )
    assert movement == {
        'amount': bill['amount_residual'], 'state': 'posted', 'student_id': bill['student_id'],
    }


def test_typed_by_hand_for_nobody_we_know_waits_in_suspense(road):
    before = road.last_row()
    road.control.pay_bill(road.next_phone(), road.school['shortcode'], 'NOBODY-77', 311)
    road.settle()
    row, = road.inbox(before)
    movement, = road.stack.sql(
        "SELECT m.amount, m.receipt_id, p.state, p.partner_id FROM mpesa_transaction m"
        "  JOIN account_payment p ON p.id = m.suspense_payment_id WHERE m.id = %s",
        [row['movement_id']],
    )
    assert (movement['amount'], movement['receipt_id'], movement['partner_id']) == (311, None, None)
