from odoo import models
from odoo.tools import format_date


class AccountMove(models.Model):
    """What *Send* of a student's bill writes, and to whom."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'account.move'
    _inherit = ['account.move', 'school.email.mixin']

    # === BUSINESS METHODS === #

    def _get_mail_template(self):
        """ Override of `account` to write to guardians about students' bills. """
        template = self.env.ref('school_fees.mail_template_bill', raise_if_not_found=False)
        if template and self and all(move._is_students_bill() for move in self):
            return template
        return super()._get_mail_template()

    def _get_email_students(self):
        """ Override of `school_fees`: whose bill it is. """
        return self.sudo().student_id

    def _get_email_pay(self):
        """ Override of `school_fees` to lead to the bill's own page. """
        address, _caption = self._get_school_pay_address()
        return {**self._get_message_pay(), 'address': address}

    def _get_email_values(self):
        """ Override of `school_fees` to add the `term`, the `amount` and the `due_date` of the bill
        and what is `left` of it; what the student owes besides is not the bill's matter.
        """
        values = super()._get_email_values()
        left = self.amount_residual
        is_due = self.currency_id.compare_amounts(left, 0.0) > 0
        if not is_due:
            values |= {'pay_url': '', 'by_hand': ''}
        return {
            **values,
            'term': self.sudo().term_id.name or self.name,
            'amount': self.currency_id._format_plain(self.amount_total),
            'due_date': format_date(self.env, self.invoice_date_due, date_format='d MMM y')
            if self.invoice_date_due else '',
            'left': self.currency_id._format_plain(left) if is_due else '',
        }
