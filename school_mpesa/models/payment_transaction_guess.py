from datetime import timedelta

from odoo import fields, models

from .. import const, daraja


class PaymentTransaction(models.Model):
    """A request taken for paid because a confirmation has its account and amount: a guess.

    The prompt's own result decides in the end, and a query may tell before it comes.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    def _mpesa_is_paid_for_certain(self):
        """ Tell whether the prompt's own result named the money that paid this request.

        A confirmation that only had its account and amount may yet turn out to be other money.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.mpesa_push_state == 'paid' and self.mpesa_result_source != 'confirmation'
            and not self.mpesa_is_denied  # What named that money was not Safaricom's.
        )

    def _mpesa_get_check_of_guess(self):
        """ Return when Daraja is asked whether the prompt was paid that a confirmation fits.

        :return: A moment, or False when there is nothing to ask or the answer is known.
        :rtype: datetime | bool
        """
        self.ensure_one()
        if not self.mpesa_checkout_sealed or self.mpesa_push_state == 'receipt_pending':
            return False
        closed = self.mpesa_push_state in {'declined', 'expired'}
        if closed and not daraja.result_code(self.mpesa_result_code or '').late_success:
            return False  # It ended unpaid for certain: the payer then paid for it by hand.
        return self.mpesa_next_query_at or (
            fields.Datetime.now() + timedelta(seconds=const.CHASE_AGES[0])
        )

    def _mpesa_undo_guess(self):
        """ Give the payment that was taken for this request to whom its account names.

        The request itself is left without payment; the caller says how it stands.

        :return: None
        """
        self.ensure_one()
        self.env['mpesa.transaction'].with_company(self.company_id).sudo().search([
            ('payment_transaction_id', '=', self.id),
        ])._settle_anew_without_request()

    def _mpesa_forget_payment(self):
        """ Take a payment off requests that it did not belong to. """
        self.write({
            'payment_id': False,
            'provider_reference': False,
            'is_post_processed': False,
            'mpesa_receipt_id': False,
            'mpesa_receipt_number': False,
            # That was said of the payment.
            'mpesa_is_given_back': False,
            'mpesa_is_denied': False,
        })

    def _mpesa_reopen(self):
        """ Put a request back to where nobody knows its outcome: its payment was another's.

        :return: None
        """
        self.ensure_one()
        self._mpesa_forget_payment()
        if self.mpesa_query_code == '0':
            self._mpesa_move_to('receipt_pending', mpesa_result_source='query')
            return
        self._mpesa_move_to(
            'accepted' if self.mpesa_checkout_sealed else 'unknown',
            mpesa_result_code=False, mpesa_result_source=False, mpesa_query_confirmed=False,
        )
        if self.mpesa_checkout_sealed:
            self._mpesa_ask_now()
