"""Amounts, dates and names as people write them in spreadsheets.

What is not certain is refused: a wrong balance costs more than a second look. Nothing here knows
Odoo.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from .import_sheet import cell_text


MAX_WHOLE_DIGITS = 12

# Why a value cannot be used.
FORMULA, NO_AMOUNT, TOO_FINE, TOO_LARGE = 'formula', 'no_amount', 'too_fine', 'too_large'
NO_DATE, NO_SUCH_DAY, US_ORDER, SERIAL = 'no_date', 'no_such_day', 'us_order', 'serial'
SHORT_YEAR = 'short_year'

# How two names of a person compare.
SAME, SIMILAR, DIFFERENT = 'same', 'similar', 'different'

_CURRENCY = r'(?:kes|kshs?|k\.?shs?|shs?)\.?'
_NUMBER = r'([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+)(\.[0-9]+)?'
_ISO_DATE = r'([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[ t]00:00(?::00)?)?'
_WORD_DATE = r'([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]+([a-z]{3,9})\.?,?[-/. ]+([0-9]{2,4})'
_MONTHS = ('jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec')
_SERIAL_ORIGIN = date(1899, 12, 30)  # Day zero of Excel, which believes in 29 February 1900.


class ValueRefusedError(ValueError):
    """A value that cannot be used.

    :param str reason: Why, as one of the constants of this module.
    :param hint: What it might have meant.
    """

    def __init__(self, reason, hint=None):
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def parse_amount(value, digits=2):
    """Return an amount.

    Understood are `1,250.50`, `(500)`, `-500`, `500-`, `500 CR` (paid ahead), `500 DR` (owed) and
    `KES 3,000/=`; a dash alone is zero, as accountants write it.

    :param value: The cell.
    :param int digits: How many decimals the currency has.
    :return: The amount; `None` for an empty cell.
    :rtype: Decimal | None
    :raise ValueRefusedError: If it is no amount, or one that nobody could owe.
    """
    if isinstance(value, bool):
        raise ValueRefusedError(NO_AMOUNT)
    if isinstance(value, int | float | Decimal):
        return _check_amount(_amount_of_number(value), digits)
    text = unicodedata.normalize('NFKC', cell_text(value)).lower()
    if not text:
        return None
    if text.startswith(('=', '@')):
        raise ValueRefusedError(FORMULA)
    if text in {'-', '\N{EN DASH}', '\N{EM DASH}'}:
        return _check_amount(Decimal(0), digits)
    text = text.replace('\N{MINUS SIGN}', '-').replace('\N{EN DASH}', '-')
    text, outer = _take_sign(text)
    text, inner = _take_sign(re.sub(rf'^{_CURRENCY}\s*', '', text))
    if outer and inner:
        raise ValueRefusedError(NO_AMOUNT)  # Whether -500 CR is owed or paid, nobody knows.
    text = re.sub(rf'(?:\s*/[=-]|\s*{_CURRENCY}(?:/[=-])?)$', '', text)
    match = re.fullmatch(_NUMBER, text)
    if not match:
        raise ValueRefusedError(NO_AMOUNT)
    number = re.sub(r'[ ,]', '', match[1])
    if len(number.lstrip('0')) > MAX_WHOLE_DIGITS:
        raise ValueRefusedError(TOO_LARGE)
    amount = _check_amount(Decimal(number + (match[2] or '')), digits)
    return -amount if amount and '-' in {outer, inner} else amount


def parse_date(value):
    """Return a date: `2026-01-31`, `31/01/2026`, `31-Jan-2026`, or a cell that holds a date.

    The day stands before the month, as in Kenya.

    :param value: The cell.
    :return: The date; `None` for an empty cell.
    :rtype: date | None
    :raise ValueRefusedError: If it is no date, or not certainly one.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = cell_text(value).lower()
    if not text:
        return None
    if re.fullmatch(r'[0-9]{1,6}(\.[0-9]+)?', text):
        raise ValueRefusedError(SERIAL, _SERIAL_ORIGIN + timedelta(days=int(float(text))))
    match = re.fullmatch(_ISO_DATE, text)
    if match:
        return _make_date(match[1], match[2], match[3])
    match = re.fullmatch(_WORD_DATE, text)
    if match and match[2][:3] in _MONTHS:
        return _make_date(match[3], _MONTHS.index(match[2][:3]) + 1, match[1])
    match = re.fullmatch(r'([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ]([0-9]{2,4})', text)
    if match:
        return _make_date(match[3], match[2], match[1])
    raise ValueRefusedError(NO_DATE)


