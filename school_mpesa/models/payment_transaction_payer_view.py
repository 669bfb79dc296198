from datetime import timedelta

from odoo import fields, models

from .. import const, daraja


# Nobody is asked for the same so often: whoever comes to so many, starts anew.
MOST_ATTEMPTS = 50


class PaymentTransaction(models.Model):
    """What a payer may know of a request: the state behind the waiting page."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    def _mpesa_payer_view(self):
        """ Describe the request for the payer; reads the database only.

        :return: `state` ('sending', 'waiting', 'checking', 'paid', 'receipt_pending' or
                 'declined'), `code`, `late` (paid after a shown failure), `retry`, `retry_in`
                 (seconds), `amount` (KES), `phone_mask`, `sent_at` (epoch seconds, 0 if not yet),
                 `version` (changes with everything shown), `paid_twice`, `given_back` (paid, and
                 returned to the payer by M-PESA), `denied` (called paid, and Safaricom does not
                 know the payment).
        :rtype: dict
        """
        self.ensure_one()
        tx = self.sudo()
        now = fields.Datetime.now()
        asked_at = tx.mpesa_sent_at or tx.create_date
        age = (now - asked_at).total_seconds()
        state = {
            'queued': 'sending', 'sent': 'sending', 'accepted': 'waiting', 'unknown': 'checking',
            'receipt_pending': 'receipt_pending', 'paid': 'paid', 'declined': 'declined',
            'expired': 'declined',
        }.get(tx.mpesa_push_state, 'checking')
        if state in {'sending', 'waiting'} and age > 60:
            state = 'checking'
        retry, retry_in = tx._mpesa_get_retry(age)
        # What settles the student's debt twice: another paid request for the same, meanwhile. Where
        # more was due than both brought, two payments are just two parts.
        given_back = state == 'paid' and tx.mpesa_is_given_back
        denied = state == 'paid' and tx.mpesa_is_denied
        is_paid = state == 'paid' and not (given_back or denied)
        paid_twice = is_paid and any(
            tx.currency_id.compare_amounts(student.balance, 0) < 0
            for student in tx._mpesa_get_students()
        ) and any(
            other.mpesa_push_state == 'paid' for other in tx._mpesa_get_attempts() - tx
        )
        return {
            'state': state,
            'code': tx.mpesa_result_code or '',
            'late': is_paid and tx.mpesa_was_declined,
            'retry': retry,
            'retry_in': retry_in,
            'amount': int(tx.amount),
            'phone_mask': tx.mpesa_phone_mask or '',
            'sent_at': int((asked_at - fields.Datetime.to_datetime('1970-01-01')).total_seconds())
            if tx.mpesa_sent_at else 0,
            'version': '-'.join((
                state, tx.mpesa_result_code or '', str(int(retry)), str(int(paid_twice)),
                tx.mpesa_receipt_id.state or '', str(int(denied)),
            )),
            'paid_twice': paid_twice,
            'given_back': given_back,
            'denied': denied,
        }

    def _mpesa_get_retry(self, age):
        """ Tell whether the payer may try again, and after how many seconds.

        Only after an outcome that is final with no late success, or once a query has agreed with
        1037, 17 or 1001 (design section 3). Anything else means that we are still checking.

        :param float age: Seconds since the prompt went out.
        :return: (allowed, seconds to wait)
        :rtype: tuple[bool, int]
        """
        self.ensure_one()
        if self.mpesa_push_state not in {'declined', 'expired'}:
            return False, 0
        if self._mpesa_is_settled_otherwise():
            return False, 0
        outcome = daraja.result_code(self.mpesa_result_code or '')
        if self.mpesa_result_code == 'not_sent':
            return True, 0
        if outcome.retry == 'never' or outcome.outcome != 'declined':
            return False, 0
        if outcome.retry == 'after_query' and not self.mpesa_query_confirmed:
            return False, 0
        return True, max(0, int(outcome.wait_seconds - age))

    def _mpesa_is_settled_otherwise(self):
        """ Tell whether asking again would ask twice: an old page, a link in a chat, *Back*.

        :rtype: bool
        """
        self.ensure_one()
        attempts = self._mpesa_get_attempts()
        may_be_paid = len(attempts) > MOST_ATTEMPTS or any(
            other.mpesa_push_state in {*const.OPEN_PUSH_STATES, 'receipt_pending', 'paid'}
            or other._mpesa_awaits_query()
            for other in attempts - self
        )
        bills = self.invoice_ids
        return bool(may_be_paid or (bills and all(
            bill.currency_id.is_zero(bill.amount_residual) for bill in bills
        )))

    def _mpesa_get_attempts(self):
        """ Return every attempt at what this request asks for, from whichever page it was made.

        An old page stays open, so one request may be repeated several times, and so may each of
        those: all of them go back to the first.

        :return: With this request, in sudo mode. If they are more than `MOST_ATTEMPTS`, these are
                 not all of them.
        :rtype: payment.transaction
        """
        self.ensure_one()
        attempts = found = self.sudo()
        while found and len(attempts) <= MOST_ATTEMPTS:
            followers = found.search(
                [('mpesa_retry_of_id', 'in', found.ids)], limit=MOST_ATTEMPTS + 1,
            )
            found = (found.mpesa_retry_of_id | followers) - attempts
            attempts |= found
        return attempts

    def _mpesa_blocks_payment(self):
        """ Tell whether this request should keep its bill from being paid again just now.

        For the payer, pending ends at three minutes, without closing the request.

        :rtype: bool
        """
        self.ensure_one()
        if self.mpesa_push_state not in const.OPEN_PUSH_STATES:
            return self.mpesa_push_state == 'receipt_pending' and not self.mpesa_needs_person
        asked_at = self.mpesa_sent_at or self.create_date
        limit = timedelta(seconds=const.PAYER_PENDING_SECONDS)
        return fields.Datetime.now() - asked_at <= limit
