"""What stands above the table of a statement, or in the name of its file."""
import re
from dataclasses import dataclass, field
from datetime import timedelta

from .statement_values import amount, moments, to_utc, words


_TITLE = re.compile(
    r'statements?\s+for\s+(?P<code>\d{5,9})\s+from\s+(?P<start>.+?)\s+to\s+(?P<end>.+)',
    re.IGNORECASE,
)
_SHORTCODE = re.compile(r'short\s*code\s*:?\s*(\d{5,9})\b', re.IGNORECASE)
_HOLDER = re.compile(r'account holder\s*:?\s*(.+)', re.IGNORECASE)
_ACCOUNT = re.compile(r'account\s*:\s*(.+)', re.IGNORECASE)
_PERIOD = re.compile(r'time period\s*:?\s*(.+)', re.IGNORECASE)
_REPORT = re.compile(r'date of report\s*:?\s*(.+)', re.IGNORECASE)
_OPENING = re.compile(r'opening balance\s*:?\s*([^\s:]+)', re.IGNORECASE)
_TOTAL_IN = re.compile(r'total paid in\s*:?\s*([^\s:]+)', re.IGNORECASE)
_TOTAL_OUT = re.compile(r'total withdrawn\s*:?\s*([^\s:]+)', re.IGNORECASE)
_CLOSING = re.compile(r'closing balance\s*:?\s*([^\s:]+)', re.IGNORECASE)
_AMOUNTS = (
    ('opening', _OPENING), ('closing', _CLOSING), ('total_in', _TOTAL_IN),
    ('total_out', _TOTAL_OUT),
)
_LONGEST = 1000  # characters of a line that are looked at
# The statement of a person's own M-PESA begins so.
_PERSON = re.compile(r'(?:customer name|mobile number)\s*:', re.IGNORECASE)


@dataclass
class Preamble:
    """What was found; None or "" for what was not.

    :ivar str | None shortcode: Such as "600111".
    :ivar str account_holder: The organisation.
    :ivar str account: Which of its accounts, such as "Utility Account".
    :ivar start_utc: Start of the period, naive UTC.
    :ivar end_utc: Its last second, naive UTC; no later than the report was made.
    :ivar opening: Balance before the first row, KES.
    :ivar closing: Balance after the last row, KES.
    :ivar total_in: What came in, KES.
    :ivar total_out: What went out, KES, above zero.
    :ivar bool is_of_a_person: Whether it is no organisation's.
    """

    shortcode: str | None = None
    account_holder: str = field(default='', repr=False)
    account: str = ''
    start_utc: object = None
    end_utc: object = None
    opening: object = None
    closing: object = None
    total_in: object = None
    total_out: object = None
    is_of_a_person: bool = False


def read_preamble(filename, rows):
    """Read what stands above the header.

    :param str filename: The name of the file: template B has its title nowhere else.
    :param list rows: The rows above the header, each a list of cells.
    :rtype: Preamble
    """
    found, report_utc = Preamble(), None
    lines = [' '.join(filter(None, map(words, cells)))[:_LONGEST] for cells in rows]
    for line in lines:
        _read_label(found, line)
        if match := _REPORT.search(line):
            made = moments(match[1])
            report_utc = _utc(made[0][0]) if made and made[0][1] else None
    for line in (*lines, filename[:_LONGEST]):
        if match := _TITLE.search(line):
            found.shortcode = found.shortcode or match['code']
            _set_period(found, f"{match['start']} to {match['end']}")
    if found.end_utc and report_utc:
        # A month that was asked for on its fourteenth is not known to its end.
        found.end_utc = min(found.end_utc, report_utc)
    return found


def _read_label(found, line):
    """Take what one row says."""
    if match := _SHORTCODE.match(line):
        found.shortcode = found.shortcode or match[1]
    elif match := _HOLDER.match(line):
        found.account_holder = found.account_holder or match[1]
    elif match := _ACCOUNT.match(line):
        found.account = found.account or match[1]
    elif match := _PERIOD.match(line):
        _set_period(found, match[1])
    for name, pattern in _AMOUNTS:
        if match := pattern.search(line):
            setattr(found, name, _amount(match[1]))
    if found.total_out is not None:
        found.total_out = abs(found.total_out)
    found.is_of_a_person |= bool(_PERSON.match(line))


def _set_period(found, written):
    """Take a period of two moments; a day without an hour is meant to its end."""
    read = moments(written)
    if found.start_utc is not None or len(read) != 2:
        return
    (start, _start_has_hour), (end, end_has_hour) = read
    if not end_has_hour:
        end += timedelta(days=1, seconds=-1)
    if start <= end:
        found.start_utc, found.end_utc = _utc(start), _utc(end)


def _utc(local):
    try:
        return to_utc(local)
    except ValueError:
        return None


def _amount(written):
    try:
        return amount(written)
    except ValueError:
        return None
