import hashlib
import re

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import split_every

from .. import daraja, vault
from .mpesa_arrival import Arrival, mask_numbers


MOST_UNREADABLE = 50  # Rows that are named; the count tells of all.
CHUNK = 1_000  # Lines written at a time; what was written leaves the memory.
# Where the words of a line begin to name people, numbers or what a payer typed.
WORDS_END = re.compile(r'\s+(?:from|by|to(?!.*Account)|for|via|Acc\.?)\b.*|\s+-\s.*|[\d*:].*', re.I)
# What `mpesa.transaction.verified_by` becomes when a statement tells of the movement, too.
VERIFIED_BY_STATEMENT = SQL("""
    array_to_string(ARRAY(
        SELECT DISTINCT name FROM unnest(
            string_to_array(coalesce(movement.verified_by, ''), ' ') || 'statement'::text
        ) AS name WHERE name <> '' ORDER BY name), ' ')
""")


class MpesaStatement(models.Model):
    """Import: what is new is kept, what is known is matched, what nobody told goes to the inbox."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    @api.model
    def _import(self, provider, told, file_name='', content=b''):
        """ Keep a statement, match its lines, and hand over the payments that nobody told of.

        All of it or nothing is written. Nothing is booked here: found payments go the road of all
        M-PESA money, through the inbox; charges, sweeps and reversals are booked by their own
        scheduled action, which is woken (design section 3).

        :param payment.provider provider: The shortcode that the user says it is of. In sudo mode.
        :param OrganisationStatement told: The file as read.
        :param str file_name: Its name.
        :param bytes content: Its bytes, of which only a keyed digest is kept.
        :return: The statement. In sudo mode.
        :rtype: mpesa.statement
        :raise UserError: If it is of another shortcode, account or time, or another import works.
        """
        self._lock_import(provider)
        self._check_is_of(provider, told, file_name)
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
            'account': (told.account or '')[:40],
            'file_name': (file_name or '')[:100],
            # A plain hash of a file that names payers could be guessed back to one of them.
            'file_digest': content and vault.blind_index(
                'statement', hashlib.sha256(content).hexdigest(),
            ),
            'to_minute': told.to_minute,
            'has_balances': has_balances,
            'opening_balance': float(told.opening or 0) if has_balances else 0,
            'closing_balance': float(told.closing or 0) if has_balances else 0,
            'gap_count': self._count_gaps(told),
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

    # === BUSINESS METHODS - LINES === #

    @api.model
    def _count_gaps(self, told):
        """ Return how often something is missing in a file, as its balances tell.

        All layouts print a balance beside each row; a row without one was put there, or altered.

        :param OrganisationStatement told: The file as read.
        :rtype: int
        """
        bare = [line for line in told.lines if line.moves_wallet and line.balance is None]
        return len(bare) + len(daraja.find_gaps(told.lines, told.opening, told.closing))

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

    def _keep_lines(self, told, common):
        """ Write the lines that no earlier file brought; what contradicts an earlier one, flagged.

        :param OrganisationStatement told: The file as read.
        :param dict common: What they share with their statement.
        :return: None
        """
        self.ensure_one()
        known = self._find_known(told.lines)
        # First all that is known, so that the order of the rows decides nothing.
        unmet = [
            line for line in told.lines if not known.meet(line, self._get_kind(line))
        ]
        fresh = [
            (line, taken) for line in unmet if (taken := known.take(line, self._get_kind(line)))
        ]
        Line = self.env['mpesa.statement.line'].sudo().with_context(tracking_disable=True)
        for chunk in split_every(CHUNK, fresh):
            Line.create([
                self._prepare_line(line, common, *taken) for line, taken in chunk
            ])
            self.env.flush_all()
            Line.invalidate_model(flush=False)
        self.write({'new_count': len(fresh), 'known_count': len(told.lines) - len(fresh)})
        self.env.flush_all()
        self._take_lines_over(known.found)
        self._take_refused_back(list(known.found))
        self._dispute(list(known.found), known.contradicted)

    def _prepare_line(self, line, common, occurrence, difference):
        """ Return the values of a line.

        :param StatementLine line: The line as read.
        :param dict common: What it shares with its statement.
        :param int occurrence: Which of several of its key it is, from 1.
        :param str difference: Why it contradicts an earlier one, or ''.
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
            'to_minute': self.to_minute,
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
            'told_on_wallet': line.moves_wallet,
            'occurrence': occurrence,
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
                           THEN movement.verified_by ELSE %(verified)s END
                  FROM told WHERE movement.id = told.movement_id
            )
            SELECT id FROM told
            """, statement=self.id, now=fields.Datetime.now(), verified=VERIFIED_BY_STATEMENT,
        ))
        self.env.invalidate_all(flush=False)
        self._show_references([line_id for line_id, in linked])

    def _hand_over_found(self, lines):
        """ Put the payments that nobody told us of into the inbox, where they wait for a release.

        :param list lines: The lines as read, which alone know payers' names.
        :return: None
        """
        self.ensure_one()
        Line = self.env['mpesa.statement.line'].sudo()
        told = Line.search_fetch([
            ('statement_id', '=', self.id), ('state', '=', 'new'),
            ('kind', 'in', ('payment', 'reversal')),
        ], ['row_number', 'receipt', 'day', 'kind'])
        told.filtered(self._is_of_other_day).write({'state': 'different', 'difference': 'day'})
        found = told.filtered(lambda line: line.kind == 'payment' and line.state == 'new')
        ids = {line.row_number: line.id for line in found}
        self.env['mpesa.callback']._append_found(self.provider_id, 'statement', [
            {**self._prepare_found(line), 'statement_line_id': ids[line.row]}
            for line in lines if line.row in ids
        ], held=True)
        found.write({'state': 'found'})

    @api.model
    def _is_of_other_day(self, line):
        """ Tell whether the day in an M-PESA code is another one than the row's.

        Only a hint, since Safaricom promises nothing of it: a person, or Safaricom's own word on
        the code, decides.

        :param mpesa.statement.line line: The line.
        :rtype: bool
        """
        coded = daraja.day_of_code(line.receipt)
        return bool(coded) and abs((coded - line.day).days) > 1

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

        Of lines that contradict each other, the one that says what the movement says is linked.
        Where Safaricom itself has told of a payment meanwhile, nobody has to release it any more.

        :return: None
        """
        # Raw SQL: by key, as the matching; a partial index holds only those that wait.
        linked = self.env.execute_query(SQL(
            """
            WITH candidate AS (
                SELECT DISTINCT ON (movement.id) line.id, movement.id AS movement_id
                  FROM mpesa_statement_line line
                  JOIN mpesa_transaction movement
                    ON movement.environment = line.environment
                   AND movement.shortcode = line.shortcode
                   AND movement.receipt = line.receipt
                   AND movement.kind = 'payment' AND movement.direction = 'in'
                 WHERE line.mpesa_transaction_id IS NULL AND line.direction = 'in'
                   AND (line.state = 'found' OR line.difference IN ('day', 'refused')
                        OR line.difference IN ('facts', 'amount') AND line.kind = 'payment'
                           AND line.amount = movement.amount)
                   AND (line.state = 'found' OR NOT EXISTS (
                        SELECT FROM mpesa_statement_line linked
                         WHERE linked.mpesa_transaction_id = movement.id
                           AND linked.state <> 'different'))
                 ORDER BY movement.id, line.amount <> movement.amount,
                          line.difference IS NOT NULL,
                          line.difference IS NOT DISTINCT FROM 'refused', line.id
            ), told AS (
                UPDATE mpesa_statement_line line
                   SET mpesa_transaction_id = movement.id,
                       state = CASE WHEN movement.amount <> line.amount THEN 'different'
                                    WHEN movement.source = 'statement' THEN 'found'
                                    ELSE 'matched' END,
                       difference = CASE WHEN movement.amount <> line.amount THEN 'movement' END
                  FROM candidate JOIN mpesa_transaction movement
                    ON movement.id = candidate.movement_id
                 WHERE line.id = candidate.id
             RETURNING movement.id AS movement_id, line.id, line.create_date, line.state
            ), marked AS (
                UPDATE mpesa_transaction movement
                   SET stated_at = coalesce(movement.stated_at, told.create_date),
                       verified_by = CASE
                           WHEN told.state <> 'matched'
                           THEN movement.verified_by ELSE %(verified)s END
                  FROM told WHERE movement.id = told.movement_id
            )
            SELECT id FROM told
            """, verified=VERIFIED_BY_STATEMENT,
        ))
        self.env.invalidate_all(flush=False)
        line_ids = [line_id for line_id, in linked]
        self._show_references(line_ids)
        self.env['mpesa.statement.line'].sudo().browse(line_ids)._close_held()

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
