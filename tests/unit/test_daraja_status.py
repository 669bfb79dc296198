"""Transaction status: the question, its acknowledgement, and every shape of its result."""
import json
from datetime import datetime
from decimal import Decimal

import daraja
import order_case
import pytest
from daraja_stand_in import answer, client, daraja_error, html, reset
from hypothesis import given
from hypothesis import strategies as st
from order_case import ACKNOWLEDGED, INITIATOR, URLS, WIRE_URLS, assert_silent


STATUS = '/mpesa/transactionstatus/v1/query'
PARAMETERS = [
    ('DebitPartyName', '254712000111 - WANJIKU MWANGI'), ('DebitPartyName', '600111 - School'),
    ('OriginatorConversationID', 'x-1'), ('InitiatedTime', 20260914101530),
    ('DebitPartyCharges', None), ('TransactionReason', None), ('ReasonType', 'Pay Bill Online'),
    ('TransactionStatus', 'Completed'), ('FinalisedTime', 20260914101533), ('Amount', 12500),
    ('ConversationID', 'AG_1'), ('ReceiptNo', 'UIE4K7P2QX'),
]


def query(**values):
    return daraja.StatusQuery(**{
        'initiator': INITIATOR, 'party': '600111', 'receipt': 'UIE4K7P2QX', **URLS, **values,
    })


def result_body(code=0, parameters=PARAMETERS, **values):
    return order_case.result_body(code, parameters, **values)


def status(**values):
    return daraja.read_status(daraja.parse_result(result_body(**values)))


# === The question === #

def test_the_question(daraja_server):
    daraja_server.on(STATUS, answer(200, ACKNOWLEDGED))
    got = client(daraja_server).transaction_status(query(receipt=' uie4k7p2qx ', occasion='Desk'))
    assert got.conversation_id == ACKNOWLEDGED['ConversationID']
    assert got.originator_conversation_id == ACKNOWLEDGED['OriginatorConversationID']
    body = daraja_server.asked(STATUS)[0]['body']
    assert len(body.pop('SecurityCredential')) == 344
    assert body == {
        'Initiator': 'feesapi', 'CommandID': 'TransactionStatusQuery',
        'TransactionID': 'UIE4K7P2QX', 'PartyA': '600111', 'IdentifierType': '4', **WIRE_URLS,
        'Remarks': 'Status', 'Occasion': 'Desk',
    }
    assert_silent(repr(got), repr(query()), got.exchange.as_text())


def test_an_earlier_order_of_ours_is_asked_about_by_its_name():
    body = query(receipt='', conversation_id='ours-1', party_type='msisdn', party='254712000111')
    body = body.body()
    assert body['OriginalConversationID'] == 'ours-1'
    assert 'TransactionID' not in body
    assert body['IdentifierType'] == '1'


@pytest.mark.parametrize(('values', 'field'), [
    ({'receipt': ''}, 'TransactionID'), ({'receipt': None}, 'TransactionID'),
    ({'receipt': 'UIE 4K7P2Q'}, 'TransactionID'), ({'conversation_id': 'x'}, 'TransactionID'),
    ({'receipt': '', 'conversation_id': 'a b'}, 'OriginalConversationID'),
    ({'party': '60'}, 'PartyA'), ({'party_type': 'msisdn'}, 'PartyA'),
    ({'party_type': 'org'}, 'IdentifierType'), ({'result_url': 'here'}, 'ResultURL'),
    ({'timeout_url': ''}, 'QueueTimeOutURL'), ({'remarks': ''}, 'Remarks'),
    ({'remarks': 'x' * 101}, 'Remarks'), ({'occasion': 'x\n'}, 'Occasion'),
    ({'initiator': 'feesapi'}, 'Initiator'),
])
def test_what_breaks_a_rule_is_not_sent(values, field):
    with pytest.raises(daraja.InvalidRequest) as info:
        query(**values)
    assert (info.value.field, info.value.sent) == (field, 'no')


@pytest.mark.parametrize(('step', 'kind', 'calls'), [
    (daraja_error(400, '400.002.02', 'Bad Request - Invalid Initiator'), daraja.BadRequest, 1),
    (daraja_error(401, '401.003.01', 'no apiproduct match found'), daraja.ProductMissing, 1),
    # Twice refused: once with each token.
    (daraja_error(400, '400.003.01', 'Invalid Access Token'), daraja.InvalidToken, 2),
    (daraja_error(500, '500.003.02', 'System is busy'), daraja.Busy, 1),
    (answer(200, dict.fromkeys(ACKNOWLEDGED, '')), daraja.UnreadableAnswer, 1),
    (answer(200, {**ACKNOWLEDGED, 'ResponseCode': '1'}), daraja.UnreadableAnswer, 1),
    (html(502), daraja.ServerFailure, 1),
    (reset, daraja.NoAnswer, 1),
])
def test_a_question_that_is_not_taken(daraja_server, step, kind, calls):
    daraja_server.on(STATUS, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).transaction_status(query())
    assert type(info.value) is kind
    assert len(daraja_server.asked(STATUS)) == calls
    assert INITIATOR.credential not in info.value.exchange.as_text()


