from datetime import timedelta

from odoo import api, fields, models

from .mpesa_alert import Cause


ADDONS = ('school_fees', 'school_mpesa')
PASSWORD_DAYS = 90  # daraja.md section 17: then the organisation portal lets it expire
CRITICAL_DAYS = 3  # before a certificate ends
FAILED_PULLS = 2  # in a row; one may be a passing fault, and is made up for by the next
RESTARTED = timedelta(minutes=2)  # so late, the one that looks has only just begun again


class MpesaAlert(models.Model):
    """Causes in the system itself: what does not run, fails, or is about to expire."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    @api.model
    def _get_checks(self):
        """ Override of `school_mpesa` to add the system's health. """
        return {
            **super()._get_checks(), 'jobs': '_check_jobs', 'exceptions': '_check_exceptions',
            'pull': '_check_pull', 'initiator': '_check_initiator',
            'certificate': '_check_certificate',
        }

    @api.model
    def _find_jobs(self):
        """ Return the scheduled actions of both add-ons, also those that are switched off.

        :rtype: ir.cron
        """
        data = self.env['ir.model.data'].search_fetch(
            [('model', '=', 'ir.cron'), ('module', 'in', ADDONS)], ['res_id'],
        )
        return self.env['ir.cron'].with_context(active_test=False).search([
            ('id', 'in', data.mapped('res_id')),
        ])

    @api.model
    def _check_jobs(self, providers):
        """ Find out whether a scheduled action does not run although it should.

        When the one that looks is itself late, the scheduler has only just begun to run again, such
        as after a restart: the others have their turn first.

        :param payment.provider providers: The enabled shortcodes.
        :return: None when it is too early to tell.
        :rtype: list[Cause] | None
        """
        jobs, now, causes = self._find_jobs(), fields.Datetime.now(), []
        running = self.env.context.get('cron_id')
        if running and self.env['ir.cron'].browse(running).nextcall < now - RESTARTED:
            return None
        for school in providers.company_id:
            late = jobs.filtered(
                lambda job: job._mpesa_is_late(now, school.mpesa_alert_late)  # noqa: B023 - at once
            )
            if late:
                oldest = min(late.mapped('nextcall'))
                causes.append(Cause(
                    'jobs', 'critical', school, providers.browse(),
                    max((now - oldest).total_seconds() // 60, 0), school.mpesa_alert_late,
                    {'jobs': late.ids, 'off': late.filtered(lambda job: not job.active).ids},
                ))
        return causes

    @api.model
    def _check_exceptions(self, providers):
        """ Find out whether the program itself failed: in an action, at a message, at a day.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        jobs = self._find_jobs().filtered(lambda job: job._mpesa_is_failing())
        # Our own errors are sentences; of others only the name of their kind is kept.
        messages = dict(self.env['mpesa.callback']._read_group([
            ('company_id', 'in', providers.company_id.ids), ('state', 'in', ('new', 'parked')),
            ('tries', '>', 0), ('reason', 'not like', ' '),
        ], ['company_id'], ['__count']))
        days = dict(self.env['mpesa.day.close']._read_group([
            ('company_id', 'in', providers.company_id.ids), ('is_stale', '=', True),
            ('failed_count', '>', 0),
        ], ['company_id'], ['__count']))
        return [
            Cause('exceptions', 'critical', school, providers.browse(), count, 0, {
                'jobs': jobs.ids, 'messages': messages.get(school, 0),
                'days': days.get(school, 0),
            })
            for school in providers.company_id
            if (count := len(jobs) + messages.get(school, 0) + days.get(school, 0))
        ]

    @api.model
    def _check_pull(self, providers):
        """ Find the shortcodes of which Pull has told nothing for long, or fails again and again.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        causes = []
        for provider in providers.filtered('mpesa_pull_enabled'):
            last = self.env['mpesa.command'].search(
                [
                    ('provider_id', '=', provider.id), ('kind', '=', 'pull'),
                    ('state', 'in', ('done', 'failed', 'unknown')),
                ], order='id desc', limit=FAILED_PULLS,
            )
            failed = len(last.filtered(lambda pull: pull.state != 'done'))
            is_silent = provider._mpesa_is_pull_silent()
            if failed == FAILED_PULLS or is_silent:
                causes.append(Cause(
                    'pull', 'warning', provider.company_id, provider, failed, FAILED_PULLS,
                    {'silent': is_silent},
                ))
        return causes

    @api.model
    def _check_initiator(self, providers):
        """ Find the shortcodes whose initiator is in use, and has a password about to expire.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        today, causes = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now()), []
        for provider in providers.filtered(
            lambda shortcode: shortcode.mpesa_initiator_set_on and shortcode.mpesa_uses_initiator
            and shortcode._mpesa_has_initiator_secret()
        ):
            school = provider.company_id
            left = PASSWORD_DAYS - (today - provider.mpesa_initiator_set_on).days
            if left <= school.mpesa_alert_password:
                causes.append(Cause(
                    'initiator', 'warning', school, provider, left, school.mpesa_alert_password,
                ))
        return causes

    @api.model
    def _check_certificate(self, providers):
        """ Find the shortcodes whose web address has a certificate that is about to end.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        now, causes = fields.Datetime.now(), []
        for provider in providers.filtered(
            lambda shortcode: shortcode.mpesa_tls_until
            and (shortcode._mpesa_get_tls_target() or ())[:1] == (shortcode.mpesa_tls_host,)
        ):
            school = provider.company_id
            left = (provider.mpesa_tls_until - now) // timedelta(days=1)
            if left <= school.mpesa_alert_certificate:
                causes.append(Cause(
                    'certificate', 'critical' if left <= CRITICAL_DAYS else 'warning', school,
                    provider, left, school.mpesa_alert_certificate,
                ))
        return causes
