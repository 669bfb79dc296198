"""Encryption of what must not stand in the database in clear: secrets, phones, raw callbacks.

Two keys live outside the database, in `odoo.conf` or the environment (design section 8):

- `school_mpesa_keys`: one or more Fernet keys, newest first. The first one seals, all of them open.
- `school_mpesa_index_key`: hexadecimal; keys the blind indexes and derived tokens; never rotates.
"""
import functools
import hashlib
import hmac
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from odoo.exceptions import UserError
from odoo.tools.translate import LazyTranslate

from .server_settings import get_setting


_lt = LazyTranslate(__name__, default_lang='en_US')

KEY_MISSING = _lt(
    "M-PESA secrets cannot be kept safe: the server's configuration holds no encryption key."
    " Nothing was saved. Ask whoever runs the server to add school_mpesa_keys and"
    " school_mpesa_index_key to odoo.conf; the README says how to make them."
)
NONCE_BYTES = 12  # the nonce size that AES-GCM is defined for (NIST SP 800-38D)


class VaultError(UserError):
    """A secret cannot be sealed or opened: a key is missing, or the ciphertext is not ours."""


@functools.lru_cache(maxsize=4)
def _build_fernet(keys):
    return MultiFernet([Fernet(key.strip()) for key in keys.split(',')])


def _fernet():
    keys = get_setting('school_mpesa_keys')
    if not keys:
        raise VaultError(str(KEY_MISSING))
    try:
        return _build_fernet(keys)
    except ValueError as error:
        raise VaultError(str(KEY_MISSING)) from error


@functools.lru_cache(maxsize=4)
def _decode_index_key(text):
    return bytes.fromhex(text)


def _index_key():
    text = get_setting('school_mpesa_index_key')
    try:
        key = _decode_index_key(text)
    except ValueError as error:
        raise VaultError(str(KEY_MISSING)) from error
    if len(key) < 16:
        raise VaultError(str(KEY_MISSING))
    return key


def has_keys():
    """ Tell whether both keys are configured and usable.

    :rtype: bool
    """
    try:
        return bool(_fernet() and _index_key())
    except VaultError:
        return False


def seal(place, text):
    """ Encrypt a text and bind it to where it belongs.

    :param str place: Where the secret lives, e.g. 'payment.provider,4,passkey'. A ciphertext moved
                      to another record or company does not open there.
    :param str text: The secret.
    :return: The ciphertext, as text.
    :rtype: str
    :raise VaultError: If no key is configured.
    """
    return _fernet().encrypt(json.dumps([place, text]).encode()).decode()


def unseal(place, sealed):
    """ Decrypt what :func:`seal` made.

    :param str place: The same as it was sealed with. (Not `context`: Odoo's translations look for a
                      dictionary of that name on the stack.)
    :param str sealed: The ciphertext.
    :return: The secret.
    :rtype: str
    :raise VaultError: If no key is configured, or the ciphertext belongs elsewhere.
    """
    try:
        bound_place, text = json.loads(_fernet().decrypt(sealed.encode()))
    except InvalidToken as error:
        raise VaultError(str(KEY_MISSING)) from error
    if bound_place != place:
        raise VaultError(str(KEY_MISSING))
    return text


def blind_index(kind, value):
    """ Return a keyed digest that can be searched for without revealing the value.

    :param str kind: What the value is ('phone', 'checkout'): equal texts of two kinds differ.
    :param str value: The value, in its one canonical form.
    :return: 64 hexadecimal characters.
    :rtype: str
    :raise VaultError: If no index key is configured.
    """
    return hmac.new(_index_key(), f'index|{kind}|{value}'.encode(), hashlib.sha256).hexdigest()


def derive_token(kind, salt):
    """ Return the 128-bit token that belongs to a salt: lower-case hex, never stored itself.

    :param str kind: What the token opens ('push', 'attempt').
    :param str salt: The random salt stored on the record.
    :return: 32 hexadecimal characters.
    :rtype: str
    :raise VaultError: If no index key is configured.
    """
    return hmac.new(_index_key(), f'token|{kind}|{salt}'.encode(), hashlib.sha256).hexdigest()[:32]


def new_data_key():
    """ Make a fresh key for one piece of data, and its wrapped form for storage.

    :return: The key's bytes, and the wrapped key as text.
    :rtype: tuple[bytes, str]
    :raise VaultError: If no key is configured.
    """
    key = AESGCM.generate_key(bit_length=256)
    return key, _fernet().encrypt(key).decode()


def open_data_key(wrapped):
    """ Unwrap a stored data key.

    :param str wrapped: What :func:`new_data_key` returned second.
    :rtype: bytes
    :raise VaultError: If no configured key opens it.
    """
    try:
        return _fernet().decrypt(wrapped.encode())
    except InvalidToken as error:
        raise VaultError(str(KEY_MISSING)) from error


def seal_bytes(key, raw):
    """ Encrypt bytes under a data key.

    :param bytes key: The data key.
    :param bytes raw: Any bytes, also none.
    :rtype: bytes
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, raw, None)


def unseal_bytes(key, sealed):
    """ Decrypt what :func:`seal_bytes` made.

    :param bytes key: The data key.
    :param bytes sealed: The stored bytes.
    :rtype: bytes
    :raise VaultError: If the bytes were changed or belong to another key.
    """
    sealed = bytes(sealed)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    except InvalidTag as error:
        raise VaultError(str(KEY_MISSING)) from error


def keyed_digest(key, raw):
    """ Return the HMAC-SHA256 of bytes under a data key.

    A plain hash of a callback could be guessed back to a phone number; this one cannot.

    :param bytes key: The data key.
    :param bytes raw: The bytes.
    :return: 64 hexadecimal characters.
    :rtype: str
    """
    return hmac.new(key, raw, hashlib.sha256).hexdigest()
