"""JSON as money needs it: exact numbers, no doubled key, no bytes that surprise.

Python's own `json.loads` takes NaN, Infinity and 1e400, keeps the last of two equal keys without a
word, raises a plain ValueError for very long integers and RecursionError for depth. Everything that
comes from outside passes through here instead.
"""
import json
from decimal import Decimal, InvalidOperation


MAX_BYTES = 65536  # what our callback addresses accept
_MAX_NUMBER = 64  # characters; the longest number Daraja sends has 14


class NotStrictJson(ValueError):
    """The bytes are not JSON that can be relied on. The text never quotes them."""


def loads(raw, max_bytes=MAX_BYTES):
    """Read JSON strictly.

    :param bytes | memoryview raw: The document, in UTF-8, UTF-16 or UTF-32; a byte order mark is
        dropped.
    :param int max_bytes: Longest document to look at.
    :return: The value; fractions are Decimal, whole numbers int.
    :raise NotStrictJson: With an English reason free of any of the data.
    """
    raw = bytes(raw)  # a database hands out memoryviews
    if len(raw) > max_bytes:
        reason = "longer than allowed"
        raise NotStrictJson(reason)
    if not raw.strip():
        reason = "empty"
        raise NotStrictJson(reason)
    try:
        text = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError:
        reason = "not text in UTF-8, UTF-16 or UTF-32"
        raise NotStrictJson(reason) from None
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_fraction,
            parse_int=_whole,
            parse_constant=_constant,
        )
    except NotStrictJson:
        raise
    except RecursionError:
        reason = "nested too deeply"
        raise NotStrictJson(reason) from None
    except ValueError:
        reason = "not JSON"
        raise NotStrictJson(reason) from None


def _object(pairs):
    value = dict(pairs)
    if len(value) != len(pairs):
        reason = "a key occurs twice"
        raise NotStrictJson(reason)
    return value


def _fraction(literal):
    if len(literal) > _MAX_NUMBER:
        reason = "a number is too long"
        raise NotStrictJson(reason)
    try:
        return Decimal(literal)
    except InvalidOperation:
        reason = "a number is out of range"
        raise NotStrictJson(reason) from None


def _whole(literal):
    if len(literal) > _MAX_NUMBER:
        reason = "a number is too long"
        raise NotStrictJson(reason)
    return int(literal)


def _constant(_literal):
    reason = "a number is not finite"
    raise NotStrictJson(reason)
