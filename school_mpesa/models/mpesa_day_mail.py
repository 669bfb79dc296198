from odoo import models
from odoo.fields import Command


class MpesaDayClose(models.Model):
    """Tell of a proven day to the people who asked for it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.day.close'

    # === BUSINESS METHODS === #

    def _mail_news(self):
        """ Mail the day to those who asked for it, when there is something new to say.

        That is once the day is over, before that when something differs, and again whenever the
        outcome is another one. The mail carries totals and no payer (trust.md S5).

        Note: `self.ensure_one()`, in sudo mode.

        :return: None
        """
        self.ensure_one()
        news = f'{self.state} {self.open_count} {len(self.amendment_ids)}'
        if self.mailed_news == news or not (self.is_over or self.state == 'different'):
            return
        self.mailed_news = news
        template = self.env.ref('school_mpesa.mail_template_day_close', raise_if_not_found=False)
        if not template:
            return  # Somebody deleted it, and so wants no mail.
        # Whoever has left, or has another role by now, hears no more of it.
        for user in self.provider_id.mpesa_proof_user_ids.filtered(
            lambda user: user.active and user.email
            and user.has_group('school_fees.group_bursar') and self.company_id in user.company_ids
        ):
            template.with_context(lang=user.lang, mpesa_proof_lang=user.lang).send_mail(
                self.id, email_values={'recipient_ids': [Command.link(user.partner_id.id)]},
            )

    def _get_mail_values(self):
        """ Return what the mail says of the day, in the reader's language.

        Note: `self.ensure_one()`

        :return: `state`, `open_count`, `amendment_count`, `sources` as in
                 :meth:`_get_sources_line`, and `url`, where it is read.
        :rtype: dict
        """
        self.ensure_one()
        states = dict(self._fields['state']._description_selection(self.env))
        return {
            'state': states[self.state],
            'open_count': self.open_count,
            'amendment_count': len(self.amendment_ids),
            'sources': self._get_sources_line(self),
            'url': f'{self.get_base_url()}/odoo/mpesa-day-proofs/{self.id}',
        }
