"""What the simulated STK push takes and refuses, against daraja.md 3.1 to 3.4."""

import re

import pytest
from daraja_simulator import defaults
from simulator_case import PUSH, Case, error_of, password, result


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def test_accepted_push_has_ids_in_the_current_form(case):
    case.control.set_clock('2026-09-14 10:15:02', speed=0)
    body = case.push().json()
    assert re.fullmatch(r'ws_CO_14092026101502\d{1,3}712000111', body.pop('CheckoutRequestID'))
    assert re.fullmatch(r'([0-9a-f]{4}-){3}[0-9a-f]{12}\d{6}', body.pop('MerchantRequestID'))
    assert body == {
        'ResponseCode': '0',
        'ResponseDescription': 'Success. Request accepted for processing',
        'CustomerMessage': 'Success. Request accepted for processing',
    }


@pytest.mark.parametrize(
    'changes',
    [
        {'Amount': '1200'},
        {'BusinessShortCode': int(defaults.SCHOOL_SHORTCODE)},
        {'Amount': 1},
        {'Amount': 250000},
        {'AccountReference': 'ADM 012/4-01'},
        {'TransactionDesc': 'Term 3 fees 1'},
        {'TransactionDesc': ...},
        {'TransactionDesc': ''},
        {'Unknown': 'field'},
        {'phone': '254110000111'},
    ],
)
def test_lenient_where_daraja_is(case, changes):
    assert case.push(**changes).status_code == 200


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        *(
            (name, ...)
            for name in (
                'BusinessShortCode',
                'Password',
                'Timestamp',
                'TransactionType',
                'Amount',
                'PartyA',
                'PartyB',
                'PhoneNumber',
                'CallBackURL',
                'AccountReference',
            )
        ),
        ('BusinessShortCode', '60'),
        ('BusinessShortCode', 'abc'),
        ('Timestamp', '2026091410153'),
        ('Timestamp', '20261314101533'),
        ('TransactionType', 'PayBill'),
        ('Amount', 0),
        ('Amount', -1),
        ('Amount', 1.5),
        ('Amount', '1.00'),
        ('Amount', 250001),
        ('Amount', True),
        ('Amount', None),
        ('PartyA', '0712000111'),
        ('PartyA', '+254712000111'),
        ('PhoneNumber', 254812000111),
        ('PhoneNumber', 25471200011),
        ('PartyB', ''),
        ('CallBackURL', 'collect/stk'),
        ('CallBackURL', 'ftp://school.example/c'),
        ('CallBackURL', 'http://School.example/c'),
        ('AccountReference', ' '),
        ('AccountReference', 'ADM-012345678'),
        ('AccountReference', 'ADM#12'),
        ('TransactionDesc', 'Fees of term 3'),
        ('TransactionDesc', 'a@b'),
        ('TransactionDesc', 7.5),
    ],
)
def test_field_faults_name_the_field(case, field, value):
    body = case.push_body(**{field: value})
    assert error_of(case.post(PUSH, body)) == (400, '400.002.02', f'Bad Request - Invalid {field}')
    assert case.control.pushes() == []


@pytest.mark.parametrize(
    'url',
    [
        'http://school.example/collect/1',
        'https://school.example/MPesa/1',
        'https://a.ngrok.io/collect/1',
        'https://school.example/collect/query',
        'https://safaricom.example/collect/1',
    ],
)
def test_production_is_strict_about_callback_addresses(case, url):
    assert case.push(CallBackURL=url).status_code == 200
    case.reset()
    case.control.set(environment='production')
    assert error_of(case.push(CallBackURL=url))[2] == 'Bad Request - Invalid CallBackURL'
    assert case.push(CallBackURL='https://school.example/collect/1').status_code == 200


@pytest.mark.parametrize(
    'wrong',
    [
        {'Password': password(passkey='wrong')},
        {'Password': password(shortcode='174379')},
        {'Timestamp': '20260914101534'},
        {'Password': 'not base64!'},
    ],
)
def test_password_is_checked(case, wrong):
    expected = (500, '500.001.1001', '[MerchantValidate] - Wrong credentials')
    assert error_of(case.push(**wrong)) == expected
    assert error_of(case.query('ws_CO_1', **wrong)) == expected


def test_unknown_merchant_and_wrong_type_for_a_paybill(case):
    assert error_of(case.push(BusinessShortCode='999999'))[2] == 'Merchant does not exist'
    answer = case.push(TransactionType='CustomerBuyGoodsOnline')
    assert error_of(answer)[2] == 'Bad Request - Invalid TransactionType'


def store_push(case, **changes):
    return case.pushed(**{
        'BusinessShortCode': defaults.STORE_SHORTCODE,
        'Password': password(defaults.STORE_SHORTCODE, defaults.STORE_PASSKEY),
        'TransactionType': 'CustomerBuyGoodsOnline',
        'PartyB': defaults.TILL_NUMBER,
        **changes,
    })


def test_till_takes_store_number_and_till_number(case):
    checkout_request_id = store_push(case)
    case.control.pay(checkout_request_id)
    assert result(case, checkout_request_id) == '0'
    assert case.control.balance(defaults.STORE_SHORTCODE) == 1200


def test_product_faults_come_in_the_callback(case):
    case.control.set(subscriber_lock='off')
    assert result(case, store_push(case, TransactionType='CustomerPayBillOnline')) == '2028'
    assert result(case, store_push(case, PartyB=defaults.STORE_SHORTCODE)) == 'SFC_IC0003'
    assert case.stk_callback()['ResultCode'] == 'SFC_IC0003'


def test_long_reference_dialects(case):
    case.control.set(long_reference='truncate')
    assert (
        case.control.push(case.pushed(AccountReference='ADM-0123456789'))['account']
        == 'ADM-01234567'
    )
    case.control.set(long_reference='1025', subscriber_lock='off')
    assert result(case, case.pushed(AccountReference='ADM-0123456789')) == '1025'


def test_too_long_a_prompt_is_1025(case):
    case.control.set_shortcode(defaults.SCHOOL_SHORTCODE, name='Saint Somebody ' * 10)
    assert result(case, case.pushed()) == '1025'
