from odoo import models

from odoo.addons.payment.logging import get_payment_logger


_logger = get_payment_logger(__name__)


class PaymentTransaction(models.Model):
    """Where Odoo's own payment flow meets ours: only the drain books M-PESA money."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    def _get_specific_processing_values(self, processing_values):
        """ Override of `payment` to send the payer to the request's own waiting page. """
        res = super()._get_specific_processing_values(processing_values)
        if self.provider_code != 'mpesa':
            return res
        return {**res, 'mpesa_attempt_url': self.sudo().mpesa_attempt_url}

    def _extract_amount_data(self, payment_data):
        """ Override of `payment`: amounts are checked where the drain books, in decimal. """
        if self.provider_code != 'mpesa':
            return super()._extract_amount_data(payment_data)
        return None

    def _apply_updates(self, payment_data):
        """ Override of `payment`: no payment data from elsewhere moves an M-PESA request.

        The only road is the inbox: what Safaricom posted, kept as it came, and booked by the drain.
        """
        if self.provider_code != 'mpesa':
            return super()._apply_updates(payment_data)
        _logger.warning("Ignored payment data for %s outside the inbox.", self.reference)
        return None

    def _create_payment(self, **extra_create_values):
        """ Override of `account_payment`: the drain posts M-PESA money, nothing else does. """
        if self.provider_code != 'mpesa':
            return super()._create_payment(**extra_create_values)
        return self.payment_id

    def _post_process(self):
        """ Override of `account_payment`: our requests are finished by the booking itself.

        Odoo's status poll and its scheduled action would post draft bills linked to a request and
        write on each; they find nothing left to do.
        """
        mpesa_txs = self.filtered(lambda tx: tx.provider_code == 'mpesa')
        (mpesa_txs.filtered(
            lambda tx: tx.state == 'done' and tx.payment_id and not tx.is_post_processed
        )).is_post_processed = True
        return super(PaymentTransaction, self - mpesa_txs)._post_process()

    def _log_received_message(self):
        """ Override of `payment`: messages about M-PESA go out after the money's commit. """
        return super(
            PaymentTransaction, self.filtered(lambda tx: tx.provider_code != 'mpesa')
        )._log_received_message()
