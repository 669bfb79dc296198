"""How the simulator delivers callbacks, and every way it can go wrong (daraja.md 1.11, 26)."""

import json

import pytest
import requests
from simulator_case import PHONE, PUSH, Case, error_of, result


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def test_success_and_failure_arrive_with_daraja_s_headers(case):
    case.paid()
    case.pushed(Amount=7)
    case.control.cancel(PHONE)
    case.control.wait_idle()
    first, second = case.receiver.at('/collect/stk')
    assert first.headers['Content-Type'] == 'application/json;charset=UTF-8'
    assert first.headers['BusinessShortCode'] == '600111'
    assert case.stk_callback(0)['ResultCode'] == 0
    assert second.json()['Body']['stkCallback']['ResultCode'] == 1032


def test_delivery_is_logged_with_the_exact_bytes(case):
    case.paid()
    (delivery,) = case.control.deliveries(kind='stk')
    assert delivery['body'].encode() == case.receiver.received[0].body
    assert delivery['state'] == 'delivered'
    assert [attempt['status'] for attempt in delivery['attempts']] == [200]
    assert delivery['receipt'] == case.control.movements()[0]['receipt']


@pytest.mark.parametrize('status', [307, 400, 500, 503])
def test_one_delivery_only_whatever_the_answer(case, status):
    case.receiver.answers = [status]
    case.paid()
    case.control.advance(3600)
    case.control.wait_idle()
    assert len(case.receiver.received) == 1
    (delivery,) = case.control.deliveries()
    assert delivery['state'] == 'failed'
    assert delivery['attempts'][0]['status'] == status


def test_retries_are_a_switch(case):
    case.control.set(callback_retries=3, callback_retry_seconds=0)
    case.receiver.answers = [500, 503]
    case.paid()
    assert len(case.receiver.received) == 3
    assert case.control.deliveries()[0]['state'] == 'delivered'


def test_nobody_there_and_nobody_answering_in_time(case):
    case.paid(CallBackURL='http://127.0.0.1:1/collect/stk')
    assert case.control.deliveries()[0]['attempts'][0]['error'] == 'ConnectionError'
    case.control.set(callback_timeout=0.1)
    case.receiver.pause = 0.3
    case.paid(Amount=7)
    assert case.control.deliveries()[1]['attempts'][0]['error'] == 'ReadTimeout'


def test_callback_waits_for_its_delay(case):
    case.control.set_clock(speed=0)
    case.control.set(callback_delay=30)
    checkout_request_id = case.pushed()
    case.control.pay(PHONE)
    assert case.control.push(checkout_request_id)['result_code'] == '0'
    case.control.advance(29)
    assert case.receiver.received == []
    case.control.advance(1)
    case.control.wait_delivery('stk')
    assert len(case.receiver.received) == 1


def test_callback_before_the_answer_of_the_push(case):
    for change in ({'script': True}, {'script': False}):
        case.reset()
        if change['script']:
            case.control.script(outcome='1032', callback='before_answer')
        else:
            case.control.set(callback_before_answer=True)
        case.receiver.pause = 0.1
        answer = case.push()
        # Had the answer come first, nothing would have arrived in these few microseconds.
        assert len(case.receiver.received) == 1
        assert case.stk_callback()['CheckoutRequestID'] == answer.json()['CheckoutRequestID']
        assert case.stk_callback()['ResultCode'] == (1032 if change['script'] else 0)


def test_missing_callback_can_be_sent_later(case):
    case.control.script(outcome='0', callback='missing')
    checkout_request_id = case.pushed()
    assert result(case, checkout_request_id) == '0'
    assert case.receiver.received == []
    (delivery,) = case.control.deliveries(state='dropped')
    (attempt,) = case.control.resend(delivery['id'])
    assert attempt['status'] == 200
    assert case.stk_callback()['CheckoutRequestID'] == checkout_request_id


def test_late_callback(case):
    case.control.set_clock(speed=0)
    case.control.script(outcome='0', callback='late', seconds=600)
    checkout_request_id = case.pushed()
    case.control.advance(599)
    assert case.control.push(checkout_request_id)['result_code'] == '0'
    assert case.receiver.received == []
    case.control.advance(2)
    case.control.wait_idle()
    assert len(case.receiver.received) == 1


@pytest.mark.parametrize('callback', ['duplicate', 'concurrent'])
def test_copies_are_identical(case, callback):
    case.control.script(outcome='0', callback=callback, copies=10)
    case.receiver.pause = 0.05
    case.pushed()
    case.control.wait_idle()
    times = [one.at for one in case.receiver.received]
    assert len(times) == 10
    assert len({one.body for one in case.receiver.received}) == 1
    # At once, or one after another: nine pauses of 50 ms lie between the first and the last.
    assert (max(times) - min(times) < 0.45) == (callback == 'concurrent')


