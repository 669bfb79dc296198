from datetime import timedelta

from odoo import api, fields, models

from .mpesa_alert import Cause
from .mpesa_callback_found import HELD
from .payment_provider_health import SLOW_SECONDS


HOUR = timedelta(hours=1)
PARKED_LONG = timedelta(days=1)  # design section 3: then the proof is red


class MpesaAlert(models.Model):
    """Causes in the inbox: messages that cannot be read or booked, or that wait."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    @api.model
    def _get_checks(self):
        """ Override of `school_mpesa` to add the inbox. """
        return {
            **super()._get_checks(), 'errors': '_check_errors', 'backlog': '_check_backlog',
            'unbooked': '_check_unbooked',
        }

    @api.model
    def _check_errors(self, providers):
        """ Find the shortcodes with many messages of the last hour that went wrong.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        return [
            Cause('errors', 'critical', provider.company_id, provider, count, limit)
            for provider, count in self.env['mpesa.callback']._read_group([
                ('provider_id', 'in', providers.ids),
                ('state', 'in', ('parked', 'conflict', 'unreadable', 'quarantined')),
                ('reason', '!=', HELD),  # A second person releases it: nothing is wrong.
                ('received_at', '>=', fields.Datetime.now() - HOUR),
            ], ['provider_id'], ['__count'])
            if (limit := provider.company_id.mpesa_alert_errors) and count > limit
        ]

    @api.model
    def _check_backlog(self, providers):
        """ Find the shortcodes with many messages that wait for their turn.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        causes = []
        for provider, count in self.env['mpesa.callback']._read_group(
            [('provider_id', 'in', providers.ids), ('state', '=', 'new')],
            ['provider_id'], ['__count'],
        ):
            school = provider.company_id
            found = self._judge(
                count, critical=school.mpesa_alert_backlog_critical,
                warning=school.mpesa_alert_backlog_warning,
            )
            if found:
                level, limit = found
                causes.append(Cause('backlog', level, school, provider, count, limit))
        return causes

    @api.model
    def _check_unbooked(self, providers):
        """ Find the shortcodes with a message that stands still, or is parked for a day.

        Messages that are tried again, since something was in their way, have been looked at.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        Callback, now = self.env['mpesa.callback'], fields.Datetime.now()
        mine = [('provider_id', 'in', providers.ids)]
        waiting = dict(Callback._read_group([
            *mine, ('state', '=', 'new'), ('tries', '=', 0), ('next_try_at', '=', False),
            ('received_at', '<', now - timedelta(seconds=SLOW_SECONDS)),
        ], ['provider_id'], ['__count']))
        parked = dict(Callback._read_group([
            *mine, ('state', '=', 'parked'), ('received_at', '<', now - PARKED_LONG),
        ], ['provider_id'], ['__count']))
        return [
            Cause('unbooked', 'critical', provider.company_id, provider, count, 0, {
                'waiting': waiting.get(provider, 0), 'parked': parked.get(provider, 0),
            })
            for provider in providers
            if (count := waiting.get(provider, 0) + parked.get(provider, 0))
        ]
