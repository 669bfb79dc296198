"""The small parts of the Daraja client: addresses, time, receipts, credentials, words."""
import json
from datetime import datetime, timezone

import daraja
import pytest
from daraja import receipt
from daraja.answer import Answer
from daraja.errors import scrub


# daraja.md, section 1.3
PATHS = {
    '/oauth/v1/generate', '/mpesa/stkpush/v1/processrequest', '/mpesa/stkpushquery/v1/query',
    '/mpesa/c2b/v1/registerurl', '/mpesa/c2b/v2/registerurl', '/mpesa/c2b/v1/simulate',
    '/mpesa/c2b/v2/simulate', '/mpesa/transactionstatus/v1/query', '/mpesa/accountbalance/v1/query',
    '/mpesa/reversal/v1/request', '/mpesa/b2c/v3/paymentrequest', '/mpesa/b2c/v1/paymentrequest',
    '/mpesa/b2pochi/v1/paymentrequest', '/mpesa/b2c/hakikisha/v1/hakikisha',
    '/mpesa/b2b/v1/paymentrequest', '/mpesa/b2b/v1/remittax', '/v1/ussdpush/get-msisdn',
    '/mpesa/qrcode/v1/generate', '/pulltransactions/v1/register', '/pulltransactions/v1/query',
    '/standingorder/v1/createStandingOrderExternal', '/sfcverify/v1/query/info',
    '/imsi/v1/checkATI', '/imsi/v2/checkATI', '/v1/lipa/na/bonga/calculate-points',
    '/v1/lipa/na/bonga/redeem-paybill',
}


def test_every_path_on_both_hosts():
    values = {address.value for address in daraja.Address}
    bills = {value for value in values if value.startswith('/v1/billmanager-invoice/')}
    assert values - bills == PATHS
    assert len(bills) == 9
    assert len(values) == len(daraja.Address)
    sandbox, production = daraja.Environment.sandbox(), daraja.Environment.production()
    assert (sandbox.name, production.name) == ('sandbox', 'production')
    for address in daraja.Address:
        assert sandbox.url(address) == f'https://sandbox.safaricom.co.ke{address.value}'
        assert production.url(address) == f'https://api.safaricom.co.ke{address.value}'


def test_custom_environment():
    stand_in = daraja.Environment.custom(' http://127.0.0.1:8090/ ')
    assert (stand_in.name, stand_in.base_url) == ('simulator', 'http://127.0.0.1:8090')
    assert daraja.Environment.custom('https://host/daraja').url(daraja.Address.OAUTH) == (
        'https://host/daraja/oauth/v1/generate'
    )


@pytest.mark.parametrize('address', [
    '', None, 5, 'host', 'ftp://host', 'http://', '//host', 'http://u:p@host', 'http://host/?a=b',
    'http://host/#a', 'http://host:x', 'http://host:70000', 'http://[',
])
def test_custom_environment_refused(address):
    with pytest.raises(ValueError, match='Daraja address'):
        daraja.Environment.custom(address)


def test_credentials():
    keys = daraja.Credentials(' key ', 'secret\n')
    assert keys.basic == 'a2V5OnNlY3JldA=='
    for bad in (('', 'x'), ('x', ''), (None, 'x'), ('a\nb', 'x'), ('a:b', 'x'), (5, 'x')):
        with pytest.raises(ValueError, match='consumer'):
            daraja.Credentials(*bad)


# === East Africa Time === #

@pytest.mark.parametrize(('stamp', 'utc'), [
    ('20260914101533', datetime(2026, 9, 14, 7, 15, 33)),
    (20260914101533, datetime(2026, 9, 14, 7, 15, 33)),
    ('20260101013000', datetime(2025, 12, 31, 22, 30)),
    ('20240229235959', datetime(2024, 2, 29, 20, 59, 59)),
])
def test_stamp(stamp, utc):
    assert daraja.from_stamp(stamp) == utc
    assert daraja.to_stamp(utc) == str(stamp)
    assert daraja.to_stamp(utc.replace(tzinfo=timezone.utc)) == str(stamp)


