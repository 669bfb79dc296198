"""The nginx templates, filled in and read by nginx itself."""
import datetime

import pytest
import stack_config
import stack_nginx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


PORTS = {'public': 20001, 'odoo': 20002, 'gevent': 20003, 'https': 20004}


@pytest.fixture
def certificate(tmp_path):
    """ A certificate that nobody trusts, and its key. """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'fees.school.example')])
    now = datetime.datetime.now(datetime.timezone.utc)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / 'fullchain.pem', tmp_path / 'privkey.pem'
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))
    return paths


def accepted(command):
    done = stack_config.run_command([*command, '-t'], capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_nginx_accepts_the_plain_profile(tmp_path):
    accepted(stack_nginx.prepare(tmp_path / 'nginx', tmp_path / 'log', PORTS))


def test_nginx_accepts_the_tls_profile(tmp_path, certificate):
    accepted(stack_nginx.prepare(tmp_path / 'nginx', tmp_path / 'log', PORTS, tls=certificate))


def test_nothing_is_left_to_fill_in(tmp_path, certificate):
    stack_nginx.prepare(tmp_path / 'nginx', tmp_path / 'log', PORTS, tls=certificate)
    for file in (tmp_path / 'nginx').glob('*.conf'):
        assert '${SCHOOL_' not in file.read_text()


def test_the_tls_profile_redirects_and_says_so_for_good(tmp_path, certificate):
    stack_nginx.prepare(tmp_path / 'nginx', tmp_path / 'log', PORTS, tls=certificate)
    text = (tmp_path / 'nginx' / 'server.conf').read_text()
    assert 'return 308 https://$host$request_uri' in text
    assert 'Strict-Transport-Security' in text
