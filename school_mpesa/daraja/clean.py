"""Values of a callback, one at a time: exact amounts, storable text, usable identifiers."""
import re
from decimal import Decimal, InvalidOperation


# KES. Transfers between organisations exceed the 250,000 of people.
MAX_AMOUNT = Decimal(1_000_000_000)
CENT = Decimal('0.01')
_AMOUNT = re.compile(r'[0-9]{1,15}(\.[0-9]{1,15})?')
_IDENTIFIER = re.compile(r'[!-~]{1,128}')
_UNSTORABLE = re.compile('[\x00\ud800-\udfff]')


def amount(value):
    """Read an amount without losing a cent.

    :param str | int | Decimal value: KES, as strict JSON gives it.
    :return: KES with two decimals, above zero.
    :rtype: Decimal
    :raise ValueError: With a reason that does not quote the value.
    """
    number = decimal(value)
    if number <= 0:
        reason = "not above zero"
        raise ValueError(reason)
    return number


def amount_or_none(value):
    """The same, and None for what is no amount."""
    try:
        return amount(value)
    except ValueError:
        return None


def decimal(value):
    """Read a number of shillings that may be zero or negative, as balances are.

    :raise ValueError: With a reason that does not quote the value.
    """
    if isinstance(value, str):
        text = value.strip()
        if not _AMOUNT.fullmatch(text.removeprefix('-')):
            reason = "not a number"
            raise ValueError(reason)
        value = Decimal(text)
    elif isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        reason = "not a number"
        raise ValueError(reason)
    number = Decimal(value)
    if not number.is_finite():
        reason = "not finite"
        raise ValueError(reason)
    if abs(number) > MAX_AMOUNT:
        reason = "too large"
        raise ValueError(reason)
    try:
        cents = number.quantize(CENT)
    except InvalidOperation:
        reason = "too many digits"
        raise ValueError(reason) from None
    if cents != number:
        reason = "a fraction of a cent"
        raise ValueError(reason)
    return cents


def decimal_or_none(value):
    """The same, and None for what is no number."""
    try:
        return decimal(value)
    except ValueError:
        return None


def text(value, limit=200):
    """Text that a database can hold: verbatim but for NUL and lone surrogates, and its length.

    :param value: A string or a whole number; anything else counts as no text. The raw bytes are
        kept elsewhere, and money must not be lost over an odd name.
    :param int limit: Characters to keep.
    :rtype: str
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ''
    return _UNSTORABLE.sub('\ufffd', value[:limit])


def identifier(value):
    """An identifier that can serve as a key: visible ASCII, 128 characters at most.

    :raise ValueError: With a reason that does not quote the value.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError("missing" if value is None else "not text")
    value = value.strip(' \t\r\n')
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError("unusable as an identifier" if value else "missing")
    return value
