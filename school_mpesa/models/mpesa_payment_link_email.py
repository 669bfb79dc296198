from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class MpesaPaymentLink(models.Model):
    """Sending a link to a guardian by e-mail."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'mpesa.payment.link'
    _inherit = ['mpesa.payment.link', 'school.email.mixin']

    emailed_at = fields.Datetime(
        string="Sent by E-mail", readonly=True, copy=False, groups='base.group_user',
        help="When the office last sent it so.",
    )

    # === ACTION METHODS === #

    def action_send_by_email(self):
        """ Send the link to the first guardian who takes e-mail about the student.

        :return: What was done, in words.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If it is closed, asks for nothing, or nobody takes it.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        if self.state != 'active':
            raise UserError(self.env._("This link is closed. Nothing was sent. Make a new one."))
        if self._is_for_relatives():
            raise UserError(self.env._(
                "A guardian has made this link for a relative. Nothing was sent: it is not for the"
                " other guardians. Make a link of the office."
            ))
        if not self.asked:
            raise UserError(self.env._(
                "Nothing is due by this link any more. Nothing was sent."
            ))
        return self._send_by_email('school_mpesa.mail_template_link')

    # === BUSINESS METHODS === #

    def _get_email_students(self):
        """ Override of `school_fees`: the student. """
        return self.student_id

    def _get_email_values(self):
        """ Override of `school_fees` to lead to the link, and to say how much it asks for, what for
        (`what`) and `until` when; what the student owes besides is not the link's matter.
        """
        link_sudo = self.sudo()
        return {
            **super()._get_email_values(),
            'amount': link_sudo.currency_id._format_plain(link_sudo.asked),
            'what': link_sudo.description or '',
            'until': format_date(self.env, link_sudo.expires_on, date_format='d MMM y')
            if link_sudo.expires_on else '',
            'pay_url': f'{self.get_base_url()}{self._get_public_path()}',
            'by_hand': self.student_id._get_pay_by_hand(),
        }

    def _post_email(self, template):
        """ Override of `school_fees`: a link has no messages of its own, so the student's say that
        it is on its way.
        """
        # In sudo mode: templates are the administrator's to see.
        template.sudo().send_mail(self.id, email_layout_xmlid='mail.mail_notification_layout')
        self.student_id.sudo()._message_log(
            author_id=self.env.user.partner_id.id,
            body=Markup('<p>%s</p>') % self.env._(
                "The payment link over %(amount)s is on its way to %(guardian)s by e-mail.",
                amount=self.currency_id._format_plain(self.asked),
                guardian=self._get_email_guardian().name,
            ),
        )
