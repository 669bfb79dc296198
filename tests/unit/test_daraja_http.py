"""The Daraja client against a real server that behaves, misbehaves and hangs."""
import json
import logging
import socket
import ssl
import threading
import time
from datetime import timedelta

import daraja
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from daraja_stand_in import (
    ACCEPTED,
    OAUTH,
    PUSH,
    QUERY,
    answer,
    daraja_error,
    drip,
    half,
    html,
    reset,
    silence,
    stand_in,
)


SECRETS = ('the-consumer-key', 'the-consumer-secret', 'the-pass-key', 'tokentoken', '254712345678')
KEYS = daraja.Credentials(SECRETS[0], SECRETS[1])
CHECKOUT = ACCEPTED['CheckoutRequestID']
SPIKE = {
    'fault': {
        'faultstring': 'Spike arrest violation. Allowed rate : MessageRate{capacity=5}',
        'detail': {'errorcode': 'policies.ratelimit.SpikeArrestViolation'},
    },
}
SOAP = {'Envelope': {'Body': {'Fault': {'faultcode': 'soapenv:Server', 'faultstring': 'Down'}}}}


@pytest.fixture
def server():
    with stand_in() as double:
        yield double


def client(server, **kwargs):
    kwargs.setdefault('retry', daraja.Retry(pause=0.02))
    kwargs.setdefault('read_timeout', 0.4)
    return daraja.Daraja(
        daraja.Environment.custom(server.base_url), KEYS, connect_timeout=0.4, **kwargs,
    )


def push(**values):
    return daraja.StkPush(**{
        'shortcode': '600111',
        'passkey': 'the-pass-key',
        'amount': 12500,
        'phone': '254712345678',
        'callback_url': 'https://school.example/collect/' + 'ab' * 16 + '/stk/' + 'cd' * 16,
        'account_reference': 'ADM-012',
        **values,
    })


def query():
    return daraja.StkQuery('600111', 'the-pass-key', CHECKOUT)


def failure(server, call=None, **kwargs):
    """The exception of a push (or of another call), which must be one of ours."""
    with pytest.raises(daraja.DarajaError) as info:
        (call or (lambda it: it.stk_push(push())))(client(server, **kwargs))
    return info.value


# === Accepted === #

def test_push_as_daraja_wants_it(server):
    server.on(PUSH, answer(200, ACCEPTED))
    accepted = client(server).stk_push(push(description='Term 2: fees!'))
    assert accepted.checkout_request_id == CHECKOUT
    assert accepted.merchant_request_id == ACCEPTED['MerchantRequestID']
    assert (accepted.response_code, accepted.raw) == ('0', ACCEPTED)

    [asked] = server.asked(PUSH)
    assert asked['method'] == 'POST'
    assert asked['headers']['Authorization'] == 'Bearer tokentokentokentokentoken000'
    assert asked['headers']['Content-Type'] == 'application/json'
    body = asked['body']
    stamp = body.pop('Timestamp')
    assert body.pop('Password') == daraja.stk_signature.password('600111', 'the-pass-key', stamp)
    assert abs((daraja.from_stamp(stamp) - daraja.utc_now()).total_seconds()) < 5
    assert body == {
        'BusinessShortCode': '600111',
        'TransactionType': 'CustomerPayBillOnline',
        'Amount': '12500',
        'PartyA': '254712345678',
        'PartyB': '600111',
        'PhoneNumber': '254712345678',
        'CallBackURL': push().callback_url,
        'AccountReference': 'ADM-012',
        'TransactionDesc': 'Term 2 fees',
    }

    [oauth] = server.asked(OAUTH)
    assert (oauth['method'], oauth['body']) == ('GET', None)
    assert oauth['path'] == f'{OAUTH}?grant_type=client_credentials'
    assert oauth['headers']['Authorization'] == f'Basic {KEYS.basic}'


