"""API operators ("initiators") and their passwords, which come encrypted (daraja.md 1.12, 19)."""

import base64
import binascii
import functools
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID


KEY_BITS = 2048
PASSWORD_TRIES = 3
# Result codes (daraja.md 17).
WRONG_CREDENTIAL = '2001'
LOCKED = '8006'
NO_OPERATOR = 'SFC_IC0003'
NO_PERMISSION = '21'


@functools.cache
def _key():
    """One key pair for all simulators of a process: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


@functools.cache
def certificate():
    """The certificate that clients encrypt with. As the real ones, it has expired.

    :return: PEM, text
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'apicrypt.simulator.example')])
    made = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2017, 4, 25))
        .not_valid_after(datetime(2018, 3, 21))
        .sign(_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Operator:
    """One API user of an organisation.

    :param list | None may: the families it has the role for; None = all
    """

    shortcode: str
    name: str
    password: str
    may: list | None = None
    wrong_passwords: int = field(default=0)

    @property
    def locked(self):
        return self.wrong_passwords >= PASSWORD_TRIES

    def as_dict(self):
        return {**self.__dict__, 'locked': self.locked}


class Operators:
    """All of them, by shortcode and name."""

    def __init__(self):
        self._all = {}

    def add(self, shortcode, name, password, may=None):
        made = Operator(shortcode, name, password, may)
        self._all[shortcode, name] = made
        return made

    def get(self, shortcode, name):
        return self._all[shortcode, name]

    def every(self):
        return list(self._all.values())

    def refusal(self, shortcode, name, credential, family):
        """Why the core would not obey this operator. A wrong password is counted.

        :param str credential: SecurityCredential, as it came
        :return: a result code as text, or None when nothing stands in the way
        """
        operator = self._all.get((shortcode, name))
        if operator is None:
            return NO_OPERATOR
        if operator.locked:
            return LOCKED
        if _decrypt(credential) != operator.password.encode():
            operator.wrong_passwords += 1
            return LOCKED if operator.locked else WRONG_CREDENTIAL
        operator.wrong_passwords = 0
        if operator.may is not None and family not in operator.may:
            return NO_PERMISSION
        return None


def _decrypt(credential):
    """:return: the password in the credential; other bytes, or None, when it is none of ours"""
    try:
        return _key().decrypt(base64.b64decode(credential, validate=True), padding.PKCS1v15())
    except (binascii.Error, ValueError):
        return None
