"""Callbacks: any bytes give an exact value or UnreadableCallback, and nothing else."""
import json
from datetime import datetime
from decimal import Decimal

import daraja
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


C2B = {
    'TransactionType': 'Pay Bill', 'TransID': 'UIE4K7P2QX', 'TransTime': '20260914101533',
    'TransAmount': '12500.00', 'BusinessShortCode': '600111', 'BillRefNumber': 'adm 0042 ',
    'InvoiceNumber': '', 'OrgAccountBalance': '981200.50', 'ThirdPartyTransID': '',
    'MSISDN': '2547 ***** 111', 'FirstName': 'WANJIKU', 'MiddleName': '', 'LastName': None,
}
ITEMS = [
    {'Name': 'Amount', 'Value': 12500.00},
    {'Name': 'MpesaReceiptNumber', 'Value': 'UIE4K7P2QX'},
    {'Name': 'Balance'},
    {'Name': 'TransactionDate', 'Value': 20260914101533},
    {'Name': 'PhoneNumber', 'Value': 254712000111},
]


def stk(items=ITEMS, **values):
    callback = {
        'MerchantRequestID': 'a19c-1', 'CheckoutRequestID': 'ws_CO_1', 'ResultCode': 0,
        'ResultDesc': 'The service request is processed successfully.',
        'CallbackMetadata': {'Item': items}, **values,
    }
    return json.dumps({'Body': {'stkCallback': callback}}).encode()


def item(name, value):
    """The items with one of them replaced."""
    return [row for row in ITEMS if row['Name'] != name] + [{'Name': name, 'Value': value}]


def c2b(**values):
    return json.dumps({**C2B, **values}).encode()


def without(name):
    return json.dumps({key: value for key, value in C2B.items() if key != name}).encode()


# === As Safaricom sends them === #

@pytest.mark.parametrize('items', [
    ITEMS,
    ITEMS[::-1],
    [row for row in ITEMS if row['Name'] != 'Balance'],
    [*ITEMS, {'Name': 'SomethingNew', 'Value': {'a': 1}}],
])
def test_stk_success(items):
    callback = daraja.parse_stk_callback(stk(items))
    assert callback == daraja.StkCallback(
        merchant_request_id='a19c-1', checkout_request_id='ws_CO_1', result_code='0',
        result_desc='The service request is processed successfully.',
        amount=Decimal('12500.00'), receipt='UIE4K7P2QX',
        paid_at_utc=datetime(2026, 9, 14, 7, 15, 33), time_unreadable=False, phone='254712000111',
    )
    assert callback.paid
    assert callback.outcome.outcome == 'paid'


def test_stk_success_with_a_filler_names_no_receipt():
    callback = daraja.parse_stk_callback(stk(item('MpesaReceiptNumber', 'UIE0000000')))
    assert (callback.paid, callback.receipt, callback.amount) == (True, None, Decimal('12500.00'))


@pytest.mark.parametrize('code', [1032, '1032', ' 1032 '])
def test_stk_failure(code):
    raw = json.dumps({'Body': {'stkCallback': {
        'MerchantRequestID': 'a', 'CheckoutRequestID': 'b', 'ResultCode': code, 'ResultDesc': 'x',
    }}}).encode()
    callback = daraja.parse_stk_callback(raw)
    assert (callback.result_code, callback.amount, callback.receipt) == ('1032', None, None)
    assert (callback.paid, callback.time_unreadable, callback.phone) == (False, False, None)
    assert callback.outcome.outcome == 'declined'


@pytest.mark.parametrize('code', ['SFC_IC0003', 'TP40087', '00', '-1', 'paid'])
def test_stk_code_in_words_is_no_success(code):
    callback = daraja.parse_stk_callback(stk(ResultCode=code))
    assert callback.result_code == code
    assert not callback.paid


def test_c2b():
    confirmation = daraja.parse_c2b(c2b())
    assert confirmation == daraja.C2BConfirmation(
        transaction_type='Pay Bill', receipt='UIE4K7P2QX',
        paid_at_utc=datetime(2026, 9, 14, 7, 15, 33), amount=Decimal('12500.00'),
        shortcode='600111', account_reference='adm 0042 ', msisdn='2547 ***** 111',
        first_name='WANJIKU', org_balance=Decimal('981200.50'),
    )
    assert confirmation.payer_name == 'WANJIKU'


