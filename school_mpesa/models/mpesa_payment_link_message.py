from odoo import fields, models
from odoo.exceptions import AccessError, UserError


class MpesaPaymentLink(models.Model):
    """Sending a link to the student's guardians by SMS, and telling them when it is closed."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    sms_ids = fields.One2many(
        string="SMS", comodel_name='school.message', inverse_name='mpesa_link_id', readonly=True,
        groups='school_fees.group_bursar',
    )

    # === ACTION METHODS === #

    def action_send_by_sms(self):
        """ Send the link to each of the student's guardians who takes SMS.

        :return: What was done, in words.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If it cannot be sent.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office sends payment links."))
        self.check_access('read')
        if self.state != 'active':
            raise UserError(self.env._("This link is closed. Nothing was sent. Make a new one."))
        link_sudo = self.sudo()
        if not link_sudo.company_id.school_sms_gateway:
            raise UserError(self.env._(
                "This school has no SMS gateway yet. Nothing was sent. An administrator sets it up"
                " in Settings > School Fees > Messages."
            ))
        if link_sudo.sms_ids.filtered(
            lambda message: message.kind == 'link' and message.state in {
                'waiting', 'queued', 'retry',
            }
        ):
            raise UserError(self.env._(
                "This link is on its way by SMS already. Nothing more was sent."
            ))
        messages_sudo = link_sudo.student_id._send_school_message('link', mpesa_link_id=self.id)
        if not messages_sudo:
            raise UserError(self.env._(
                "No guardian of %(student)s with a phone number takes SMS. Nothing was sent.",
                student=self.student_id.display_name,
            ))
        later = messages_sudo[:1].send_after
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._("The link waits for 7:00 in the morning.") if later
                else self.env._("The link is on its way by SMS."),
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === BUSINESS METHODS === #

    def _close(self, reason):
        """ Override of `school_mpesa` to tell those to whom the link was sent. """
        closing_sudo = self.sudo().filtered(lambda link: not link.cancelled_at)
        result = super()._close(reason)
        for link_sudo in closing_sudo.filtered('sms_ids'):
            links_sms = link_sudo.sms_ids.filtered(lambda message: message.kind == 'link')
            # What was not sent yet needs no taking back.
            links_sms.filtered(lambda message: message.state == 'waiting').state = 'cancelled'
            if any(message.state in {'queued', 'sent', 'delivered', 'doubt'}
                   for message in links_sms):
                link_sudo.student_id._send_school_message(
                    'link_cancelled', mpesa_link_id=link_sudo.id,
                )
        return result
