"""A push that is refused or answered badly: which exception, and whether a prompt may be out."""
import json
import time

import daraja
import pytest
from daraja_stand_in import (
    ACCEPTED,
    OAUTH,
    PUSH,
    SPIKE,
    answer,
    client,
    daraja_error,
    drip,
    half,
    html,
    impatient,
    prompt,
    reset,
    silence,
)


SOAP = {'Envelope': {'Body': {'Fault': {'faultcode': 'soapenv:Server', 'faultstring': 'Down'}}}}


def failure(it):
    """The exception of a push, which must be one of ours."""
    with pytest.raises(daraja.DarajaError) as info:
        it.stk_push(prompt())
    return info.value


@pytest.mark.parametrize(('status', 'code', 'message', 'kind', 'sent'), [
    (400, '400.002.02', 'Bad Request - Invalid PhoneNumber', daraja.BadRequest, 'no'),
    (400, '400.002.05', 'Invalid Request Payload', daraja.BadRequest, 'no'),
    (404, '404.001.01', 'Resource not found', daraja.BadRequest, 'no'),
    (404, '404.001.04', 'Invalid Authentication Header', daraja.BadRequest, 'no'),
    (405, '405.001', 'Method Not Allowed', daraja.BadRequest, 'no'),
    (400, '400.003.01', 'Invalid Access Token', daraja.InvalidToken, 'no'),
    (401, '401.001', 'Invalid Access Token', daraja.InvalidToken, 'no'),
    (
        401, '401.002.01', 'Error Occurred - Invalid Access Token - x1x1x1x1x1x1x1x1x1x1x1x1x1x1',
        daraja.InvalidToken, 'no',
    ),
    (404, '404.001.03', 'Invalid Access Token', daraja.InvalidToken, 'no'),
    (401, '401', 'Unauthorized - Invalid Access Token', daraja.InvalidToken, 'no'),
    (
        401, '401.003.01',
        'Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found',
        daraja.ProductMissing, 'no',
    ),
    (500, '500.001.1001', '[MerchantValidate] - Wrong credentials', daraja.WrongPasskey, 'no'),
    (500, '500.001.1001', 'Merchant does not exist', daraja.MerchantRefused, 'no'),
    (
        500, '500.001.1001',
        'Unable to lock subscriber, a transaction is already in process for the current subscriber',
        daraja.SubscriberLocked, 'no',
    ),
    (500, '500.001.1001', 'No ICCID found on NMS', daraja.LineUnusable, 'no'),
    (500, '500.003.02', 'System is busy. Please try again in few minutes.', daraja.Busy, 'no'),
    (500, '500.003.02', 'Error Occurred: Spike Arrest Violation', daraja.Busy, 'no'),
    (500, '500.003.03', 'Quota Violation', daraja.Busy, 'no'),
    (500, '500.002.1001', 'Service is currently under maintenance.', daraja.Busy, 'no'),
    (500, '500.001.1001', 'Something new', daraja.ServerFailure, 'maybe'),
    (500, '500.003.1001', 'Internal Server Error', daraja.ServerFailure, 'maybe'),
    (500, '500.003.1001', 'Service is currently unreachable', daraja.ServerFailure, 'maybe'),
    (503, '503.999', 'Anything', daraja.ServerFailure, 'maybe'),
    (400, '500.003.1001', 'Internal Server Error', daraja.ServerFailure, 'maybe'),
    (429, '429.1', 'Slow down', daraja.Busy, 'no'),
])
def test_refused_push(daraja_server, status, code, message, kind, sent):
    daraja_server.on(PUSH, daraja_error(status, code, message))
    error = failure(client(daraja_server))
    assert type(error) is kind
    assert (error.code, error.http_status, error.sent) == (code, status, sent)
    assert error.exchange.http_status == status
    assert error.field == ('PhoneNumber' if code == '400.002.02' else None)
    # Sent once, but for a refused token: a new one is tried, once.
    calls = 2 if kind is daraja.InvalidToken else 1
    assert len(daraja_server.asked(PUSH)) == len(daraja_server.asked(OAUTH)) == calls


