from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import mute_logger

from odoo.addons.payment.logging import get_payment_logger

from .mpesa_alert import Cause
from .mpesa_callback_drain import RETRY_ON_NEW_SNAPSHOT


_logger = get_payment_logger(__name__)

# A cause that comes back so soon is the same alert.
REOPENED = timedelta(hours=1)


class MpesaAlert(models.Model):
    """Look for causes, raise an alert for each new one, and clear those whose cause is gone."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_check(self):
        """ Look for every cause, each minute.

        Somebody may have acknowledged an alert meanwhile, or opened the system, which looks as
        well: that is no error, so it is looked for once more.
        """
        try:
            self._check(self._get_checks())
            self.env.flush_all()
        except RETRY_ON_NEW_SNAPSHOT:
            self.env['mpesa.callback']._start_afresh()
            self._check(self._get_checks())

    # === BUSINESS METHODS === #

    @api.model
    def _get_checks(self):
        """ Return what is looked for. Each family of causes adds its own.

        :return: For each kind of alert the name of the method that finds its causes: it takes the
                 enabled shortcodes in sudo mode, and returns `Cause` objects, or None when nobody
                 can tell at the moment.
        :rtype: dict[str, str]
        """
        return {}

    @api.model
    def _check(self, checks):
        """ Look for causes and bring the alerts of these kinds up to date.

        A check that fails says nothing about its cause: the alerts of its kind stay as they are,
        and that it failed is itself an alert.

        :param dict checks: As :meth:`_get_checks`.
        :return: None
        """
        providers = self.env['payment.provider'].search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
        ])
        causes, told, failed = [], set(), []
        for kind, name in checks.items():
            try:
                with self.env.cr.savepoint():
                    found = getattr(self, name)(providers)
            except RETRY_ON_NEW_SNAPSHOT:
                raise
            except Exception as error:  # noqa: BLE001 - the others must be looked for all the same
                self.env['mpesa.callback']._raise_if_database_is_gone(error)
                self.env.invalidate_all(flush=False)
                # The text of an error may quote data.
                _logger.warning("The check %s failed: %s", kind, type(error).__name__)
                failed.append(kind)
            else:
                if found is not None:
                    causes += found
                    told.add(kind)
        if failed:
            causes = self._add_failed_checks(causes, providers, failed)
        self._settle(causes, told | ({'exceptions'} if failed else set()))

    @api.model
    def _add_failed_checks(self, causes, providers, failed):
        """ Add the checks that failed to the errors of the program.

        :param list causes: What was found.
        :param payment.provider providers: The enabled shortcodes.
        :param list failed: The kinds that could not be looked for.
        :return: The causes with these.
        :rtype: list[Cause]
        """
        known = {cause.company: cause for cause in causes if cause.kind == 'exceptions'}
        others = [cause for cause in causes if cause.kind != 'exceptions']
        for company in providers.company_id:
            facts = dict(known[company].facts if company in known else {}, checks=failed)
            value = len(failed) + (known[company].value if company in known else 0)
            others.append(Cause(
                'exceptions', 'critical', company, providers.browse(), value, 0, facts,
            ))
        return others

    @api.model
    def _judge(self, value, *, critical, warning):
        """ Return which of two limits a value is above; a limit of 0 is none.

        :param float value: What was measured.
        :param float critical: The higher limit.
        :param float warning: The lower one.
        :return: (level, limit), or None when all is well.
        :rtype: tuple[str, float] | None
        """
        for level, limit in (('critical', critical), ('warning', warning)):
            if limit and value > limit:
                return level, limit
        return None

    @api.model
    def _settle(self, causes, kinds):
        """ Raise, keep and clear the alerts of some kinds.

        :param list causes: All causes of these kinds that hold now.
        :param set kinds: The kinds that were looked for.
        :return: None
        """
        now = fields.Datetime.now()
        known = {
            alert._get_key(): alert
            for alert in self.search([('cleared_at', '=', False), ('kind', 'in', list(kinds))])
        }
        raised, kept = self.browse(), self.browse()
        for cause in causes:
            alert = known.pop(cause.key, None) or self._find_cleared(cause, now)
            if alert:
                raised |= alert._renew(cause, now)
                kept |= alert
            else:
                raised |= self._raise(cause, now)
        gone = self.browse().union(*known.values())
        gone.cleared_at = now
        gone._tell_cleared()
        raised._tell_raised()
        (kept - raised)._tell_again(now)

    @api.model
    def _raise(self, cause, now):
        """ Raise an alert.

        :param Cause cause: What is wrong.
        :param datetime now: The present.
        :rtype: mpesa.alert
        """
        return self.with_context(tracking_disable=True, mail_create_nolog=True).create({
            'kind': cause.kind, 'level': cause.level, 'company_id': cause.company.id,
            'provider_id': cause.provider.id, 'shortcode': cause.provider.mpesa_shortcode,
            'value': cause.value, 'threshold': cause.threshold, 'facts': cause.facts,
            'since': now, 'seen_at': now,
        })

    def _renew(self, cause, now):
        """ Keep an alert whose cause holds, with what is measured now.

        Note: `self.ensure_one()`

        :param Cause cause: What is wrong.
        :param datetime now: The present.
        :return: The alert if it has become critical, or was over, and so is news; else none.
        :rtype: mpesa.alert
        """
        self.ensure_one()
        is_back = bool(self.cleared_at)
        is_news = is_back or (self.level, cause.level) == ('warning', 'critical')
        self.write({
            'level': cause.level, 'value': cause.value, 'threshold': cause.threshold,
            'facts': cause.facts, 'seen_at': now, 'cleared_at': False,
            **({'acknowledged_by_id': False, 'acknowledged_at': False} if is_news else {}),
            **({'since': now} if is_back else {}),
        })
        return self if is_news else self.browse()

    @api.model
    def _find_cleared(self, cause, now):
        """ Return the alert of a cause that has only just gone and is back.

        :param Cause cause: What is wrong.
        :param datetime now: The present.
        :rtype: mpesa.alert
        """
        return self.search([
            ('company_id', '=', cause.company.id), ('kind', '=', cause.kind),
            ('provider_id', '=', cause.provider.id), ('cleared_at', '>', now - REOPENED),
        ], order='cleared_at desc', limit=1)

    def _get_key(self):
        """ Return what tells the alert's cause from others, as `Cause.key`.

        Note: `self.ensure_one()`

        :rtype: tuple
        """
        self.ensure_one()
        return self.company_id.id, self.kind, self.provider_id.id or False

    @api.model
    def _check_without_scheduler(self):
        """ Look whether the scheduled actions run, when the one that looks is itself late or fails.

        Whoever opens the system then learns of it, although nothing runs by itself (trust.md R11).

        :return: None
        """
        cron = self.env.ref('school_mpesa.cron_check_alerts', raise_if_not_found=False)
        if not cron or not (cron.failure_count or cron._mpesa_is_late(fields.Datetime.now())):
            return
        try:
            # Two people at once: one of them writes the alert, and the log is not told.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                self._check({'jobs': '_check_jobs', 'exceptions': '_check_exceptions'})
        except RETRY_ON_NEW_SNAPSHOT:
            self.env.invalidate_all(flush=False)
