from odoo import fields, models

from .. import vault
from .payment_transaction import CHANNELS


class SchoolReceipt(models.Model):
    """Receipts for M-PESA money."""

    _inherit = 'school.receipt'

    channel = fields.Selection(
        selection_add=[*CHANNELS, ('paybill_manual', "Paybill")],
        ondelete=dict.fromkeys((*dict(CHANNELS), 'paybill_manual'), 'cascade'),
    )
    money_kind = fields.Selection(
        selection_add=[('mpesa', "M-PESA")], ondelete={'mpesa': 'cascade'},
    )
    mpesa_transaction_ids = fields.One2many(
        string="M-PESA Movements", comodel_name='mpesa.transaction', inverse_name='receipt_id',
        readonly=True,
    )

    # === BUSINESS METHODS === #

    def _after_reversal(self):
        """ Override of `school_fees`: the money is real, and waits to be identified again. """
        self.mpesa_transaction_ids._return_to_queue()
        return super()._after_reversal()

    def _get_identified_action(self):
        """ Return what is said after a person has decided whose money it was.

        Note: `self.ensure_one()`

        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.sudo()._get_posted_message(),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    def _tells_balance(self):
        """ Override of `school_fees`: a relative who paid by a link is not told what is due. """
        if not super()._tells_balance():
            return False
        requests_sudo = self.env['payment.transaction'].sudo().search([
            ('mpesa_receipt_id', '=', self.id), ('mpesa_link_id', '!=', False),
        ])
        return not any(link._is_for_relatives() for link in requests_sudo.mpesa_link_id)

    def _get_payer_labels(self):
        """ Override of `school_fees` to name M-PESA payers by their masked numbers. """
        labels = super()._get_payer_labels()
        for receipt, movements in self._get_mpesa_movements().items():
            mask = next(filter(None, movements.mapped('payer_mask')), '')
            if mask:
                labels.setdefault(receipt, mask)
        return labels

    def _filter_paid_by(self, partner):
        """ Override of `school_fees` to know M-PESA payers by their numbers, without reading them.
        """
        receipts = super()._filter_paid_by(partner)
        if not self or not vault.has_keys():
            return receipts
        indexes = {
            vault.blind_index('phone', number.removeprefix('+'))
            for number in partner.sudo()._get_school_phones()
        }
        return receipts | self.browse([
            receipt.id for receipt, movements in self._get_mpesa_movements().items()
            if indexes.intersection(movements.mapped('payer_index'))
        ])

    def _get_mpesa_movements(self):
        """ Return the M-PESA movements that the receipts are, or were until they were reversed.

        :return: The movements, in sudo mode: guardians may not read them.
        :rtype: dict[school.receipt, mpesa.transaction]
        """
        movements_sudo = self.env['mpesa.transaction'].sudo().search([
            '|', ('receipt_id', 'in', self.ids), ('previous_receipt_id', 'in', self.ids),
        ])
        result = {}
        for field in ('previous_receipt_id', 'receipt_id'):
            for receipt, movements in movements_sudo.grouped(field).items():
                receipt = receipt.with_env(self.env)
                if receipt in self:
                    result[receipt] = result.get(receipt, movements_sudo.browse()) | movements
        return result
