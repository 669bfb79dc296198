"""Scripted outcomes and the simulated STK query, against daraja.md 4, 16 and 26."""

import json

import pytest
from daraja_simulator import defaults
from simulator_case import PHONE, Case, error_of, password, result


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


@pytest.mark.parametrize(
    'code',
    [
        '0',
        '1',
        '17',
        '1001',
        '1019',
        '1025',
        '1032',
        '1037',
        '2001',
        '2028',
        '8006',
        '9999',
        'SFC_IC0003',
        'TP40087',
        '7777',
        'NEW_CODE',
    ],
)
def test_every_outcome_number_in_callback_text_in_query(case, code):
    case.control.script(outcome=code, phone=PHONE)
    checkout_request_id = case.pushed()
    case.control.wait_idle()
    told = case.stk_callback()
    assert told['ResultCode'] == (int(code) if code.isdigit() else code)
    assert ('CallbackMetadata' in told) == (code == '0')
    answer = case.query(checkout_request_id)
    assert answer.status_code == 200
    assert answer.json()['ResultCode'] == code
    assert answer.json()['ResponseDescription'].endswith('successsfully')


def test_query_never_tells_receipt_amount_or_phone(case):
    checkout_request_id = case.paid()
    body = case.query(checkout_request_id).json()
    assert set(body) == {
        'ResponseCode',
        'ResponseDescription',
        'MerchantRequestID',
        'CheckoutRequestID',
        'ResultCode',
        'ResultDesc',
    }


def test_pending_in_both_generations(case):
    checkout_request_id = case.pushed()
    body = case.query(checkout_request_id).json()
    assert (body['ResultCode'], body['ResultDesc']) == (
        '4999',
        'The transaction is still under processing',
    )
    case.control.set(pending_dialect='500')
    expected = (500, '500.001.1001', 'The transaction is being processed')
    assert error_of(case.query(checkout_request_id)) == expected


def test_a_request_that_never_ends(case):
    case.control.script(outcome='4999-forever')
    checkout_request_id = case.pushed()
    case.control.advance(7200)
    case.control.wait_idle()
    case.token = None
    assert case.query(checkout_request_id).json()['ResultCode'] == '4999'
    assert case.receiver.received == []
    assert case.push(Amount=5).status_code == 200


def test_unknown_id_in_both_shapes(case):
    expected = (500, '500.001.1001', 'The transaction does not Exist')
    assert error_of(case.query('ws_CO_unknown')) == expected
    case.control.set(unknown_id_dialect='400')
    assert error_of(case.query('ws_CO_unknown')) == (
        400,
        '400.002.02',
        'Bad Request - Invalid CheckoutRequestID',
    )


def test_query_of_another_shortcode_knows_nothing(case):
    checkout_request_id = case.paid()
    sandbox = {
        'BusinessShortCode': defaults.SANDBOX_SHORTCODE,
        'Password': password(defaults.SANDBOX_SHORTCODE, defaults.SANDBOX_PASSKEY),
    }
    assert (
        error_of(case.query(checkout_request_id, **sandbox))[2] == 'The transaction does not Exist'
    )


def test_query_that_fails_now_and_then_and_one_that_contradicts(case):
    checkout_request_id = case.paid()
    case.control.script('stk_query', fault='intermittent', phone=PHONE)
    assert error_of(case.query(checkout_request_id))[:2] == (500, '500.001.1001')
    case.control.script('stk_query', outcome='1037', account='ADM-012')
    assert case.query(checkout_request_id).json()['ResultCode'] == '1037'
    assert case.query(checkout_request_id).json()['ResultCode'] == '0'


def test_a_script_fits_only_its_request_and_is_used_up_only_when_it_happens(case):
    case.control.script(outcome='1032', phone='254712000222', amount=50, account='ADM-2')
    wanted = {'phone': '254712000222', 'Amount': '50', 'AccountReference': 'ADM-2'}
    case.control.set(subscriber_lock='off')
    assert error_of(case.push(**wanted, PartyB='x'))
    assert case.control.push(case.pushed(Amount=50, AccountReference='ADM-2'))['state'] == 'open'
    assert case.control.scripts()[0]['used'] == 0
    assert result(case, case.pushed(**wanted)) == '1032'
    assert case.control.scripts()[0]['used'] == 1


def test_the_same_seed_gives_the_same_run(case):
    def run():
        case.control.reset(seed='again')
        case.token = None
        case.control.set_clock('2026-09-14 10:15:33', speed=0)
        case.confirm_to()
        for amount in range(1, 6):
            case.paid(Amount=amount)
        return [(one['kind'], one['body']) for one in case.control.deliveries()]

    first = run()
    assert len(first) == 10
    assert run() == first
    assert len({json.dumps(body) for _kind, body in first}) == 10
