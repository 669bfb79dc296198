from odoo import models
from odoo.exceptions import UserError


class SchoolReceiptReversal(models.Model):
    """Reversal of a receipt: asked for with a reason, approved by another person.

    The number stays and the print says so; a bounced cheque goes the same way.
    """

    _name = 'school.receipt'
    _inherit = ['school.receipt', 'school.reversal.mixin']

    # === ACTION METHODS === #

    def action_ask_reversal(self):
        """ Override of `school.reversal.mixin`: a cheque is mostly reversed because it bounced. """
        action = super().action_ask_reversal()
        if self.money_kind == 'cheque':
            action['context']['default_kind'] = 'bounced'
        return action

    # === BUSINESS METHODS === #

    def _ask_reversal(self, kind, reason):
        """ Override of `school.reversal.mixin`: only a cheque bounces. """
        if kind == 'bounced' and self.money_kind != 'cheque':
            raise UserError(self.env._(
                "%(number)s was not paid by cheque, so nothing bounced. Nothing was asked. Choose"
                " another reason.", number=self.number,
            ))
        return super()._ask_reversal(kind, reason)

    def _is_reversible(self):
        """ Override of `school.reversal.mixin`: a posted receipt. """
        self.ensure_one()
        return self.state == 'posted'

    def _after_reversal(self):
        """ Override of `school.reversal.mixin` to let other credit settle the opened bills.

        An add-on whose channel brought the money says here where the money goes now.
        """
        shares = self.line_ids
        (shares.student_id | shares.transfer_ids.to_student_id)._settle_oldest_first()
        return super()._after_reversal()
