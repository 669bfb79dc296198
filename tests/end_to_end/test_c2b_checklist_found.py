"""The checklist of daraja.md 26, row by row: money that nobody told of, found by asking.

Pull and Transaction Status in all their shapes. Each row ends with all money in the books, once,
and the right entries, also when the lost confirmation comes in the end.
"""
import json
from decimal import Decimal

import pytest
from checklist_kit import (
    UNKNOWN,
    answered,
    assert_on,
    assert_unidentified,
    entries,
    hold,
    last_question,
    manner,
    messages,
    next_student,
    pay,
    pull,
    unknown_money,
    upload,
)
from road import wait_for
from stack_config import StackError


pytestmark = pytest.mark.usefixtures('books')


# === Pull === #

@pytest.mark.parametrize('form', [
    {}, {'pull_msisdn_form': 'masked'}, {'pull_times': 'eat'}, {'pull_page_rows': 3},
], ids=str)
def test_a_dropped_confirmation_is_found_by_pull(road, form):
    student = next_student(road)
    told = pay(road, student['admission_no'])  # its time tells in which zone Pull's times are
    assert_on(road, told, student)
    unknown = unknown_money(road)
    lost = [hold(road, typed) for typed in (
        student['admission_no'], f" {student['admission_no'].lower()}", UNKNOWN, '',
    )]
    total = sum(Decimal(movement['amount']) for movement, _delivery in lost)
    assert unknown_money(road) - unknown == total
    with manner(road, **form):
        row = pull(road)
    assert (row['state'], row['finding'], row['found'], row['unreadable']) == (
        'done', 'read', len(lost), 0,
    )
    for movement, _delivery in lost[:2]:
        assert_on(road, movement, student)
    for movement, _delivery in lost[2:]:
        assert_unidentified(road, movement)
    days = {row['day'] for row in road.stack.sql(
        "SELECT (paid_at + interval '3 hours')::date::text AS day FROM mpesa_transaction"
        " WHERE receipt = ANY(%s)", [[movement['receipt'] for movement, _delivery in lost]],
    )}
    assert days <= {f"{m['at_eat'][:4]}-{m['at_eat'][4:6]}-{m['at_eat'][6:8]}" for m, _ in lost}
    # In the end the confirmations come all the same, and Pull tells of the money again.
    for _movement, delivery in lost:
        road.control.resend(delivery['id'])
    assert pull(road)['found'] == 0
    for movement, _delivery in lost[:2]:
        assert_on(road, movement, student)
        kinds = [endpoint for endpoint, _state in messages(road, movement['receipt'])]
        assert kinds == ['pull', 'confirmation']


def test_a_prompt_of_which_both_messages_were_lost_is_found_by_pull(road):
    student = next_student(road)
    assert_on(road, pay(road, student['admission_no']), student)  # for the zone, as above
    phone = road.next_phone()
    road.control.script(phone=phone, callback='missing', c2b_order='none')
    asked = road.ask(phone=phone)
    prompt = road.pay(asked)
    wait_for(lambda: road.control.push(prompt['id'])['receipt'], "payment")
    pull(road)
    road.wait_request(asked, 'paid')
    receipt = road.control.push(prompt['id'])['receipt']
    movement = next(m for m in road.control.movements(msisdn=phone) if m['receipt'] == receipt)
    assert_on(road, movement, asked['bill']['student'])
    road.wait_bill(asked['bill'], 'paid')


def test_pull_of_a_shortcode_that_is_not_registered(road):
    number, provider = road.school['shortcode'], [road.school['provider_id']]
    student = next_student(road)
    movement, _delivery = hold(road, student['admission_no'])
    road.control.set_shortcode(number, pull_registered=False)
    row = pull(road)
    assert (row['state'], row['found']) == ('failed', 0)
    for key in ('spaced', 'joined'):  # first registered, then registered before
        with manner(road, pull_status_key=key):
            road.call('admin', 'payment.provider', 'action_mpesa_register_pull', provider)
    assert road.control.shortcode(number)['pull_registered']
    assert pull(road)['found'] == 1
    assert_on(road, movement, student)