@pytest.mark.parametrize('stamp', [
    None, '', '20260229101533', '20261301101533', '20260914241533', '20260914101560', True, 1.5,
    '2026091410153', '202609141015330', '+2026091410153', 'x' * 14, '99999999999999',
])
def test_no_stamp(stamp):
    assert daraja.from_stamp(stamp) is None


def test_no_stamp_in_a_number_too_long_to_print():
    assert daraja.from_stamp(10 ** 5000) is None


# === Receipt numbers === #

def test_receipt_placeholder():
    assert receipt.is_placeholder('UIE0000000')
    assert receipt.is_placeholder(' uie0000000 ')
    assert not receipt.is_placeholder('UIE0000001')
    assert not receipt.is_placeholder('0000000')


# === Callback addresses === #

@pytest.mark.parametrize(('url', 'https', 'faults'), [
    ('https://school.example/collect/ab/stk/cd', True, []),
    ('http://school.example/collect', False, []),
    ('http://localhost:8069/collect', False, []),
    ('http://school.example/collect', True, ['not_https']),
    ('https://school.example/MPESA', True, ['forbidden_word']),
    ('https://m-pesa.school.example/', True, ['forbidden_word']),
    ('https://school.example/payments-Query', True, ['forbidden_word']),
    ('https://school.example/execute', True, ['forbidden_word']),
    ('https://a1.ngrok.io/collect', True, ['blocked_host']),
    ('https://School.example/collect', True, ['upper_case_host']),
    (
        'http://MPESA.ngrok.io', True,
        ['not_https', 'forbidden_word', 'blocked_host', 'upper_case_host'],
    ),
    ('school.example', True, ['not_a_url']),
    (None, True, ['not_a_url']),
])
def test_callback_url(url, https, faults):
    assert daraja.callback_url_faults(url, need_https=https) == faults


# === Errors in every form of section 1.5 === #

@pytest.mark.parametrize(('payload', 'error'), [
    ({'requestId': '1', 'errorCode': '400.002.02', 'errorMessage': 'Bad'}, ('400.002.02', 'Bad')),
    ({'errorCode': 401, 'errorMessage': None}, ('401', '')),
    (
        {'fault': {'faultstring': 'Slow', 'detail': {'errorcode': 'policies.x'}}},
        ('policies.x', 'Slow'),
    ),
    ({'fault': {'faultstring': 'Slow'}}, ('', 'Slow')),
    ({'fault': 'x'}, None),
    (
        {'Envelope': {'Body': {'Fault': {'faultcode': 'Server', 'faultstring': 'Down'}}}},
        ('Server', 'Down'),
    ),
    (
        {'soapenv:Envelope': {'soapenv:Body': {'soapenv:Fault': {'faultcode': 5}}}}, ('5', ''),
    ),
    ({'Envelope': {'Body': []}}, None),
    ({'Status_Message': 'No', 'resmsg': '', 'rescode': '409', 'errors': []}, ('409', 'No')),
    ({'resmsg': 'Success', 'rescode': '200'}, None),
    ({'ResponseCode': '0'}, None),
    ([], None),
])
def test_error_forms(payload, error):
    assert Answer(500, json.dumps(payload).encode()).error == error


# === Words of others === #

@pytest.mark.parametrize(('words', 'shown'), [
    ('Bad Request - Invalid Amount', 'Bad Request - Invalid Amount'),
    ('Invalid Access Token - a1b2c3d4e5f6a1b2c3d4e5f6a1b2', 'Invalid Access Token - ***'),
    ('phone 254712345678', 'phone ***'), ('phone 0712 345 678', 'phone ***'),
    ('a\nb\x00c', 'a b c'), ('x ' * 500, ('x ' * 100).strip()),
])
def test_scrub(words, shown):
    assert scrub(words) == shown
