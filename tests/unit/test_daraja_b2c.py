"""B2C: the order, its name, its acknowledgement, and whether the money went out."""
from datetime import datetime
from decimal import Decimal

import daraja
import pytest
from daraja.eat import from_dotted
from daraja_stand_in import answer, client, daraja_error, html, reset
from order_case import ACKNOWLEDGED, INITIATOR, URLS, WIRE_URLS, assert_silent, result


B2C = '/mpesa/b2c/v3/paymentrequest'
PARAMETERS = [
    ('TransactionAmount', 500), ('TransactionReceipt', 'UIE9A1B2C3'),
    ('ReceiverPartyPublicName', '254712000111 - WANJIKU MWANGI'),
    ('TransactionCompletedDateTime', '14.09.2026 10:20:05'),
    ('B2CUtilityAccountAvailableFunds', 880200.5), ('B2CWorkingAccountAvailableFunds', 0.0),
    ('B2CRecipientIsRegisteredCustomer', 'Y'), ('B2CChargesPaidAccountAvailableFunds', -120.0),
]


def order(**values):
    return daraja.B2CPayment(**{
        'initiator': INITIATOR, 'shortcode': '600111', 'phone': '254712000111', 'amount': 500,
        'originator_conversation_id': 'f3a1c2', **URLS, **values,
    })


def outcome(code=0, parameters=PARAMETERS, **values):
    return daraja.read_b2c(result(code, parameters, **values))


def test_the_order(daraja_server):
    daraja_server.on(B2C, answer(200, {**ACKNOWLEDGED, 'OriginatorConversationID': 'f3a1c2'}))
    got = client(daraja_server).b2c(order(amount=Decimal('500.00'), occasion='Refund'))
    assert got.originator_conversation_id == 'f3a1c2'
    body = daraja_server.asked(B2C)[0]['body']
    assert len(body.pop('SecurityCredential')) == 344
    assert body == {
        'OriginatorConversationID': 'f3a1c2', 'InitiatorName': 'feesapi',
        'CommandID': 'BusinessPayment', 'Amount': '500', 'PartyA': '600111',
        'PartyB': '254712000111', **WIRE_URLS, 'Remarks': 'Payment', 'Occassion': 'Refund',
    }
    assert_silent(repr(got), repr(order()), got.exchange.as_text())
    assert '254712000111' not in repr(order())


@pytest.mark.parametrize(('command', 'wire'), [
    ('business', 'BusinessPayment'), ('salary', 'SalaryPayment'), ('promotion', 'PromotionPayment'),
])
def test_commands(command, wire):
    body = order(command=command).body()
    assert body['CommandID'] == wire
    assert 'Occassion' not in body


@pytest.mark.parametrize(('values', 'field'), [
    ({'initiator': None}, 'Initiator'), ({'originator_conversation_id': ''},
                                         'OriginatorConversationID'),
    ({'originator_conversation_id': 'a b'}, 'OriginatorConversationID'),
    ({'command': 'BusinessPayment'}, 'CommandID'), ({'amount': 9}, 'Amount'),
    ({'amount': 250_001}, 'Amount'), ({'amount': Decimal('10.50')}, 'Amount'),
    ({'amount': 10.0}, 'Amount'), ({'amount': Decimal('NaN')}, 'Amount'),
    ({'amount': True}, 'Amount'), ({'shortcode': 'x'}, 'PartyA'),
    ({'phone': '0712000111'}, 'PartyB'),
    ({'remarks': 'x'}, 'Remarks'), ({'occasion': 'x' * 101}, 'Occassion'),
])
def test_what_breaks_a_rule_is_not_sent(values, field):
    with pytest.raises(daraja.InvalidRequest) as info:
        order(**values)
    assert (info.value.field, info.value.sent) == (field, 'no')


@pytest.mark.parametrize(('step', 'kind', 'sent', 'calls'), [
    (daraja_error(500, '500.002.1001', 'Duplicate OriginatorConversationID.'),
     daraja.DuplicateOrder, 'yes', 1),
    (daraja_error(401, '401.002.01', 'Error Occurred - Invalid Access Token - abc'),
     daraja.InvalidToken, 'no', 2),
    (daraja_error(400, '400.002.02', 'Bad Request - Invalid PartyB'), daraja.BadRequest, 'no', 1),
    (html(503), daraja.ServerFailure, 'maybe', 1), (reset, daraja.NoAnswer, 'maybe', 1),
])
def test_an_order_that_was_not_taken_is_never_given_twice(daraja_server, step, kind, sent, calls):
    daraja_server.on(B2C, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).b2c(order())
    assert (type(info.value), info.value.sent) == (kind, sent)
    assert len(daraja_server.asked(B2C)) == calls
    assert_silent(info.value.exchange.as_text())


def test_the_money_went_out():
    got = outcome(TransactionID='UIE9A1B2C3')
    assert (got.state, got.receipt, got.amount) == ('paid', 'UIE9A1B2C3', Decimal(500))
    assert got.completed_at_utc == datetime(2026, 9, 14, 7, 20, 5)
    assert (got.utility, got.working, got.charges) == (Decimal('880200.50'), 0, Decimal(-120))
    assert got.registered is True
    assert got.recipient.startswith('254712000111')
    assert 'WANJIKU' not in repr(got)


def test_what_cannot_be_read_is_left_out_and_the_money_went_out():
    got = outcome(parameters=[('TransactionAmount', 'x')], TransactionID='UIE9A1B2C3')
    assert (got.state, got.receipt) == ('paid', 'UIE9A1B2C3')
    assert (got.amount, got.registered) == (None, None)
    assert outcome(parameters=[('TransactionReceipt', 'UIE0000000')]).receipt is None


@pytest.mark.parametrize(('code', 'state'), [
    (1, 'refused'), ('2', 'refused'), (3, 'refused'), (4, 'refused'), (8, 'refused'),
    (11, 'refused'), ('2006', 'refused'), ('2028', 'refused'), (2040, 'refused'), (26, 'refused'),
    (21, 'not_allowed'), (2001, 'not_allowed'), ('8006', 'not_allowed'),
    ('SFC_IC0003', 'not_allowed'), ('TP40153', 'not_allowed'),
    (15, 'unknown'), (17, 'unknown'), ('100000002', 'unknown'), ('new', 'unknown'),
])
def test_only_a_refusal_in_so_many_words_moved_nothing(code, state):
    got = outcome(code=code, parameters=[], TransactionID='UIE9A1B2C3')
    assert (got.state, got.result_code, got.receipt) == (state, str(code), None)


@pytest.mark.parametrize('text', [
    '', None, 5, '14.09.2026', '31.02.2026 10:00:00', '14/09/2026 10:20:05',
    '2026.09.14 10:20:05', '14.09.1999 10:20:05', '14.09.2026 24:00:00',
])
def test_what_is_no_moment(text):
    assert from_dotted(text) is None


def test_midnight_in_kenya_is_the_evening_before_in_utc():
    assert from_dotted(' 01.01.2027 00:00:00') == datetime(2026, 12, 31, 21)
