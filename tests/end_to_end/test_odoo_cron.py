"""Odoo's own payment cron and status poll run fifty times beside the drain, and book nothing."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from road import wait_for


TIMES = 50
POST_PROCESSING = 'payment.cron_post_process_payment_tx'


def run_cron(road):
    """ Let Odoo's cron that finishes payments run; it may be running already by itself. """
    module, _dot, name = POST_PROCESSING.partition('.')
    row, = road.stack.sql(
        "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s", [module, name],
    )
    road.call('admin', 'ir.cron', 'method_direct_trigger', [row['res_id']])
    return True


def poll(road, session):
    """ Ask as Odoo's own status page does: it finishes a payment when it can. """
    answer = session.post(f'{road.stack.url}/payment/status/poll', timeout=60, json={
        'jsonrpc': '2.0', 'params': {},
    })
    return answer.json().get('result', {}).get('state')


@pytest.mark.usefixtures('books')
def test_odoos_own_cron_and_poll_book_nothing(road):
    people = [requests.Session() for _unused in range(3)]
    bills = [road.next_bill() for _person in people]
    asked = [
        road.parent_asks(bill, session=person)
        for bill, person in zip(bills, people, strict=True)
    ]
    late = road.next_phone()
    road.control.script(phone=late, outcome='1037', callback='late_success', seconds=3)
    asked.append(road.ask(phone=late))
    for one in asked[:3]:
        road.control.wait_prompt(one['phone'], timeout=30)
        road.wait_request(one, 'accepted')
    before = road.booked()
    with ThreadPoolExecutor(2) as pool:
        runs = pool.submit(lambda: [run_cron(road) for _time in range(TIMES)])
        polls = pool.submit(lambda: [
            poll(road, people[time_ % 3]) for time_ in range(TIMES) if not time.sleep(0.02)
        ])
        wait_for(lambda: polls.running() and runs.running(), "start of both", pause=0.001)
        road.pay(asked[0])
        road.pay(asked[1])
        road.cancel(asked[2])
        assert runs.result() == [True] * TIMES
        states = polls.result()
    for one in (asked[0], asked[1], asked[3]):
        row = road.wait_request(one, 'paid')
        assert row['is_post_processed']
    assert road.wait_request(asked[2], 'declined')['state'] == 'error'
    road.settle()
    run_cron(road)
    assert {poll(road, person) for person in people} == {'done', 'error'}
    assert set(states) <= {'pending', 'done', 'error'}
    after = road.booked()
    assert {what: after[what] - before[what] for what in after} == {
        'payments': 3, 'moves': 3, 'reconciled': 3, 'receipts': 3, 'movements': 3, 'paid': 3,
    }
