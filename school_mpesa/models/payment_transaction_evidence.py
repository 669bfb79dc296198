from odoo import models
from odoo.exceptions import UserError


class PaymentTransaction(models.Model):
    """The evidence of a request, also of one that brought no money."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'payment.transaction'
    _inherit = ['payment.transaction', 'mpesa.evidence.mixin']

    def _get_evidence_requests(self):
        """ Override of `school_mpesa`: itself, what it repeats, and what repeats it. """
        tx = self.sudo()  # Of a request that the user may read.
        followers = tx.search([('mpesa_retry_of_id', 'in', tx.ids)])
        return self._filter_evidence(tx.mpesa_retry_of_id | tx | followers)

    def _get_evidence_movements(self):
        """ Override of `school_mpesa`: what was paid for it, and what messages about it name. """
        tx = self.sudo()  # Of a request that the user may read.
        movements = tx.mpesa_movement_ids | tx.mpesa_callback_ids.mpesa_transaction_id
        return self._filter_evidence(movements | movements.reversal_ids)

    def _get_evidence_facts(self):
        """ Override of `school_mpesa`: what was asked for, and what became of it. """
        return [
            'mpesa_outcome', 'mpesa_student_id', 'mpesa_class_id', 'mpesa_channel',
            'mpesa_initiator_id', 'mpesa_sent_at', 'mpesa_phone_mask', 'mpesa_account_reference',
            'mpesa_shortcode_shown', 'mpesa_note', 'mpesa_receipt_number', 'mpesa_receipt_id',
            'mpesa_result_code', 'mpesa_result_source', 'mpesa_merchant_request_id',
        ]

    def _check_evidence(self):
        """ Override of `school_mpesa` to refuse payments that are not by M-PESA. """
        result = super()._check_evidence()
        if not all(tx.mpesa_push_state for tx in self):
            raise UserError(self.env._("Only M-PESA requests have this evidence."))
        return result
