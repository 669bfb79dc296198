from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from odoo.addons.payment.logging import get_payment_logger


_logger = get_payment_logger(__name__)

LOOK_BACK_DAYS = 3  # With open differences, the last days are looked at again each night.
# What was being written while the last look was taken may have been committed since.
OVERLAP = timedelta(minutes=10)
MOST_DAYS_AT_ONCE = 10  # Of one request of a person; the scheduled action goes on with the rest.
FIRST_LOOK = '2000-01-01'


class MpesaDayClose(models.Model):
    """Which days have to be compared again: each is marked, and unmarked by what proves it.

    The mark stands in the database before any day is proven, so a run that ends early or a day that
    cannot be computed loses nothing of the others.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.day.close'

    is_stale = fields.Boolean(
        readonly=True, default=True, help="Something was learnt of the day since it was compared.",
    )
    waiting_key = fields.Char(
        readonly=True, groups='base.group_system',
        help="Digest of the messages that waited when the day was compared.",
    )
    failed_count = fields.Integer(
        string="Failed Comparisons", readonly=True,
        help="How often in a row the day could not be compared.",
    )

    _stale_idx = models.Index("(failed_count, day) WHERE is_stale")

    # === ACTION METHODS === #

    def action_prove_today(self):
        """ Prove today, and the earlier days of which something new is known.

        Whichever rows are chosen in the list does not matter.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        self._check_role('school_fees.group_bursar')
        Close = self._as_office()
        known = Close._get_known_providers().filtered(
            lambda provider: provider.company_id in self.env.companies
        )
        today = Close._mark_days([
            (provider, self._get_today()) for provider in known & Close._get_providers()
        ])
        Close._mark_news(known)
        stale = Close._find_stale(known) - today
        Close._prove_days(today + stale[:MOST_DAYS_AT_ONCE])
        if len(stale) > MOST_DAYS_AT_ONCE:
            self.env.ref('school_mpesa.cron_prove_news').sudo()._trigger()
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_prove_today(self):
        """ Prove the day that ends, at 23:00 in Kenya. """
        today = self._get_today()
        self._mark_days([(provider, today) for provider in self._get_providers()])
        self._cron_prove_news()

    @api.model
    def _cron_prove_yesterday(self):
        """ Prove the day that has ended, and the last ones with open differences again. """
        today = self._get_today()
        yesterday = today - timedelta(days=1)
        self._mark_days([(provider, yesterday) for provider in self._get_providers()])
        self.search([
            ('day', '>=', today - timedelta(days=LOOK_BACK_DAYS)), ('day', '<', yesterday),
            ('open_count', '>', 0),
        ]).is_stale = True
        self._cron_prove_news()

    @api.model
    def _cron_prove_news(self):
        """ Prove the days of which something new is known: a statement, a late message. """
        providers = self._get_known_providers()
        self._mark_news(providers)
        stale = self._find_stale(providers)
        if self.env.context.get('cron_id'):
            # The marks last from here on, whatever becomes of this run.
            self.env['ir.cron']._commit_progress(remaining=len(stale))
        self._prove_days(stale)

    # === BUSINESS METHODS === #

    @api.model
    def _get_providers(self):
        """ Return the shortcodes whose days are proven.

        :rtype: payment.provider
        """
        return self._get_known_providers().filtered(lambda provider: provider.state != 'disabled')

    @api.model
    def _get_known_providers(self):
        """ Return all shortcodes with a journal: money can still reach one that is disabled.

        :rtype: payment.provider
        """
        return self.env['payment.provider'].search([('code', '=', 'mpesa')]).filtered('journal_id')

    @api.model
    def _find_stale(self, providers):
        """ Return the days that are to be compared again, those that failed last.

        :param payment.provider providers: The shortcodes.
        :rtype: mpesa.day.close
        """
        return self.search([
            ('is_stale', '=', True), ('provider_id', 'in', providers.ids),
            ('day', '<=', self._get_today()),
        ], order='failed_count, day, id')

    def _prove_days(self, closes):
        """ Prove days one after the other, each committed by itself when a scheduled action runs.

        A day that cannot be computed keeps its mark and stands in nobody's way.

        :param mpesa.day.close closes: The days.
        :return: None
        """
        waiting = self.env['mpesa.callback']._read_waiting_money(closes.provider_id)
        is_cron = bool(self.env.context.get('cron_id'))
        for done, close in enumerate(closes.with_context(mpesa_waiting_money=waiting), start=1):
            try:
                with self.env.cr.savepoint():
                    if close._lock_to_prove(wait=not is_cron):
                        close._prove()
            except Exception as error:
                if isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY) and not is_cron:
                    # The scheduled action proves the same day: the request is run again by Odoo,
                    # and shows the person what is known by then.
                    raise
                self.env['mpesa.callback']._raise_if_database_is_gone(error)
                self.env.invalidate_all(flush=False)
                _logger.warning(
                    "The proof of M-PESA day %s was not computed: %s", close.id,
                    type(error).__name__,
                )
                self._note_failed(close.id)
            if is_cron and not self.env['ir.cron']._commit_progress(
                1, remaining=len(closes) - done,
            ):
                break

    def _lock_to_prove(self, *, wait):
        """ Lock the day, so that nobody signs or compares it meanwhile.

        Note: `self.ensure_one()`

        :param bool wait: Whether to wait for whoever holds it. The scheduled action does not: the
                          day keeps its mark, and is compared by the next run.
        :return: Whether it is locked.
        :rtype: bool
        """
        self.ensure_one()
        if not wait:
            return bool(self.try_lock_for_update())
        # Raw SQL: the ORM's lock does not wait.
        self.env.cr.execute('SELECT FROM mpesa_day_close WHERE id = %s FOR UPDATE', [self.id])
        return True

    @api.model
    def _note_failed(self, close_id):
        """ Remember that a day could not be computed: the others go first the next time.

        :param int close_id: The day.
        :return: None
        """
        try:
            with self.env.cr.savepoint():
                self.browse(close_id).failed_count += 1
                self.env.flush_all()
        except Exception as error:  # noqa: BLE001 - somebody holds the day: its mark stands
            self.env['mpesa.callback']._raise_if_database_is_gone(error)
            self.env.invalidate_all(flush=False)

    @api.model
    def _mark_days(self, days):
        """ Mark days as to be compared again, making those that were never compared.

        :param list days: (provider, day in Kenya) pairs.
        :return: Their proofs.
        :rtype: mpesa.day.close
        """
        closes = self.browse()
        for provider, day in days:
            closes |= self._get_close(provider, day)
        closes.is_stale = True
        return closes

    @api.model
    def _mark_news(self, providers):
        """ Mark the days of which something was learnt since the last look, and move that look on.

        Both happen in one transaction, so no day is lost between them.

        :param payment.provider providers: The shortcodes.
        :return: None
        """
        self.env.flush_all()
        today = self._get_today()
        for provider in providers:
            since = provider.mpesa_proven_until or fields.Datetime.to_datetime(FIRST_LOOK)
            days = self._find_days_with_news(provider, since - OVERLAP)
            provider.mpesa_proven_until = fields.Datetime.now()
            days |= self._find_days_with_other_messages(provider)
            self._mark_days([(provider, day) for day in sorted(days) if day <= today])
        self.env.flush_all()

    @api.model
    def _find_days_with_other_messages(self, provider):
        """ Return the days of which other messages wait than when they were compared.

        Of messages that wait, parked, quarantined or contradicting, the day stands in them alone,
        and what was decided about leaves no trace of its day.

        :param payment.provider provider: The shortcode.
        :return: Days in Kenya.
        :rtype: set[date]
        """
        read = self.env['mpesa.callback']._read_waiting_money(provider)
        waiting = self._get_waiting_keys(read[provider.id])
        known = {close.day: close.waiting_key for close in self.search_fetch([
            ('provider_id', '=', provider.id),
            '|', ('waiting_key', '!=', False), ('day', 'in', list(waiting)),
        ], ['day', 'waiting_key'])}
        return {
            day for day in waiting.keys() | known.keys()
            if waiting.get(day) != (known.get(day) or None)
        }

    @api.model
    def _find_days_with_news(self, provider, since):
        """ Return the days of which something was learnt.

        :param payment.provider provider: The shortcode.
        :param datetime since: From when on, naive UTC.
        :return: Days in Kenya.
        :rtype: set[date]
        """
        # Raw SQL: days of four tables by what was written, without a record of any of them.
        days = self.env.execute_query(SQL(
            """
            SELECT (paid_at + interval '3 hours')::date AS day FROM mpesa_transaction
             WHERE environment = %(environment)s AND shortcode = %(shortcode)s
               AND write_date >= %(since)s AND paid_at IS NOT NULL
            UNION
            SELECT day FROM mpesa_statement_line
             WHERE environment = %(environment)s AND shortcode = %(shortcode)s
               AND write_date >= %(since)s
            UNION
            SELECT generate_series(
                       (period_start + interval '3 hours')::date,
                       (period_end + interval '3 hours')::date, interval '1 day')::date
              FROM mpesa_statement
             WHERE environment = %(environment)s AND shortcode = %(shortcode)s
               AND write_date >= %(since)s
            UNION
            SELECT generate_series(
                       (window_start + interval '3 hours')::date,
                       (window_end + interval '3 hours')::date, interval '1 day')::date
              FROM mpesa_command
             WHERE environment = %(environment)s AND shortcode = %(shortcode)s
               AND kind = 'pull' AND state = 'done'
               AND write_date >= %(since)s
            UNION
            SELECT date FROM account_move_line
             WHERE account_id = %(wallet)s AND write_date >= %(since)s
            """,
            environment=provider.mpesa_environment, shortcode=provider.mpesa_shortcode,
            wallet=provider.journal_id.default_account_id.id, since=since,
        ))
        return {day for day, in days}
