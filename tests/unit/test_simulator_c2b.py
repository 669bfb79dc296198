"""C2B of the simulator: registration, and the confirmation after a payment (daraja.md 5)."""

import re

import pytest
from daraja_simulator import defaults
from daraja_simulator.control import ControlError
from simulator_case import PHONE, REGISTER, Case, error_of, password


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def registration(case, **changes):
    return {
        'ShortCode': defaults.SCHOOL_SHORTCODE,
        'ResponseType': 'Completed',
        'ConfirmationURL': f'{case.receiver.url}/collect/c2b',
        'ValidationURL': f'{case.receiver.url}/collect/validation',
        **changes,
    }


def paths(case):
    return [one.path for one in case.receiver.received]


@pytest.mark.parametrize(
    ('version', 'msisdn'), [('v2', r'2547 \*{5} 111'), ('v1', r'[0-9a-f]{64}')]
)
def test_registered_addresses_are_used(case, version, msisdn):
    answer = case.post(REGISTER.replace('v2', version), registration(case))
    body = answer.json()
    assert (answer.status_code, body['ResponseCode'], body['ResponseDescription']) == (
        200,
        '0',
        'Success',
    )
    assert list(body) == ['OriginatorCoversationID', 'ResponseCode', 'ResponseDescription']
    case.paid()
    assert paths(case) == ['/collect/stk', '/collect/c2b']
    confirmation = case.receiver.received[1].json()
    assert re.fullmatch(msisdn, confirmation['MSISDN'])
    assert confirmation['TransID'] == case.control.movements()[0]['receipt']
    assert confirmation['BillRefNumber'] == 'ADM-012'
    assert confirmation['OrgAccountBalance'] == '1200.00'


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('ShortCode', '999999'),
        ('ShortCode', ...),
        ('ResponseType', 'completed'),
        ('ResponseType', 'Canceled'),
        ('ConfirmationURL', 'nothing'),
        ('ConfirmationURL', None),
        ('ValidationURL', ''),
    ],
)
def test_registration_faults(case, field, value):
    body = {
        name: one for name, one in registration(case, **{field: value}).items() if one is not ...
    }
    assert error_of(case.post(REGISTER, body)) == (
        400,
        '400.002.02',
        f'Bad Request - Invalid {field}',
    )


def test_registration_in_production_is_strict_and_happens_once(case):
    case.control.set(environment='production')
    assert (
        error_of(case.post(REGISTER, registration(case)))[2]
        == 'Bad Request - Invalid ConfirmationURL'
    )
    good = {
        'ConfirmationURL': 'https://school.example/c/1',
        'ValidationURL': 'https://school.example/v/1',
    }
    bad = {**good, 'ValidationURL': 'https://school.example/Mpesa/v'}
    assert (
        error_of(case.post(REGISTER, registration(case, **bad)))[2]
        == 'Bad Request - Invalid ValidationURL'
    )
    assert case.post(REGISTER, registration(case, **good)).status_code == 200
    expected = (500, '500.003.1001', 'Urls are already registered.')
    assert error_of(case.post(REGISTER, registration(case, **good))) == expected


def test_registration_again_in_the_sandbox_and_its_odd_faults(case):
    assert case.post(REGISTER, registration(case)).status_code == 200
    assert case.post(REGISTER, registration(case)).status_code == 200
    case.control.script('c2b_register', fault='aggregator', shortcode=defaults.SCHOOL_SHORTCODE)
    assert error_of(case.post(REGISTER, registration(case)))[2].startswith(
        'Duplicate notification info'
    )
    case.control.script('c2b_register', fault='soap_fault')
    assert 'Fault' in case.post(REGISTER, registration(case)).json()['Envelope']['Body']
    case.control.script('c2b_register', fault='conflict_409')
    assert case.post(REGISTER, registration(case)).status_code == 409


@pytest.mark.parametrize(
    ('form', 'expected'),
    [
        ('small', {'ResponseCode': '0', 'ResponseDescription': 'success'}),
        ('eight_zeros', {'ResponseCode': '00000000', 'ResponseDescription': 'Success'}),
        ('no_code', {'ResponseDescription': 'Success'}),
    ],
)
def test_other_forms_of_a_registration_s_success(case, form, expected):
    case.control.set(register_answer=form)
    body = case.post(REGISTER, registration(case)).json()
    assert body.pop('OriginatorCoversationID')
    assert body == expected


@pytest.mark.parametrize(
    ('order', 'expected'),
    [('after', ['stk', 'c2b']), ('before', ['c2b', 'stk']), ('none', ['stk'])],
)
def test_order_of_the_two_notifications(case, order, expected):
    case.confirm_to()
    case.control.set(c2b_order=order)
    case.paid()
    assert [path.rsplit('/')[-1] for path in paths(case)] == expected
    case.receiver.clear()
    case.control.set(c2b_order='after')
    case.control.script(outcome='0', c2b_order=order)
    case.pushed(Amount=9)
    case.control.wait_idle()
    assert [path.rsplit('/')[-1] for path in paths(case)] == expected


