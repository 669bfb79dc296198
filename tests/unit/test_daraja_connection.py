"""Connections that do not come about, and what must not slip into those that do."""
import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta

import daraja
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from daraja_stand_in import ACCEPTED, KEYS, PUSH, answer, client, prompt, reset


def test_nobody_listens(daraja_server):
    # A token from before, so that it is the push that finds nobody.
    daraja_server.on(PUSH, answer(200, ACCEPTED))
    it = client(daraja_server)
    it.stk_push(prompt())
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    it.gateway._transport.environment = daraja.Environment.custom(f'http://127.0.0.1:{port}')
    with pytest.raises(daraja.ConnectionFailed) as info:
        it.stk_push(prompt())
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


def test_an_earlier_failure_of_the_caller_does_not_colour_this_one(daraja_server):
    daraja_server.on(PUSH, reset)
    it = client(daraja_server)
    try:
        requests.get('http://127.0.0.1:9', timeout=1)
    except requests.ConnectionError:
        with pytest.raises(daraja.NoAnswer) as info:
            it.stk_push(prompt())
    assert info.value.sent == 'maybe'
    assert len(daraja_server.asked(PUSH)) == 1


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
                except OSError:
                    return
                with suppress(OSError):
                    serve(connection)

    listener.settimeout(3)
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def test_untrusted_certificate(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / 'cert.pem', certificate / 'key.pem')

    greeted = []

    def serve(connection):
        greeted.append(1)
        with context.wrap_socket(connection, server_side=True):
            pass

    port = _tls_port(certificate, serve)
    it = daraja.Daraja(daraja.Environment.custom(f'https://localhost:{port}'), KEYS)
    with pytest.raises(daraja.CertificateRefused) as info:
        it.stk_push(prompt())
    assert info.value.sent == 'no'
    assert len(greeted) == 1  # it will not be trusted the next time either


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


def test_cookies_are_not_kept(daraja_server):
    daraja_server.on(PUSH, answer(200, ACCEPTED, ('Set-Cookie', 'visitor=1')))
    it = client(daraja_server)
    it.stk_push(prompt())
    it.stk_push(prompt())
    assert all('Cookie' not in asked['headers'] for asked in daraja_server.asked(PUSH))


def test_a_netrc_file_does_not_replace_our_header(daraja_server, tmp_path, monkeypatch):
    netrc = tmp_path / 'netrc'
    netrc.write_text('machine 127.0.0.1 login other password other\n')
    monkeypatch.setenv('NETRC', str(netrc))
    daraja_server.on(PUSH, answer(200, ACCEPTED))
    client(daraja_server).stk_push(prompt())
    assert daraja_server.asked(PUSH)[0]['headers']['Authorization'].startswith('Bearer ')


def test_a_proxy_is_not_used_for_this_machine(daraja_server, monkeypatch):
    monkeypatch.setenv('http_proxy', 'http://127.0.0.1:9')
    daraja_server.on(PUSH, answer(200, ACCEPTED))
    assert client(daraja_server).stk_push(prompt()).response_code == '0'


def test_session_of_the_caller_is_used(daraja_server):
    daraja_server.on(PUSH, answer(200, ACCEPTED))
    with requests.Session() as session:
        session.headers['X-Mine'] = '1'
        client(daraja_server, session=session).stk_push(prompt())
    assert daraja_server.asked(PUSH)[0]['headers']['X-Mine'] == '1'
