import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from odoo import models
from odoo.tools import SQL

from .mpesa_arrival import mask_numbers
from .mpesa_statement_check import MINUTE


BLANKS = re.compile(r'\s+')


@dataclass(frozen=True)
class KnownLine:
    """A line of an M-PESA code, as it stands in the books or came before in the same file.

    :ivar int | None line_id: The `mpesa.statement.line`; None for one of the same file.
    :ivar str kind: What it is.
    :ivar Decimal amount: KES.
    :ivar datetime completed_at: Naive UTC.
    :ivar Decimal | None balance: KES, None where none was printed.
    :ivar str account: What the payer typed, as :func:`fold_account` returns it.
    :ivar str linked: The M-PESA code that it belongs to, or ''.
    :ivar str template: The layout of its file. Layouts tell kind, account and code otherwise, or
                        not at all.
    :ivar bool to_minute: Whether the time tells no seconds.
    :ivar bool stands: Whether it can be contradicted: nobody refused it, and its file is believed.
    :ivar bool is_believed: Whether its file is; else its balance tells nothing.
    """

    line_id: int | None
    kind: str
    amount: Decimal
    completed_at: datetime
    balance: Decimal | None
    account: str
    linked: str
    template: str
    to_minute: bool = False
    stands: bool = True
    is_believed: bool = True


class KnownLines:
    """Which rows of a file earlier files brought already, and what contradicts those.

    Lines are told apart by M-PESA code, direction and whether they change the wallet. Where a file
    has several of one key and kind, such as two charges of one payment, each is an occurrence.

    :param str template: The layout of the file.
    :param bool to_minute: Whether the times of the file tell no seconds.
    :ivar dict found: The rows (`StatementLine`) that earlier files brought, by the id of the line.
    :ivar list contradicted: The ids of the lines that stand otherwise in this file.
    """

    def __init__(self, template='', to_minute=False):
        self.template, self.to_minute = template, to_minute
        self.found, self.contradicted = {}, []
        self._waiting = defaultdict(list)  # Lines of earlier files that no row has met yet.
        self._seen = defaultdict(list)  # All lines of a key and kind.
        self._occurrences = defaultdict(int)

    def add(self, key, occurrence, known):
        """ Add a line of an earlier file.

        :param tuple key: As :meth:`get_key` returns it.
        :param int occurrence: Which of several of its key and kind it is, from 1.
        :param KnownLine known: The line.
        :return: None
        """
        self._waiting[key].append(known)
        self._seen[key, known.kind].append(known)
        self._occurrences[key, known.kind] = max(self._occurrences[key, known.kind], occurrence)

    @staticmethod
    def get_key(line):
        """ Return by what lines are compared at all.

        :param StatementLine line: The line as read.
        :rtype: tuple
        """
        return line.receipt, line.direction, line.moves_wallet

    def make_known(self, line, kind):
        """ Return a row as a line of the same file.

        :param StatementLine line: The row as read.
        :param str kind: Its kind.
        :rtype: KnownLine
        """
        return KnownLine(
            None, kind, line.amount.quantize(Decimal('0.01')), line.completed_at_utc, line.balance,
            fold_account(line.account_reference), line.linked_receipt or '', self.template,
            self.to_minute,
        )

    def meet(self, line, kind):
        """ Tell whether an earlier file brought a row; each of its lines is met once.

        :param StatementLine line: The row as read.
        :param str kind: Its kind.
        :rtype: bool
        """
        waiting = self._waiting[self.get_key(line)]
        row = self.make_known(line, kind)
        same = [
            one for one in waiting
            if one.amount == row.amount and _is_same_time(one, row) and _is_same(one, row)
            and (not one.is_believed or None in {one.balance, row.balance}
                 or one.balance == row.balance)
        ]
        if not same:
            return False
        met = next((one for one in same if one.balance == line.balance), same[0])
        waiting.remove(met)
        self.found[met.line_id] = line
        return True

    def take(self, line, kind):
        """ Take a row that no earlier file brought.

        :param StatementLine line: The row as read.
        :param str kind: Its kind.
        :return: Its occurrence, and why it contradicts another line, or ''. None when it is
                 printed twice, balance and all.
        :rtype: tuple[int, str] | None
        """
        key, row = self.get_key(line), self.make_known(line, kind)
        seen = self._seen[key, kind]
        if row.balance is not None and row in seen:
            return None
        contradicted = [one for one in self._waiting[key] if one.stands]
        self.contradicted += [one.line_id for one in contradicted]
        if not contradicted and kind != 'charge':
            # A payment moves once; one payment may be charged twice.
            contradicted = [one for one in seen if one.stands]
        seen.append(row)
        self._occurrences[key, kind] += 1
        return self._occurrences[key, kind], _get_difference(row, contradicted)


def fold_account(typed):
    """ Return what was typed as account, without what makes no other account of it.

    As lines keep it, without phone numbers: what is known is compared with what is read.

    :param str typed: What the payer typed, or what a line keeps of it.
    :rtype: str
    """
    return BLANKS.sub('', mask_numbers((typed or '').strip())[:40]).casefold()


def _is_same(known, row):
    """Whether kind, account and linked code of two rows agree, as far as both layouts tell."""
    if known.template == row.template:
        return (known.kind, known.account, known.linked) == (row.kind, row.account, row.linked)
    return (
        (known.kind == row.kind or 'other' in {known.kind, row.kind})
        and (known.account == row.account or '' in {known.account, row.account})
        and (known.linked == row.linked or '' in {known.linked, row.linked})
    )


def _is_same_time(known, row):
    """Whether two rows may be of the same second; a spreadsheet cuts seconds, or rounds them."""
    if known.to_minute or row.to_minute:
        return abs(known.completed_at - row.completed_at) < MINUTE
    return known.completed_at == row.completed_at


def _get_difference(row, contradicted):
    """Return why a row contradicts lines, or ''."""
    if not contradicted:
        return ''
    same_amount = [one for one in contradicted if one.amount == row.amount]
    if not same_amount:
        return 'amount'
    return 'twice' if any(_is_same(one, row) for one in same_amount) else 'facts'


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
        known = KnownLines(self.template or '', self.to_minute)
        # Raw SQL: ten thousand plain rows, of which no record is needed. As text, since Odoo reads
        # numbers of the database as floats.
        for row in self.env.execute_query(SQL(
            """
            SELECT line.receipt, line.direction, line.told_on_wallet, line.occurrence, line.id,
                   line.kind, line.amount::text, line.completed_at,
                   CASE WHEN line.has_balance THEN line.balance::text END,
                   line.account_reference, coalesce(line.linked_receipt, ''),
                   coalesce(own.template, ''), coalesce(line.to_minute, FALSE),
                   line.difference IS DISTINCT FROM 'refused'
                   AND line.difference IS DISTINCT FROM 'movement'
                   AND (own.distrusted_at IS NULL OR line.disputed_by_id IS NULL),
                   own.distrusted_at IS NULL
              FROM mpesa_statement_line line
              JOIN mpesa_statement own ON own.id = line.statement_id
             WHERE line.environment = %s AND line.shortcode = %s AND line.receipt = ANY(%s)
             ORDER BY line.id
            """,
            self.environment, self.shortcode, [line.receipt for line in lines],
        )):
            key, occurrence = row[:3], row[3]
            line_id, kind, amount, moment, balance, account, *told = row[4:]
            known.add(key, occurrence, KnownLine(
                line_id, kind, Decimal(amount), moment, balance and Decimal(balance),
                fold_account(account), *told,
            ))
        return known