@pytest.mark.parametrize('fault', ['http_500', 'spike_arrest', 'half_body', 'wrong_json'])
def test_pull_when_safaricom_falters(road, fault):
    student = next_student(road)
    movement, _delivery = hold(road, student['admission_no'])
    road.control.script('pull_query', fault=fault, times=1)
    last = last_question(road)
    road.call('admin', 'payment.provider', 'action_mpesa_pull_now', [road.school['provider_id']])
    wait_for(lambda: road.stack.sql(
        "SELECT id FROM mpesa_command WHERE id > %s AND (tries > 0 OR state IN ('failed', 'done'))",
        [last],
    ), "first try")
    # The next call is due in some seconds: not waited for.
    road.stack.sql(
        "UPDATE mpesa_command SET next_try_at = NULL WHERE id > %s AND state = 'queued'", [last],
    )
    road.wake('school_mpesa.cron_commands')
    row, = answered(road, last)
    if row['state'] != 'done':
        pull(road)
    assert_on(road, movement, student)


# === Transaction Status === #

def ask(road, receipts):
    """ Ask what became of payments, as the bursar, and return the last question before them. """
    last = last_question(road)
    for receipt in receipts:
        wizard = road.call('bursar', 'mpesa.ask.wizard', 'create', [{'code': receipt}])
        road.call('bursar', 'mpesa.ask.wizard', 'action_ask', wizard)
    return last


@pytest.mark.parametrize('form', [
    {'result_code_form': 'number', 'status_parties': 'documented', 'result_order': 'documented'},
    {'result_code_form': 'text', 'status_parties': 'named', 'result_occasion': True},
], ids=['a', 'b'])
def test_a_payment_that_safaricom_vouches_for(road, form):
    """ It names no account, so it waits; the late confirmation then says whose it is. """
    student = next_student(road)
    movement, delivery = hold(road, student['admission_no'])
    with manner(road, **form):
        row, = answered(road, ask(road, [movement['receipt']]))
    assert (row['state'], row['finding'], row['result_code']) == ('done', 'completed', '0')
    assert_unidentified(road, movement)
    road.control.resend(delivery['id'])
    assert_on(road, movement, student)


# How Safaricom ends the question, and what that means.
OUTCOMES = {
    'Cancelled': 'not_paid', 'Declined': 'not_paid', 'Expired': 'not_paid',
    'Initiated': 'pending', 'Authorized': 'pending', 'Pending Authorized': 'pending',
    '2033': 'not_found', '1': 'no_answer', 'R000002': 'no_answer',
}


def test_every_other_answer_books_nothing(road):
    """ Among them code 0 with a payment that was declined. Afterwards the money comes for real. """
    before, unknown = road.booked(), unknown_money(road)
    paid = {}
    for outcome in OUTCOMES:
        student = next_student(road)
        movement, delivery = hold(road, student['admission_no'])
        road.control.script(
            'transaction_status', phone=movement['msisdn'], outcome=outcome, times=1,
        )
        paid[movement['receipt']] = outcome, student, movement, delivery
    rows = answered(road, ask(road, paid))
    road.settle()
    found = {paid[row['receipt']][0]: row['finding'] for row in rows}
    assert {outcome: found[outcome] for outcome in OUTCOMES if outcome not in {'1', 'R000002'}} == {
        outcome: word for outcome, word in OUTCOMES.items() if outcome not in {'1', 'R000002'}
    }
    assert not {found['1'], found['R000002']} & {'completed', 'not_paid'}
    assert road.booked() == before
    assert unknown_money(road) - unknown == sum(
        Decimal(movement['amount']) for _outcome, _student, movement, _delivery in paid.values()
    )
    for _outcome, student, movement, delivery in paid.values():
        road.control.resend(delivery['id'])
        assert_on(road, movement, student)


