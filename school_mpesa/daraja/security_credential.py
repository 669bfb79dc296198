"""The initiator and how its password goes on the wire (daraja.md, sections 1.12 and 19)."""
import base64
import re
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .stk_signature import matches, require


# RSA with PKCS#1 v1.5 padding needs 11 bytes of a key for itself.
_PADDING_BYTES = 11
_USER_NAME = re.compile(r'[!-~]{1,64}')


def read_certificate(certificate):
    """Read M-PESA's certificate, or its bare public key.

    Its dates are not looked at: all that are in use have expired years ago, and serve as holders
    of a key.

    :param str | bytes certificate: PEM or DER, as the Daraja portal gives it.
    :rtype: RSAPublicKey
    :raise ValueError: If it holds no RSA key; the text does not quote it.
    """
    data = certificate.encode() if isinstance(certificate, str) else certificate
    is_pem = b'-----BEGIN' in data
    readers = (
        (_pem_certificate, serialization.load_pem_public_key)
        if is_pem else (_der_certificate, serialization.load_der_public_key)
    )
    for read in readers:
        try:
            key = read(data.strip() if is_pem else data)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(key, rsa.RSAPublicKey):
            return key
    reason = "The certificate holds no RSA key that can be read."
    raise ValueError(reason)


def security_credential(password, certificate):
    """Encrypt the password of an initiator for M-PESA. Each result differs; all are as good.

    :param str password: As it was set on the organisation portal.
    :param str | bytes certificate: M-PESA's, of the same environment.
    :return: 344 characters of base64 with a key of 2048 bits.
    :rtype: str
    :raise ValueError: If the certificate cannot be read, or the password is empty or too long.
    """
    key = read_certificate(certificate)
    secret = password.encode()
    if not secret or len(secret) > key.key_size // 8 - _PADDING_BYTES:
        reason = "The initiator's password is empty or too long."
        raise ValueError(reason)
    # Not OAEP: Safaricom decrypts the older padding only.
    return base64.b64encode(key.encrypt(secret, padding.PKCS1v15())).decode('ascii')


def is_security_credential(text):
    """Tell whether a text can be an encrypted password, whoever encrypted it.

    :param str text: Any text; blanks and line ends in it do not matter.
    :rtype: bool
    """
    try:
        sealed = base64.b64decode(''.join(text.split()), validate=True)
    except (AttributeError, ValueError):
        return False
    # The length of the key: 1024 to 4096 bits.
    return len(sealed) in {128, 256, 384, 512}


@dataclass(frozen=True)
class Initiator:
    """The API operator of an organisation. Its password is never shown by `repr`.

    :param str name: The user name, as on the organisation portal.
    :param str password: Not stripped: a blank may be part of it.
    :param str | bytes certificate: M-PESA's, of the environment that is asked.
    :param str ready: The encrypted password, as the Daraja portal makes it, instead of the two.
    """

    name: str
    password: str = field(default='', repr=False)
    certificate: str | bytes = field(default='', repr=False)
    ready: str = field(default='', repr=False)

    def __post_init__(self):
        require(matches(_USER_NAME, self.name), 'Initiator')
        if self.ready:
            require(is_security_credential(self.ready), 'SecurityCredential')
            object.__setattr__(self, '_credential', ''.join(self.ready.split()))
            return
        try:
            # Encrypted once: any result can be used for many calls, and wrong parts show at once.
            credential = security_credential(self.password, self.certificate)
        except (ValueError, AttributeError, TypeError):
            require(False, 'SecurityCredential')
        object.__setattr__(self, '_credential', credential)

    @property
    def credential(self):
        """The value of SecurityCredential."""
        return self._credential


def _pem_certificate(data):
    return x509.load_pem_x509_certificate(data).public_key()


def _der_certificate(data):
    return x509.load_der_x509_certificate(data).public_key()
