"""Reversal: the order, its acknowledgement, and whether the money went back."""
from datetime import datetime
from decimal import Decimal

import daraja
import pytest
from daraja_stand_in import answer, client, daraja_error, html, reset
from order_case import ACKNOWLEDGED, INITIATOR, URLS, WIRE_URLS, assert_silent, result


REVERSAL = '/mpesa/reversal/v1/request'
PARAMETERS = [
    ('DebitAccountBalance', 'Utility Account|KES|7722.62|7722.62|0.00|0.00'), ('Amount', 12500),
    ('TransCompletedTime', 20260914101533), ('OriginalTransactionID', 'UIE4K7P2QX'),
    ('Charge', 0), ('CreditPartyPublicName', '254712000111 - WANJIKU MWANGI'),
    ('DebitPartyPublicName', '600111 - School'),
]


def order(**values):
    return daraja.Reversal(**{
        'initiator': INITIATOR, 'shortcode': '600111', 'receipt': 'UIE4K7P2QX',
        'amount': Decimal('12500.00'), **URLS, **values,
    })


def outcome(code=0, parameters=PARAMETERS, **values):
    return daraja.read_reversal(result(code, parameters, **values))


def test_the_order(daraja_server):
    daraja_server.on(REVERSAL, answer(200, ACKNOWLEDGED))
    got = client(daraja_server).reverse(order(receipt=' uie4k7p2qx', remarks='Paid twice'))
    assert got.conversation_id == ACKNOWLEDGED['ConversationID']
    body = daraja_server.asked(REVERSAL)[0]['body']
    assert len(body.pop('SecurityCredential')) == 344
    assert body == {
        'Initiator': 'feesapi', 'CommandID': 'TransactionReversal', 'TransactionID': 'UIE4K7P2QX',
        'Amount': '12500', 'ReceiverParty': '600111', 'RecieverIdentifierType': '11', **WIRE_URLS,
        'Remarks': 'Paid twice',
    }
    assert_silent(repr(got), repr(order()), got.exchange.as_text())


@pytest.mark.parametrize(('amount', 'wire'), [
    (10, '10'), (Decimal('10.50'), '10.50'), (Decimal(250_000), '250000'),
])
def test_the_amount(amount, wire):
    assert order(amount=amount).body()['Amount'] == wire


@pytest.mark.parametrize(('values', 'field'), [
    ({'initiator': 'feesapi'}, 'Initiator'), ({'shortcode': ''}, 'ReceiverParty'),
    ({'receipt': ''}, 'TransactionID'), ({'receipt': None}, 'TransactionID'),
    ({'receipt': 'UIE0000000'}, 'TransactionID'), ({'receipt': 'UIE4K7P2Q'}, 'TransactionID'),
    ({'amount': 0}, 'Amount'), ({'amount': 12500.0}, 'Amount'), ({'amount': '12500'}, 'Amount'),
    ({'amount': Decimal('0.001')}, 'Amount'), ({'amount': Decimal('NaN')}, 'Amount'),
    ({'amount': 250_001}, 'Amount'), ({'amount': True}, 'Amount'),
    ({'result_url': ''}, 'ResultURL'), ({'timeout_url': ''}, 'QueueTimeOutURL'),
    ({'remarks': 'x '}, 'Remarks'), ({'remarks': 'x' * 101}, 'Remarks'),
])
def test_what_breaks_a_rule_is_not_sent(values, field):
    with pytest.raises(daraja.InvalidRequest) as info:
        order(**values)
    assert (info.value.field, info.value.sent) == (field, 'no')


@pytest.mark.parametrize(('step', 'kind', 'sent', 'calls'), [
    (daraja_error(400, '400.002.02', 'Bad Request - Invalid Amount'), daraja.BadRequest, 'no', 1),
    (daraja_error(404, '404.001.03', 'Invalid Access Token'), daraja.InvalidToken, 'no', 2),
    (daraja_error(500, '500.003.02', 'System is busy'), daraja.Busy, 'no', 1),
    (daraja_error(500, '500.001.1001', 'Internal error'), daraja.ServerFailure, 'maybe', 1),
    (html(502), daraja.ServerFailure, 'maybe', 1), (reset, daraja.NoAnswer, 'maybe', 1),
    (answer(200, dict.fromkeys(ACKNOWLEDGED, '')), daraja.UnreadableAnswer, 'maybe', 1),
])
def test_an_order_that_was_not_taken_is_never_given_twice(daraja_server, step, kind, sent, calls):
    daraja_server.on(REVERSAL, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).reverse(order())
    assert (type(info.value), info.value.sent) == (kind, sent)
    assert len(daraja_server.asked(REVERSAL)) == calls
    assert_silent(info.value.exchange.as_text())


def test_the_money_went_back():
    got = outcome(TransactionID='UIE9A1B2C3')
    assert (got.state, got.receipt, got.original) == ('reversed', 'UIE9A1B2C3', 'UIE4K7P2QX')
    assert (got.amount, got.charge) == (Decimal(12500), 0)
    assert got.completed_at_utc == datetime(2026, 9, 14, 7, 15, 33)
    assert got.payer.endswith('MWANGI')
    assert 'WANJIKU' not in repr(got)


@pytest.mark.parametrize(('parameters', 'expected'), [
    ([], (None, None, None)),
    ([('Amount', 'x'), ('Charge', '-1.50')], (None, None, Decimal('-1.50'))),
    ([('OriginalTransactionID', 'uie4k7p2qx '), ('Amount', '12500.00'), ('Charge', '')],
     ('UIE4K7P2QX', Decimal(12500), None)),
])
def test_what_cannot_be_read_is_left_out_and_the_money_went_back(parameters, expected):
    got = outcome(parameters=parameters)
    assert (got.state, got.receipt) == ('reversed', None)
    assert (got.original, got.amount, got.charge) == expected


@pytest.mark.parametrize(('code', 'state'), [
    (1, 'refused'), ('11', 'refused'), ('2006', 'refused'), ('2028', 'refused'), (26, 'refused'),
    ('R000002', 'refused'), ('r000002', 'refused'), ('R002', 'refused'),
    ('R000001', 'already_reversed'), ('R001', 'already_reversed'),
    (21, 'not_allowed'), ('2001', 'not_allowed'), (8006, 'not_allowed'), ('TP40153', 'not_allowed'),
    # Nobody said that nothing moved.
    (17, 'unknown'), ('15', 'unknown'), ('100000001', 'unknown'), ('100000000', 'unknown'),
    ('R003', 'unknown'), ('77', 'unknown'), ('-1', 'unknown'), ('00', 'unknown'),
])
def test_only_a_refusal_in_so_many_words_moved_nothing(code, state):
    got = outcome(code=code, parameters=[], TransactionID='UIE9A1B2C3')
    assert (got.state, got.result_code, got.receipt) == (state, str(code), None)


def test_the_table_of_codes():
    assert daraja.order_code('0').moved == 'yes'
    for code, row in daraja.ORDER_CODES.items():
        assert row.code == code
        assert row.meaning
        assert (row.moved == 'yes') == (code == '0')
    unknown = daraja.order_code('x' * 80)
    assert (unknown.moved, unknown.cause, len(unknown.code)) == ('maybe', 'unknown', 32)
