import re
from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import split_every

from .. import daraja
from .mpesa_arrival import Arrival, mask_numbers


MOST_UNREADABLE = 50  # Rows that are named; the count tells of all.
CHUNK = 1_000  # Lines written at a time; what was written leaves the memory.
# Where the words of a line begin to name people, numbers or what a payer typed.
WORDS_END = re.compile(r'\s+(?:from|by|to(?!.*Account)|for|via|Acc\.?)\b.*|\s+-\s.*|[\d*:].*', re.I)


class MpesaStatement(models.Model):
    """Import: what is new is kept, what is known is matched, what nobody told goes to the inbox."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    @api.model
    def _import(self, provider, told, file_name=''):
        """ Keep a statement, match its lines, and hand over the payments that nobody told of.

        All of it or nothing is written. Nothing is booked here: found payments go the road of all
        M-PESA money, through the inbox; charges, sweeps and reversals are booked by their own
        scheduled action, which is woken (design section 3).

        :param payment.provider provider: The shortcode that the user says it is of. In sudo mode.
        :param OrganisationStatement told: The file as read.
        :param str file_name: Its name.
        :return: The statement. In sudo mode.
        :rtype: mpesa.statement
        :raise UserError: If it is of another shortcode, or another import is at work.
        """
        self._lock_import(provider)
        self._check_is_of(provider, told)
        common = {
            'provider_id': provider.id,
            'company_id': provider.company_id.id,
            'currency_id': provider.company_id.currency_id.id,
            'environment': provider.mpesa_environment,
            'shortcode': provider.mpesa_shortcode,
        }
        start, end = self._get_period(told)
        has_balances = told.opening is not None and told.closing is not None
        statement = self.sudo().create({
            **common,
            'period_start': start,
            'period_end': end,
            'template': told.template,
            'file_name': (file_name or '')[:100],
            'has_balances': has_balances,
            'opening_balance': float(told.opening or 0) if has_balances else 0,
            'closing_balance': float(told.closing or 0) if has_balances else 0,
            'gap_count': len(daraja.find_gaps(told.lines, told.opening, told.closing)),
            'skipped_count': told.skipped,
            'unreadable_count': len(told.unreadable),
            'unreadable': self._describe_unreadable(told.unreadable),
            **self._get_totals(told.lines),
        })
        statement._keep_lines(told, common)
        statement._match()
        statement._hand_over_found(told.lines)
        self.env.ref('school_mpesa.cron_book_statements')._trigger()
        return statement

    # === BUSINESS METHODS - WHOSE IT IS === #

    @api.model
    def _lock_import(self, provider):
        """ Let one import of a shortcode at a time work, until the transaction ends.

        :raise UserError: If another one works.
        """
        # Raw SQL: an advisory lock, since locking the provider would hold up its bookings.
        locked, = self.env.execute_query(SQL(
            'SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)', 'mpesa.statement', provider.id,
        ))
        if not locked[0]:
            raise UserError(self.env._(
                "Somebody is importing a statement of %(shortcode)s at this moment. Nothing was"
                " imported. Try again in a minute: lines that are known by then are not taken"
                " twice.", shortcode=provider.mpesa_shortcode,
            ))

    @api.model
    def _check_is_of(self, provider, told):
        """ Ensure that a file is of this shortcode.

        The newer layout does not always name it; then the payments that we know tell.

        :raise UserError: If it is of another one.
        """
        if told.shortcode:
            if told.shortcode not in {provider.mpesa_shortcode, provider.mpesa_till_number}:
                raise UserError(self.env._(
                    "This is the statement of %(told)s, and you chose %(chosen)s. Nothing was"
                    " imported, and the books are as before. Choose the other shortcode, or"
                    " download the statement of %(chosen)s.",
                    told=told.shortcode, chosen=provider.mpesa_shortcode,
                ))
            return
        # Raw SQL: shortcodes of other schools count as well, and no more is told of them.
        (ours, theirs), = self.env.execute_query(SQL(
            """
            SELECT count(*) FILTER (WHERE shortcode = %(shortcode)s),
                   count(*) FILTER (WHERE shortcode <> %(shortcode)s)
              FROM mpesa_transaction
             WHERE environment = %(environment)s AND receipt = ANY(%(receipts)s)
               AND kind = 'payment' AND direction = 'in'
            """,
            shortcode=provider.mpesa_shortcode, environment=provider.mpesa_environment,
            receipts=[line.receipt for line in told.lines if line.kind == 'payment'],
        ))
        if theirs > ours:
            raise UserError(self.env._(
                "The payments of this file were made to another shortcode than %(chosen)s. Nothing"
                " was imported, and the books are as before. Choose the shortcode that the file"
                " was downloaded for.", chosen=provider.mpesa_shortcode,
            ))

    @api.model
    def _get_period(self, told):
        """ Return from when to when a file lists everything that happened.

        A month that was not over when the file was imported ends with its last line: what has no
        lines yet proves nothing.

        :rtype: tuple[datetime, datetime]
        :raise UserError: If the file tells of nothing, of no time.
        """
        start, end = told.period_start_utc, told.period_end_utc
        if not start:
            raise UserError(self.env._(
                "No row of this file moved money, and it does not say for which days. Nothing was"
                " imported, and the books are as before. Download the statement again."
            ))
        moments = [line.completed_at_utc for line in told.lines]
        now = fields.Datetime.now()
        if end > now:
            end = max(moments, default=min(start, now))
        return min([start, *moments]), max([end, *moments])

    @api.model
    def _describe_unreadable(self, rows):
        """ Return which rows of a file could not be read, and why.

        :param rows: The rows (`daraja.UnreadableRow`).
        :rtype: str
        """
        reasons = {
            'receipt': self.env._("the M-PESA code"), 'time': self.env._("the time"),
            'amount': self.env._("the amount"), 'balance': self.env._("the balance"),
            'status': self.env._("the status"), 'currency': self.env._("the currency"),
            'width': self.env._("its cells have moved"),
        }
        return '\n'.join(
            self.env._(
                "Row %(row)s: %(reason)s", row=row.row, reason=reasons.get(row.reason, row.reason),
            ) for row in rows[:MOST_UNREADABLE]
        )

    # === BUSINESS METHODS - LINES === #

    def _keep_lines(self, told, common):
        """ Write the lines that no earlier file brought; what contradicts an earlier one, flagged.

        :param OrganisationStatement told: The file as read.
        :param dict common: What they share with their statement.
        :return: None
        """
        self.ensure_one()
        lines = told.lines
        known = self._find_known(lines)
        fresh, repeated = [], 0
        for line in lines:
            earlier = known[self._get_key(line)]
            kind = self._get_kind(line)
            row = (
                kind, line.amount.quantize(Decimal('0.01')), line.completed_at_utc,
                line.balance,
            )
            if any(self._is_same_row(row, other) for other in earlier):
                repeated += 1
                continue
            same_kind = [other for other in earlier if other[0] == kind]
            difference = same_kind and (
                'twice' if any(other[1] == row[1] for other in same_kind) else 'amount'
            )
            earlier.append(row)
            fresh.append(self._prepare_line(line, common, difference))
        Line = self.env['mpesa.statement.line'].sudo().with_context(tracking_disable=True)
        for chunk in split_every(CHUNK, fresh):
            Line.create(list(chunk))
            self.env.flush_all()
            Line.invalidate_model(flush=False)
        self.write({'new_count': len(fresh), 'known_count': repeated})

    def _find_known(self, lines):
        """ Return what earlier files brought of the same M-PESA codes.

        :return: For each key of :meth:`_get_key` (kind, amount, time, balance or None) tuples.
        :rtype: dict[tuple, list[tuple]]
        """
        # Raw SQL: ten thousand plain rows, of which no record is needed. As text, since Odoo reads
        # numbers of the database as floats.
        known = defaultdict(list)
        for *key, kind, amount, moment, balance, has_balance in self.env.execute_query(SQL(
            """
            SELECT receipt, direction, on_wallet, kind, amount::text, completed_at, balance::text,
                   has_balance
              FROM mpesa_statement_line
             WHERE provider_id = %s AND receipt = ANY(%s)
            """,
            self.provider_id.id, [line.receipt for line in lines],
        )):
            known[tuple(key)].append((
                kind, Decimal(amount), moment, Decimal(balance) if has_balance else None,
            ))
        return known

    @api.model
    def _get_key(self, line):
        """ Return what tells lines apart, but for their kind, which the layouts word otherwise.

        :param StatementLine line: The line as read.
        :rtype: tuple
        """
        return line.receipt, line.direction, line.moves_wallet

    @api.model
    def _is_same_row(self, row, other):
        """ Tell whether two rows of one key are the same row of two files.

        :rtype: bool
        """
        _kind, amount, moment, balance = row
        _other_kind, other_amount, other_moment, other_balance = other
        return (
            amount == other_amount and moment == other_moment
            and (balance is None or other_balance is None or balance == other_balance)
        )

    def _prepare_line(self, line, common, difference):
        """ Return the values of a line.

        :param StatementLine line: The line as read.
        :param dict common: What it shares with its statement.
        :param difference: Why it contradicts an earlier one, or something false.
        :rtype: dict
        """
        arrival = Arrival(
            callback=None, source='statement', receipt=line.receipt, amount=line.amount,
            paid_at=line.completed_at_utc, account_reference=line.account_reference or '',
            phone=line.payer_phone or '',
        )
        return {
            **common,
            'statement_id': self.id,
            'row_number': line.row,
            'receipt': line.receipt,
            'completed_at': line.completed_at_utc,
            'day': self.env['mpesa.transaction']._get_eat_day(line.completed_at_utc),
            'kind': self._get_kind(line),
            'direction': line.direction,
            'amount': float(line.amount),
            'has_balance': line.balance is not None,
            'balance': float(line.balance or 0),
            'wording': WORDS_END.sub('', line.details or '').strip()[:80],
            'account_reference': arrival.get_safe_reference(),
            'payer_mask': arrival.get_mask(),
            'linked_receipt': line.linked_receipt or False,
            'on_wallet': line.moves_wallet,
            'difference': difference or False,
            # Only what changes the Utility account of a paybill, or the Merchant account of a till,
            # changes the wallet in the books: payments, charges, reversals, and the leaving half of
            # a sweep. Its arriving half, what goes on to the MMF account and from there to the bank
            # lie behind the wallet (daraja.md 22.3, 23): such a line is known and needs no entry.
            'state': 'different' if difference else 'new' if line.moves_wallet else 'booked',
        }

    @api.model
    def _get_kind(self, line):
        """ Return the kind of a line; what moved the other way than its kind does is unknown.

        A reversal that brings money is of something that the school paid, and not a parent's.

        :param StatementLine line: The line as read.
        :rtype: str
        """
        expected = {'payment': 'in', 'reversal': 'out', 'withdrawal': 'out'}.get(line.kind)
        return 'other' if expected and line.direction != expected else line.kind

    # === BUSINESS METHODS - MATCHING === #

    def _match(self):
        """ Link the new lines of this file with the movements that we know already.

        :return: None
        """
        self.ensure_one()
        self.env.flush_all()
        # Raw SQL: one statement for ten thousand lines, from their keys to both sides' marks.
        linked = self.env.execute_query(SQL(
            """
            WITH told AS (
                UPDATE mpesa_statement_line line
                   SET mpesa_transaction_id = movement.id,
                       state = CASE WHEN movement.amount = line.amount THEN 'matched'
                                    ELSE 'different' END,
                       difference = CASE WHEN movement.amount <> line.amount THEN 'movement' END
                  FROM mpesa_transaction movement
                 WHERE line.statement_id = %(statement)s AND line.state = 'new'
                   AND line.kind IN ('payment', 'reversal')
                   AND movement.environment = line.environment
                   AND movement.shortcode = line.shortcode
                   AND movement.receipt = line.receipt
                   AND movement.kind = line.kind AND movement.direction = line.direction
             RETURNING movement.id AS movement_id, line.id, line.state
            ), marked AS (
                UPDATE mpesa_transaction movement
                   SET stated_at = %(now)s,
                       verified_by = CASE
                           WHEN told.state = 'different' OR movement.source = 'statement'
                                OR 'statement' = ANY(string_to_array(movement.verified_by, ' '))
                           THEN movement.verified_by
                           ELSE array_to_string(ARRAY(
                                SELECT name FROM unnest(string_to_array(
                                    coalesce(movement.verified_by, ''), ' ') || 'statement'::text
                                ) AS name WHERE name <> '' ORDER BY name), ' ')
                           END
                  FROM told WHERE movement.id = told.movement_id
            )
            SELECT id FROM told
            """, statement=self.id, now=fields.Datetime.now(),
        ))
        self.env.invalidate_all(flush=False)
        self._show_references([line_id for line_id, in linked])

    def _hand_over_found(self, lines):
        """ Put the payments that nobody told us of into the inbox, for the drain to book.

        :param list lines: The lines as read, which alone know payers' names.
        :return: None
        """
        self.ensure_one()
        Line = self.env['mpesa.statement.line'].sudo()
        found = Line.search_fetch([
            ('statement_id', '=', self.id), ('state', '=', 'new'), ('kind', '=', 'payment'),
        ], ['row_number'])
        if not found:
            return
        rows = set(found.mapped('row_number'))
        self.env['mpesa.callback']._append_found(self.provider_id, 'statement', [
            self._prepare_found(line) for line in lines if line.row in rows
        ])
        found.write({'state': 'found'})

    @api.model
    def _prepare_found(self, line):
        """ Return a line as `mpesa.callback._append_found` takes it.

        :param StatementLine line: The line as read.
        :rtype: dict
        """
        return {
            'receipt': line.receipt,
            'amount': line.amount,
            'paid_at': line.completed_at_utc,
            'account_reference': line.account_reference or '',
            'msisdn': line.payer_phone or '',
            'name': line.payer_name or '',
        }

    # === BUSINESS METHODS - LINKING === #

    @api.model
    def _link_found(self):
        """ Link found payments with the movements that the drain has made of them by now.

        :return: None
        """
        # Raw SQL: by key, as the matching; a partial index holds only those that wait.
        linked = self.env.execute_query(SQL(
            """
            WITH told AS (
                UPDATE mpesa_statement_line line SET mpesa_transaction_id = movement.id
                  FROM mpesa_transaction movement
                 WHERE line.state = 'found' AND line.mpesa_transaction_id IS NULL
                   AND movement.environment = line.environment
                   AND movement.shortcode = line.shortcode
                   AND movement.receipt = line.receipt
                   AND movement.kind = 'payment' AND movement.direction = 'in'
             RETURNING movement.id AS movement_id, line.id, line.create_date
            ), marked AS (
                UPDATE mpesa_transaction movement
                   SET stated_at = coalesce(movement.stated_at, told.create_date)
                  FROM told WHERE movement.id = told.movement_id
            )
            SELECT id FROM told
            """,
        ))
        self.env.invalidate_all(flush=False)
        self._show_references([line_id for line_id, in linked])

    @api.model
    def _show_references(self, line_ids):
        """ Let lines name the account as their movements do.

        A number in it may be a phone's, so it was masked; where a student has that number, the
        movement shows it whole.

        :param list line_ids: Lines that were linked just now.
        :return: None
        """
        lines = self.env['mpesa.statement.line'].sudo().search([
            ('id', 'in', line_ids), ('account_reference', 'like', '*'),
        ])
        for line in lines:
            known = line.mpesa_transaction_id.account_reference or ''
            if line.account_reference == mask_numbers(known.strip())[:40]:
                line.account_reference = known
