import json
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.school_fees.rules.admission_number import canonical_key

from .. import const, vault
from .mpesa_arrival import Arrival


OPEN_FOR_CONFIRMATION = ('sent', 'accepted', 'unknown', 'receipt_pending')


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
        fresh, twins, taken = {}, [], self.env['payment.transaction']
        for arrival in arrivals:
            if arrival.receipt in known or arrival.receipt in fresh:
                twins.append(arrival)
                continue
            if arrival.tx and (arrival.tx in taken or arrival.tx._mpesa_is_paid_for_certain()):
                # A prompt can be paid once. The first stands, the second is for a person.
                arrival.callback._close(
                    'conflict', self.env._("Another M-PESA code for a request already paid."),
                    tx=arrival.tx,
                )
                continue
            if not self._identify(provider, arrival, taken):
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
    def _identify(self, provider, arrival, taken):
        """ Find out whose money it is: a request's, a student's, or nobody's yet.

        :param payment.provider provider: The shortcode.
        :param Arrival arrival: The news, completed in place.
        :param payment.transaction taken: Requests that other news of this batch has answered.
        :return: False when the news has to wait.
        :rtype: bool
        """
        if arrival.tx:
            arrival.student = arrival.tx.mpesa_student_id
            return True
        candidates = self._find_candidates(provider, arrival) - taken
        is_certain = bool(arrival.account_reference.strip())
        if len(candidates) == 1 and is_certain:
            arrival.tx = candidates
            arrival.student = candidates.mpesa_student_id
            return True
        if candidates:
            waited = fields.Datetime.now() - arrival.callback.received_at
            if waited < timedelta(seconds=const.AMBIGUITY_WAIT_SECONDS):
                arrival.callback.write({
                    'next_try_at': fields.Datetime.now() + timedelta(seconds=10),
                    'reason': self.env._("Several requests fit: waiting for the prompt."),
                })
                return False
        arrival.student = self._match_student(provider, arrival.account_reference)
        return True

    @api.model
    def _find_candidates(self, provider, arrival):
        """ Return the requests that a confirmation may belong to: same account, same amount.

        Open now, or closed without money under ten minutes ago (design section 3).

        :rtype: payment.transaction
        """
        recently = fields.Datetime.now() - timedelta(seconds=const.RECENTLY_CLOSED_SECONDS)
        domain = [
            ('provider_id', '=', provider.id),
            ('amount', '=', float(arrival.amount)),
            '|', ('mpesa_push_state', 'in', OPEN_FOR_CONFIRMATION),
            '&', ('mpesa_push_state', 'in', ('declined', 'expired')),
            ('last_state_change', '>', recently),
        ]
        reference = arrival.account_reference.strip()
        if reference:
            domain.append(('mpesa_account_reference', '=', reference))
        elif provider.mpesa_shortcode_type != 'till':
            return self.env['payment.transaction']
        return self.env['payment.transaction'].search(domain)

    @api.model
    def _match_student(self, provider, reference):
        """ Return the one live student whose admission number this is, else nobody.

        Names and phones never post money.

        :param payment.provider provider: The shortcode.
        :param str reference: What the payer typed.
        :rtype: school.student
        """
        key = canonical_key(reference)
        students = self.env['school.student'].search([
            ('admission_key', '=', key), ('company_id', 'child_of', provider.company_id.id),
        ], limit=2) if key else self.env['school.student']
        if len(students) != 1:
            return students.browse()
        if students.state in {'left', 'graduated'} and students.balance <= 0:
            return students.browse()
        return students

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
            if arrival.source == 'stk' and arrival.tx.mpesa_push_state == 'paid':
                self.search([
                    ('payment_transaction_id', '=', arrival.tx.id),
                ])._settle_anew_without_request()

    def _settle_anew_without_request(self):
        """ Reverse the receipts of these movements and make them again as money typed by hand.

        Nothing posted is edited: the old receipt stays, reversed, with its number.

        :return: None
        """
        for movement in self:
            movement.receipt_id._reverse(self.env._(
                "M-PESA told that this payment does not belong to the request it was booked on."
            ))
            arrival = Arrival(
                callback=None, source=movement.source, receipt=movement.receipt,
                amount=Decimal(str(movement.amount)), paid_at=movement.paid_at,
                account_reference=movement.account_reference or '', movement=movement,
            )
            arrival.student = self._match_student(
                movement.provider_id, arrival.account_reference
            )
            movement.payment_transaction_id.write({
                'payment_id': False,
                'provider_reference': False,
                'is_post_processed': False,
                'mpesa_receipt_id': False,
                'mpesa_receipt_number': False,
            })
            movement.write({'payment_transaction_id': False, 'receipt_id': False})
            self._book(movement.provider_id, [arrival])

    def _meet_again(self, arrival):
        """ Take a second message about a movement that is booked already.

        :param Arrival arrival: The news.
        :return: None
        """
        self.ensure_one()
        callback = arrival.callback
        if problem := self._find_contradiction(arrival):
            callback._close('conflict', problem, movement=self, tx=arrival.tx)
            return
        seen = {self.source, *(self.verified_by or '').split()}
        if arrival.tx and arrival.tx != self.payment_transaction_id:
            if arrival.tx.mpesa_push_state == 'paid':
                # A payment typed by hand was taken for this request before its own result came.
                self.search([
                    ('payment_transaction_id', '=', arrival.tx.id),
                ])._settle_anew_without_request()
            # It was booked by its reference before the prompt's own result came.
            if self.receipt_id:
                self.receipt_id._reverse(self.env._(
                    "M-PESA told that this payment belongs to a request."
                ))
            elif self.suspense_payment_id:
                self._reverse_suspense()
            self.receipt_id = False
            arrival.movement, arrival.student = self, arrival.tx.mpesa_student_id
            self._book(self.provider_id, [arrival])
        elif arrival.tx:
            arrival.tx.mpesa_result_source = 'callback'  # Its own result has come: certain now.
        if arrival.source in seen and arrival.receipt_record is None:
            callback._close('repeat', movement=self, tx=self.payment_transaction_id)
            return
        self.verified_by = ' '.join(filter(None, (self.verified_by, arrival.source)))
        self._learn_payer(arrival)
        callback._close('done', movement=self, tx=self.payment_transaction_id)

    def _find_contradiction(self, arrival):
        """ Say what in another message about this movement is not the same, '' when all is.

        :param Arrival arrival: The other message.
        :rtype: str
        """
        self.ensure_one()
        if not self._same_money(arrival.amount):
            return self.env._("Another amount for a known M-PESA code.")
        if arrival.source == self.source:
            # The same kind of message says the same to the letter; another kind words it its way.
            if arrival.get_safe_reference() != (self.account_reference or ''):
                return self.env._("Another account for a known M-PESA code.")
            number = arrival.read_phone()
            if number and self.payer_index and (
                vault.blind_index('phone', number.wire) != self.payer_index
            ):
                return self.env._("Another phone for a known M-PESA code.")
        tx = arrival.tx
        if tx and tx != self.payment_transaction_id and (
            self.payment_transaction_id or tx._mpesa_is_paid_for_certain()
        ):
            return self.env._("This M-PESA code is booked on another request.")
        return ''

    def _learn_payer(self, arrival):
        """ Keep a payer's name that only the second message brought. """
        self.ensure_one()
        if arrival.name and not self._read_payer().get('name'):
            phone = self._read_payer().get('phone') or arrival.phone
            self.write(self._seal_payer(arrival.callback, phone, arrival.name, ''))

    @api.model
    def _seal_payer(self, callback, phone, name, typed):
        """ Return the values that keep a payer, sealed with the key of the message told by.

        :rtype: dict
        """
        if callback is None:
            return {}
        key = self.env['mpesa.callback.key'].sudo().browse(callback.key_id)
        payer = json.dumps({'phone': phone, 'name': name, 'typed': typed}).encode()
        return {
            'payer_key_id': key.id,
            'payer_sealed': vault.seal_bytes(vault.open_data_key(key.wrapped), payer).hex(),
        }