def test_evidence_is_complete_and_without_secrets(server):
    echo = {**ACCEPTED, 'echo': 'tokentokentokentokentoken000 the-pass-key'}
    server.on(PUSH, answer(200, echo, ('Date', 'Mon, 14 Sep 2026 07:15:33 GMT')))
    exchange = client(server).stk_push(push()).exchange
    text = exchange.as_text()
    kept = json.loads(text)
    assert kept['path'] == PUSH
    assert kept['http_status'] == 200
    assert kept['request']['PhoneNumber'] == '254712345678'
    assert kept['request']['Amount'] == '12500'
    assert kept['request']['CallBackURL'] == 'https://school.example/***'
    assert kept['request']['Password'] == '***'
    assert CHECKOUT in kept['answer']
    sent = server.asked(PUSH)[0]['body']['Password']
    for secret in ('tokentoken', 'the-pass-key', 'consumer', 'abab', 'cdcd', sent):
        assert secret not in text
    assert '712345678' not in repr(exchange)


def test_clock_difference_is_told(server):
    ahead = time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + 900))

    def with_one_date(handler, seen):
        handler.date_time_string = lambda *args: ahead
        handler.reply(200, ACCEPTED)

    server.on(PUSH, with_one_date)
    assert client(server).stk_push(push()).exchange.clock_offset == pytest.approx(900, abs=3)


# === What each refusal means, and whether a prompt can be out === #

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
])
def test_refused_push(server, status, code, message, kind, sent):
    server.on(PUSH, daraja_error(status, code, message))
    error = failure(server)
    assert type(error) is kind
    assert (error.code, error.http_status, error.sent) == (code, status, sent)
    assert error.exchange.http_status == status
    assert error.field == ('PhoneNumber' if code == '400.002.02' else None)
    # Sent once, but for a refused token: a new one is tried, once.
    calls = 2 if kind is daraja.InvalidToken else 1
    assert len(server.asked(PUSH)) == len(server.asked(OAUTH)) == calls


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
    (silence(0.6), daraja.NoAnswer, 'maybe'),
    (drip(b'HTTP/1.1 200 OK\r\n' + b'X-A: b\r\n' * 20, 0.05), daraja.NoAnswer, 'maybe'),
    (
        drip(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n' + b' ' * 100, 0.02),
        daraja.NoAnswer, 'maybe',
    ),
    (drip(b'HTTP/1.1 100 Continue\r\n\r\n' * 20, 0.02), daraja.NoAnswer, 'maybe'),
    (drip(b'not HTTP at all\r\n\r\n', 0), daraja.NoAnswer, 'maybe'),
])
def test_bad_answer_to_a_push(server, step, kind, sent):
    server.on(PUSH, step)
    started = time.monotonic()
    error = failure(server)
    assert type(error) is kind
    assert error.sent == sent
    assert time.monotonic() - started < 1.2
    assert error.exchange is not None
    assert len(server.asked(PUSH)) == (2 if kind is daraja.InvalidToken else 1)


def test_huge_answer_is_not_read_to_its_end(server):
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

    server.on(PUSH, flood)
    assert isinstance(failure(server, read_timeout=5), daraja.UnreadableAnswer)
    assert len(written) < 1000


def test_cookies_are_not_kept(server):
    server.on(PUSH, answer(200, ACCEPTED, ('Set-Cookie', 'visitor=1')))
    it = client(server)
    it.stk_push(push())
    it.stk_push(push())
    assert all('Cookie' not in asked['headers'] for asked in server.asked(PUSH))


def test_a_netrc_file_does_not_replace_our_header(server, tmp_path, monkeypatch):
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine 127.0.0.1 login other password other\n')
    monkeypatch.setenv('NETRC', str(netrc))
    server.on(PUSH, answer(200, ACCEPTED))
    client(server).stk_push(push())
    assert server.asked(PUSH)[0]['headers']['Authorization'].startswith('Bearer ')


def test_a_proxy_is_not_used_for_this_machine(server, monkeypatch):
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:9')
    server.on(PUSH, answer(200, ACCEPTED))
    assert client(server).stk_push(push()).response_code == '0'


