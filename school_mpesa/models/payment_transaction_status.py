from odoo import api, fields, models

from .. import daraja


# Outcomes that are not known, or of which the M-PESA code is missing: a payer may show it.
ASKABLE_STATES = ('unknown', 'accepted', 'receipt_pending', 'declined', 'expired')


class PaymentTransaction(models.Model):
    """Asking Safaricom about the payment of a request, by the code on the payer's phone."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_can_ask_safaricom = fields.Boolean(
        compute='_compute_mpesa_can_ask_safaricom', groups='school_fees.group_bursar',
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_push_state', 'provider_id')
    def _compute_mpesa_can_ask_safaricom(self):
        for tx in self:
            tx.mpesa_can_ask_safaricom = (
                tx.mpesa_push_state in ASKABLE_STATES and tx.provider_id.sudo().mpesa_status_enabled
            )  # In sudo mode: providers are the system's.

    # === ACTION METHODS === #

    def action_mpesa_ask_safaricom(self):
        """ Ask what became of the payment: by the code that a message named, or that is typed.

        :return: The dialog.
        :rtype: dict
        """
        self.ensure_one()
        self._mpesa_check_desk()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_ask_wizard_action'),
            'context': {
                'dialog_size': 'medium',
                'default_code': self._mpesa_find_told_code(),
                'default_payment_transaction_id': self.id,
            },
        }

    # === BUSINESS METHODS === #

    def _mpesa_find_told_code(self):
        """ Return the M-PESA code that a message about the request names, '' when none does.

        :rtype: str
        """
        self.ensure_one()
        # In sudo mode: sealed bytes are nobody's to read. A code is no personal data.
        for code in self.sudo().mpesa_callback_ids._list_told_codes().values():
            if code and daraja.receipt.is_code(code):
                return code
        return ''
