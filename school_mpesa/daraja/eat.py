"""East Africa Time, the wall clock of every M-PESA timestamp (daraja.md, section 1.10)."""
import re
from datetime import datetime, timedelta, timezone


EAT = timezone(timedelta(hours=3), 'EAT')  # no daylight saving since 1942
FIRST_YEAR = 2007  # M-PESA was launched in March 2007: an earlier payment is a misreading
_STAMP = re.compile(r'[0-9]{14}')
_DOTTED = re.compile(r'([0-9]{2})\.([0-9]{2})\.([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2})')


def utc_now():
    """The present moment.

    :return: Naive UTC, as Odoo stores times.
    :rtype: datetime
    """
    return datetime.now(timezone.utc).replace(tzinfo=None)


def to_stamp(moment):
    """Write a moment the way Daraja wants it.

    :param datetime moment: Naive UTC, or aware in any zone.
    :return: `yyyyMMddHHmmss` in EAT.
    :rtype: str
    """
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.astimezone(EAT).strftime('%Y%m%d%H%M%S')


def from_stamp(stamp):
    """Read `yyyyMMddHHmmss` in EAT.

    :param str | int stamp: 14 digits; anything else is no stamp.
    :return: Naive UTC, or None where no such moment exists.
    :rtype: datetime | None
    """
    if isinstance(stamp, bool) or not isinstance(stamp, (str, int)):
        return None
    # The long integers Python refuses to print are not 14 digits either.
    if isinstance(stamp, int) and not 0 <= stamp < 10 ** 14:
        return None
    text = str(stamp).strip()
    if not _STAMP.fullmatch(text) or int(text[:4]) < FIRST_YEAR:
        return None
    try:
        local = datetime.strptime(text, '%Y%m%d%H%M%S').replace(tzinfo=EAT)
        return local.astimezone(timezone.utc).replace(tzinfo=None)
    except ValueError:
        return None


def from_dotted(text):
    """Read `dd.MM.yyyy HH:mm:ss` in EAT, which B2C alone writes.

    :param text: Anything else is no moment.
    :return: Naive UTC, or None where no such moment exists.
    :rtype: datetime | None
    """
    found = _DOTTED.fullmatch(text.strip()) if isinstance(text, str) else None
    if not found:
        return None
    day, month, year, *clock = found.groups()
    return from_stamp(''.join((year, month, day, *clock)))