@pytest.mark.parametrize('callback', ['duplicate', 'concurrent', 'late'])
def test_the_result_comes_twice_at_once_or_late(road, callback):
    student = next_student(road)
    movement, delivery = hold(road, student['admission_no'])
    road.control.script(
        'transaction_status', phone=movement['msisdn'], callback=callback, copies=4, seconds=3,
    )
    row, = answered(road, ask(road, [movement['receipt']]))
    assert row['finding'] == 'completed'
    assert_unidentified(road, movement)
    road.control.resend(delivery['id'])
    assert_on(road, movement, student)


def test_safaricom_gives_the_question_up(road):
    """ The time-out address is called in place of the result: then nothing is known. """
    student = next_student(road)
    movement, delivery = hold(road, student['admission_no'])
    road.control.script('transaction_status', phone=movement['msisdn'], callback='timeout')
    row, = answered(road, ask(road, [movement['receipt']]))
    assert (row['state'], row['finding']) == ('unknown', 'timed_out')
    assert not road.stack.sql(
        "SELECT 1 FROM mpesa_transaction WHERE receipt = %s", [movement['receipt']],
    )
    row, = answered(road, ask(road, [movement['receipt']]))  # a person asks again
    assert row['finding'] == 'completed'
    assert_unidentified(road, movement)
    road.control.resend(delivery['id'])
    assert_on(road, movement, student)


def test_the_result_never_comes_and_then_after_hours(road):
    student = next_student(road)
    movement, _delivery = hold(road, student['admission_no'])
    road.control.script('transaction_status', phone=movement['msisdn'], callback='missing')
    last = ask(road, [movement['receipt']])
    result, = road.control.wait_delivery('result', receipt=movement['receipt'])
    assert result['state'] == 'dropped'
    with pytest.raises(StackError, match="UserError"):  # ten letters and digits
        ask(road, ['NOCODE'])
    road.stack.sql(
        "UPDATE mpesa_command SET sent_at = sent_at - interval '1 day' WHERE id > %s", [last],
    )
    road.wake('school_mpesa.cron_commands')
    row, = answered(road, last)
    assert (row['state'], row['finding']) == ('unknown', 'silent')
    road.control.resend(result['id'])
    assert_unidentified(road, movement)
    assert json.loads(result['body'])['Result']['TransactionID'].endswith('0000000')
    row, = answered(road, last)
    assert row['finding'] == 'completed'


# === The statement === #

def ledger(road, student):
    """ Return what the whole ledger has on a student and in *Unidentified fee receipts*. """
    row, = road.stack.sql(
        """
        SELECT coalesce(sum(i.balance) FILTER (WHERE s.id = %s), 0) AS student,
               coalesce(sum(i.balance) FILTER (
                    WHERE a.name->>'en_US' = 'Unidentified fee receipts'), 0) AS unidentified
          FROM account_move_line i JOIN account_account a ON a.id = i.account_id
          LEFT JOIN school_student s
            ON s.partner_id = i.partner_id AND a.account_type = 'asset_receivable'
         WHERE i.parent_state = 'posted'
        """, [student['id']],
    )
    return row


@pytest.mark.parametrize('known', [True, False])
def test_a_payment_that_is_reversed_without_a_word(road, known):
    """ Only the statement tells of it: then the money stands nowhere in the books any more. """
    student = next_student(road)
    before = ledger(road, student)
    movement = pay(road, student['admission_no'] if known else UNKNOWN)
    assert_paid = (lambda: assert_on(road, movement, student)) if known else (
        lambda: assert_unidentified(road, movement)
    )
    assert_paid()
    unknown = unknown_money(road)
    event = road.control.reverse(movement['receipt'])
    assert_paid()  # nobody has told yet
    assert unknown_money(road) - unknown == -Decimal(movement['amount'])
    for template in ('A', 'B'):  # the second one tells the same again
        upload(road, template, 'csv')
        assert unknown_money(road) == unknown
        assert ledger(road, student) == before
        assert entries(road, movement['receipt']) == []
    row, = road.stack.sql(
        "SELECT v.amount, o.receipt FROM mpesa_transaction v"
        "  JOIN mpesa_transaction o ON o.id = v.reverses_id WHERE v.receipt = %s",
        [event['receipt']],
    )
    assert row == {'amount': Decimal(movement['amount']), 'receipt': movement['receipt']}
