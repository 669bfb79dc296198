"""Whoever says "I already paid" moves no money, and learns nothing of other people's payments."""
import secrets
import statistics
import string
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from live_road import text_of
from road import wait_for


STUDENTS = 12
LOOKS_EACH = 3  # A student's page takes ten codes in ten minutes.
TAPS = 8
NOT_HERE = "We have not found it on this account yet"


def odoo_url(road):
    """ Odoo itself: nginx would slow a flood down before Odoo saw it. """
    return f'http://127.0.0.1:{road.stack.ports["odoo"]}'


def claim(road, link, code, session=None):
    """ Send the form as a browser does. """
    return (session or requests).post(
        f"{odoo_url(road)}/c/{link['slug']}?lang=en", timeout=60,
        data={'message': code, 'amount': ''},
    )


def make_code():
    """ Return a code of no payment. """
    return 'T' + ''.join(secrets.choice(string.digits + string.ascii_uppercase) for _ in range(9))


def pay_by_hand(road, account, amount):
    """ Pay by the paybill menu and wait until it is booked.

    :return: The M-PESA code.
    :rtype: str
    """
    code = road.control.pay_bill(
        road.next_phone(), road.school['shortcode'], account, amount,
    )['receipt']
    wait_for(lambda: road.stack.sql(
        "SELECT 1 FROM mpesa_transaction WHERE receipt = %s", [code],
    ), f"payment {code}")
    return code


def get_claims(road, code):
    return road.stack.sql(
        "SELECT id, state, student_id FROM school_payment_claim WHERE code = %s ORDER BY id",
        [code],
    )


@pytest.mark.usefixtures('books')
def test_many_taps_at_once_are_one_claim_and_no_money(road):
    link, code = road.make_link(road.next_bill()['student']), make_code()
    before = road.booked()
    with ThreadPoolExecutor(TAPS) as pool:
        answers = list(pool.map(lambda _tap: claim(road, link, code), range(TAPS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert NOT_HERE in text_of(answers[0].text)
    assert [row['state'] for row in get_claims(road, code)] == ['waiting']
    assert road.booked() == before


@pytest.mark.usefixtures('books')
def test_the_money_meets_the_claim_when_it_comes(road):
    """ The code is known before its money: it is booked by the message, and never by the claim. """
    student = road.next_bill()['student']
    link, amount = road.make_link(student), 211
    code = pay_by_hand(road, 'karo', amount)
    assert NOT_HERE in text_of(claim(road, link, code).text)
    movement, = road.stack.sql(
        "SELECT id, receipt_id FROM mpesa_transaction WHERE receipt = %s", [code],
    )
    assert movement['receipt_id'] is None
    row, = road.call('bursar', 'mpesa.transaction', 'read', [movement['id']], [
        'suggestion', 'only_suggestion',
    ])
    assert student['name'] in row['suggestion']
    assert not row['only_suggestion']
    wizard = road.call('bursar', 'mpesa.identify.wizard', 'create', {
        'mpesa_transaction_id': movement['id'],
    })
    suggestion, = road.call('bursar', 'mpesa.identify.suggestion', 'search', [
        ('wizard_id', '=', wizard),
    ])
    road.call('bursar', 'mpesa.identify.suggestion', 'action_take', [suggestion])
    road.call('bursar', 'mpesa.identify.wizard', 'action_book', [wizard])
    assert [row['state'] for row in get_claims(road, code)] == ['met']
    assert "The payment is on this account" in text_of(claim(road, link, code).text)


@pytest.mark.usefixtures('books')
def test_the_answer_tells_nothing_of_other_peoples_payments_not_even_by_its_time(road):
    bills = [road.next_bill() for _bill in range(STUDENTS + 1)]
    *links, _last = [road.make_link(bill['student']) for bill in bills]
    waiting = pay_by_hand(road, 'karo', 212)
    anothers = pay_by_hand(road, bills[-1]['student']['admission_no'], 213)
    session = requests.Session()
    seconds = {name: [] for name in ('unknown', 'waiting', 'another')}
    for link in links:
        codes = {'unknown': make_code(), 'waiting': waiting, 'another': anothers}
        answers = set()
        for _look in range(LOOKS_EACH):
            for name, code in codes.items():
                started = time.perf_counter()
                answer = claim(road, link, code, session)
                seconds[name].append(time.perf_counter() - started)
                answers.add((
                    answer.status_code, answer.content.replace(code.encode(), b'-' * 10),
                ))
        assert len(answers) == 1
        status, body = answers.pop()
        assert status == 200
        assert NOT_HERE in text_of(body.decode())
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    assert max(middle.values()) <= 1.25 * min(middle.values()), middle


def test_a_flood_of_codes_is_stopped_and_asks_safaricom_nothing(road):
    link = road.make_link(road.next_bill()['student'])
    asked, = road.stack.sql("SELECT count(*) AS count FROM mpesa_command WHERE kind = 'status'")
    statuses = [claim(road, link, make_code()).status_code for _code in range(15)]
    assert statuses == [200] * 10 + [422] * 5
    assert len(road.stack.sql(
        "SELECT 1 FROM school_payment_claim WHERE link_id = %s", [link['id']],
    )) == 10
    assert road.stack.sql(
        "SELECT count(*) AS count FROM mpesa_command WHERE kind = 'status'",
    ) == [asked]
