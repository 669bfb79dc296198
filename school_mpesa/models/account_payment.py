from odoo import api, models
from odoo.exceptions import ValidationError


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account` to keep people from typing M-PESA payments. """
        payments = super().create(vals_list)
        payments._check_mpesa_not_typed()
        return payments

    def write(self, vals):
        """ Override of `account` to keep people from turning a payment into an M-PESA one. """
        result = super().write(vals)
        if {'journal_id', 'payment_method_line_id', 'amount', 'partner_id', 'date'} & vals.keys():
            self._check_mpesa_not_typed()
        return result

    # === BUSINESS METHODS === #

    def _get_receipted(self):
        """ Override of `school_fees`: money that nobody has claimed yet is as real. """
        movements_sudo = self.env['mpesa.transaction'].sudo().search([
            ('suspense_payment_id', 'in', self.ids),
        ])  # In sudo mode: an accountant may not read movements, and still may not undo them.
        return super()._get_receipted() | (
            self & self.browse(movements_sudo.suspense_payment_id.ids)
        )

    def _check_mpesa_not_typed(self):
        """ Ensure that payments on an M-PESA journal come from Safaricom's messages only.

        The drain books in sudo mode; whatever a person types, by a screen or by RPC, is not. It is
        no `constrains`, since Odoo runs those in sudo mode.

        :return: None
        :raise ValidationError: If a person typed it.
        """
        if self.env.su:
            return
        for journal in self.journal_id:
            if journal._is_mpesa():
                raise ValidationError(journal._explain_mpesa_not_typed())
