from odoo import models
from odoo.exceptions import UserError

from .mpesa_money_back import OPEN_STATES


class SchoolRefund(models.Model):
    """A refund is not paid out of money that M-PESA may be giving back."""

    _inherit = 'school.refund'

    def _check_credit(self):
        """ Override of `school_fees`: the same money does not go back twice. """
        res = super()._check_credit()
        for refund in self:
            student, currency = refund.student_id, refund.currency_id
            orders = self.env['mpesa.money.back'].search([
                ('state', 'in', OPEN_STATES),
                ('mpesa_transaction_id.receipt_id.line_ids', 'any', [
                    '|', ('student_id', '=', student.id),
                    ('transfer_ids.to_student_id', '=', student.id),
                ]),
            ])
            held = sum(
                order.mpesa_transaction_id.receipt_id._get_shares_now().get(student, 0.0)
                for order in orders
            )
            if currency.compare_amounts(refund.amount, -student.balance - held) > 0:
                raise UserError(self.env._(
                    "Of the credit of %(student)s, %(held)s may be going back by M-PESA"
                    " (%(numbers)s). Nothing was changed. Wait until that is done or refused: the"
                    " same money would go back twice.", student=student.display_name,
                    held=currency._format_plain(held), numbers=', '.join(orders.mapped('number')),
                ))
        return res
