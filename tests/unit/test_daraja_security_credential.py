"""The initiator's password as it goes on the wire, and certificates that expired years ago."""
import base64
from datetime import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from daraja import Initiator, InvalidRequest, read_certificate, security_credential
from daraja_simulator.operators import certificate
from hypothesis import given
from hypothesis import strategies as st


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def make_certificate(key=KEY):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'expired.example')])
    return (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(datetime(2014, 1, 1)).not_valid_after(datetime(2016, 11, 1))
        .sign(key, hashes.SHA256())
    )


EXPIRED = make_certificate()
PEM = EXPIRED.public_bytes(serialization.Encoding.PEM)
DER = EXPIRED.public_bytes(serialization.Encoding.DER)
BARE = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo,
)


@pytest.mark.parametrize('given_as', [
    PEM, PEM.decode(), b'\r\n' + PEM.replace(b'\n', b'\r\n'), DER, BARE, b'Bag Attributes\n' + PEM,
])
def test_safaricom_decrypts_what_was_encrypted(given_as):
    credential = security_credential('Pass#word&1', given_as)
    assert len(credential) == 344
    assert KEY.decrypt(base64.b64decode(credential), padding.PKCS1v15()) == b'Pass#word&1'


@given(password=st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable()))
def test_any_password_arrives_whole_and_each_time_differently(password):
    first, second = (security_credential(password, PEM) for _time in range(2))
    assert first != second
    for credential in (first, second):
        plain = KEY.decrypt(base64.b64decode(credential), padding.PKCS1v15())
        assert plain == password.encode()


@pytest.mark.parametrize('wrong', [
    '', 'not a certificate', b'\x30\x82', PEM[:200],
    make_certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(
        serialization.Encoding.PEM,
    ),
])
def test_a_certificate_without_an_rsa_key_is_refused_and_not_quoted(wrong):
    with pytest.raises(ValueError, match='no RSA key') as info:
        read_certificate(wrong)
    assert 'BEGIN' not in str(info.value)
    with pytest.raises(InvalidRequest) as info:
        Initiator('feesapi', 'a password', wrong)
    assert info.value.field == 'SecurityCredential'


@pytest.mark.parametrize(('name', 'password', 'field'), [
    ('', 'x', 'Initiator'), ('two words', 'x', 'Initiator'), (None, 'x', 'Initiator'),
    ('feesapi', '', 'SecurityCredential'), ('feesapi', None, 'SecurityCredential'),
    ('feesapi', 'x' * 246, 'SecurityCredential'),
])
def test_an_initiator_that_cannot_be_sent(name, password, field):
    with pytest.raises(InvalidRequest) as info:
        Initiator(name, password, PEM)
    assert info.value.field == field


def test_nothing_of_it_is_shown():
    initiator = Initiator('feesapi', 'Pass#word&1', PEM)
    assert repr(initiator) == "Initiator(name='feesapi')"
    assert initiator.credential == initiator.credential  # encrypted once


def test_the_simulators_certificate_is_read_too():
    assert read_certificate(certificate()).key_size == 2048


def test_a_ready_made_credential_goes_on_the_wire_as_it_is():
    ready = base64.b64encode(bytes(range(256))).decode()
    made = Initiator('feesapi', ready=f' {ready[:76]}\r\n{ready[76:]}')
    assert made.credential == ready
    assert ready[:20] not in repr(made)


@pytest.mark.parametrize('text', [
    'short', 'not base64 at all!', 'A' * 100, base64.b64encode(b'x' * 200).decode(),
])
def test_what_is_no_credential_is_refused(text):
    with pytest.raises(InvalidRequest) as refusal:
        Initiator('feesapi', ready=text)
    assert refusal.value.field == 'SecurityCredential'