# === The result === #

def test_a_completed_payment():
    got = status()
    assert (got.state, got.receipt, got.amount) == ('completed', 'UIE4K7P2QX', Decimal(12500))
    assert got.finalised_at_utc == datetime(2026, 9, 14, 7, 15, 33)
    assert got.parties == ('254712000111 - WANJIKU MWANGI', '600111 - School')
    assert 'WANJIKU' not in repr(got)
    result = daraja.parse_result(result_body())
    assert (result.transaction_id, result.conversation_id) == ('', 'AG_2')
    assert 'WANJIKU' not in repr(result)


@pytest.mark.parametrize(('word', 'state'), [
    ('Completed', 'completed'), ('completed', 'completed'), ('Declined', 'failed'),
    ('Cancelled', 'failed'), ('Expired', 'failed'), ('Initiated', 'pending'),
    ('Authorized', 'pending'), ('Pending Authorized', 'pending'), ('Something new', 'pending'),
    ('', 'no_answer'), (None, 'no_answer'),
])
def test_the_payments_fate_is_not_that_of_the_question(word, state):
    got = status(parameters=[('TransactionStatus', word), ('ReceiptNo', 'UIE4K7P2QX')])
    assert got.state == state


@pytest.mark.parametrize(('code', 'state'), [
    (2033, 'not_found'), ('2033', 'not_found'), ('2001', 'not_allowed'), (8006, 'not_allowed'),
    ('SFC_IC0003', 'not_allowed'), (21, 'not_allowed'), ('25', 'no_answer'),
    ('100000001', 'no_answer'), ('R000002', 'no_answer'),
])
def test_a_question_without_an_answer_says_nothing_of_the_payment(code, state):
    got = status(code=code, parameters=[])
    assert (got.state, got.result_code, got.receipt, got.amount) == (state, str(code), None, None)


@pytest.mark.parametrize('amount', [12500, '12500.00', 12500.0, '12500'])
def test_the_amount_in_every_form(amount):
    rows = [row for row in PARAMETERS if row[0] != 'Amount'] + [('Amount', amount)]
    assert status(parameters=rows).amount == Decimal('12500.00')


@pytest.mark.parametrize(('rows', 'receipt', 'amount'), [
    ([('ReceiptNo', 'UIE0000000'), ('Amount', 5)], None, Decimal(5)),
    ([('ReceiptNo', ' uie4k7p2qx'), ('Amount', 0)], 'UIE4K7P2QX', None),
    ([('ReceiptNo', 'a b'), ('Amount', 'x')], None, None),
])
def test_what_cannot_be_read_is_left_out(rows, receipt, amount):
    got = status(parameters=[('TransactionStatus', 'Completed'), *rows])
    assert (got.state, got.receipt, got.amount) == ('completed', receipt, amount)


@pytest.mark.parametrize('parameters', [
    {'ResultParameter': {'Key': 'BOCompletedTime', 'Value': 20260914101533}}, {}, None, '',
    {'ResultParameter': []}, {'ResultParameter': None},
])
def test_parameters_of_every_shape(parameters):
    result = daraja.parse_result(result_body(parameters=[], ResultParameters=parameters))
    assert result.value('BOCompletedTime') in {None, 20260914101533}
    assert result.references == (('Occasion', None),)


def test_references_may_be_a_list():
    items = [{'Key': 'Occasion'}, {'Key': 'QueueTimeoutURL', 'Value': 'https://x.example'}]
    result = daraja.parse_result(result_body(ReferenceData={'ReferenceItem': items}))
    assert result.references[1] == ('QueueTimeoutURL', 'https://x.example')


@pytest.mark.parametrize('raw', [
    b'', b'[]', b'{}', b'{"Result": []}', b'{"Result": {}}', b'\xff',
    b'{"Result": {"ResultCode": true}}',
    result_body(code='x' * 40), result_body(ResultParameters={'ResultParameter': ['x']}),
    result_body(ResultParameters={'ResultParameter': [{'Value': 1}]}),
    result_body(ResultParameters=[1]),
])
def test_what_is_no_result(raw):
    with pytest.raises(daraja.UnreadableCallback) as info:
        daraja.parse_result(raw)
    assert 'x' * 20 not in info.value.reason


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(['Key', 'Value', 'ResultParameter', 'ReferenceItem', 'x']), inner,
    ),
    max_leaves=9,
)


@given(code=_json, parameters=_json, references=_json, number=_json)
def test_any_result_is_read_or_refused(code, parameters, references, number):
    raw = json.dumps({'Result': {
        'ResultCode': code, 'ResultParameters': parameters, 'ReferenceData': references,
        'TransactionID': number,
    }}).encode()
    try:
        result = daraja.parse_result(raw)
    except daraja.UnreadableCallback:
        return
    assert daraja.read_status(result).state in {
        'completed', 'failed', 'pending', 'not_found', 'not_allowed', 'no_answer',
    }