def could_be_us_date(value):
    """Tell whether a date might be meant with the month first: both numbers fit a month.

    :param value: The cell.
    :rtype: bool
    """
    match = re.fullmatch(r'([0-9]{1,2})[-/. ]([0-9]{1,2})[-/. ][0-9]{4}', cell_text(value))
    return bool(match) and max(int(match[1]), int(match[2])) <= 12 and match[1] != match[2]


def compare_names(name, other):
    """Compare two names of a person, in any order of words and any case.

    :return: `SAME` words; `SIMILAR` when they share one; else `DIFFERENT`.
    :rtype: str
    """
    words, other_words = _name_words(name), _name_words(other)
    if words == other_words:
        return SAME
    shared = {word for word in words & other_words if len(word) > 1}  # Initials prove nothing.
    return SIMILAR if shared else DIFFERENT


def _name_words(name):
    """Return the words of a name without accents, signs and case.

    :rtype: set[str]
    """
    plain = ''.join(
        sign for sign in unicodedata.normalize('NFKD', name or '').casefold()
        if not unicodedata.combining(sign)
    )
    # Apostrophes belong to the word: Ong'ang'a is one.
    return set(re.findall(r'\w+', re.sub("['`\N{RIGHT SINGLE QUOTATION MARK}]", '', plain)))


def _take_sign(text):
    """Take the sign from an amount.

    :return: The rest, and the sign; empty when there is none.
    :rtype: tuple[str, str]
    """
    for pattern, sign in (
        (r'\((.+)\)', '-'), (r'-\s*(.+)', '-'), (r'(.+?)\s*-(?<!/-)', '-'), (r'\+\s*(.+)', '+'),
        (r'(.+?)\s*cr\.?', '-'), (r'(.+?)\s*dr\.?', '+'),
    ):
        match = re.fullmatch(pattern, text)
        if match:
            return match[1].strip(), sign
    return text, ''


def _amount_of_number(value):
    """Return the amount of a cell that holds a number.

    :rtype: Decimal
    """
    try:
        amount = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation as error:
        raise ValueRefusedError(NO_AMOUNT) from error
    if not amount.is_finite():
        raise ValueRefusedError(NO_AMOUNT)
    if amount.adjusted() >= MAX_WHOLE_DIGITS:
        raise ValueRefusedError(TOO_LARGE)
    # 1250.4999999999998 is what a spreadsheet makes of 1250.50.
    rounded = amount.quantize(Decimal('0.000001'))
    return rounded if isinstance(value, float) else amount


def _check_amount(amount, digits):
    """Return an amount with the decimals of its currency.

    :rtype: Decimal
    """
    rounded = amount.quantize(Decimal(1).scaleb(-digits))
    if rounded != amount:
        raise ValueRefusedError(TOO_FINE)
    return rounded if rounded else abs(rounded)  # Nobody owes minus zero.


def _make_date(year, month, day):
    """Return the date of three numbers.

    :rtype: date
    """
    if len(str(year)) != 4:
        raise ValueRefusedError(SHORT_YEAR)
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        is_us = int(month) > 12 >= int(day) and int(month) <= 31
        raise ValueRefusedError(US_ORDER if is_us else NO_SUCH_DAY) from error
