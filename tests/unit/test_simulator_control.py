"""The simulator's clock, receipts, control interface, virtual phone and state file."""

import json
import socket
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal

import pytest
import requests
from daraja_simulator import defaults
from daraja_simulator.clock import Clock, parse_eat
from daraja_simulator.control import ControlError, SimulatorControl
from daraja_simulator.receipts import Receipts, date_prefix
from daraja_simulator.server import start_in_thread
from freezegun import freeze_time
from simulator_case import PHONE, Case, result


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


# --- receipts and time


@pytest.mark.parametrize(
    ('day', 'prefix'),
    [
        (date(2026, 9, 14), 'UIE'),
        (date(2017, 1, 1), 'LA1'),
        (date(2027, 12, 31), 'VLV'),
        (date(2026, 2, 9), 'UB9'),
        (date(2026, 10, 10), 'UJA'),
        (date(2031, 5, 18), 'ZEI'),
    ],
)
def test_receipt_begins_with_its_date(day, prefix):
    assert date_prefix(day) == prefix


def test_receipts_never_repeat_and_are_not_in_order():
    clock = Clock()
    series = Receipts(clock, 1)
    receipts = [series.next() for _receipt in range(20_000)]
    assert len(set(receipts)) == 20_000
    assert sorted(receipts) != receipts
    assert all(len(one) == 10 and one.isalnum() and one.upper() == one for one in receipts)
    assert receipts[0] != Receipts(clock, 2).next()


@pytest.mark.parametrize(
    ('eat', 'stamp', 'prefix'),
    [
        ('2026-09-14 23:59:59', '20260914235959', 'UIE'),
        ('2026-10-01 00:00:01', '20261001000001', 'UJ1'),
    ],
)
def test_times_are_east_african_around_midnight(case, eat, stamp, prefix):
    case.control.set_clock(eat, speed=0)
    assert case.control.clock()['epoch'] == parse_eat(eat)
    case.paid()
    (move,) = case.control.movements()
    assert (move['at_eat'], move['receipt'][:3]) == (stamp, prefix)


def test_clock_runs_fast_stands_still_and_is_moved(case):
    case.control.set_clock('2026-09-14 08:00:00', speed=0)
    assert case.control.clock()['eat'] == '2026-09-14 08:00:00'
    assert case.control.advance(90)['eat'] == '2026-09-14 08:01:30'
    checkout_request_id = case.pushed()
    case.control.set_clock(speed=1000)
    until = time.monotonic() + 5
    while case.control.push(checkout_request_id)['state'] == 'open':
        # A minute of the simulator's passes in 60 ms of ours.
        assert time.monotonic() < until
        time.sleep(0.01)
    assert result(case, checkout_request_id) == '1037'
    with pytest.raises(ControlError):
        case.control.set_clock(speed=-1)


def test_what_happens_on_the_way_happens_at_its_own_time(case):
    case.control.set_clock('2026-09-14 08:00:00', speed=0)
    case.control.set(callback_delay=30)
    checkout_request_id = case.pushed()
    case.control.advance(600)
    case.control.wait_idle()
    assert case.control.push(checkout_request_id)['final_at_eat'] == '20260914080100'
    assert case.control.deliveries()[0]['made_at_eat'] == '20260914080130'


def test_a_test_that_shifts_the_machine_s_clock_takes_the_simulator_along(case):
    with freeze_time('2026-09-14 07:15:33'):
        assert case.control.clock()['eat'] == '2026-09-14 10:15:33'
        case.paid()
        assert case.control.movements()[0]['at_eat'] == '20260914101533'


# --- the control interface


def test_reset_forgets_everything(case):
    case.control.set(callback_delay=5)
    case.control.script(outcome='1')
    case.control.add_wallet(PHONE, balance=7)
    case.pushed()
    case.control.reset()
    assert case.control.settings()['callback_delay'] == 0
    assert case.control.scripts() == case.control.wallets() == case.control.pushes() == []
    assert case.control.daraja_requests() == case.control.deliveries() == []
    assert {one['number'] for one in case.control.shortcodes()} == {
        defaults.SANDBOX_SHORTCODE,
        defaults.SCHOOL_SHORTCODE,
        defaults.STORE_SHORTCODE,
    }


@pytest.mark.parametrize(
    'mistake',
    [
        lambda control: control.set(no_such=1),
        lambda control: control.set(c2b_order='sideways'),
        lambda control: control.set(hold_callbacks='yes'),
        lambda control: control.script(fault='tea'),
        lambda control: control.script('stk_push', fault='pending'),
        lambda control: control.script('sms'),
        lambda control: control.script(colour='red'),
        lambda control: control.pay('254700000001'),
        lambda control: control.balance('1'),
        lambda control: control.set_wallet(PHONE, colour='red'),
        lambda control: control.add_shortcode('600333', colour='red'),
        lambda control: control._call('nothing'),
        lambda control: control._call('world'),
        lambda control: control._call('__init__', simulator=1),
    ],
)
def test_mistakes_are_told(case, mistake):
    with pytest.raises(ControlError):
        mistake(case.control)


def test_one_wrong_setting_changes_none(case):
    with pytest.raises(ControlError):
        case.control.set(callback_delay=9, c2b_order='sideways')
    assert case.control.settings()['callback_delay'] == 0