def test_together_means_at_the_same_time(case):
    case.confirm_to()
    case.control.set(c2b_order='together')
    case.receiver.pause = 0.4
    case.paid()
    first, second = case.receiver.received
    assert {first.path, second.path} == {'/collect/stk', '/collect/c2b'}
    assert second.at - first.at < 0.4


def test_only_success_is_confirmed_and_a_missed_one_can_be_sent(case):
    case.confirm_to()
    case.pushed()
    case.control.cancel(PHONE)
    case.control.wait_idle()
    assert paths(case) == ['/collect/stk']
    case.control.set(c2b_order='none')
    case.paid()
    (dropped,) = case.control.deliveries('c2b_confirmation', state='dropped')
    case.control.resend(dropped['id'])
    assert paths(case)[-1] == '/collect/c2b'


def test_till_confirmation(case):
    case.confirm_to(number=defaults.STORE_SHORTCODE)
    case.paid(
        BusinessShortCode=defaults.STORE_SHORTCODE,
        TransactionType='CustomerBuyGoodsOnline',
        Password=password(defaults.STORE_SHORTCODE, defaults.STORE_PASSKEY),
        PartyB=defaults.TILL_NUMBER,
    )
    body = case.receiver.received[-1].json()
    assert body['TransactionType'] == 'Customer Merchant Payment'
    assert (body['BusinessShortCode'], body['BillRefNumber']) == (defaults.STORE_SHORTCODE, '')


def test_paybill_by_hand_keeps_what_was_typed(case):
    case.confirm_to()
    move = case.control.pay_bill(
        PHONE, defaults.SCHOOL_SHORTCODE, ' adm 12. and much more typed', 300
    )
    case.control.wait_idle()
    body = case.receiver.received[0].json()
    assert body['BillRefNumber'] == ' adm 12. and much mo'
    assert body['TransID'] == move['receipt']
    assert case.control.conservation()['ok']


@pytest.mark.parametrize('kind', ['OD Payment Transfer', 'Customer Merchant Payment', ''])
def test_other_kinds_of_payment(case, kind):
    case.confirm_to()
    case.control.pay_bill(PHONE, defaults.SCHOOL_SHORTCODE, 'ADM-1', 300, kind=kind)
    case.control.wait_idle()
    assert case.receiver.received[0].json()['TransactionType'] == kind


def test_transfer_from_an_organisation_has_no_phone(case):
    case.confirm_to()
    case.control.add_wallet(PHONE, name='INVENTED BANK')
    kind = 'Organization To Organization Transfer'
    case.control.pay_bill(PHONE, defaults.SCHOOL_SHORTCODE, 'ADM-1', 300, kind=kind)
    case.control.wait_idle()
    body = case.receiver.received[0].json()
    assert (body['TransactionType'], body['MSISDN'], body['InvoiceNumber']) == (kind, '', 'OK')
    names = {name: value for name, value in body.items() if name.endswith('Name')}
    assert names == {'FirstName': 'INVENTED BANK'}


@pytest.mark.parametrize(
    ('verdict', 'default', 'paid'),
    [
        (
            b'{"ResultCode": "0", "ResultDesc": "Accepted", "ThirdPartyTransID": "SCH-000123"}',
            'Cancelled',
            True,
        ),
        (b'{"ResultCode": 0, "ResultDesc": "Accepted"}', 'Cancelled', True),
        (b'{"ResultCode": "C2B00012", "ResultDesc": "Rejected"}', 'Completed', False),
        (b'<html>down</html>', 'Completed', True),
        (b'<html>down</html>', 'Cancelled', False),
    ],
)
def test_validation_decides_about_a_payment_by_hand(case, verdict, default, paid):
    case.confirm_to(
        validation_on=True,
        validation_url=f'{case.receiver.url}/collect/validation',
        response_type=default,
    )
    case.receiver.body = verdict
    if not paid:
        with pytest.raises(ControlError, match='C2B000'):
            case.control.pay_bill(PHONE, defaults.SCHOOL_SHORTCODE, 'ADM-1', 300)
        assert paths(case) == ['/collect/validation']
        return
    move = case.control.pay_bill(PHONE, defaults.SCHOOL_SHORTCODE, 'ADM-1', 300)
    case.control.wait_idle()
    asked, confirmed = (one.json() for one in case.receiver.received)
    assert (asked['OrgAccountBalance'], confirmed['OrgAccountBalance']) == ('', '300.00')
    assert asked['TransID'] == confirmed['TransID'] == move['receipt']
    assert confirmed['ThirdPartyTransID'] == ('SCH-000123' if b'SCH' in verdict else '')


def test_slow_validation_takes_the_default(case):
    case.confirm_to(
        validation_on=True,
        validation_url=f'{case.receiver.url}/collect/validation',
        response_type='Cancelled',
    )
    case.control.set(validation_seconds=0.1)
    case.receiver.pause = 0.4
    with pytest.raises(ControlError, match='C2B00016'):
        case.control.pay_bill(PHONE, defaults.SCHOOL_SHORTCODE, 'ADM-1', 300)
    assert case.control.movements() == []
