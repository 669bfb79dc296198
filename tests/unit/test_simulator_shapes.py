"""The simulator's bodies beside the ones published (daraja.md 3.5, 3.6, 4.1, 5.3)."""

import hashlib
import json
import re

import pytest
from simulator_case import PHONE, Case


# The published bodies, as the reference prints them.
FAILURE = '''
{ "Body": { "stkCallback": { "MerchantRequestID": "a19c-...", "CheckoutRequestID": "ws_CO_...",
    "ResultCode": 1032, "ResultDesc": "Request cancelled by user" } } }'''
SUCCESS = '''
{ "Body": { "stkCallback": { "MerchantRequestID": "a19c-...", "CheckoutRequestID": "ws_CO_...",
    "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
    "CallbackMetadata": { "Item": [
      { "Name": "Amount", "Value": 12500.00 },
      { "Name": "MpesaReceiptNumber", "Value": "UIE4K7P2QX" },
      { "Name": "Balance" },
      { "Name": "TransactionDate", "Value": 20260914101533 },
      { "Name": "PhoneNumber", "Value": 254712000111 } ] } } } }'''
QUERY = '''
{ "ResponseCode": "0", "ResponseDescription": "The service request has been accepted successsfully",
  "MerchantRequestID": "a19c-...", "CheckoutRequestID": "ws_CO_...",
  "ResultCode": "1032", "ResultDesc": "Request cancelled by user" }'''
CONFIRMATION = '''
{ "TransactionType": "Pay Bill", "TransID": "UIE4K7P2QX", "TransTime": "20260914101533",
  "TransAmount": "12500.00", "BusinessShortCode": "600111", "BillRefNumber": "adm 0042 ",
  "InvoiceNumber": "", "OrgAccountBalance": "981200.50", "ThirdPartyTransID": "",
  "MSISDN": "2547 ***** 111", "FirstName": "WANJIKU", "MiddleName": "", "LastName": "" }'''
PUBLISHED = {
    'stk_balance_item': 'empty',
    'stk_item_order': 'documented',
    'stk_amount_form': 'decimal',
    'c2b_names': 'first',
    'c2b_amount_form': 'text',
    'c2b_msisdn_form': 'masked_spaces',
}


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def shape(value):
    """:return: the same structure with each value replaced by its type"""
    if isinstance(value, dict):
        return [(name, shape(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def scrubbed(text, *names):
    """:return: the body without the values that differ from payment to payment"""
    for name in names:
        text = re.sub(rf'"{name}": *("[^"]*"|[\d.]+)', f'"{name}": 0', text)
    text = re.sub(r'("MpesaReceiptNumber", *"Value": *)"\w{10}"', r'\1"R"', text)
    return json.loads(text)


IDS = ('MerchantRequestID', 'CheckoutRequestID')


def published_success(case):
    case.control.set_clock('2026-09-14 10:15:33', speed=0)
    case.control.set(**PUBLISHED)
    case.confirm_to()
    case.control.set_shortcode('600111', balance='968700.50')
    case.control.add_wallet(PHONE, name='WANJIKU')
    case.paid(Amount=12500, AccountReference='adm 0042 ')
    return case.receiver.received


def test_stk_success_equals_the_published_body(case):
    body = published_success(case)[0].body.decode()
    assert shape(json.loads(body)) == shape(json.loads(SUCCESS))
    assert scrubbed(body, *IDS) == scrubbed(SUCCESS, *IDS)
    assert '"Value": 12500.00}' in body


def test_c2b_confirmation_equals_the_published_body(case):
    body = published_success(case)[1].body.decode()
    assert list(json.loads(body)) == list(json.loads(CONFIRMATION))
    assert scrubbed(body, 'TransID') == scrubbed(CONFIRMATION, 'TransID')


def test_stk_failure_and_query_equal_the_published_bodies(case):
    checkout_request_id = case.pushed()
    case.control.cancel(PHONE)
    case.control.wait_idle()
    body = case.receiver.received[0].body.decode()
    assert shape(json.loads(body)) == shape(json.loads(FAILURE))
    assert scrubbed(body, *IDS, 'ResultDesc') == scrubbed(FAILURE, *IDS, 'ResultDesc')
    answer = case.query(checkout_request_id).text
    assert shape(json.loads(answer)) == shape(json.loads(QUERY))
    assert scrubbed(answer, *IDS, 'ResultDesc') == scrubbed(QUERY, *IDS, 'ResultDesc')


def test_the_varieties_of_a_success_are_all_seen(case):
    seen = set()
    for amount in range(1, 41):
        case.paid(Amount=amount)
        text = case.receiver.received[-1].body.decode()
        items = json.loads(text)['Body']['stkCallback']['CallbackMetadata']['Item']
        names = [item['Name'] for item in items]
        balance = next((item for item in items if item['Name'] == 'Balance'), None)
        assert balance in (None, {'Name': 'Balance'})
        assert next(item['Value'] for item in items if item['Name'] == 'Amount') == amount
        form = re.search(r'"Amount", "Value": \d+(\.0+)?', text)[1]
        seen |= {('balance', balance is None), ('amount', form), ('first', names[0] == 'Amount')}
    expected = {('balance', here) for here in (True, False)} | {('first', True), ('first', False)}
    assert seen == expected | {('amount', form) for form in (None, '.0', '.00')}


def test_the_text_of_one_code_is_not_stable(case):
    case.control.set(subscriber_lock='off')
    texts, answers = set(), set()
    for _attempt in range(12):
        checkout_request_id = case.pushed()
        case.control.ignore(checkout_request_id)
        case.control.wait_idle()
        texts.add(case.stk_callback()['ResultDesc'])
        answers.add(case.query(checkout_request_id).json()['ResultDesc'])
    assert {'No response from user.', 'DS timeout user cannot be reached.'} <= texts & answers


@pytest.mark.parametrize(
    ('form', 'expected'),
    [
        ('plain', PHONE),
        ('masked_spaces', '2547 ***** 111'),
        ('masked', '25471****111'),
        ('empty', ''),
        ('sha256', hashlib.sha256(PHONE.encode()).hexdigest()),
        ('auto', '2547 ***** 111'),
    ],
)
def test_msisdn_forms(case, form, expected):
    case.control.set(c2b_msisdn_form=form)
    case.confirm_to()
    case.paid()
    assert case.receiver.received[-1].json()['MSISDN'] == expected


@pytest.mark.parametrize(
    ('form', 'expected'),
    [
        ('first', {'FirstName': 'FAITH', 'MiddleName': '', 'LastName': ''}),
        ('full', {'FirstName': 'FAITH', 'MiddleName': '', 'LastName': 'OTIENO'}),
        ('null', {'FirstName': 'FAITH', 'MiddleName': None, 'LastName': None}),
        ('missing', {'FirstName': 'FAITH'}),
    ],
)
def test_name_forms(case, form, expected):
    case.control.set(c2b_names=form)
    case.control.add_wallet(PHONE, name='FAITH OTIENO')
    case.confirm_to()
    case.paid()
    body = case.receiver.received[-1].json()
    assert {name: value for name, value in body.items() if name.endswith('Name')} == expected


@pytest.mark.parametrize(
    ('form', 'expected'),
    [('text', '1200.00'), ('text_whole', '1200'), ('number', 1200)],
)
def test_amount_forms(case, form, expected):
    case.control.set(c2b_amount_form=form)
    case.confirm_to()
    case.paid()
    amount = case.receiver.received[-1].json()['TransAmount']
    assert (amount, type(amount)) == (expected, type(expected))
