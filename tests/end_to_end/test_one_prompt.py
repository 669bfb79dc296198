"""A double click, a repeated request and twenty parallel taps are one prompt (I9)."""
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from road import wait_for
from stack_config import StackError


pytestmark = pytest.mark.usefixtures('books')
TAPS = 20


def prompts(road, phone):
    """ What was sent to a phone, once nothing is waiting to be sent. """
    wait_for(lambda: not road.stack.sql(
        "SELECT 1 FROM payment_transaction WHERE mpesa_push_state IN ('queued', 'sent')",
    ), "empty outbox")
    return [push for push in road.control.pushes() if push['msisdn'] == phone]


def finish(road, phone):
    """ Close the prompt on a phone, so that nothing is left open. """
    road.control.cancel(phone)


def test_the_same_form_posted_twice(road):
    bill, phone, intent = road.next_bill(), road.next_phone(), secrets.token_hex(16)
    first = road.parent_asks(bill, phone=phone, intent=intent)
    second = road.parent_asks(bill, phone=phone, intent=intent)
    assert first == second
    assert len(prompts(road, phone)) == 1
    road.pay(first)
    road.wait_request(first, 'paid')
    # Even after the payment the same form shows that payment and asks for nothing.
    assert road.parent_asks(bill, phone=phone, intent=intent).get('attempt', first['attempt']) == (
        first['attempt']
    )
    assert len(prompts(road, phone)) == 1


def test_twenty_taps_on_one_form(road):
    bill, phone, intent = road.next_bill(), road.next_phone(), secrets.token_hex(16)
    with ThreadPoolExecutor(TAPS) as pool:
        asked = list(pool.map(
            lambda _tap: road.parent_asks(bill, phone=phone, intent=intent), range(TAPS),
        ))
    assert {one.get('reference') for one in asked} == {asked[0]['reference']}
    assert len(prompts(road, phone)) == 1
    finish(road, phone)


def test_twenty_forms_for_one_phone(road):
    """ Twenty browsers: one prompt; the others say that it is there, not whose. """
    bill, phone = road.next_bill(), road.next_phone()
    with ThreadPoolExecutor(TAPS) as pool:
        asked = list(pool.map(lambda _tab: road.parent_asks(bill, phone=phone), range(TAPS)))
    sent = [one for one in asked if 'reference' in one]
    assert len(sent) == 1
    refused = [one['error'] for one in asked if 'error' in one]
    assert len(refused) == TAPS - 1
    assert {error['field'] for error in refused} == {'phone'}
    assert {error['attempt_url'] for error in refused} == {''}
    assert all("already on" in error['message'] for error in refused)
    assert not [error for error in refused if sent[0]['attempt'] in error['message']]
    assert len(prompts(road, phone)) == 1
    finish(road, phone)


def test_fifty_taps_on_a_link(road):
    """ One link that takes one payment: one form tapped fifty times, then fifty other forms. """
    phone, intent = road.next_phone(), secrets.token_hex(16)
    link = road.make_link(road.next_bill()['student'], asks_for='amount', amount=500, max_uses=1)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(
            lambda _tap: road.ask_by_link(link, 500, phone, intent), range(50),
        ))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers['Location'] for answer in answers}) == 1
    assert len(prompts(road, phone)) == 1
    finish(road, phone)


def test_twenty_payers_race_for_the_last_use_of_a_link(road):
    link = road.make_link(road.next_bill()['student'], asks_for='amount', amount=500, max_uses=1)
    phones = [road.next_phone() for _unused in range(TAPS)]
    with ThreadPoolExecutor(TAPS) as pool:
        answers = list(pool.map(lambda phone: road.ask_by_link(link, 500, phone), phones))
    assert sorted(answer.status_code for answer in answers) == [303] + [422] * (TAPS - 1)
    sent = [phone for phone in phones if prompts(road, phone)]
    assert len(sent) == 1
    finish(road, sent[0])


def test_twenty_readers_give_a_statement_one_address(road):
    """ The first view of a child's page makes the address of the pay page. """
    children = road.call(
        'bursar', 'school.student', 'read', road.school['guardian_student_ids'], ['balance'],
    )
    child = next(one['id'] for one in children if one['balance'] > 0)
    road.stack.sql(
        "DELETE FROM mpesa_payment_link WHERE student_id = %s AND kind = 'statement' RETURNING id",
        [child],
    )
    session = road.session('guardian')
    with ThreadPoolExecutor(TAPS) as pool:
        pages = list(pool.map(
            lambda _tab: session.get(f'{road.stack.url}/my/fees/{child}', timeout=60), range(TAPS),
        ))
    link, = road.stack.sql(
        "SELECT slug FROM mpesa_payment_link WHERE student_id = %s AND kind = 'statement'", [child],
    )
    assert {page.status_code for page in pages} == {200}
    assert all(f"/p/{link['slug']}" in page.text for page in pages)


