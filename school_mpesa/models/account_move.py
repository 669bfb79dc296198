from odoo import models
from odoo.tools import str2bool


class AccountMove(models.Model):
    _inherit = 'account.move'

    def _has_to_be_paid(self):
        """ Override of `account_payment`: a prompt that ended, or hangs, does not hide *Pay now*.

        Odoo takes the button away while any request is pending, so one lost callback would lock a
        parent out. M-PESA requests count for three minutes only.
        """
        if super()._has_to_be_paid():
            return True
        pending = self.transaction_ids.filtered(
            lambda tx: tx.state in {'pending', 'authorized'}
            and tx.provider_code not in {'none', 'custom'}
        )
        hanging = pending.filtered(
            lambda tx: tx.provider_code == 'mpesa' and not tx._mpesa_blocks_payment()
        )
        if not hanging or pending - hanging:
            return False  # Nothing pending was in the way, or something else still is.
        # The conditions of `account_payment`, without the one on pending transactions.
        return bool(
            str2bool(self.env['ir.config_parameter'].sudo().get_param(
                'account_payment.enable_portal_payment'
            ))
            and self.state == 'posted'
            and self.payment_state in {'not_paid', 'in_payment', 'partial'}
            and not self.currency_id.is_zero(self.amount_residual)
            and self.amount_total
            and self.move_type == 'out_invoice'
        )
