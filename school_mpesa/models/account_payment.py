from odoo import api, models
from odoo.exceptions import ValidationError


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    @api.constrains('journal_id', 'payment_method_line_id', 'amount', 'partner_id')
    def _check_mpesa_not_typed(self):
        """ Ensure that payments on an M-PESA journal come from Safaricom's messages only.

        The drain books in sudo mode; whatever a person types, by a screen or by RPC, is not.

        :raise ValidationError: If a person typed it.
        """
        if self.env.su:
            return
        for payment in self:
            if payment.journal_id._is_mpesa():
                raise ValidationError(payment.journal_id._explain_mpesa_not_typed())