def test_busy_tells_how_long(server):
    server.on(PUSH, answer(429, SPIKE, ('Retry-After', '7')))
    assert failure(server).retry_after == 7
    server.on(PUSH, answer(429, SPIKE, ('Retry-After', 'Mon, 14 Sep 2026 07:15:33 GMT')))
    assert failure(server).retry_after is None


# === No connection === #

def test_nobody_listens(server):
    # A token from before, so that it is the push that finds nobody.
    server.on(PUSH, answer(200, ACCEPTED))
    it = client(server)
    it.stk_push(push())
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    it.gateway._transport.environment = daraja.Environment.custom(f'http://127.0.0.1:{port}')
    with pytest.raises(daraja.ConnectionFailed) as info:
        it.stk_push(push())
    assert info.value.sent == 'no'
    assert info.value.exchange.path == PUSH


def test_unknown_host():
    it = daraja.Daraja(
        daraja.Environment.custom('http://no-such-host.invalid'), KEYS,
        retry=daraja.Retry(attempts=1),
    )
    with pytest.raises(daraja.ConnectionFailed) as info:
        it.check_credentials()
    assert info.value.sent == 'no'


def test_an_earlier_failure_of_the_caller_does_not_colour_this_one(server):
    server.on(PUSH, reset)
    it = client(server)
    try:
        daraja.Daraja(
            daraja.Environment.custom('http://127.0.0.1:9'), KEYS, retry=daraja.Retry(attempts=1),
        ).check_credentials()
    except daraja.ConnectionFailed:
        with pytest.raises(daraja.NoAnswer):
            it.stk_push(push())
    assert len(server.asked(PUSH)) == 1


@pytest.fixture(scope='module')
def certificate(tmp_path_factory):
    """A certificate that nobody but itself vouches for, and its key."""
    folder = tmp_path_factory.mktemp('tls')
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'localhost')])
    now = daraja.utc_now()
    signed = x509.CertificateBuilder(
        issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1,
        not_valid_before=now - timedelta(days=1), not_valid_after=now + timedelta(days=1),
    ).add_extension(x509.SubjectAlternativeName([x509.DNSName('localhost')]), critical=False)
    (folder / 'cert.pem').write_bytes(
        signed.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
    )
    (folder / 'key.pem').write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption(),
    ))
    return folder


def _tls_port(certificate, serve):
    """Listen once and let a function serve the raw connection."""
    listener = socket.create_server(('127.0.0.1', 0))

    def run():
        with listener:
            for _call in range(3):
                try:
                    connection, _address = listener.accept()
                    serve(connection)
                except OSError:
                    return

    listener.settimeout(3)
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def test_untrusted_certificate(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / 'cert.pem', certificate / 'key.pem')

    def serve(connection):
        with context.wrap_socket(connection, server_side=True):
            pass

    port = _tls_port(certificate, serve)
    it = daraja.Daraja(daraja.Environment.custom(f'https://localhost:{port}'), KEYS)
    started = time.monotonic()
    with pytest.raises(daraja.CertificateRefused) as info:
        it.check_credentials()
    assert info.value.sent == 'no'
    assert time.monotonic() - started < 2


@pytest.mark.parametrize('behaviour', ['silent', 'hangs_up'])
def test_a_greeting_that_fails_means_nothing_was_sent(certificate, behaviour):
    held = []

    def serve(connection):
        if behaviour == 'hangs_up':
            connection.close()
        else:
            held.append(connection)

    port = _tls_port(certificate, serve)
    it = daraja.Daraja(
        daraja.Environment.custom(f'https://localhost:{port}'), KEYS, connect_timeout=0.3,
        retry=daraja.Retry(attempts=1),
    )
    with pytest.raises(daraja.ConnectionFailed) as info:
        it.oauth._transport.send('POST', daraja.Address.STK_PUSH, auth=None, body={})
    assert info.value.sent == 'no'


