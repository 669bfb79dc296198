"""Asking what became of a push, in both dialects, and trying again."""
import time

import daraja
import pytest
from daraja_stand_in import (
    CHECKOUT,
    QUERY,
    SPIKE,
    answer,
    client,
    daraja_error,
    html,
    impatient,
    reset,
    silence,
)


def query():
    return daraja.StkQuery('600111', 'the-pass-key', CHECKOUT)


@pytest.mark.parametrize(('code', 'state', 'outcome'), [
    ('0', 'final', 'paid'),
    ('1032', 'final', 'declined'),
    (1037, 'final', 'declined'),
    ('4999', 'pending', 'pending'),
    (4999, 'pending', 'pending'),
    ('2029', 'final', 'unknown'),
    ('9999', 'final', 'unknown'),
    ('77777', 'final', 'unknown'),
])
def test_query_with_a_result(daraja_server, code, state, outcome):
    daraja_server.on(QUERY, answer(200, {
        'ResponseCode': '0', 'ResponseDescription': 'accepted successsfully',
        'MerchantRequestID': 'a', 'CheckoutRequestID': CHECKOUT, 'ResultCode': code,
        'ResultDesc': 'Some words',
    }))
    got = client(daraja_server).stk_query(query())
    assert (got.state, got.result_code, got.outcome.outcome) == (state, str(code), outcome)
    assert got.result_desc == got.raw['ResultDesc'] == 'Some words'
    body = daraja_server.asked(QUERY)[0]['body']
    assert set(body) == {'BusinessShortCode', 'Password', 'Timestamp', 'CheckoutRequestID'}
    assert body['CheckoutRequestID'] == CHECKOUT
    assert 'the-pass-key' not in got.exchange.as_text()


@pytest.mark.parametrize(('step', 'state', 'reason'), [
    (daraja_error(500, '500.001.1001', 'The transaction is being processed'), 'pending', ''),
    (
        daraja_error(500, '500.001.1001', 'The transaction does not Exist'),
        'no_answer', 'unknown_id',
    ),
    (
        daraja_error(400, '400.002.02', 'Bad Request - Invalid CheckoutRequestID'),
        'no_answer', 'unknown_id',
    ),
    (daraja_error(500, '500.001.1001', 'System error'), 'no_answer', 'sporadic'),
    (answer(200, {'ResponseCode': '0'}), 'no_answer', 'no_result_code'),
    (answer(200, {'ResponseCode': '0', 'ResultCode': True}), 'no_answer', 'no_result_code'),
    (
        answer(200, {'ResponseCode': '0', 'ResultCode': '0', 'CheckoutRequestID': 'ws_CO_2'}),
        'no_answer', 'other_id',
    ),
])
def test_query_without_a_result(daraja_server, step, state, reason):
    daraja_server.on(QUERY, step)
    got = client(daraja_server).stk_query(query())
    assert (got.state, got.reason, got.result_code, got.outcome) == (state, reason, None, None)
    assert got.exchange.path == QUERY
    assert len(daraja_server.asked(QUERY)) == 1


@pytest.mark.parametrize(('step', 'kind', 'calls'), [
    (daraja_error(500, '500.001.1001', '[x] - Wrong credentials'), daraja.WrongPasskey, 1),
    (daraja_error(400, '400.002.02', 'Bad Request - Invalid Timestamp'), daraja.BadRequest, 1),
    (daraja_error(500, '500.003.1001', 'Internal Server Error'), daraja.ServerFailure, 1),
    (answer(429, SPIKE), daraja.Busy, 1),
    # Asking again does no harm, so hiccups are tried three times.
    (html(502), daraja.ServerFailure, 3),
    (html(403), daraja.ServerFailure, 1),
    (reset, daraja.NoAnswer, 3),
    (html(200), daraja.UnreadableAnswer, 1),
])
def test_query_that_fails(daraja_server, step, kind, calls):
    daraja_server.on(QUERY, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).stk_query(query())
    assert type(info.value) is kind
    assert len(daraja_server.asked(QUERY)) == calls


def test_query_recovers(daraja_server):
    final = answer(200, {'ResponseCode': '0', 'ResultCode': '0', 'CheckoutRequestID': CHECKOUT})
    daraja_server.on(QUERY, reset, html(503), final)
    assert client(daraja_server).stk_query(query()).result_code == '0'


def test_query_without_a_word(daraja_server):
    daraja_server.on(QUERY, silence(3))
    started = time.monotonic()
    with pytest.raises(daraja.NoAnswer):
        impatient(daraja_server, 0.3, attempts=2).stk_query(query())
    assert time.monotonic() - started < 2
    assert len(daraja_server.asked(QUERY)) == 2


# === Trying again === #

def test_tries_end_with_their_budget():
    calls = []

    def fail():
        calls.append(time.sleep(0.05))
        raise daraja.NoAnswer

    with pytest.raises(daraja.NoAnswer):
        daraja.Retry(attempts=1000, budget=0.4, pause=0).call(fail)
    # The first that ends after 0.4 seconds is the last.
    assert 1 <= len(calls) <= 9


@pytest.mark.parametrize('error', [
    daraja.BadRequest(code='400.002.02'), daraja.Busy(), daraja.WrongPasskey(),
    daraja.UnreadableAnswer(http_status=200), daraja.ServerFailure(code='500.1', http_status=500),
    daraja.ServerFailure(http_status=404), daraja.CertificateRefused(),
])
def test_refusals_are_not_tried_again(error):
    calls = []

    def fail():
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        daraja.Retry(attempts=5, pause=0).call(fail)
    assert len(calls) == 1
