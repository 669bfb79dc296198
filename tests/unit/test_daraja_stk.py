"""Making an STK request: every rule of its fields, its password and its time."""
import base64
import time
from datetime import datetime, timedelta
from decimal import Decimal

import daraja
import pytest
from daraja.stk_signature import password
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st


GOOD = {
    'shortcode': '600111', 'passkey': 'pass', 'amount': 12500, 'phone': '254712345678',
    'callback_url': 'https://school.example/collect/ab/stk/cd', 'account_reference': 'ADM-012',
}
NOON = datetime(2026, 9, 14, 9)


def push(**values):
    return daraja.StkPush(**{**GOOD, **values})


@given(
    shortcode=st.from_regex(r'[0-9]{5,7}', fullmatch=True),
    passkey=st.text(st.characters(codec='utf-8'), min_size=1),
    moment=st.datetimes(datetime(2010, 1, 1), datetime(2090, 1, 1)),
)
def test_password(shortcode, passkey, moment):
    stamp = daraja.to_stamp(moment)
    decoded = base64.b64decode(password(shortcode, passkey, stamp)).decode()
    assert decoded == shortcode + passkey + stamp
    assert daraja.from_stamp(stamp) == moment.replace(microsecond=0)


def test_published_password_of_the_documentation():
    # 174379 with its published sandbox passkey at 2016-02-16 16:56:27 EAT.
    passkey = 'bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919'
    body = push(shortcode='174379', passkey=f' {passkey}\n').body(datetime(2016, 2, 16, 13, 56, 27))
    assert body['Timestamp'] == '20160216165627'
    assert body['Password'] == (
        'MTc0Mzc5YmZiMjc5ZjlhYTliZGJjZjE1OGU5N2RkNzFhNDY3Y2QyZTBjODkzMDU5YjEwZjc4ZTZiNzJhZGEx'
        'ZWQyYzkxOTIwMTYwMjE2MTY1NjI3'
    )


@pytest.mark.parametrize('skew', [
    timedelta(0), timedelta(minutes=15), timedelta(minutes=-15), timedelta(days=1),
    timedelta(days=-1),
])
def test_timestamp_is_east_african_whatever_the_zone_of_the_machine(skew, monkeypatch):
    # Half past nine in the evening UTC is tomorrow in Nairobi.
    with monkeypatch.context() as patch:
        patch.setenv('TZ', 'America/Los_Angeles')
        time.tzset()
        with freeze_time(datetime(2026, 12, 31, 21, 30) + skew):
            body = push().body(daraja.utc_now())
    time.tzset()
    assert body['Timestamp'] == (datetime(2027, 1, 1, 0, 30) + skew).strftime('%Y%m%d%H%M%S')


def test_paybill():
    body = push().body(NOON)
    assert body['TransactionType'] == 'CustomerPayBillOnline'
    assert (body['BusinessShortCode'], body['PartyB']) == ('600111', '600111')
    assert (body['Amount'], body['PartyA'], body['PhoneNumber']) == (
        '12500', '254712345678', '254712345678',
    )
    assert 'TransactionDesc' not in body
    assert all(isinstance(value, str) for value in body.values())


def test_till():
    body = push(shortcode_type='till', party_b='5123456').body(NOON)
    assert body['TransactionType'] == 'CustomerBuyGoodsOnline'
    assert (body['BusinessShortCode'], body['PartyB']) == ('600111', '5123456')


@pytest.mark.parametrize('amount', [1, 250_000, Decimal(1), Decimal('250000.00'), Decimal('1E+3')])
def test_amount(amount):
    assert push(amount=amount).body(NOON)['Amount'] == str(int(amount))


@pytest.mark.parametrize(('name', 'values'), [
    ('Amount', [{'amount': value} for value in (
        0, -1, 250_001, 10 ** 30, 1.0, True, '100', None, Decimal('0.5'), Decimal('100.01'),
        Decimal('NaN'), Decimal('sNaN'), Decimal('Infinity'), Decimal('250000.01'), Decimal(0),
    )]),
    ('PhoneNumber', [{'phone': value} for value in (
        '', None, '0712345678', '+254712345678', '25471234567', '2547123456789', '254212345678',
        254712345678, '255712345678', '25471234567a', '254712345678\n', '٢٥٤٧١٢٣٤٥٦٧٨',
    )]),
    ('BusinessShortCode', [{'shortcode': value} for value in (
        '', None, 600111, '1234', '12345678', '60011a', '600111\n', '６００１１１',
    )]),
    ('Password', [{'passkey': value} for value in ('', None, ' ', 5)]),
    ('TransactionType', [{'shortcode_type': value} for value in ('', None, 'Paybill', 'bank')]),
    ('PartyB', [
        {'shortcode_type': 'till'}, {'shortcode_type': 'till', 'party_b': ''},
        {'party_b': '12'}, {'party_b': 600111},
    ]),
    ('CallBackURL', [{'callback_url': value} for value in (
        '', None, 5, 'school.example/x', 'ftp://school.example/x', 'https://', 'https:///x',
        'https://school.example/a b', 'https://school.example/\n', 'https://schüle.example/',
        'https://school.example:99999/', 'https://[x', 'https://school.example/' + 'x' * 500,
    )]),
    ('AccountReference', [{'account_reference': value} for value in (
        '', None, ' ', '***', 'ADM-2026-00012', '1234567890123', 42,
    )]),
])
def test_refused_before_sending(name, values):
    for changed in values:
        with pytest.raises(daraja.InvalidRequest) as info:
            push(**changed)
        assert (info.value.field, info.value.sent) == (name, 'no')


def test_query_is_checked_too():
    for bad in ('', None, 'a b', 'x' * 129):
        with pytest.raises(daraja.InvalidRequest) as info:
            daraja.StkQuery('600111', 'pass', bad)
        assert info.value.field == 'CheckoutRequestID'
    body = daraja.StkQuery('600111', 'pass', 'ws_CO_1').body(NOON)
    assert body == {
        'BusinessShortCode': '600111', 'Timestamp': '20260914120000',
        'CheckoutRequestID': 'ws_CO_1',
        'Password': password('600111', 'pass', '20260914120000'),
    }


@pytest.mark.parametrize(('given_text', 'sent'), [
    ('ADM-012', 'ADM-012'), ('ADM/012', 'ADM/012'), (' adm  012 ', 'adm 012'),
    ('ADM#012', 'ADM 012'), ('Zoë_1', 'Zoe 1'), ('ADM\u00a0012', 'ADM 012'),
    ('ADM\x00012', 'ADM 012'), ('@&#ADM12', 'ADM12'), ('ＡＤＭ１２', 'ADM12'),
    ('123456789012', '123456789012'),
])
def test_reference_is_cleaned(given_text, sent):
    made = push(account_reference=given_text)
    assert made.account_reference == made.body(NOON)['AccountReference'] == sent


def test_description_is_cleaned_and_cut():
    assert push(description='Karo, muhula wa 2').body(NOON)['TransactionDesc'] == 'Karo muhula w'
    assert push(description='123456789012 x').description == '123456789012'
    for nothing in ('', None, '***'):
        assert 'TransactionDesc' not in push(description=nothing).body(NOON)


@given(text=st.text(max_size=40))
def test_text_stays_within_what_daraja_takes(text):
    cleaned = daraja.clean_text(text)
    allowed = set('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 /-')
    assert set(cleaned) <= allowed
    assert cleaned == cleaned.strip()
    assert daraja.clean_text(cleaned) == cleaned
    if set(text) <= allowed - {' '}:
        assert cleaned == text