def test_c2b_of_an_organisation():
    raw = {**C2B, 'TransactionType': 'Organization To Organization Transfer', 'MSISDN': '',
           'FirstName': 'A Bank Ltd', 'OrgAccountBalance': '', 'TransAmount': '300000'}
    del raw['MiddleName'], raw['LastName']
    confirmation = daraja.parse_c2b(memoryview(json.dumps(raw).encode()))
    assert (confirmation.amount, confirmation.org_balance) == (Decimal(300000), None)
    assert confirmation.payer_name == 'A Bank Ltd'


def test_old_captures_carry_numbers():
    confirmation = daraja.parse_c2b(c2b(
        TransAmount=5, MSISDN=254712000111, BusinessShortCode=600111, TransTime=20260914101533,
        BillRefNumber=42, TransID=' uie4k7p2qx',
    ))
    assert (confirmation.amount, confirmation.msisdn) == (Decimal(5), '254712000111')
    assert (confirmation.shortcode, confirmation.account_reference) == ('600111', '42')
    assert (confirmation.receipt, confirmation.time_unreadable) == ('UIE4K7P2QX', False)


@pytest.mark.parametrize('encoding', ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-32'])
def test_encodings(encoding):
    raw = json.dumps({**C2B, 'FirstName': 'NJŨGŨNA'}, ensure_ascii=False).encode(encoding)
    assert daraja.parse_c2b(raw).first_name == 'NJŨGŨNA'


# === Money === #

@pytest.mark.parametrize('literal', [
    'NaN', 'Infinity', '-Infinity', '1e400', '-1e400', '1e-400', '1e99999999999999999999',
    'true', 'false', '-1', '-0.01', '0', '0.00', '0.001', '100.005', '1000000000.01',
    '9' * 30, '9' * 5000, '0.' + '0' * 5000 + '1', '[1]', '{"a":1}', '"1,000.00"', '"1 000"',
    '"KES 5"', '"0x10"', '"1e3"', '"-5"', '"NaN"', '"\\u0665"', '"5_0"', '"."', '"5."', '".5"',
    '"\\u0000"',
])
def test_amount_that_is_none(literal):
    raw = c2b(TransAmount='@').replace(b'"@"', literal.encode())
    with pytest.raises(daraja.UnreadableCallback):
        daraja.parse_c2b(raw)
    if not literal.startswith(('[', '{')):
        raw = stk(item('Amount', '@')).replace(b'"@"', literal.encode())
        with pytest.raises(daraja.UnreadableCallback):
            daraja.parse_stk_callback(raw)


@pytest.mark.parametrize(('literal', 'value'), [
    ('1', '1'), ('1.0', '1'), ('1.00', '1'), ('0.1', '0.1'), ('1.25e4', '12500'),
    ('250000', '250000'), ('"5.00"', '5'), ('"5"', '5'), ('" 5.50 "', '5.5'), ('"007"', '7'),
    ('12500.10000', '12500.1'), ('999999999.99', '999999999.99'),
])
def test_amount_in_every_form(literal, value):
    raw = c2b(TransAmount='@').replace(b'"@"', literal.encode())
    assert daraja.parse_c2b(raw).amount == Decimal(value)
    raw = stk(item('Amount', '@')).replace(b'"@"', literal.encode())
    assert daraja.parse_stk_callback(raw).amount == Decimal(value)


@given(cents=st.integers(1, 10 ** 11))
def test_money_round_trips(cents):
    amount = Decimal(cents) / 100
    for literal in (f'"{amount:.2f}"', f'{amount:.2f}', f'{amount:E}'):
        raw = c2b(TransAmount='@').replace(b'"@"', literal.encode())
        parsed = daraja.parse_c2b(raw).amount
        assert parsed == amount
        assert parsed * 100 == cents
        raw = stk(item('Amount', '@')).replace(b'"@"', literal.encode())
        assert daraja.parse_stk_callback(raw).amount == amount


# === Money is not lost over what stands beside it === #

@pytest.mark.parametrize('stamp', [
    '20260230101533', '00010101000000', '20260914', '2026-09-14 10:15:33', '20260914101533Z',
    '٢٠٢٦٠٩١٤١٠١٥٣٣', 'x', 20260914, -1, 10 ** 60, True, [1], {'a': 1}, '19991231235959',
])
def test_bad_date(stamp):
    confirmation = daraja.parse_c2b(c2b(TransTime=stamp))
    assert (confirmation.paid_at_utc, confirmation.time_unreadable) == (None, True)
    assert confirmation.amount == 12500
    callback = daraja.parse_stk_callback(stk(item('TransactionDate', stamp)))
    assert callback.paid_at_utc is None
    assert callback.time_unreadable == (not isinstance(stamp, (list, dict)))
    assert callback.amount == 12500


def test_no_date():
    assert daraja.parse_c2b(without('TransTime')).time_unreadable
    items = [row for row in ITEMS if row['Name'] != 'TransactionDate']
    assert not daraja.parse_stk_callback(stk(items)).time_unreadable


@pytest.mark.parametrize('name', [
    'TransactionType', 'BusinessShortCode', 'BillRefNumber', 'InvoiceNumber', 'OrgAccountBalance',
    'ThirdPartyTransID', 'MSISDN', 'FirstName', 'MiddleName', 'LastName',
])
@pytest.mark.parametrize('value', [None, True, 1.5, [], {}, 'a\x00b', '\ud800', 'x' * 9000])
def test_odd_value_beside_the_money(name, value):
    for raw in (c2b(**{name: value}), without(name)):
        confirmation = daraja.parse_c2b(raw)
        assert (confirmation.receipt, confirmation.amount) == ('UIE4K7P2QX', 12500)
        for text in vars(confirmation).values():
            if isinstance(text, str):
                text.encode()  # a database can hold it
                assert '\x00' not in text
                assert len(text) <= 200


@given(reference=st.text(max_size=60))
def test_reference_is_verbatim(reference):
    expected = ''.join(
        '\ufffd' if char == '\0' or '\ud800' <= char <= '\udfff' else char for char in reference
    )
    assert daraja.parse_c2b(c2b(BillRefNumber=reference)).account_reference == expected


# === Not a callback === #

GOOD_STK, GOOD_C2B = stk(), c2b()
BAD = [
    b'', b' ', b'\x00', b'null', b'true', b'1', b'"x"', b'[]', b'{}', b'<html/>', b'a=b&c=d',
    b'\xef\xbb\xbf', b'\xff', b'\x80abc', b'\x1f\x8b\x08', b'NaN', b'9' * 5000, b'[' * 60000,
    b'{"a":' * 10000, b' ' * 70000, GOOD_C2B[:-1], GOOD_C2B * 2, GOOD_STK[:40], GOOD_STK * 2,
    b'{"Body": null}', b'{"Body": []}', b'{"Body": {}}', b'{"Body": {"stkCallback": null}}',
    b'{"Body": {"stkCallback": [1]}}', b'{"body": {"stkcallback": {}}}',
]


@pytest.mark.parametrize('raw', BAD)
def test_not_a_callback(raw):
    for parse in (daraja.parse_stk_callback, daraja.parse_c2b):
        with pytest.raises(daraja.UnreadableCallback) as info:
            parse(raw)
        assert info.value.reason == str(info.value) != ''


@pytest.mark.parametrize('raw', [
    stk(ResultCode=None), stk(ResultCode=''), stk(ResultCode=True), stk(ResultCode=1.5),
    stk(ResultCode=[]), stk(ResultCode='x' * 33), stk(ResultCode='0\x00'), stk(ResultCode='٠'),
    stk(CheckoutRequestID=None), stk(CheckoutRequestID=''), stk(CheckoutRequestID='a b'),
    stk(CheckoutRequestID='x' * 129), stk(CheckoutRequestID='\ud800'),
    stk(CallbackMetadata=[]), stk(CallbackMetadata='x'), stk(['x']), stk([{}]),
    stk([{'Name': 1, 'Value': 2}]), stk([*ITEMS, {'Name': 'Amount', 'Value': 1}]),
    stk(item('MpesaReceiptNumber', 5)), stk(item('MpesaReceiptNumber', 'A B')),
    stk(item('MpesaReceiptNumber', 'x' * 33)), stk(item('MpesaReceiptNumber', "'; --")),
    GOOD_STK.replace(b'"ResultCode": 0', b'"ResultCode": 0, "ResultCode": 1032'),
    GOOD_STK.replace(b'"Name": "Amount"', b'"Name": "Amount", "Value": 1'),
])
def test_stk_callback_that_cannot_be_relied_on(raw):
    with pytest.raises(daraja.UnreadableCallback):
        daraja.parse_stk_callback(raw)


@pytest.mark.parametrize('raw', [
    without('TransID'), without('TransAmount'), c2b(TransID=None), c2b(TransID=''), c2b(TransID=1),
    c2b(TransID='ÄÖÜ'), c2b(TransID='A\x00B'), c2b(TransID='x' * 33), c2b(TransID='<b>'),
    c2b(TransAmount=None), c2b(TransAmount=''),
    GOOD_C2B.replace(b'"TransAmount"', b'"TransAmount": "1", "TransAmount"'),
    GOOD_C2B.replace(b'"MSISDN"', b'"TransAmount": "12500.00", "MSISDN"'),
])
def test_c2b_that_cannot_be_relied_on(raw):
    with pytest.raises(daraja.UnreadableCallback):
        daraja.parse_c2b(raw)


def test_reason_and_repr_hold_no_personal_data():
    for raw in (
        c2b(TransAmount='WANJIKU 254712000111'), c2b(TransID='WANJIKU 254712000111'),
        GOOD_C2B[:-1], stk(item('Amount', '254712000111x')),
        stk(CheckoutRequestID='254712000111 x'),
    ):
        for parse in (daraja.parse_stk_callback, daraja.parse_c2b):
            with pytest.raises(daraja.UnreadableCallback) as info:
                parse(raw)
            words = str(info.value) + repr(info.value)
            assert not [datum for datum in ('WANJIKU', '712000111', 'adm') if datum in words]
            assert info.value.__context__ is None or info.value.__suppress_context__
    words = repr(daraja.parse_stk_callback(stk()))
    words += repr(daraja.parse_c2b(c2b(MSISDN='254712000111')))
    for datum in ('WANJIKU', '712000111', 'adm', 'ws_CO_1', '981200'):
        assert datum not in words


# === Any bytes whatever === #

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(['0', '5.00', 'UIE4K7P2QX', '20260914101533', 10 ** 25, -1]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
_c2b = st.fixed_dictionaries({}, optional=dict.fromkeys(C2B, _json))
_row = st.fixed_dictionaries({}, optional={
    'Name': st.sampled_from([row['Name'] for row in ITEMS]) | _json, 'Value': _json,
})
_stk = st.fixed_dictionaries({'Body': st.fixed_dictionaries({'stkCallback': st.fixed_dictionaries(
    {},
    optional={
        'MerchantRequestID': _json, 'CheckoutRequestID': _json, 'ResultCode': _json,
        'ResultDesc': _json,
        'CallbackMetadata': (
            _json | st.fixed_dictionaries({'Item': st.lists(_row, max_size=6) | _json})
        ),
    },
)})})
_document = (_json | _c2b | _stk).map(lambda value: json.dumps(value).encode())
_mangled = st.tuples(
    st.sampled_from([GOOD_STK, GOOD_C2B]), st.integers(0, 400), st.binary(max_size=6),
).map(lambda parts: parts[0][:parts[1]] + parts[2] + parts[0][parts[1] + 1:])


@settings(max_examples=250)
@given(raw=st.binary(max_size=300) | _document | _mangled)
def test_any_bytes(raw):
    for parse in (daraja.parse_stk_callback, daraja.parse_c2b):
        try:
            value = parse(raw)
        except daraja.UnreadableCallback:
            continue
        amount = value.amount
        if amount is not None:
            assert 0 < amount <= 10 ** 9
            assert amount == amount.quantize(Decimal('0.01'))
        for text in vars(value).values():
            if isinstance(text, str):
                assert '\x00' not in text
                text.encode()
        repr(value)