def test_own_shortcode_wallet_and_app(case):
    code = case.control.add_shortcode('600333', name='Other School', balance='5.50')
    assert case.control.balance('600333') == Decimal('5.50')
    assert len(code['passkey']) == 64
    case.control.set_shortcode('600333', balance='10')
    case.control.add_wallet(PHONE, name='FAITH OTIENO', pin='4321', balance=50)
    case.control.set_wallet(PHONE, balance=60)
    assert case.control.wallet_balance(PHONE) == 60
    assert case.control.conservation()['ok']
    app = case.control.add_app()
    case.control.set_app(app['consumer_key'], consumer_secret='other')
    assert case.oauth(app['consumer_key'], 'other').status_code == 200
    case.pushed(Amount=60)
    case.control.pay(PHONE, pin='4321')
    assert case.control.wallet_balance(PHONE) == 0


def test_unknown_phones_without_open_wallets(case):
    case.control.set(open_wallets=False)
    checkout_request_id = case.pushed()
    case.control.pay(PHONE)
    assert result(case, checkout_request_id) == '11'


def test_waiting_ends(case):
    with pytest.raises(TimeoutError):
        case.control.wait_prompt(PHONE, timeout=0.05)
    with pytest.raises(TimeoutError):
        case.control.wait_delivery(timeout=0.05)


# --- the virtual phone


def phone(case, path='state', **body):
    url = f'{case.simulator.url}/phone/{PHONE}/{path}'
    return requests.post(url, json=body, timeout=5) if body else requests.get(url, timeout=5)


def test_phone_shows_prompt_message_and_balance(case):
    checkout_request_id = case.pushed()
    state = phone(case).json()
    assert state['prompt']['text'].startswith('Do you want to pay KES 1,200 to Mwangaza School')
    (row,) = requests.get(f'{case.simulator.url}/phones', timeout=5).json()
    assert (row['msisdn'], row['prompts']) == (PHONE, 1)
    assert phone(case, 'answer', id=checkout_request_id, action='pin', pin='1234').json() == {
        'result_code': '0',
    }
    state = phone(case).json()
    assert state['prompt'] is None
    assert state['balance'] == '998,800.00'
    receipt = case.control.movements()[0]['receipt']
    text = state['messages'][0]['text']
    assert text.startswith(
        f'{receipt} Confirmed. KES 1,200.00 sent to Mwangaza School for account ADM-012 on '
    )
    assert 'New M-PESA balance is KES 998,800.00.' in text


def test_phone_cancels_and_does_not_answer_twice(case):
    checkout_request_id = case.pushed()
    cancelled = phone(case, 'answer', id=checkout_request_id, action='cancel')
    assert cancelled.json() == {'result_code': '1032'}
    again = phone(case, 'answer', id=checkout_request_id, pin='1234')
    assert again.json() == {'error': 'This request is no longer open.'}
    assert phone(case).json()['messages'][0]['text'].startswith('You cancelled')
    assert case.control.movements() == []


def test_phone_pays_a_paybill(case):
    bill = {'shortcode': '600111', 'account': 'ADM-1', 'amount': '50', 'pin': '1234'}
    for wrong in ({'pin': '0000'}, {'amount': 'x'}, {'amount': '1.5'}, {'shortcode': '999999'}):
        assert phone(case, 'pay', **{**bill, **wrong}).json()['error'].startswith('Failed.')
    assert case.control.movements() == []
    answer = phone(case, 'pay', **bill)
    assert answer.json()['receipt'] == case.control.movements()[0]['receipt']
    assert case.control.balance('600111') == 50


@pytest.mark.parametrize(
    'path', ['/phone', f'/phone/{PHONE}', '/phone/files/phone.js', '/phone/files/phone.css']
)
def test_pages_are_there(case, path):
    assert requests.get(case.simulator.url + path, timeout=5).status_code == 200


# --- state and process


def test_state_survives_a_restart(tmp_path):
    file = tmp_path / 'state.json'
    with start_in_thread(seed=5, state=file) as simulator:
        simulator.control.set_shortcode('600111', confirmation_url='http://127.0.0.1:1/c')
        first = simulator.control.pay_bill(PHONE, '600111', 'ADM-1', 300)
    with start_in_thread(seed=5, state=file) as simulator:
        assert simulator.control.wallet_balance(PHONE) == 999_700
        assert simulator.control.balance('600111') == 300
        assert simulator.control.shortcode('600111')['confirmation_url'] == 'http://127.0.0.1:1/c'
        second = simulator.control.pay_bill(PHONE, '600111', 'ADM-1', 301)
        moves = simulator.control.movements()
        assert simulator.control.conservation()['ok']
    assert [move['receipt'] for move in moves] == [first['receipt'], second['receipt']]
    assert first['receipt'] != second['receipt']
    assert json.loads(file.read_text())['put_in'] == '1000000'


def test_runs_as_a_process():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    command = [sys.executable, '-m', 'daraja_simulator', '--port', str(port), '--seed', '7']
    tests = defaults.__file__.rpartition('/daraja_simulator/')[0]
    process = subprocess.Popen(command, cwd=tests)  # noqa: S603 - our own command
    try:
        control = SimulatorControl(f'http://127.0.0.1:{port}')
        until = time.monotonic() + 10
        while True:
            try:
                assert control.health() == {'status': 'ok', 'seed': '7'}
                break
            except requests.ConnectionError:
                assert time.monotonic() < until
                time.sleep(0.05)
    finally:
        process.terminate()
        assert process.wait(10) in (0, -15)
