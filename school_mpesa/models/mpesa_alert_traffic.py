from collections import Counter
from datetime import timedelta

from odoo import api, fields, models

from .mpesa_alert import Cause


# What only the payer or the payer's phone decides: no money, a limit, a wrong or no PIN, a refusal,
# a phone that is off. A school with poor parents has no failing system.
PAYERS_OWN = (
    '1', '2', '3', '4', '11', '1001', '1019', '1031', '1032', '1036', '1037', '2001', '2006',
    '2008', '2026', '8006', 'TP40087',
)
OPEN_STATES = ('sent', 'accepted', 'unknown', 'receipt_pending')
LEAST_ANSWERS = 5  # of which an average says something


class MpesaAlert(models.Model):
    """Causes in the traffic: what is asked of payers, and what comes back."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    @api.model
    def _get_checks(self):
        """ Override of `school_mpesa` to add the traffic. """
        return {
            **super()._get_checks(), 'success': '_check_success', 'failed': '_check_failed',
            'silence': '_check_silence', 'pending': '_check_pending', 'slow': '_check_slow',
        }

    @api.model
    def _count_outcomes(self, providers, since, until=None):
        """ Count what became of the requests that were made in a time.

        :param payment.provider providers: The shortcodes.
        :param datetime since: From when on, naive UTC.
        :param datetime until: Until when, or None for now.
        :return: For each shortcode how many requests were `paid`, `refused` by the payer, not paid
                 for another reason (`lost`), and of those never on a phone (`unsent`); those that
                 are open are left out, but for those of which nobody knows (`unknown`).
        :rtype: dict[payment.provider, Counter]
        """
        found = {provider: Counter() for provider in providers}
        for provider, state, code, count in self.env['payment.transaction']._read_group(
            [
                ('provider_id', 'in', providers.ids), ('create_date', '>=', since),
                *([('create_date', '<', until)] if until else []),
                ('mpesa_push_state', 'in', ('paid', 'declined', 'expired', 'unknown')),
            ], ['provider_id', 'mpesa_push_state', 'mpesa_result_code'], ['__count'],
        ):
            if state in {'paid', 'unknown'}:
                found[provider][state] += count
            elif code in PAYERS_OWN:
                found[provider]['refused'] += count
            else:
                found[provider]['lost'] += count
                found[provider]['unsent'] += count if code == 'not_sent' else 0
        return found

    @api.model
    def _read_outcomes(self, providers):
        """ Count what became of the last requests, by each school's window.

        :param payment.provider providers: The shortcodes.
        :return: As :meth:`_count_outcomes`.
        :rtype: dict[payment.provider, Counter]
        """
        found = {}
        for minutes, of_window in providers.grouped(
            lambda provider: provider.company_id.mpesa_alert_window
        ).items():
            since = fields.Datetime.now() - timedelta(minutes=minutes)
            found |= self._count_outcomes(of_window, since)
        return found

    @api.model
    def _check_success(self, providers):
        """ Find the shortcodes where too few requests are paid, the payers' own refusals apart.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        causes = []
        for provider, counts in self._read_outcomes(providers).items():
            school = provider.company_id
            ended = counts['paid'] + counts['lost']
            if not ended or ended < school.mpesa_alert_least_requests:
                continue
            rate = 100 * counts['paid'] / ended
            for level, limit in (
                ('critical', school.mpesa_alert_success_critical),
                ('warning', school.mpesa_alert_success_warning),
            ):
                if rate < limit:
                    causes.append(Cause('success', level, school, provider, rate, limit, {
                        'paid': counts['paid'], 'ended': ended,
                        'minutes': school.mpesa_alert_window,
                    }))
                    break
        return causes

    @api.model
    def _check_failed(self, providers):
        """ Find the shortcodes whose requests reach no phone, or of which nobody knows.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        causes = []
        for provider, counts in self._read_outcomes(providers).items():
            school = provider.company_id
            failed = counts['unsent'] + counts['unknown']
            asked = counts['paid'] + counts['refused'] + counts['lost'] + counts['unknown']
            if not asked or asked < school.mpesa_alert_least_requests:
                continue
            share, limit = 100 * failed / asked, school.mpesa_alert_failed
            if limit and share > limit:
                causes.append(Cause('failed', 'warning', school, provider, share, limit, {
                    'failed': failed, 'asked': asked, 'minutes': school.mpesa_alert_window,
                }))
        return causes

    @api.model
    def _check_silence(self, providers):
        """ Find the shortcodes that nothing was paid to for a while, when the office is open.

        Test shortcodes are silent most of the time, so they are not looked at.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        now, causes = fields.Datetime.now(), []
        for provider in providers.filtered(lambda shortcode: shortcode.state == 'enabled'):
            school = provider.company_id
            opened = school._get_mpesa_opening(now)
            limit = school.mpesa_alert_silence
            if not limit or not opened:
                continue
            last = self.env['mpesa.transaction'].search(
                [('provider_id', '=', provider.id)], order='first_seen_at desc', limit=1,
            ).first_seen_at
            minutes = (now - max(opened, last or opened)).total_seconds() // 60
            if minutes >= limit:
                causes.append(Cause('silence', 'critical', school, provider, minutes, limit))
        return causes

    @api.model
    def _check_pending(self, providers):
        """ Find the shortcodes with requests that have had no outcome for long.

        Those of which a person has to ask Safaricom are on a list of their own.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        now, causes = fields.Datetime.now(), []
        for provider, count, oldest in self.env['payment.transaction']._read_group(
            [
                ('provider_id', 'in', providers.ids), ('mpesa_push_state', 'in', OPEN_STATES),
                ('mpesa_needs_person', '=', False),
            ], ['provider_id'], ['__count', 'create_date:min'],
        ):
            school = provider.company_id
            minutes, limit = (now - oldest).total_seconds() // 60, school.mpesa_alert_pending
            if limit and minutes > limit:
                causes.append(Cause('pending', 'warning', school, provider, minutes, limit, {
                    'count': count,
                }))
        return causes

    @api.model
    def _check_slow(self, providers):
        """ Find the shortcodes to which Safaricom answers slowly.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        causes = []
        for minutes, of_window in providers.grouped(
            lambda provider: provider.company_id.mpesa_alert_window
        ).items():
            since = fields.Datetime.now() - timedelta(minutes=minutes)
            for provider, seconds, count in self.env['mpesa.exchange']._read_group(
                [
                    ('provider_id', 'in', of_window.ids), ('create_date', '>=', since),
                    ('seconds', '>', 0),
                ], ['provider_id'], ['seconds:avg', '__count'],
            ):
                school = provider.company_id
                found = self._judge(
                    seconds, critical=school.mpesa_alert_slow_critical,
                    warning=school.mpesa_alert_slow_warning,
                )
                if found and count >= LEAST_ANSWERS:
                    level, limit = found
                    causes.append(Cause('slow', level, school, provider, seconds, limit, {
                        'count': count, 'minutes': minutes,
                    }))
        return causes
