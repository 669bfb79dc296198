"""Which column of a file holds what payers typed, and what of each row is a payment to the school.

Lists come from M-PESA, from banks and from somebody's own spreadsheet. Nothing here knows Odoo.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal

from .import_header import Header, find_fullest_header, plain_words
from .import_sheet import MAX_ROWS, TOO_LONG, SheetError, cell_text, is_formula
from .import_value import ValueRefusedError, parse_amount


# The columns that may hold the reference, the surest first: beside the account that the payer
# typed, a bank's own "reference" names its entry, and details hold the account among other words.
REFERENCE_COLUMNS = ('account', 'reference', 'details')
COLUMNS = {
    'account': (
        'billrefnumber', 'bill ref number', 'bill ref no', 'bill reference', 'a c no', 'a c',
        'ac no', 'a c number', 'acc', 'acc no', 'acc number', 'account', 'account no',
        'account number', 'account ref', 'account reference', 'accountreference',
        'customer account', 'paybill account', 'akaunti', 'namba ya akaunti',
        'nambari ya akaunti', 'admission number', 'admission no', 'adm no', 'adm',
        'namba ya mwanafunzi', 'nambari ya mwanafunzi',
    ),
    'reference': (
        'reference', 'references', 'ref', 'ref no', 'ref number', 'reference no',
        'reference number', 'payment reference', 'customer reference', 'bill ref', 'rejeleo',
        'marejeleo', 'kumbukumbu', 'namba ya kumbukumbu', 'nambari ya kumbukumbu',
    ),
    'details': (
        'details', 'detail', 'transaction details', 'description', 'transaction description',
        'narration', 'narrative', 'particulars', 'transaction particulars', 'remarks', 'memo',
        'maelezo',
    ),
    'amount': (
        'amount', 'paid in', 'amount paid', 'paid', 'transamount', 'trans amount',
        'transaction amount', 'credit', 'credit amount', 'credits', 'money in', 'deposit',
        'deposits', 'received', 'amount received', 'kiasi', 'kiasi kilicholipwa', 'fedha',
        'zilizolipwa', 'kilichoingia', 'zilizoingia',
    ),
    'out': (
        'withdrawn', 'withdrawal', 'withdrawals', 'debit', 'debit amount', 'debits', 'money out',
        'paid out', 'zilizotoka', 'kilichotoka',
    ),
    'status': ('transaction status', 'status', 'hali'),
}
# How the state of a payment begins that brought no money; for one that did each bank has its words.
_OPEN = ('attempt', 'cancel', 'declin', 'expire', 'fail', 'pending', 'reject')
# M-PESA's details, such as "Pay Bill from 25471****111 - FIRST **** LAST Acc. ADM0042".
# What the last row of a list says, and the first of a bank's: the whole cell, and no more.
_TOTAL = re.compile(
    r'(?:(?:grand |sub-?)?totals?|jumla(?: kuu)?|(?:opening|closing) balance|balance [bc]/[fd]'
    r'|balance (?:brought|carried) (?:forward|down)):?', re.IGNORECASE,
)
_SIDE = re.compile(r'^(?P<amount>.*\d)\s*(?P<side>cr|dr)\.?$', re.IGNORECASE)
_ACCOUNT_IN_DETAILS = re.compile(
    r'\bAcc\.(?P<account>.*?)(?:\s+via\s+\w+\s+by\b.*)?$', re.IGNORECASE,
)


@dataclass(frozen=True)
class ReferenceRow:
    """What a payer typed, and what was paid.

    :param int number: The number of the row in the file.
    :param str reference: What was typed; empty when nothing was.
    :param amount: The Decimal amount, KES; None when the file does not say.
    """

    number: int
    reference: str
    amount: Decimal | None = None


@dataclass
class ReferenceSheet:
    """The payments of a file.

    :param list rows: The payments, in the order of the file.
    :param str heading: The heading of the column with the references; empty when there is none.
    :param str amount_heading: The heading of the column with the amounts; empty when there is none.
    :param bool is_in_details: Whether the account was taken out of M-PESA's details.
    :param int out_count: Rows of money that went out, which are no payments.
    :param int total_count: Rows of totals and balances, which are no payments.
    :param int open_count: Rows of payments that were not completed.
    :param int unread_count: Payments whose amount cannot be read.
    :param int formula_count: References that begin like a formula.
    """

    rows: list = field(default_factory=list)
    heading: str = ''
    amount_heading: str = ''
    is_in_details: bool = False
    out_count: int = 0
    total_count: int = 0
    open_count: int = 0
    unread_count: int = 0
    formula_count: int = 0


class NoReferenceColumnError(ValueError):
    """A table of which nobody can tell which column holds the references.

    :param list headings: What stands in the row that was read as the header.
    """

    def __init__(self, headings):
        super().__init__('no reference column')
        self.headings = headings


def read_references(rows, digits=2, heading=''):
    """Return the payments of a table.

    :param list rows: The rows, as (number, cells) pairs.
    :param int digits: How many decimals the currency has.
    :param str heading: The heading of the column, where somebody says it.
    :rtype: ReferenceSheet
    :raise NoReferenceColumnError: If several columns have no heading that is known.
    :raise SheetError: If there are more payments than are read.
    """
    chosen = plain_words(heading)
    kind = next((name for name in REFERENCE_COLUMNS if chosen in COLUMNS[name]), 'account')
    header = find_fullest_header(rows, COLUMNS, chosen, kind)
    places = {name: place for place, name in header.columns.items()}
    columns = [kind] if chosen else REFERENCE_COLUMNS
    column = next((name for name in columns if name in places), None)
    if column is None:
        if chosen or any(_width(cells) > 1 for _number, cells in rows):
            raise NoReferenceColumnError([
                text for text in map(cell_text, dict(rows)[header.number]) if text
            ])
        # One column without a heading that is known: its first row is a reference too.
        header, column, places = Header(width=1), 'account', {'account': 0}
    body = [(number, cells) for number, cells in rows if number > header.number]
    if len(body) > MAX_ROWS:
        raise SheetError(TOO_LONG)
    return _Reader(header, places, column, digits).read_payments(body, dict(rows))


class _Reader:
    """ Reads the rows below a header. """

    def __init__(self, header, places, column, digits):
        self.header = header
        self.places = places
        self.column = column
        self.digits = digits

    def read_payments(self, body, rows):
        """ Return the payments of the rows. """
        title = rows.get(self.header.number, [])
        sheet = ReferenceSheet(
            heading=self._text(title, self.column), amount_heading=self._text(title, 'amount'),
            is_in_details=self.column == 'details' and any(
                _ACCOUNT_IN_DETAILS.search(self._text(cells, 'details')) for _number, cells in body
            ),
        )
        for number, cells in body:
            if self._text(cells, 'status').lower().startswith(_OPEN):
                sheet.open_count += 1
                continue
            if self._is_total(cells):
                sheet.total_count += 1
                continue
            amount, is_read = self._read_amount(cells)
            if self._is_out(cells, amount):
                sheet.out_count += 1
                continue
            reference = self._read_reference(cells, sheet.is_in_details)
            sheet.unread_count += not is_read
            sheet.formula_count += is_formula(reference)
            sheet.rows.append(ReferenceRow(number, reference, amount))
        return sheet

    def _read_reference(self, cells, is_in_details):
        if self.header.width == 1:
            # The only column: a comma in it, as in "Faith, ADM 012", parts nothing.
            return ', '.join(filter(None, map(cell_text, cells)))
        if self._is_moved(cells) and self.places[self.column] > self.places.get('amount', 0):
            return ''  # It stands somewhere further on, and what stands here is not it.
        text = self._text(cells, self.column)
        if not is_in_details:
            return text
        found = _ACCOUNT_IN_DETAILS.search(text)
        return found['account'].strip() if found else ''

    def _read_amount(self, cells):
        """ Return the amount, and whether it could be read. """
        if 'amount' not in self.places:
            return None, True
        if self._is_moved(cells):
            return None, False
        cell = self._cell(cells, 'amount')
        side = _SIDE.search(cell_text(cell))
        try:
            if not side:
                return parse_amount(cell, self.digits), True
            # A bank's credit is money that came in; in a school's own ledger it is paid ahead.
            amount = parse_amount(side['amount'], self.digits)
            return (-amount if amount and side['side'].lower() == 'dr' else amount), True
        except ValueRefusedError:
            return None, False

    def _is_moved(self, cells):
        """ Return whether an amount like 1,250 without quotes has moved the cells. """
        return any(cell_text(cell) for cell in cells[self.header.width:])

    def _is_total(self, cells):
        """ Return whether a row sums up others, or says a balance. """
        if self.header.width == 1:
            return False
        texts = {
            next(filter(None, map(cell_text, cells)), ''), self._text(cells, self.column).strip(),
        }
        return any(map(_TOTAL.fullmatch, texts))

    def _is_out(self, cells, amount):
        """ Return whether the money went out of the account: a fee, a transfer to the bank. """
        if amount is not None and amount < 0:
            return True
        if amount:
            return False
        try:
            return bool(parse_amount(self._cell(cells, 'out'), self.digits))
        except ValueRefusedError:
            return False

    def _cell(self, cells, name):
        place = self.places.get(name)
        return None if place is None or place >= len(cells) else cells[place]

    def _text(self, cells, name):
        return cell_text(self._cell(cells, name))


def _width(cells):
    """ Return up to which column a row has something in it. """
    return max((place for place, cell in enumerate(cells, start=1) if cell_text(cell)), default=0)
