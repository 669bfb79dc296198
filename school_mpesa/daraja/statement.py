"""The organisation statement that is downloaded from the M-PESA portal (daraja.md, section 22).

It is the only place where charges, sweeps to the bank and reversals are told, and the last word on
what was paid. Every row of a file becomes a line, or is counted, or is named as unreadable.
"""
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import clean, receipt
from .statement_columns import read_header
from .statement_details import IN, OUT, PAYMENT, read_details, read_party
from .statement_error import (
    FORMULAS,
    NO_READABLE_ROWS,
    NO_ROWS,
    NOT_A_STATEMENT,
    OF_A_PERSON,
    StatementError,
)
from .statement_preamble import read_preamble
from .statement_sheet import Formula, read_tables
from .statement_values import amount, is_blank, moment, says_seconds, text, words


_HEADER_WITHIN = 60  # rows, empty ones not counted
_RECEIPT = re.compile(r'[A-Z0-9]{8,12}')
_COMPLETED = 'completed'
_POWER_OF_TEN = re.compile(r'\d(?:\.\d+)?E\+\d+')  # 2.54712E+11
_SHILLINGS = {'', 'KES', 'KSH', 'KSHS'}
_TOTAL = re.compile(r'(?:grand |sub-?)?totals?:?|(?:opening|closing) balance:?', re.IGNORECASE)
# Which cell of a row cannot be read; WIDTH when the cells have moved.
RECEIPT, TIME, AMOUNT, BALANCE, STATUS, CURRENCY, WIDTH = (
    'receipt', 'time', 'amount', 'balance', 'status', 'currency', 'width',
)
_MONEY = ('paid_in', 'withdrawn')
# What a person's own statement says, and an organisation's never.
_OWN_MONEY = re.compile(
    r'(?:customer transfer|pay bill (?:online )?to|merchant payment (?:online )?to|airtime purchase'
    r'|funds received from|customer withdrawal)\b', re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A movement of money that the statement tells of.

    :ivar str receipt: The M-PESA code, in upper case. A charge has that of its payment, and both
        halves of a sweep the same, so the key is receipt, kind, direction and `moves_wallet`.
    :ivar datetime completed_at_utc: Naive UTC.
    :ivar str kind: "payment", "reversal", "charge", "sweep", "withdrawal" or "other".
    :ivar str direction: "in" or "out".
    :ivar bool moves_wallet: Whether the utility account of a paybill (the merchant account of a
        till) grew or shrank by this. False for what happens in the accounts behind it: the arriving
        half of a sweep, what goes on to the MMF account, and the withdrawal to the bank. The wallet
        in the books moves by lines that say True and by no other.
    :ivar Decimal amount: KES, above zero.
    :ivar Decimal | None balance: KES, as printed, of the account that moved.
    :ivar str account_reference: What the payer typed, verbatim.
    :ivar str payer_phone: As printed, mostly masked; of organisations their number.
    :ivar str payer_name: As printed, mostly masked.
    :ivar str linked_receipt: The payment that a reversal took back, where it is said; else "".
    :ivar str details: As printed. It names the payer.
    :ivar int row: The row in the file, from 1.
    """

    receipt: str
    completed_at_utc: datetime
    kind: str
    direction: str
    moves_wallet: bool
    amount: Decimal
    balance: Decimal | None
    account_reference: str = field(repr=False)
    payer_phone: str = field(repr=False)
    payer_name: str = field(repr=False)
    linked_receipt: str
    details: str = field(repr=False)
    row: int


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that may be money and cannot be read.

    :ivar int row: The row in the file, from 1.
    :ivar str reason: Which cell is to blame: "receipt", "time", "amount", "balance", "status",
        "currency", or "width" when the cells have moved.
    """

    row: int
    reason: str


@dataclass(frozen=True)
class OrganisationStatement:
    """A statement.

    :ivar str | None shortcode: None when neither the file nor its name says it.
    :ivar str account_holder: The organisation, "" when it is not said.
    :ivar str account: Which of its accounts, such as "Utility Account"; "" for all together.
    :ivar datetime | None period_start_utc: What it covers, naive UTC. Where nothing states it, the
        time of the oldest row; so a quiet evening does not count as covered.
    :ivar datetime | None period_end_utc: The last second of it, naive UTC, and no later than the
        report was made. Template B does not say when that was: never take it to be later than now.
    :ivar bool period_stated: Whether the period stands in the file or its name.
    :ivar Decimal | None opening: KES before the first row, where it is said.
    :ivar Decimal | None closing: KES after the last row, where it is said.
    :ivar bool to_minute: Whether no row tells its seconds, as when a spreadsheet saved the file
        again: then each time stands for its whole minute.
    :ivar Decimal | None total_in: KES that came in, where it is said.
    :ivar Decimal | None total_out: KES that went out, above zero, where it is said.
    :ivar str template: "A", "B", "business" or "older".
    :ivar tuple lines: The completed movements, in the order of the file.
    :ivar int skipped: Rows that moved no money: declined, cancelled, or of nothing.
    :ivar tuple unreadable: The rows that could not be read. Each may be money: never ignore them.
    """

    shortcode: str | None
    account_holder: str = field(repr=False)
    account: str
    period_start_utc: datetime | None
    period_end_utc: datetime | None
    period_stated: bool
    opening: Decimal | None
    closing: Decimal | None
    template: str
    lines: tuple = field(repr=False)
    skipped: int = 0
    unreadable: tuple = ()
    total_in: Decimal | None = None
    total_out: Decimal | None = None
    to_minute: bool = False


def read_statement(filename, content):
    """Read a downloaded statement.

    :param str filename: Its name, of which template B needs shortcode and period.
    :param bytes content: CSV or XLSX.
    :rtype: OrganisationStatement
    :raise StatementError: If it is none, with the reason.
    """
    for rows in read_tables(content):
        above = []
        for number, cells in rows:
            columns = read_header(cells)
            if columns:
                return _Reader(columns).read_rows(filename, above, rows)
            if len(above) == _HEADER_WITHIN:
                break
            above.append((number, cells))
    raise StatementError(NOT_A_STATEMENT)


class _UnreadableError(ValueError):
    """A cell that cannot be read."""


class _Reader:
    """Reads the rows below a header.

    :param Columns columns: The header.
    """

    def __init__(self, columns):
        self.columns = columns
        self.lines = []
        self.skipped = 0
        self.unreadable = []
        self.is_of_a_person = False
        self.to_minute = True

    def read_rows(self, filename, above, rows):
        """Read the rows.

        :param list above: The rows above the header, as read.
        :param rows: The rows below it, as an iterator.
        :rtype: OrganisationStatement
        """
        for _number, cells in above:
            _refuse_formulas(cells)
        preamble = read_preamble(filename, [cells for _number, cells in above])
        if preamble.is_of_a_person:
            raise StatementError(OF_A_PERSON)
        for number, cells in rows:
            _refuse_formulas(cells)
            if not self._is_no_row(cells):
                self._take(number, cells)
        self._check(preamble)
        period = preamble.start_utc, preamble.end_utc
        stated = None not in period
        if not stated and self.lines:
            moments = [line.completed_at_utc for line in self.lines]
            period = min(moments), max(moments)
        return OrganisationStatement(
            shortcode=preamble.shortcode, account_holder=preamble.account_holder,
            account=preamble.account, period_start_utc=period[0], period_end_utc=period[1],
            period_stated=stated, opening=preamble.opening, closing=preamble.closing,
            template=self.columns.template, lines=tuple(self.lines), skipped=self.skipped,
            unreadable=tuple(self.unreadable), total_in=preamble.total_in,
            total_out=preamble.total_out, to_minute=bool(self.lines) and self.to_minute,
        )

    def _check(self, preamble):
        if not self.lines and self.unreadable:
            raise StatementError(NO_READABLE_ROWS)
        if not self.lines and not self.skipped:
            raise StatementError(NO_ROWS)
        # An organisation pays bills, too, but its statements name it or are of more than that.
        is_unknown = all(line.kind == 'other' for line in self.lines)
        if self.is_of_a_person and is_unknown and not preamble.shortcode:
            raise StatementError(OF_A_PERSON)

    def _is_no_row(self, cells):
        """Whether it is words, a total, or the header again: no movement of money."""
        columns = self.columns
        first = next((cell for cell in cells if not is_blank(cell)), None)
        if first is None or _TOTAL.fullmatch(words(first)) or columns.is_header(cells):
            return True
        needed = ('time', 'status', *_MONEY, 'balance')
        return all(is_blank(columns.cell(cells, name)) for name in needed)

    def _take(self, number, cells):
        try:
            line = self._line(number, cells)
        except _UnreadableError as error:
            self.unreadable.append(UnreadableRow(number, str(error)))
            return
        if line is None:
            self.skipped += 1
            return
        self.lines.append(line)

    def _line(self, number, cells):
        """Return the line of a row; None for one that moved no money.

        :raise _UnreadableError: With the word of :class:`UnreadableRow`.
        """
        columns = self.columns
        if not all(map(is_blank, cells[columns.width:])):
            # An amount such as 1,250.00 without quotes has moved the cells behind it.
            raise _UnreadableError(WIDTH)
        status = words(columns.cell(cells, 'status')).lower()
        if not status:
            raise _UnreadableError(STATUS)
        if status != _COMPLETED:
            return None
        if words(columns.cell(cells, 'currency')).upper() not in _SHILLINGS:
            raise _UnreadableError(CURRENCY)
        direction, moved = self._moved(cells)
        if moved is None:
            return None
        number_of_payment = receipt.canonical(words(columns.cell(cells, 'receipt')))
        if not _RECEIPT.fullmatch(number_of_payment) or receipt.is_placeholder(number_of_payment):
            raise _UnreadableError(RECEIPT)
        try:
            completed_at = moment(columns.cell(cells, 'time'), number_of_payment)
        except (ValueError, OverflowError):
            raise _UnreadableError(TIME) from None
        self.to_minute &= not says_seconds(columns.cell(cells, 'time'))
        try:
            balance = amount(columns.cell(cells, 'balance'))
        except ValueError:
            raise _UnreadableError(BALANCE) from None
        return self._told(number, cells, number_of_payment, completed_at, direction, moved, balance)

    def _moved(self, cells):
        """Return "in" or "out", and how much; None when nothing."""
        try:
            paid_in, withdrawn = (amount(self.columns.cell(cells, name)) for name in _MONEY)
        except ValueError:
            raise _UnreadableError(AMOUNT) from None
        if (paid_in and withdrawn) or (paid_in or 0) < 0:
            raise _UnreadableError(AMOUNT)
        moved = paid_in or withdrawn
        # Money that went out is below zero in all that was seen; the column says so, too.
        return (IN if paid_in else OUT), abs(moved) if moved else None

    def _told(self, number, cells, number_of_payment, completed_at, direction, moved, balance):
        columns = self.columns
        # Verbatim, as what the payer typed stands at its end.
        printed = text(columns.cell(cells, 'details'))
        told = read_details(printed, direction, words(columns.cell(cells, 'reason')))
        phone, name = self._party(cells, told)
        self.is_of_a_person |= bool(_OWN_MONEY.match(printed.strip()))
        linked = receipt.canonical(words(columns.cell(cells, 'linked')))
        return StatementLine(
            receipt=number_of_payment, completed_at_utc=completed_at, kind=told.kind,
            direction=direction, moves_wallet=told.moves_wallet, amount=moved, balance=balance,
            account_reference=self._account(cells, told), payer_phone=phone, payer_name=name,
            linked_receipt=linked if _RECEIPT.fullmatch(linked) else told.linked_receipt,
            details=printed.strip(), row=number,
        )

    def _account(self, cells, told):
        """Return what the payer typed: of the column for it, or else of the details."""
        if told.kind != PAYMENT:
            return ''
        cell = self.columns.cell(cells, 'account')
        typed = text(cell, 200)
        if told.account_reference and not (isinstance(cell, str) and _is_as_typed(
            typed, told.account_reference,
        )):
            # A spreadsheet has made a number of it and lost the noughts before it.
            return clean.text(told.account_reference)
        return typed if typed.strip() else clean.text(told.account_reference)

    def _party(self, cells, told):
        for name in ('party', 'party_details'):
            phone, payer = read_party(words(self.columns.cell(cells, name), 200))
            if phone:
                return phone, payer
        return told.payer_phone, clean.text(told.payer_name)


def _is_as_typed(cell, details):
    """Whether a cell is what the payer typed, and no number that a spreadsheet made of it."""
    number = cell.strip()
    return not (
        _POWER_OF_TEN.fullmatch(number)
        or (number != details.strip() and number == details.strip().lstrip('0'))
    )


def _refuse_formulas(cells):
    for cell in cells:
        if isinstance(cell, Formula):
            raise StatementError(FORMULAS, cell.cell)