@pytest.mark.parametrize(('step', 'kind', 'sent'), [
    (answer(429, SPIKE), daraja.Busy, 'no'),
    (answer(500, SPIKE), daraja.Busy, 'no'),
    (answer(429, b''), daraja.Busy, 'no'),
    (
        answer(401, {'fault': {
            'faultstring': 'Invalid Access Token',
            'detail': {'errorcode': 'keymanagement.service.invalid_access_token'},
        }}),
        daraja.InvalidToken, 'no',
    ),
    (answer(409, {'fault': {'faultstring': 'conflict'}}), daraja.BadRequest, 'no'),
    (answer(500, SOAP), daraja.ServerFailure, 'maybe'),
    (html(403), daraja.ServerFailure, 'maybe'),
    (html(502), daraja.ServerFailure, 'maybe'),
    (html(503), daraja.ServerFailure, 'maybe'),
    (html(504), daraja.ServerFailure, 'maybe'),
    (answer(500, b''), daraja.ServerFailure, 'maybe'),
    (answer(302, b'', ('Location', 'http://127.0.0.1:9/')), daraja.ServerFailure, 'maybe'),
    (answer(302, b'', ('Location', 'http://[')), daraja.ServerFailure, 'maybe'),
    (html(200), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, b''), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, []), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, {}), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, b'[' * 50_000), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, b'{"ResponseCode": ' + b'9' * 9000 + b'}'), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, b'\xff\xfe\xfa'), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, {**ACCEPTED, 'ResponseCode': '1'}), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, {**ACCEPTED, 'CheckoutRequestID': ''}), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, {**ACCEPTED, 'CheckoutRequestID': 'a\x00b'}), daraja.UnreadableAnswer, 'maybe'),
    (answer(200, b'x' * 300_000), daraja.UnreadableAnswer, 'maybe'),
    (answer(302, b'x' * 300_000, ('Location', '/')), daraja.UnreadableAnswer, 'maybe'),
    (half(json.dumps(ACCEPTED).encode()[:40], 200), daraja.NoAnswer, 'maybe'),
    (reset, daraja.NoAnswer, 'maybe'),
    (drip(b'not HTTP at all\r\n\r\n', 0), daraja.NoAnswer, 'maybe'),
])
def test_bad_answer_to_a_push(daraja_server, step, kind, sent):
    daraja_server.on(PUSH, step)
    error = failure(client(daraja_server))
    assert type(error) is kind
    assert error.sent == sent
    assert error.exchange is not None
    assert len(daraja_server.asked(PUSH)) == (2 if kind is daraja.InvalidToken else 1)


@pytest.mark.parametrize('step', [
    silence(5),
    drip(b'HTTP/1.1 200 OK\r\n' + b'X-A: b\r\n' * 40, 0.05),
    drip(b'HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n' + b' ' * 300, 0.05),
    drip(b'HTTP/1.1 100 Continue\r\n\r\n' * 20, 0.05),
])
def test_slow_answer_to_a_push(daraja_server, step):
    daraja_server.on(PUSH, step)
    started = time.monotonic()
    error = failure(impatient(daraja_server, 0.5, attempts=3))
    assert type(error) is daraja.NoAnswer
    assert error.sent == 'maybe'
    assert time.monotonic() - started < 2
    assert len(daraja_server.asked(PUSH)) == 1


def test_time_left_shrinks_with_every_byte(daraja_server):
    daraja_server.on(PUSH, drip(b'HT', 0.9))
    started = time.monotonic()
    assert type(failure(impatient(daraja_server, 1))) is daraja.NoAnswer
    assert time.monotonic() - started < 1.7


def test_huge_answer_is_not_read_to_its_end(daraja_server):
    written = []

    def flood(handler, seen):
        handler.send_response(200)
        handler.send_header('Content-Length', str(10 ** 12))
        handler.end_headers()
        try:
            for _block in range(1000):
                handler.wfile.write(b'x' * 100_000)
                written.append(1)
        except OSError:
            handler.close_connection = True

    daraja_server.on(PUSH, flood)
    assert isinstance(failure(client(daraja_server)), daraja.UnreadableAnswer)
    assert len(written) < 1000


def test_busy_tells_how_long(daraja_server):
    daraja_server.on(PUSH, answer(429, SPIKE, ('Retry-After', '7')))
    assert failure(client(daraja_server)).retry_after == 7
    daraja_server.on(PUSH, answer(429, SPIKE, ('Retry-After', 'Mon, 14 Sep 2026 07:15:33 GMT')))
    assert failure(client(daraja_server)).retry_after is None
