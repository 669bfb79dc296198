"""The header of an organisation statement: which template it is, and which column is what."""
import re
from dataclasses import dataclass

from .statement_sheet import MAX_COLUMNS
from .statement_values import words


# The templates (daraja.md, section 22). A: thirteen columns below a preamble. B: seven, "(KSHs)" in
# their headings. BUSINESS: M-PESA for Business, full statement. OLDER: of 2009 to 2012.
A, B, BUSINESS, OLDER = 'A', 'B', 'business', 'older'

_HEADINGS = {
    'receipt': ('receipt no', 'receipt', 'receipt number'),
    'time': ('completion time', 'date'),
    'details': ('details',),
    'status': ('transaction status', 'status'),
    'paid_in': ('paid in',),
    'withdrawn': ('withdrawn',),
    'balance': ('balance',),
    'reason': ('reason type', 'transaction type'),
    'party': ('other party info', 'other party'),
    'party_details': ('transaction party details',),
    'linked': ('linked transaction id',),
    'account': ('a/c no', 'a/c number', 'account no', 'account number'),
    'currency': ('currency',),
}
_NAMES = {heading: name for name, headings in _HEADINGS.items() for heading in headings}
# Without these a table with a "Receipt No" is somebody else's.
_NEEDED = {'receipt', 'time', 'details', 'status', 'paid_in', 'withdrawn', 'balance'}
_RECEIPT = re.compile(r'\s*receipt', re.IGNORECASE)
_CURRENCY = re.compile(r'\s*\((?:kes|kshs?)\)$')


@dataclass(frozen=True)
class Columns:
    """Where what stands.

    :ivar str template: "A", "B", "business" or "older".
    :ivar dict places: The place of each column, from 0.
    :ivar int width: How many columns the header has.
    """

    template: str
    places: dict
    width: int

    def cell(self, cells, name):
        """Return a cell of a row, None when the row or the template has none such."""
        place = self.places.get(name)
        return cells[place] if place is not None and place < len(cells) else None

    def is_header(self, cells):
        """Return whether a row is the header once more, as at the joint of two files."""
        return read_header(cells) == self


def read_header(cells):
    """Read a row as the header of a statement.

    :param list cells: The row.
    :rtype: Columns | None
    """
    cells = cells[:MAX_COLUMNS]
    # Told at a glance, as every row of a statement is asked whether it is one.
    if not any(isinstance(cell, str) and _RECEIPT.match(cell) for cell in cells):
        return None
    headings = [words(cell, 100).lower() for cell in cells]
    places = {}
    for place, heading in enumerate(headings):
        name = _NAMES.get(_CURRENCY.sub('', heading).rstrip('.: '))
        if name:
            places.setdefault(name, place)
    if not places.keys() >= _NEEDED:
        return None
    if 'reason type' in headings or 'initiation time' in headings:
        template = A
    elif 'date' in headings:
        template = OLDER
    elif 'transaction type' in headings:
        template = BUSINESS
    else:
        template = B
    filled = [place for place, heading in enumerate(headings, start=1) if heading]
    return Columns(template, places, filled[-1])