def test_four_runs_at_once_make_one_link_each(road):
    """ Two clerks, or two tabs, make links for the same students at the same moment. """
    students = [road.next_bill()['student_id'] for _unused in range(2)]
    road.stack.sql(
        "UPDATE mpesa_payment_link SET cancelled_at = create_date"
        " WHERE student_id = ANY(%s) AND kind = 'link' AND cancelled_at IS NULL RETURNING id",
        [students],
    )
    wizards = [
        road.call('bursar', 'mpesa.link.bulk', 'create', {
            'chosen_by': 'students', 'student_ids': [(6, 0, students)],
        })
        for _unused in range(4)
    ]
    for wizard in wizards:
        road.call('bursar', 'mpesa.link.bulk', 'action_preview', [wizard])

    def click(wizard):
        try:
            return road.call('bursar', 'mpesa.link.bulk', 'action_make', [wizard])
        except StackError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(click, wizards))
    refused = [str(one) for one in came if isinstance(one, StackError)]
    assert len(refused) == 3
    assert all("Nobody is ticked who can get a link now." in text for text in refused)
    links = road.stack.sql(
        "SELECT link.student_id FROM mpesa_payment_link link"
        "  JOIN mpesa_link_bulk_line line ON line.link_id = link.id"
        " WHERE line.wizard_id = ANY(%s) ORDER BY 1", [wizards],
    )
    assert [link['student_id'] for link in links] == sorted(students)


def open_wizard(road, bill, phone):
    return road.call('bursar', 'mpesa.prompt.wizard', 'create', {
        'student_id': bill['student_id'], 'invoice_ids': [(6, 0, [bill['id']])],
        'amount': float(bill['amount_residual']), 'phone_choice': 'other', 'other_phone': phone,
    })


def test_twenty_clicks_on_send(road):
    bill, phone = road.next_bill(), road.next_phone()
    wizard = open_wizard(road, bill, phone)
    with ThreadPoolExecutor(TAPS) as pool:
        actions = list(pool.map(
            lambda _click: road.call('bursar', 'mpesa.prompt.wizard', 'action_send', [wizard]),
            range(TAPS),
        ))
    assert len({action['res_id'] for action in actions}) == 1
    assert len(prompts(road, phone)) == 1
    # Who asked is noted once.
    notes, = road.stack.sql(
        "SELECT count(*) FROM mail_message WHERE model = 'account.move' AND res_id = %s"
        "   AND body LIKE '%%asked of%%'", [bill['id']],
    )
    assert notes['count'] == 1
    finish(road, phone)


def test_two_clerks_ask_the_same_phone(road):
    bill, phone = road.next_bill(), road.next_phone()
    wizards = [open_wizard(road, bill, phone) for _unused in range(4)]

    def click(wizard):
        try:
            return road.call('bursar', 'mpesa.prompt.wizard', 'action_send', [wizard])
        except StackError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(click, wizards))
    refused = [str(one) for one in came if isinstance(one, StackError)]
    assert len(refused) == 3
    assert all("No second one was sent." in text for text in refused)
    assert len(prompts(road, phone)) == 1
    finish(road, phone)


def test_send_again_pressed_twenty_times(road):
    asked = road.ask()
    road.cancel(asked)
    road.wait_request(asked, 'declined')
    form = {'amount': '', 'phone': '', 'intent': secrets.token_hex(16)}
    with ThreadPoolExecutor(TAPS) as pool:
        answers = list(pool.map(lambda _tap: requests.post(
            f"{road.stack.url}{asked['attempt']}/again", data=form, timeout=60,
            allow_redirects=False,
        ), range(TAPS)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers['Location'] for answer in answers}) == 1
    assert len(prompts(road, asked['phone'])) == 2  # the cancelled one, and one more
    finish(road, asked['phone'])


def test_a_phone_is_asked_three_times_in_ten_minutes_at_most(road):
    phone = road.next_phone()
    for _unused in range(3):
        asked = road.ask(phone=phone)
        road.cancel(asked)
        road.wait_request(asked, 'declined')
    refused = road.parent_asks(road.next_bill(), phone=phone)
    assert refused['error']['field'] == 'phone'
    assert "No new request was sent and no money moved." in refused['error']['message']
    assert len(prompts(road, phone)) == 3
