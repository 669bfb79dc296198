from odoo import api, models


class MpesaTransaction(models.Model):
    """From news to movement: repeat, conflict, or money to book, each decided once."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    @api.model
    def _settle(self, provider, arrivals):
        """ Book what is new of some news and close its messages.

        :param payment.provider provider: The shortcode; it comes from the address's token, never
                                          from the message.
        :param list[Arrival] arrivals: The news, prompts' results first.
        :return: None
        """
        known = {
            movement.receipt: movement for movement in self.search([
                ('environment', '=', provider.mpesa_environment),
                ('shortcode', '=', provider.mpesa_shortcode),
                ('receipt', 'in', [arrival.receipt for arrival in arrivals]),
                ('kind', '=', 'payment'), ('direction', '=', 'in'),
            ])
        } if arrivals else {}
        matches = self._match_accounts(provider, [
            arrival for arrival in arrivals if not arrival.tx and arrival.receipt not in known
        ])
        fresh, twins, taken = {}, [], self.env['payment.transaction']
        for arrival in arrivals:
            if arrival.receipt in known or arrival.receipt in fresh:
                twins.append(arrival)
                continue
            tx = arrival.tx or arrival.asked
            if tx and (tx in taken or tx._mpesa_is_paid_for_certain()):
                # A prompt can be paid once. The first stands: a query would say only that it was
                # paid, so nobody vouches for the second, which is for a person.
                arrival.callback._close('conflict', arrival.problem or self.env._(
                    "Another M-PESA code for a request already paid."
                ), tx=tx)
                continue
            if arrival.problem:
                if not arrival.callback._is_vouched_for(arrival):
                    continue  # It waits for Safaricom's word, or a person has to look.
            elif not self._identify(provider, arrival, matches, taken):
                continue  # It waits for the prompt's own result.
            if arrival.tx:
                taken |= arrival.tx
            fresh[arrival.receipt] = arrival
        self._make_way(provider, fresh)
        self._book(provider, list(fresh.values()))
        known.update({receipt: arrival.movement for receipt, arrival in fresh.items()})
        for arrival in twins:
            known[arrival.receipt]._meet_again(arrival)

    @api.model
    def _make_way(self, provider, fresh):
        """ Free requests that a confirmation was taken for, now that their own result has come.

        A confirmation with the same account and amount was booked as the request; the prompt's
        result names another M-PESA code, so that confirmation was typed by hand.

        :param payment.provider provider: The shortcode.
        :param dict fresh: The news to book, by M-PESA code.
        :return: None
        """
        for arrival in fresh.values():
            if arrival.source == 'stk' and arrival.tx and arrival.tx.mpesa_push_state == 'paid':
                arrival.tx._mpesa_undo_guess()

    def _settle_anew_without_request(self):
        """ Reverse the receipts of these movements and make them again as money typed by hand.

        Nothing posted is edited: the old receipt stays, reversed, with its number.

        :return: None
        """
        for movement in self:
            if movement.is_returned or movement.denial_state == 'denied' or (
                movement.receipt_id and movement.suspense_payment_id
            ):
                # It went back to its payer, was never paid, or a person has said whose it is: that
                # stands, and only the request is free again.
                movement.payment_transaction_id._mpesa_forget_payment()
                movement.payment_transaction_id = False
                continue
            movement.receipt_id._reverse(self.env._(
                "M-PESA told that this payment does not belong to the request it was booked on."
            ), same_day=True)
            if movement.suspense_payment_id:
                movement._reverse_suspense()  # A person had reversed the receipt before.
            arrival = movement._make_arrival()
            self._give_to(arrival, self._match_accounts(movement.provider_id, [arrival])[arrival])
            movement.payment_transaction_id._mpesa_forget_payment()
            movement.write({'payment_transaction_id': False, 'receipt_id': False})
            self._book(movement.provider_id, [arrival])