# === Queries === #

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
def test_query_with_a_result(server, code, state, outcome):
    server.on(QUERY, answer(200, {
        'ResponseCode': '0', 'ResponseDescription': 'accepted successsfully',
        'MerchantRequestID': 'a', 'CheckoutRequestID': CHECKOUT, 'ResultCode': code,
        'ResultDesc': 'Some words',
    }))
    got = client(server).stk_query(query())
    assert (got.state, got.result_code, got.outcome.outcome) == (state, str(code), outcome)
    assert got.result_desc == got.raw['ResultDesc'] == 'Some words'
    body = server.asked(QUERY)[0]['body']
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
def test_query_without_a_result(server, step, state, reason):
    server.on(QUERY, step)
    got = client(server).stk_query(query())
    assert (got.state, got.reason, got.result_code, got.outcome) == (state, reason, None, None)
    assert got.exchange.path == QUERY
    assert len(server.asked(QUERY)) == 1


@pytest.mark.parametrize(('step', 'kind', 'calls'), [
    (daraja_error(500, '500.001.1001', '[x] - Wrong credentials'), daraja.WrongPasskey, 1),
    (daraja_error(400, '400.002.02', 'Bad Request - Invalid Timestamp'), daraja.BadRequest, 1),
    (daraja_error(500, '500.003.1001', 'Internal Server Error'), daraja.ServerFailure, 1),
    (answer(429, SPIKE), daraja.Busy, 1),
    # Asking again does no harm, so hiccups are tried three times.
    (html(502), daraja.ServerFailure, 3),
    (html(403), daraja.ServerFailure, 1),
    (reset, daraja.NoAnswer, 3),
    (silence(0.3), daraja.NoAnswer, 3),
    (html(200), daraja.UnreadableAnswer, 1),
])
def test_query_that_fails(server, step, kind, calls):
    server.on(QUERY, step)
    error = failure(server, lambda it: it.stk_query(query()), read_timeout=0.2)
    assert type(error) is kind
    assert len(server.asked(QUERY)) == calls


def test_query_recovers(server):
    final = answer(200, {'ResponseCode': '0', 'ResultCode': '0', 'CheckoutRequestID': CHECKOUT})
    server.on(QUERY, reset, html(503), final)
    assert client(server).stk_query(query()).result_code == '0'


def test_tries_end_with_their_budget(server):
    server.on(QUERY, silence(0.15))
    error = failure(
        server, lambda it: it.stk_query(query()), read_timeout=0.1,
        retry=daraja.Retry(attempts=50, budget=0.25, pause=0.01),
    )
    assert isinstance(error, daraja.NoAnswer)
    assert 2 <= len(server.asked(QUERY)) <= 4


# === Nothing secret in any word === #

def test_words_of_failures_hold_no_secret(server, caplog):
    caplog.set_level(logging.DEBUG)
    token = 'tokentokentokentokentoken001'
    steps = [
        daraja_error(401, '401.002.01', f'Error Occurred - Invalid Access Token - {token}'),
        daraja_error(400, '400.002.02', 'Bad Request - Invalid 254712345678 or 0712 345 678'),
        daraja_error(400, '254712345678 the-pass-key', 'x'),
        html(502),
        reset,
    ]
    for step in steps:
        server.on(PUSH, step)
        error = failure(server)
        words = [str(error), repr(error), error.wire_message, error.code, str(error.field)]
        context = error
        while context := context.__context__:
            words += [str(context), repr(context)]
        for secret in (*SECRETS, '712345678', '345 678', KEYS.basic):
            assert all(secret not in word for word in words)
    for secret in (*SECRETS, '712345678', KEYS.basic):
        assert secret not in caplog.text


def test_repr_hides():
    for value in (KEYS, push(), query(), daraja.Token('tokentoken', 0, 1, 2)):
        for secret in (*SECRETS, CHECKOUT, 'abab'):
            assert secret not in repr(value)


def test_session_of_the_caller_is_used(server):
    server.on(PUSH, answer(200, ACCEPTED))
    with requests.Session() as session:
        session.headers['X-Mine'] = '1'
        client(server, session=session).stk_push(push())
    assert server.asked(PUSH)[0]['headers']['X-Mine'] == '1'
