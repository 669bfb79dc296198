from datetime import timedelta

from odoo import models

from .. import daraja, vault


PATIENCE_SECONDS = 60  # from a question to Daraja to the next look at the message that caused it


class MpesaCallback(models.Model):
    """A prompt's result that is not what was asked for: who wrote it, and did money move?

    Other ids than the prompt's are a forgery. Another amount, phone or code at the right address
    may be real money, which is recorded, but never without Safaricom's word (trust.md A3).
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    def _find_other_ids(self, news, tx):
        """ Say which id of a prompt's result is not the request's, '' when all are.

        :param StkCallback news: The parsed message.
        :param payment.transaction tx: The request.
        :rtype: str
        """
        known_checkout = tx.mpesa_checkout_index
        if known_checkout and known_checkout != vault.blind_index(
            'checkout', news.checkout_request_id
        ):
            return self.env._("The CheckoutRequestID is not that of the request.")
        if tx.mpesa_merchant_request_id and news.merchant_request_id and (
            news.merchant_request_id != tx.mpesa_merchant_request_id
        ):
            return self.env._("The MerchantRequestID is not that of the request.")
        return ''

    def _find_other_payment(self, news, tx):
        """ Say what in a success is not what was asked for, '' when all is.

        :param StkCallback news: The parsed message.
        :param payment.transaction tx: The request.
        :rtype: str
        """
        if news.amount is None or tx.currency_id.compare_amounts(
            float(news.amount), tx.amount
        ) != 0:
            if tx.mpesa_share_ids:
                return self.env._(
                    "The amount is not the one that was asked for, so the parts that the payer"
                    " chose for each child do not fit it."
                )
            return self.env._("The amount is not the one that was asked for.")
        try:
            payer = daraja.msisdn.parse(news.phone or '')
        except daraja.MsisdnError:
            return ''  # Masked or missing, which Safaricom may start any day.
        if vault.blind_index('phone', payer.wire) != tx.mpesa_phone_index:
            return self.env._("The phone is not the one that was asked.")
        return ''

    def _is_vouched_for(self, arrival):
        """ Tell whether Safaricom says that a prompt was paid whose result contradicts it.

        Until a query has told, the message waits; when none can, it is for a person.

        :param Arrival arrival: The news, with its problem.
        :return: True when its money is to be booked now. Else the message was dealt with.
        :rtype: bool
        """
        self.ensure_one()
        tx = arrival.asked
        if tx.mpesa_query_code == '0':
            return True
        outcome = daraja.result_code(tx.mpesa_query_code) if (
            tx.mpesa_queried_at and tx.mpesa_queried_at >= self.received_at
        ) else None
        if outcome and outcome.outcome == 'declined' and not outcome.late_success:
            self._close('conflict', arrival.problem, tx=tx)
            return False
        has_waited = self.tries and self.payment_transaction_id == tx
        if has_waited and not tx.mpesa_next_query_at:
            tx.mpesa_needs_person = tx.mpesa_push_state != 'paid'
            self._close('conflict', arrival.problem, tx=tx)
            return False
        if not has_waited:
            tx._mpesa_ask_now()
        self.write({
            'tries': self.tries or 1,
            'next_try_at': tx.mpesa_next_query_at + timedelta(seconds=PATIENCE_SECONDS),
            'reason': arrival.problem.rstrip('.'),
            'payment_transaction_id': tx.id,
        })
        return False
