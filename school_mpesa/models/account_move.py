from odoo import models
from odoo.exceptions import UserError
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

    def _check_entries_not_receipted(self):
        """ Override of `school_fees`: what a statement of Safaricom vouches for stays as well.

        :raise UserError: If a statement's line, or a person's word on it, stands on an entry.
        """
        super()._check_entries_not_receipted()
        entries = self.filtered(lambda move: move.move_type == 'entry')
        if not entries:
            return
        # In sudo mode: an accountant may not read statements, and still may not undo them.
        denied = self.env['mpesa.transaction'].sudo().search([
            ('denial_move_ids', 'in', entries.ids),
        ], limit=1)
        if denied:
            raise UserError(self.env._(
                "This entry took payment %(code)s into the books or out of them, since Safaricom"
                " does not know it: two people said so. Nothing was changed. If the payment is"
                " real, take the denial back on the movement.", code=denied.receipt,
            ))
        receipt = self.env['mpesa.statement.line'].sudo().search(
            [('move_id', 'in', entries.ids)], limit=1,
        ).receipt or self.env['mpesa.transaction'].sudo().search(
            [
                '|', ('reversal_move_id', 'in', entries.ids),
                ('return_move_ids', 'in', entries.ids),
            ], limit=1,
        ).receipt
        if receipt:
            raise UserError(self.env._(
                "The M-PESA statement says what this entry says (%(code)s), so it is not changed"
                " here: the wallet in the books would hold something else than the one at"
                " Safaricom. Nothing was changed. Move the amount on by an entry of its own.",
                code=receipt,
            ))
