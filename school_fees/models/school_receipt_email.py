from odoo import fields, models
from odoo.exceptions import UserError


class SchoolReceipt(models.Model):
    """Sending a receipt by e-mail, with the PDF."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'school.receipt'
    _inherit = ['school.receipt', 'school.email.mixin']

    _email_names_payers = True

    emailed_at = fields.Datetime(readonly=True, copy=False, groups='base.group_user')

    # === ACTION METHODS === #

    def action_send_by_email(self):
        """ Send the receipt to the first guardian who may see all of it.

        :return: What was done, in words.
        :rtype: dict
        :raise AccessError: If the user is not of the cash desk.
        :raise UserError: If it is not in force, or nobody takes it.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_cashier')
        if self.state != 'posted':
            raise UserError(self.env._(
                "Only a receipt that is in force is sent. Nothing was sent."
            ))
        return self._send_by_email('school_fees.mail_template_receipt')

    # === BUSINESS METHODS === #

    def _get_email_students(self):
        """ Override of `school_fees`: all children of the receipt. """
        return self.line_ids.student_id

    def _get_email_watermark(self):
        """ Override of `school_fees`: a receipt says itself whether its money is real. """
        return self._get_watermark()

    def _get_email_values(self):
        """ Override of `school_fees` to add the `amount`, the `number` and the receipt's `url`. """
        return {
            **super()._get_email_values(),
            'amount': self.currency_id._format_plain(self.amount),
            'number': self.number,
            'url': f'{self.get_base_url()}{self._get_public_url()}',
        }
