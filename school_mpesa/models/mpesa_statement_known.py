from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from .mpesa_statement_check import MINUTE


@dataclass(frozen=True)
class KnownLine:
    """A line of an M-PESA code, as it stands in the books or came before in the same file.

    :ivar int | None line_id: The `mpesa.statement.line`; None for one of the same file.
    :ivar Decimal amount: KES.
    :ivar datetime completed_at: Naive UTC.
    :ivar Decimal | None balance: KES, None where none was printed.
    :ivar bool to_minute: Whether the time tells no seconds.
    """

    line_id: int | None
    amount: Decimal
    completed_at: datetime
    balance: Decimal | None
    to_minute: bool = False


class KnownLines:
    """Which rows of a file earlier files brought already, and what contradicts those.

    Lines are told apart by M-PESA code, kind, direction and whether they change the wallet. Where a
    file has several of one key, such as two charges of one payment, each is an occurrence.

    :param bool to_minute: Whether the times of the file tell no seconds.
    :ivar list found: The ids of the lines that stand in this file, too.
    """

    def __init__(self, to_minute=False):
        self.to_minute = to_minute
        self.found = []
        self._waiting = defaultdict(list)  # Lines of earlier files that no row has met yet.
        self._seen = defaultdict(list)  # All lines of a key and kind.
        self._occurrences = defaultdict(int)

    def add(self, key, kind, occurrence, known):
        """ Add a line of an earlier file.

        :param tuple key: As :meth:`get_key` returns it.
        :param str kind: Its kind.
        :param int occurrence: Which of several of its key it is, from 1.
        :param KnownLine known: The line.
        :return: None
        """
        self._waiting[key].append((kind, known))
        self._seen[key, kind].append(known)
        self._occurrences[key, kind] = max(self._occurrences[key, kind], occurrence)

    @staticmethod
    def get_key(line):
        """ Return what tells lines apart, but for their kind, which the layouts word otherwise.

        :param StatementLine line: The line as read.
        :rtype: tuple
        """
        return line.receipt, line.direction, line.moves_wallet

    def read(self, line):
        """ Return a row as a line of the same file.

        :param StatementLine line: The row as read.
        :rtype: KnownLine
        """
        return KnownLine(
            None, line.amount.quantize(Decimal('0.01')), line.completed_at_utc, line.balance,
            self.to_minute,
        )

    def meet(self, line):
        """ Tell whether an earlier file brought a row; each of its lines is met once.

        :param StatementLine line: The row as read.
        :rtype: bool
        """
        waiting = self._waiting[self.get_key(line)]
        row = self.read(line)
        same = [one for one in waiting if _is_same(one[1], row)]
        if not same:
            return False
        met = next((one for one in same if one[1].balance == line.balance), same[0])
        waiting.remove(met)
        self.found.append(met[1].line_id)
        return True

    def take(self, line, kind):
        """ Take a row that no earlier file brought.

        :param StatementLine line: The row as read.
        :param str kind: Its kind.
        :return: Its occurrence, and why it contradicts another line, or ''. None when it is
                 printed twice, balance and all.
        :rtype: tuple[int, str] | None
        """
        key, row = self.get_key(line), self.read(line)
        seen = self._seen[key, kind]
        if row.balance is not None and row in seen:
            return None
        contradicted = [one for other, one in self._waiting[key] if other == kind]
        if not contradicted and kind != 'charge':
            contradicted = seen  # A payment moves once; one payment may be charged twice.
        difference = (contradicted and (
            'twice' if any(one.amount == row.amount for one in contradicted) else 'amount'
        )) or ''
        seen.append(row)
        self._occurrences[key, kind] += 1
        return self._occurrences[key, kind], difference


def _is_same(known, row):
    """Whether two rows of one key are the same row of two files."""
    return (
        known.amount == row.amount and _is_same_time(known, row)
        and (None in {known.balance, row.balance} or known.balance == row.balance)
    )


def _is_same_time(known, row):
    """Whether two rows may be of the same second; a spreadsheet cuts the seconds, or rounds them."""
    if known.to_minute or row.to_minute:
        return abs(known.completed_at - row.completed_at) < MINUTE
    return known.completed_at == row.completed_at


class MpesaStatement(models.Model):
    """What earlier files brought already."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    def _find_known(self, lines):
        """ Return what earlier files brought of the same M-PESA codes.

        By shortcode, and not by provider: one that was replaced must not have its charges booked
        again.

        :param list lines: The lines as read.
        :rtype: KnownLines
        """
        self.ensure_one()
        known = KnownLines(self.to_minute)
        # Raw SQL: ten thousand plain rows, of which no record is needed. As text, since Odoo reads
        # numbers of the database as floats.
        for *key, kind, occurrence, line_id, amount, moment, balance, to_minute in (
            self.env.execute_query(SQL(
            """
            SELECT receipt, direction, told_on_wallet, kind, occurrence, id, amount::text,
                   completed_at, CASE WHEN has_balance THEN balance::text END, to_minute
              FROM mpesa_statement_line
             WHERE environment = %s AND shortcode = %s AND receipt = ANY(%s)
             ORDER BY id
            """,
            self.environment, self.shortcode, [line.receipt for line in lines],
        )):
            known.add(tuple(key), kind, occurrence, KnownLine(
                line_id, Decimal(amount), moment, balance and Decimal(balance), bool(to_minute),
            ))
        return known
