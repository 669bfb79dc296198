# The scheduled action commits on purpose: one shortcode that cannot ask stops no other.
# pylint: disable=invalid-commit
import json
from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import mute_logger

from .. import daraja, vault
from .mpesa_command import OPEN_STATES
from .payment_provider_pull import OVERLAP


# So young a payment is left to its own message, which says more: the next hour asks for it again.
YOUNG = timedelta(minutes=5)
MOST_ROWS = 100_000  # of one question: more, and the pages do not end


class MpesaCommand(models.Model):
    """Pull: what was paid in the last hours, fetched page by page, and what no message told of."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    @api.model
    def _cron_pull(self):
        """ Put one question for each shortcode with Pull into the outbox.

        :return: None
        """
        until = fields.Datetime.now() - YOUNG
        for provider in self.env['payment.provider'].search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'), ('mpesa_pull_enabled', '=', True),
        ]):
            if not provider._mpesa_find_pull_problem():
                self._queue_pull(provider, until)
                self.env.cr.commit()

    @api.model
    def _queue_pull(self, provider, until, uid=None):
        """ Put a Pull into the outbox, unless one is under way.

        It reaches back two hours into what the last one has told, and never further than Safaricom
        remembers.

        :param payment.provider provider: The shortcode.
        :param datetime until: The end of the time asked about, naive UTC.
        :param int uid: Who asks, None for the system.
        :return: The question, in sudo mode.
        :rtype: mpesa.command
        """
        provider = provider.sudo()
        under_way = self.sudo().search([
            ('provider_id', '=', provider.id), ('kind', '=', 'pull'), ('state', 'in', OPEN_STATES),
        ], limit=1)
        if under_way:
            return under_way
        last = provider._mpesa_get_last_pull().window_end
        start, _end, _lost = daraja.pull_window(
            fields.Datetime.now(), (last and min(last, until) - OVERLAP) or None,
        )
        try:
            # The log would quote the row of what is no error: an hour and a person meet.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                return self._queue(
                    provider, 'pull', window_start=start, window_end=until, asked_by_id=uid,
                )
        except pg_errors.UniqueViolation as error:
            message = "A parallel question was quicker."
            raise ConcurrencyError(message) from error

    def _prepare_pull(self):
        """ Gather what the next page needs.

        :rtype: dict
        :raise UserError: If it must not be asked.
        """
        provider = self.provider_id
        if problem := provider._mpesa_find_pull_problem():
            raise UserError(problem)
        return {
            'ask': provider._mpesa_get_client().pull_page,
            'message': daraja.PullQuery(
                self.shortcode, self.window_start, self.window_end, self.rows,
            ),
        }

    def _take_page(self, page):
        """ Book what a page tells and no message did; then ask for the next one.

        :param daraja.PullPage page: The page.
        :return: None
        """
        digest = vault.blind_index('page', json.dumps(page.raw.get('Response'), default=str))
        if not page.rows:
            self._end_pull()
        elif digest == self.page_digest or self.rows > MOST_ROWS:
            # The offset is without effect. A short page was all there is; after a full one,
            # payments may be missing, and the time does not count as covered.
            if page.rows < daraja.PULL_PAGE_ROWS:
                self._end_pull()
            else:
                self._fail('stuck', needs_person=True)
        else:
            found, undated = self._take_payments(page.payments)
            self.write({
                'rows': self.rows + page.rows,
                'unreadable': self.unreadable + page.unreadable + undated,
                'found': self.found + found,
                'page_digest': digest, 'state': 'queued', 'tries': 0, 'next_try_at': False,
            })

    def _end_pull(self):
        """ Record that all pages were read. """
        self.write({
            'state': 'done', 'finding': 'unread' if self.unreadable else 'read',
            'needs_person': bool(self.unreadable), 'answered_at': fields.Datetime.now(),
            'pull_zone': self.pull_zone or (self.rows and 'assumed'),
        })

    def _take_payments(self, payments):
        """ Mark the movements that Pull tells of, and put the others into the inbox.

        :param tuple payments: `PulledPayment`s.
        :return: How many were not known; and of how many neither time nor day is known, which are
            not booked.
        :rtype: tuple[int, int]
        """
        movements = self.env['mpesa.transaction'].search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('receipt', 'in', [payment.receipt for payment in payments]),
            ('kind', '=', 'payment'), ('direction', '=', 'in'),
        ])
        known = {movement.receipt: movement for movement in movements}
        zone = self._read_zone(payments, known)
        same, news, undated, by_codes = self.env['mpesa.transaction'], [], 0, 0
        for payment in payments:
            movement = known.get(payment.receipt, same.browse())
            if movement and movement._same_money(payment.amount):
                same += movement
            elif not movement or not movement._is_disputed('pull'):
                told = daraja.moment_of(payment, zone)
                paid_at, by_code = self._date_payment(told, payment.receipt, movement)
                by_codes += by_code
                if not paid_at:
                    undated += 1
                    continue
                news.append({
                    'receipt': payment.receipt, 'amount': payment.amount, 'paid_at': paid_at,
                    'account_reference': payment.account_reference, 'msisdn': payment.msisdn,
                    'name': '',
                })
        same.filtered(lambda m: not m.pulled_at).write({'pulled_at': fields.Datetime.now()})
        if by_codes:
            self.dated_by_code += by_codes
        if news:
            self.env['mpesa.callback']._append_found(self.provider_id, 'pull', news)
        unknown = sum(1 for payment in payments if payment.receipt not in known)
        return unknown - undated, undated

    def _read_zone(self, payments, known):
        """ Find out in which zone Pull's times are, and remember it for the shortcode.

        :param tuple payments: `PulledPayment`s.
        :param dict known: Their movements, by M-PESA code.
        :return: As :func:`daraja.read_zone`, or what was found out before.
        :rtype: str | None
        """
        provider = self.provider_id
        zone = daraja.read_zone(
            payments,
            {
                code: movement.paid_at for code, movement in known.items()
                # Not what Pull itself has told.
                if movement.paid_at and movement.source != 'pull'
            },
            fields.Datetime.now(),
        )
        if zone and zone != provider.mpesa_pull_zone:
            provider.mpesa_pull_zone = zone
        zone = zone or provider.mpesa_pull_zone or None
        if zone and self.pull_zone != zone:
            self.pull_zone = zone
        return zone
