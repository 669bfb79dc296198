from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import vault
from .mpesa_arrival import Arrival


class MpesaTransaction(models.Model):
    """From movement to ledger: receipts for students, suspense for what nobody claims yet."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    @api.model
    def _book(self, provider, arrivals):
        """ Post a batch of arrivals and link everything that they became.

        :param payment.provider provider: The shortcode; its journal takes the money, unless it is
                                          that of a request.
        :param list[Arrival] arrivals: Each with its request or student, or neither.
        :return: None
        """
        if not arrivals:
            return
        for arrival in arrivals:
            arrival.provider = arrival.tx.provider_id if arrival.tx else provider
        owned = [arrival for arrival in arrivals if arrival.student]
        unowned = [arrival for arrival in arrivals if not arrival.student]
        Receipt = self.env['school.receipt'].sudo()
        shares = Receipt._propose_shares([
            {
                'student': arrival.student, 'amount': arrival.amount,
                'invoices': arrival.tx and arrival.tx.invoice_ids,
                'whole_family': arrival.whole_family,
            }
            for arrival in owned
        ])
        receipts, suspense_payments = Receipt._book(
            [
                {
                    'receipt': self._prepare_receipt(arrival),
                    'shares': share,
                    'invoices': arrival.tx and arrival.tx.invoice_ids,
                    'payment': self._prepare_payment(arrival),
                }
                for arrival, share in zip(owned, shares, strict=True)
            ],
            [self._prepare_suspense_payment(arrival) for arrival in unowned],
        )
        for arrival, receipt in zip(owned, receipts, strict=True):
            arrival.receipt_record = receipt
        for arrival, payment in zip(unowned, suspense_payments, strict=True):
            arrival.suspense_payment = payment
        self._record(arrivals)
        for arrival in owned:
            if arrival.tx:
                self._finish_request(arrival)
        self._close_callbacks(arrivals)

    @api.model
    def _prepare_receipt(self, arrival):
        """ Return the receipt's values, its lines left out.

        :rtype: dict
        """
        tx = arrival.tx
        return {
            'date': self._get_eat_day(arrival.paid_at),
            'paid_at': arrival.paid_at,
            'channel': tx.mpesa_channel if tx else 'paybill_manual',
            'money_kind': 'mpesa',
            'external_ref': arrival.receipt,
            'amount': float(arrival.amount),
            'currency_id': arrival.provider.company_id.currency_id.id,
            'company_id': arrival.student.company_id.id,
            'family_id': arrival.student.family_id.id,
            'issued_by_id': ((tx and tx.mpesa_initiator_id) or self.env.user).id,
        }

    @api.model
    def _prepare_payment(self, arrival):
        """ Return what the payments of one arrival have in common.

        :rtype: dict
        """
        return {
            'journal_id': arrival.provider.journal_id.id,
            'payment_method_line_id': arrival.provider._mpesa_get_method_line().id,
            'payment_transaction_id': arrival.tx.id if arrival.tx else False,
        }

    @api.model
    def _prepare_suspense_payment(self, arrival):
        """ Return the payment that keeps unclaimed money: real, in the wallet, and owed.

        :rtype: dict
        """
        return {
            **self._prepare_payment(arrival),
            'payment_type': 'inbound',
            'partner_type': 'customer',
            'partner_id': False,
            'amount': float(arrival.amount),
            'currency_id': arrival.provider.company_id.currency_id.id,
            'company_id': arrival.provider.company_id.id,
            'date': self._get_eat_day(arrival.paid_at),
            'memo': arrival.receipt,
            'destination_account_id': arrival.provider.company_id._get_unidentified_account().id,
        }

    @api.model
    def _record(self, arrivals):
        """ Write the movements, one row for each M-PESA code.

        :return: None
        """
        new = [arrival for arrival in arrivals if not arrival.movement]
        movements = self.sudo().create([
            self._prepare_movement(arrival) for arrival in new
        ])
        for arrival, movement in zip(new, movements, strict=True):
            arrival.movement = movement
        for arrival in arrivals:
            if arrival not in new:
                arrival.movement.write(self._prepare_links(arrival))

    @api.model
    def _prepare_movement(self, arrival):
        """ Return the values of a movement.

        :rtype: dict
        """
        number = arrival.read_phone()
        return {
            'company_id': arrival.provider.company_id.id,
            'environment': arrival.provider.mpesa_environment,
            'shortcode': arrival.provider.mpesa_shortcode,
            'receipt': arrival.receipt,
            'amount': float(arrival.amount),
            'currency_id': arrival.provider.company_id.currency_id.id,
            'paid_at': arrival.paid_at,
            'account_reference': arrival.get_safe_reference(),
            'source': arrival.source,
            **self._prepare_source(arrival),
            'payer_mask': arrival.get_mask(),
            'payer_index': number and vault.blind_index('phone', number.wire),
            **self._seal_payer(
                arrival.callback, arrival.phone, arrival.name, arrival.account_reference
            ),
            **self._prepare_links(arrival),
        }

    @api.model
    def _prepare_links(self, arrival):
        """ Return what a movement became in our books.

        :rtype: dict
        """
        return {
            'provider_id': arrival.provider.id,
            'payment_transaction_id': arrival.tx.id if arrival.tx else False,
            'receipt_id': arrival.receipt_record.id if arrival.receipt_record else False,
            'near_student_id': arrival.near_student.id if arrival.near_student else False,
            'near_checked_by_id': False,
            'suspense_payment_id': (
                arrival.suspense_payment.id if arrival.suspense_payment else False
            ),
        }

    @api.model
    def _finish_request(self, arrival):
        """ Write the request's state with the booking, so that nothing is left to process.

        The amount is checked again here, where the state is set: Odoo's own check lets a repeated
        wrong amount through (design section 3).

        :return: None
        :raise ValidationError: If the amount is not the request's; the caller rolls back.
        """
        tx = arrival.tx
        if tx.currency_id.compare_amounts(tx.amount, float(arrival.amount)) != 0:
            raise ValidationError(self.env._(
                "The amount that came is not the one that was asked for."
            ))
        tx.write({
            'mpesa_push_state': 'paid',
            'state': 'done',
            'last_state_change': fields.Datetime.now(),
            'state_message': False,
            'provider_reference': arrival.receipt,
            'payment_id': arrival.receipt_record.line_ids[:1].payment_id.id,
            'is_post_processed': True,
            'mpesa_result_code': '0',
            'mpesa_result_source': 'callback' if arrival.source == 'stk' else 'confirmation',
            'mpesa_was_declined': (
                tx.mpesa_was_declined or tx.mpesa_push_state in {'declined', 'expired'}
            ),
            'mpesa_in_flight': False,
            'mpesa_next_query_at': (
                arrival.source != 'stk' and tx._mpesa_get_check_of_guess()
            ),
            'mpesa_needs_person': False,
            'mpesa_receipt_id': arrival.receipt_record.id,
            'mpesa_receipt_number': arrival.receipt,
            'mpesa_untold': True,
        })

    @api.model
    def _close_callbacks(self, arrivals):
        """ Finish the messages, each with its own links; what contradicts a request is flagged. """
        for arrival in arrivals:
            if arrival.asked and arrival.asked.mpesa_push_state != 'paid':
                arrival.asked.mpesa_needs_person = True
            if arrival.callback:
                arrival.callback._close(
                    'conflict' if arrival.problem else 'done', arrival.problem or False,
                    movement=arrival.movement, tx=arrival.tx or arrival.asked,
                )

    def _return_to_queue(self):
        """ Let the money of reversed receipts wait in *Unidentified fee receipts*.

        What the movement was matched with stays as a remark, and so does its request: a message
        about it that comes again books nothing.

        :return: None
        """
        for movement in self:
            if movement.suspense_payment_id:
                # It had waited before a person said whose it is: now that credit is open again.
                movement.write({
                    'previous_receipt_id': movement.receipt_id.id, 'receipt_id': False,
                })
                continue
            payment = self.env['account.payment'].create({
                **self._prepare_suspense_payment(movement._make_arrival()),
                # The day of the reversal: the wallet must not hold the money twice in between.
                'date': self._get_eat_day(fields.Datetime.now()),
            })
            payment.action_post()
            movement.write({
                'previous_receipt_id': movement.receipt_id.id,
                'receipt_id': False,
                'suspense_payment_id': payment.id,
            })

    def _make_arrival(self):
        """ Return this movement as news that is still to be booked.

        Note: `self.ensure_one()`

        :rtype: Arrival
        """
        self.ensure_one()
        return Arrival(
            callback=None, source=self.source, receipt=self.receipt, provider=self.provider_id,
            amount=Decimal(str(self.amount)), paid_at=self.paid_at,
            # What is shown of it may be masked.
            account_reference=self._read_payer().get('typed') or self.account_reference or '',
            movement=self,
        )

    def _reverse_suspense(self, date=None):
        """ Reverse the posting to *Unidentified fee receipts*: the movement finds its owner, or
        has left the wallet.

        :param date date: The day of the reversal; None for that of the posting itself.
        :return: None
        """
        self.ensure_one()
        payment = self.suspense_payment_id
        payment.move_id.with_context(school_receipt_reversal=True)._reverse_moves(
            [{'ref': payment.move_id.name, 'date': date or payment.move_id.date}], cancel=True,
        )
        payment.state = 'canceled'
        self.suspense_payment_id = False