@pytest.mark.parametrize(
    ('told', 'success_by', 'arrived'),
    [('1037', 'both', ['stk', 'c2b']), ('1032', 'stk', ['stk']), ('1037', 'c2b', ['c2b'])],
)
def test_late_success(case, told, success_by, arrived):
    case.confirm_to()
    case.control.script(
        outcome=told,
        callback='late_success',
        seconds=300,
        success_by=success_by,
    )
    checkout_request_id = case.pushed()
    assert case.control.wait_delivery('stk')
    assert case.stk_callback()['ResultCode'] == int(told)
    assert case.query(checkout_request_id).json()['ResultCode'] == told
    assert case.control.wallet_balance(PHONE) == 1_000_000
    case.control.advance(301)
    case.control.wait_idle()
    assert case.control.wallet_balance(PHONE) == 998_800
    assert case.query(checkout_request_id).json()['ResultCode'] == '0'
    assert [one.path.rsplit('/')[-1] for one in case.receiver.received[1:]] == arrived
    assert len(case.control.movements()) == 1


@pytest.mark.parametrize('callback', ['forged_amount', 'forged_receipt', 'unknown_id', 'conflict'])
def test_scripted_lies(case, callback):
    case.control.script(outcome='0', callback=callback)
    checkout_request_id = case.pushed()
    case.control.wait_idle()
    (move,) = case.control.movements()
    last = case.stk_callback()
    items = {item['Name']: item.get('Value') for item in last['CallbackMetadata']['Item']}
    truth = {
        'amount': items['Amount'] == 1200,
        'receipt': items['MpesaReceiptNumber'] == move['receipt'],
        'id': last['CheckoutRequestID'] == checkout_request_id,
    }
    lie = {
        'forged_amount': 'amount',
        'forged_receipt': 'receipt',
        'unknown_id': 'id',
        'conflict': 'amount',
    }
    assert [name for name, true in truth.items() if not true] == [lie[callback]]
    assert len(case.receiver.received) == (2 if callback == 'conflict' else 1)
    assert move['amount'] == '1200.00'


def test_held_callbacks_are_for_the_test_to_deliver(case):
    case.confirm_to()
    case.control.set(hold_callbacks=True)
    case.paid()
    stk, confirmation = case.control.wait_delivery(count=2)
    assert (stk['state'], confirmation['state']) == ('held', 'held')
    assert case.receiver.received == []
    requests.post(stk['url'], data=stk['body'].encode(), headers=stk['headers'], timeout=5)
    assert case.stk_callback()['ResultCode'] == 0
    assert [attempt['status'] for attempt in case.control.send_held()] == [200, 200]
    assert [one.path for one in case.receiver.received] == [
        '/collect/stk',
        '/collect/stk',
        '/collect/c2b',
    ]


def test_resend_many_at_once(case):
    case.paid()
    (delivery,) = case.control.deliveries()
    attempts = case.control.resend(delivery['id'], copies=20, concurrent=True)
    assert [attempt['status'] for attempt in attempts] == [200] * 20
    assert len(case.receiver.received) == 21


def test_forged_bodies_from_elsewhere(case):
    body = b'{"Body": "\xc2\xa0not ours'
    (attempt,) = case.control.forge(
        f'{case.receiver.url}/collect/x',
        body,
        headers={'X-Forwarded-For': '203.0.113.9'},
        source_address='127.0.0.9',
    )
    assert attempt['status'] == 200
    (arrived,) = case.receiver.received
    assert (arrived.body, arrived.source) == (body, '127.0.0.9')
    assert arrived.headers['X-Forwarded-For'] == '203.0.113.9'


@pytest.mark.parametrize(
    ('change', 'value', 'key', 'expected'),
    [
        ('amount', None, 'Amount', 1201),
        ('amount', 1, 'Amount', 1),
        ('receipt', 'UIE4K7P2QX', 'MpesaReceiptNumber', 'UIE4K7P2QX'),
        ('phone', None, 'PhoneNumber', 254700000000),
        ('success', None, 'Amount', 1200),
    ],
)
def test_forged_callback_is_built_and_not_sent(case, change, value, key, expected):
    checkout_request_id = case.pushed()
    forged = case.control.forged_stk(checkout_request_id, change, value)
    told = json.loads(forged['body'])['Body']['stkCallback']
    items = {item['Name']: item.get('Value') for item in told['CallbackMetadata']['Item']}
    assert items[key] == expected
    assert forged['url'] == f'{case.receiver.url}/collect/stk'
    assert case.receiver.received == []
    assert case.control.movements() == []


def test_forged_failure_of_a_paid_push(case):
    forged = case.control.forged_stk(case.paid(), 'failure')
    assert json.loads(forged['body'])['Body']['stkCallback']['ResultCode'] == 1032


def test_requests_at_once_keep_the_money_exact(case):
    from concurrent.futures import ThreadPoolExecutor

    case.control.set(subscriber_lock='off', same_amount_rule='off', auto_answer='pin')
    case.control.add_wallet(PHONE, balance=1000)
    case.oauth()
    case.token = case.oauth().json()['access_token']

    def push(_number):
        body = case.push_body(Amount=30)
        answer = requests.post(
            case.simulator.url + PUSH,
            json=body,
            headers={'Authorization': f'Bearer {case.token}'},
            timeout=10,
        )
        return answer.status_code if answer.status_code == 200 else error_of(answer)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(push, range(50))) == {200}
    case.control.wait_idle()
    codes = [one['result_code'] for one in case.control.pushes()]
    assert (codes.count('0'), codes.count('1')) == (33, 17)
    assert case.control.wallet_balance(PHONE) == 10
    assert case.control.balance('600111') == 990
    sums = case.control.conservation()
    assert sums['ok']
    assert sums['receipts'] == sums['movements'] == 33
    assert len(case.receiver.received) == 50
