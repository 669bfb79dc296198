"""M-PESA receipt numbers: what their letters say (daraja.md, section 21)."""
import re
from datetime import date


_RECEIPT = re.compile(r'[A-Z0-9]{10}')
_FIRST_YEAR = 2006  # the year that would be written A
_DAYS = '0123456789ABCDEFGHIJKLMNOPQRSTUV'


def canonical(receipt):
    """The receipt number as Safaricom writes it: no blanks around it, upper case."""
    return receipt.strip().upper()


def day_of(receipt):
    """The EAT day a receipt number names.

    A hint for ordering and plausibility, never a reason to refuse money: Safaricom's own samples
    break the rule, and no letter is left for 2032.

    :param str receipt: A receipt number.
    :return: The day, or None when the letters name none.
    :rtype: date | None
    """
    text = canonical(receipt)
    if not _RECEIPT.fullmatch(text):
        return None
    year, month, day = text[0], text[1], text[2]
    if not ('A' <= year <= 'Z' and 'A' <= month <= 'L' and day in _DAYS):
        return None
    try:
        return date(
            _FIRST_YEAR + ord(year) - ord('A'), ord(month) - ord('A') + 1, _DAYS.index(day),
        )
    except ValueError:
        return None


def is_placeholder(receipt):
    """Whether this is the filler of a failed request (a date and seven zeros), not a payment."""
    text = canonical(receipt)
    return bool(_RECEIPT.fullmatch(text)) and text.endswith('0' * 7)


def is_plausible(receipt, around=None, days=2):
    """Whether a receipt number looks real.

    :param str receipt: A receipt number.
    :param date | None around: The EAT day it is believed to be of.
    :param int days: How far, in days, it may lie from `around`.
    :return: False calls for a look, not for a refusal.
    :rtype: bool
    """
    day = day_of(receipt)
    if day is None or is_placeholder(receipt):
        return False
    return around is None or abs((day - around).days) <= days
