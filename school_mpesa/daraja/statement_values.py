"""Single cells of an organisation statement: amounts, times, texts."""
import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from openpyxl.utils.datetime import from_excel

from . import clean
from .eat import EAT, FIRST_YEAR
from .message_text import day_of_code


# 1250, 1,250.50 or, as a spreadsheet in another language writes it, 1.250,50.
_PLAIN = re.compile(r'\d+(?:\.\d+)?')
_THOUSANDS = re.compile(r'\d{1,3}(?:,\d{3})+(?:\.\d+)?')
_DECIMAL_COMMA = re.compile(r'(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}')
_CURRENCY = re.compile(r'^(?:kes|kshs?|k\.?shs?\.?)\.?|(?:kes|kshs?)$', re.IGNORECASE)
_MINUS = ('-', '\u2212')
# What a float of a spreadsheet may be beside its cents: 981200.5000000001 is 981200.50.
_FLOAT_NOISE = Decimal('0.00001')

_DAY = r'(?<!\d)(\d{1,4})[-/._ ](\d{1,2})[-/._ ](\d{1,4})(?!\d)'
_HOUR = r'(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp][Mm])?'
_MOMENT = re.compile(rf'{_DAY}(?:[T\s]+{_HOUR})?')
# Day 1 of Excel's calendar is in 1900; these are the serials of 2007 and of 2100.
_SERIALS = range(39083, 73051)


def is_blank(value):
    """Return whether nothing stands in a cell.

    :param value: The cell.
    :rtype: bool
    """
    return value is None or (isinstance(value, str) and not value.strip())


def text(value, limit=500):
    """Return a cell as a text that a database can hold, verbatim.

    :param value: The cell.
    :param int limit: Characters to keep.
    :rtype: str
    """
    if value is None:
        return ''
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # A spreadsheet knows no whole numbers: 12 comes as 12.0.
    if isinstance(value, (datetime, date)):
        value = value.strftime('%d-%m-%Y %H:%M:%S')
    return clean.text(str(value), limit)


def words(value, limit=500):
    """Return a cell as text on one line, with single blanks and none around."""
    return ' '.join(text(value, limit).split())


def amount(value):
    """Read an amount.

    :param value: The cell.
    :return: KES with two decimals, below zero for money that went out; None when there is none.
    :rtype: Decimal | None
    :raise ValueError: With a reason that does not quote the value.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_number(value)
    written = ''.join(text(value).split())
    if not written or written == '-':
        return None
    negative = False
    if written.startswith('(') and written.endswith(')'):
        negative, written = True, written[1:-1]
    # "KES -5.00", "-KES 5.00" and "5.00-" are all written.
    for _side in range(2):
        if written.startswith(_MINUS) or written.endswith('-'):
            negative, written = True, written.removeprefix(_MINUS[0]).removeprefix(_MINUS[1])
            written = written.removesuffix('-')
        written = _CURRENCY.sub('', written)
    if _DECIMAL_COMMA.fullmatch(written):
        written = written.replace('.', '').replace(',', '.')
    elif _THOUSANDS.fullmatch(written):
        written = written.replace(',', '')
    elif not _PLAIN.fullmatch(written):
        reason = "not a number"
        raise ValueError(reason)
    number = clean.decimal(written)
    return -number if negative else number


def _from_number(value):
    try:
        number = Decimal(repr(value))
        cents = number.quantize(clean.CENT)
    except InvalidOperation:
        reason = "not a number"
        raise ValueError(reason) from None
    if abs(cents - number) > _FLOAT_NOISE:
        reason = "a fraction of a cent"
        raise ValueError(reason)
    return clean.decimal(cents)


def moment(value, receipt=''):
    """Read a time: `dd-MM-yyyy HH:mm:ss`, the same with slashes, `yyyy-MM-dd HH:mm:ss`, a date.

    A spreadsheet set to American dates takes 04-01 for April 1st. Where day and month can be
    exchanged, and only so agree with the day that is coded in the receipt, they are.

    :param value: The cell, EAT.
    :param str receipt: The receipt number of the row.
    :return: Naive UTC, to the second.
    :rtype: datetime
    :raise ValueError: When there is no such moment.
    """
    local = _local(value)
    coded = day_of_code(receipt)
    if coded and coded != local.date() and local.day <= 12:
        swapped = local.replace(month=local.day, day=local.month)
        if swapped.date() == coded:
            local = swapped
    return to_utc(local)


def says_seconds(value):
    """Return whether a time is told to the second.

    A spreadsheet that saves a file again may leave the seconds out; as a number, none are seen.

    :param value: The cell, which :func:`moment` could read.
    :rtype: bool
    """
    if isinstance(value, str):
        match = _MOMENT.fullmatch(words(value))
        return bool(match and match[6])
    return _local(value).second != 0


def to_utc(local):
    """Return a moment on Kenya's clock as naive UTC.

    :raise ValueError: If it is before M-PESA.
    """
    if not FIRST_YEAR <= local.year < 2100:
        reason = "no year of M-PESA"
        raise ValueError(reason)
    return local - EAT.utcoffset(None)


def moments(written):
    """Find the moments in a text, such as "From 01-09-2026 00:00:00 To 30-09-2026".

    :param str written: The text.
    :return: Each as Kenya's clock says it, and whether it has an hour.
    :rtype: list[tuple[datetime, bool]]
    """
    found = []
    for match in _MOMENT.finditer(written):
        try:
            found.append((_from_match(match), match[4] is not None))
        except ValueError:
            continue
    return found


def _local(value):
    if isinstance(value, datetime):
        return _to_second(value.replace(tzinfo=None))
    if isinstance(value, float) and int(value) in _SERIALS:
        return _to_second(from_excel(value))
    match = _MOMENT.fullmatch(words(value))
    if not match or not match[4]:
        reason = "no time"
        raise ValueError(reason)
    return _from_match(match)


def _from_match(match):
    first, month, last, hour, minute, second, half = match.groups()
    year, day = (first, last) if len(first) == 4 else (last, first)
    if len(year) != 4:
        reason = "no year"
        raise ValueError(reason)
    hour = int(hour or 0)
    if half:
        if not 1 <= hour <= 12:
            reason = "no hour"
            raise ValueError(reason)
        hour = hour % 12 + (12 if half.lower() == 'pm' else 0)
    return datetime(int(year), int(month), int(day), hour, int(minute or 0), int(second or 0))


def _to_second(value):
    # 10:15:33 comes out of a spreadsheet's fraction of a day as 10:15:32.999997.
    return (value + timedelta(microseconds=500_000)).replace(microsecond=0)
