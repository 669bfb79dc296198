from datetime import timedelta

from odoo import fields, models
from odoo.fields import Command

from odoo.addons.payment.logging import get_payment_logger

from .mpesa_callback_drain import RETRY_ON_NEW_SNAPSHOT


_logger = get_payment_logger(__name__)

ACTIVITY = 'mail.mail_activity_data_warning'
# A critical cause that was over and is back is mailed again when it has held for so long: one that
# comes and goes would fill the mailbox.
HELD = timedelta(minutes=15)


class MpesaAlert(models.Model):
    """Tell people of an alert: an activity for each, a mail when it is critical; both once.

    A cause that was over and is back is told again.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    def _tell_raised(self):
        """ Tell of alerts that are new, are back, or have become critical.

        A mail is queued and not sent here: a mail server that is down must not keep alerts from
        being raised.

        :return: None
        """
        for alert in self:
            users = alert.company_id._get_mpesa_alert_users()
            alert._plan_activities(users)
            if alert.level == 'critical' and not alert.mailed_at:
                alert._queue_mails(users)

    def _tell_again(self, now):
        """ Mail again the alerts that were over, are back and stay, unless somebody sees to them.

        :param datetime now: The present.
        :return: None
        """
        for alert in self.filtered(
            lambda alert: alert.level == 'critical' and alert.state == 'open'
            and alert.mailed_at and alert.mailed_at < alert.since <= now - HELD
        ):
            alert._queue_mails(alert.company_id._get_mpesa_alert_users())

    def _queue_mails(self, users):
        """ Queue a mail to each person.

        Note: `self.ensure_one()`

        :param res.users users: Who is told.
        :return: None
        """
        self.ensure_one()
        template = self.env.ref('school_mpesa.mail_template_alert', raise_if_not_found=False)
        if not template:
            return  # Somebody deleted it, and so wants no mail.
        self.mailed_at = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                for user in users.filtered('email'):
                    template.with_context(lang=user.lang, mpesa_alert_lang=user.lang).send_mail(
                        self.id,
                        email_values={'recipient_ids': [Command.link(user.partner_id.id)]},
                    )
        except RETRY_ON_NEW_SNAPSHOT:
            raise
        except Exception as error:  # noqa: BLE001 - a template that somebody has spoilt
            self.env['mpesa.callback']._raise_if_database_is_gone(error)
            self.env.invalidate_all(flush=False)
            _logger.warning("Alert %s was not mailed: %s", self.id, type(error).__name__)
        else:
            self.env.ref('mail.ir_cron_mail_scheduler_action')._trigger()

    def _plan_activities(self, users):
        """ Give each person an activity, unless one is open.

        Note: `self.ensure_one()`

        :param res.users users: Who is told.
        :return: None
        """
        self.ensure_one()
        has_one = self.activity_search([ACTIVITY]).user_id
        for user in users - has_one:
            told = self.with_context(lang=user.lang)
            # Odoo's own mail about an assignment would be the second one.
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                ACTIVITY, user_id=user.id, summary=told.display_name,
                note=f'{told.what} {told.meaning} {told.advice}',
            )

    def _tell_cleared(self):
        """ Mark the activities of alerts whose cause is gone as done.

        :return: None
        """
        for alert in self:
            alert.activity_feedback(
                [ACTIVITY], feedback=self.env._("The cause is gone; nothing is left to do."),
            )

    def _get_mail_values(self):
        """ Return what the mail says beside the alert's words, in the reader's language.

        Note: `self.ensure_one()`

        :return: `level`, and `url`, where it is read.
        :rtype: dict
        """
        self.ensure_one()
        levels = dict(self._fields['level']._description_selection(self.env))
        return {
            'level': levels[self.level],
            'url': f'{self.get_base_url()}/odoo/mpesa-alerts/{self.id}',
        }
