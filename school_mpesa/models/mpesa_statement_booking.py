# Scheduled actions commit on purpose: each batch is durable before the next one is claimed.
# pylint: disable=invalid-commit
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from odoo.addons.payment.logging import get_payment_logger

from .. import const
from .mpesa_callback_drain import LOCK_TIMEOUT, RETRY_ON_NEW_SNAPSHOT
from .mpesa_statement_line import BOOKED_KINDS


_logger = get_payment_logger(__name__)

BATCH = 100  # the numbers of the wallet's journal stay locked for a batch: a few seconds
MOST_SECONDS_APART = 3600  # between two tries of a line that could not be booked
CLASHES = 5  # with another worker, then the line waits for its next try


class MpesaStatementLine(models.Model):
    """Booking of what only the statement tells: charges, sweeps, withdrawals, reversals.

    Each line becomes one entry of its own, dated on its EAT day (in a locked period Odoo chooses
    the date), in the shortcode's own journal: so the wallet's account holds what the Utility
    account holds, line by line (design sections 3 and 4). Payments are not booked here: they go
    through the inbox.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    # === SCHEDULED ACTION === #

    @api.model
    def _cron_book(self):
        """ Book what waits, in batches, each in a transaction of its own. Woken by every import.
        When all is booked, the days are proven by it.

        :return: None
        """
        self.env['mpesa.statement']._link_found()
        self.env['mpesa.transaction']._give_back_late_originals()
        self.env.cr.commit()
        while count := self._book_batch():
            remaining = self._count_due()
            if not remaining:
                # A long statement is not booked by the time at which its import has planned this.
                self.env.ref('school_mpesa.cron_prove_news').sudo()._trigger()
            if not self.env['ir.cron']._commit_progress(count, remaining=remaining):
                return

    @api.model
    def _get_due_domain(self):
        return Domain([
            ('state', '=', 'new'), ('kind', 'in', BOOKED_KINDS), ('disputed_by_id', '=', False),
            '|', ('next_try_at', '=', False), ('next_try_at', '<=', fields.Datetime.now()),
        ]) & (Domain('statement_id.released_at', '!=', False) | ~self._get_unreleased_domain())

    @api.model
    def _count_due(self):
        return self.search_count(self._get_due_domain())

    @api.model
    def _claim(self, limit, ids=None):
        """ Lock lines for this transaction; those that another worker holds are skipped.

        :param int limit: How many at most.
        :param list[int] ids: Only these, or None for any.
        :rtype: mpesa.statement.line
        """
        # Raw SQL: the claim must read and lock in one statement; reversals go last, when what they
        # reverse is more likely to be booked. What a second person releases waits for that.
        self.env.cr.execute(
            """
            SELECT id FROM mpesa_statement_line line
             WHERE state = 'new' AND kind = ANY(%(kinds)s) AND disputed_by_id IS NULL
               AND (kind <> 'reversal' AND NOT (kind = 'charge' AND amount > %(charge)s) OR EXISTS (
                    SELECT 1 FROM mpesa_statement statement
                     WHERE statement.id = line.statement_id
                       AND statement.released_at IS NOT NULL))
               AND (next_try_at IS NULL OR next_try_at <= clock_timestamp() AT TIME ZONE 'UTC')
               AND (%(ids)s IS NULL OR id = ANY(%(ids)s))
             ORDER BY kind = 'reversal', completed_at, id
             LIMIT %(limit)s
               FOR NO KEY UPDATE SKIP LOCKED
            """,
            {
                'kinds': list(BOOKED_KINDS), 'limit': limit, 'ids': ids,
                'charge': const.LARGEST_CHARGE,
            },
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _book_batch(self):
        """ Claim a batch, book it and commit.

        A business error of one line, or a clash with another worker, sends each to a transaction
        of its own.

        :return: How many lines were dealt with.
        :rtype: int
        """
        self._limit_waiting()
        batch = self._claim(BATCH)
        if not batch:
            self.env.cr.commit()
            return 0
        ids = batch.ids
        try:
            batch._book()
            self.env.cr.commit()
        except Exception as error:  # noqa: BLE001 - any failure of one must not stop the others
            self.env['mpesa.callback']._raise_if_database_is_gone(error)
            _logger.info("Statement lines fell back to single ones: %s", type(error).__name__)
            self.env['mpesa.callback']._start_afresh()
            for line_id in ids:
                self._book_one(line_id)
        self.env.invalidate_all()
        return len(ids)

    @api.model
    def _book_one(self, line_id):
        """ Book one line in a transaction of its own.

        :param int line_id: The line.
        :return: None
        """
        failure = None
        for _attempt in range(CLASHES):
            self._limit_waiting()
            try:
                self._claim(1, [line_id])._book()
                self.env.cr.commit()
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, the line is kept and shown
                self.env['mpesa.callback']._raise_if_database_is_gone(error)
                failure = error
                self.env['mpesa.callback']._start_afresh()
                if not isinstance(error, RETRY_ON_NEW_SNAPSHOT):
                    break
        self._claim(1, [line_id])._note_failure(failure)
        self.env.cr.commit()

    @api.model
    def _limit_waiting(self):
        """ Let this transaction give up on rows that somebody holds, after some seconds. """
        # Raw SQL: the ORM has no such setting.
        self.env.cr.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])

    def _note_failure(self, error):
        """ Remember that a line could not be booked, and try again later.

        :param Exception error: Why. Its text may quote data, so only its kind is logged.
        :return: None
        """
        for line in self:
            line.tries += 1
            _logger.warning(
                "M-PESA statement line %s was not booked (try %s): %s", line.id, line.tries,
                type(error).__name__,
            )
            line._wait(
                str(error)[:200] if isinstance(error, UserError) else type(error).__name__,
                min(60 * 2 ** line.tries, MOST_SECONDS_APART),
            )

    def _wait(self, problem, seconds):
        """ Try these lines again later.

        :param str problem: Why they are not booked, in words.
        :param int seconds: How much later.
        :return: None
        """
        self.write({
            'problem': problem,
            'next_try_at': fields.Datetime.now() + timedelta(seconds=seconds),
        })

    # === BUSINESS METHODS === #

    def _book(self):
        """ Book lines that the statement alone tells of. All of it or nothing is written.

        :return: None
        """
        for provider, lines in self.grouped('provider_id').items():
            lines = lines.with_company(provider.company_id)
            reversals = lines.filtered(lambda line: line.kind == 'reversal')
            (lines - reversals)._book_entries()
            for line in reversals:
                line._book_reversal()

    def _book_entries(self):
        """ Book lines between the wallet and the account of their kind, one entry each.

        :return: None
        """
        if not self:
            return
        company = self.company_id
        accounts = {
            'charge': 'charge' in self.mapped('kind') and company._get_mpesa_charges_account(),
            'transit': company._get_mpesa_transit_account()
            if {'sweep', 'withdrawal'} & set(self.mapped('kind')) else None,
        }
        moves = self._post_entries([
            (line, accounts['charge' if line.kind == 'charge' else 'transit']) for line in self
        ])
        for line, move in zip(self, moves, strict=True):
            line.write(line._prepare_booked(move))

    @api.model
    def _post_entries(self, entries):
        """ Post one entry for each line, between the wallet and another account.

        :param list entries: (line, account) pairs, of lines that change the wallet.
        :return: The entries, in that order.
        :rtype: account.move
        """
        company = entries[0][0].company_id
        Move = self.env['account.move'].with_company(company).sudo()
        if not company.restrictive_audit_trail:
            Move = Move.with_context(tracking_disable=True)
        moves = Move.create([line._prepare_entry(account) for line, account in entries])
        moves.action_post()
        return moves.with_env(self.env)

    def _prepare_entry(self, account):
        """ Return the entry between the wallet and another account.

        The labels name the M-PESA code and nobody.

        :param account.account account: Where the money went, or came from.
        :rtype: dict
        """
        self.ensure_one()
        journal = self.provider_id.journal_id
        label = f'{self._get_label()} {self.receipt}'
        return {
            'move_type': 'entry',
            'journal_id': journal.id,
            'company_id': self.company_id.id,
            'date': self.day,
            'ref': label,
            'line_ids': [
                Command.create({
                    'name': label, 'account_id': account_id, 'balance': balance,
                    'tax_ids': [Command.clear()],
                })
                for account_id, balance in (
                    (journal.default_account_id.id, self.signed_amount),
                    (account.id, -self.signed_amount),
                )
            ],
        }

    def _get_label(self):
        """ Return what kind of line this is, for the entry.

        :rtype: str
        """
        self.ensure_one()
        return {
            'charge': self.env._("M-PESA charge"),
            'sweep': self.env._("M-PESA sweep"),
            'withdrawal': self.env._("M-PESA withdrawal to bank"),
            'reversal': self.env._("M-PESA reversal"),
            'payment': self.env._("M-PESA payment"),
            'other': self.env._("M-PESA statement"),
        }[self.kind]

    @api.model
    def _prepare_booked(self, move):
        """ Return the values of a line that is in the books.

        :param account.move move: Its entry, if it has one.
        :rtype: dict
        """
        return {
            'state': 'booked', 'move_id': move and move.id, 'problem': False, 'next_try_at': False,
        }
