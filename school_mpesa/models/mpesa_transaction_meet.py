import json

from odoo import api, fields, models

from odoo.addons.school_fees.rules.admission_number import canonical_key

from .. import vault


class MpesaTransaction(models.Model):
    """A second message about a movement: the same again, more about it, or a contradiction."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    def _meet_again(self, arrival):
        """ Take a second message about a movement that is booked already.

        :param Arrival arrival: The news.
        :return: None
        """
        self.ensure_one()
        callback = arrival.callback
        told = self._get_told(arrival)
        if told == arrival.get_digest() and callback.mpesa_transaction_id != self:
            callback._close('repeat', movement=self, tx=self.payment_transaction_id)
            return
        if problem := self._find_contradiction(arrival) or arrival.problem:
            if arrival.asked and arrival.asked.mpesa_push_state != 'paid':
                arrival.asked.mpesa_needs_person = True
            callback._close('conflict', problem, movement=self, tx=arrival.tx or arrival.asked)
            return
        if self.is_returned:
            self._meet_after_return(arrival)
            return
        if arrival.tx and arrival.tx != self.payment_transaction_id:
            if arrival.tx.mpesa_push_state == 'paid':
                # A payment typed by hand was taken for this request before its own result came.
                arrival.tx._mpesa_undo_guess()
            # It was booked by its reference, or on a request that it only fitted, before the
            # prompt's own result came.
            arrival.student = arrival.tx.mpesa_student_id
            self._book_anew(arrival)
        elif arrival.tx:
            # Its own result has come: certain now.
            arrival.tx.write({'mpesa_result_source': 'callback', 'mpesa_next_query_at': False})
        elif not (
            self.receipt_id or told or self.previous_receipt_id
            or (arrival.is_found() and self.account_reference)
        ):
            # Only this message says whose money it is, and no person decided about it.
            provider = callback.provider_id
            if not self._identify(
                provider, arrival, self._match_accounts(provider, [arrival]),
                self.env['payment.transaction'],
            ):
                return  # It waits for the prompt's own result.
            if arrival.tx or arrival.student:
                self._book_anew(arrival)
        problem = (
            self._find_other_account(arrival) if arrival.tx
            else not told and self._find_other_owner(arrival)
        )
        self._learn(arrival)
        if problem:
            state = 'conflict'
        else:
            state = 'repeat' if arrival.is_found() and arrival.movement != self else 'done'
        callback._close(
            state, problem or False, movement=self, tx=self.payment_transaction_id,
        )

    def _learn(self, arrival):
        """ Keep what only the second message told.

        :param Arrival arrival: The news.
        :return: None
        """
        self.ensure_one()
        others = {*(self.verified_by or '').split(), arrival.source} - {self.source}
        self.write({
            **self._prepare_source(arrival),
            'account_reference': self.account_reference or arrival.get_safe_reference(),
            'verified_by': ' '.join(sorted(others)),
        })
        self._learn_payer(arrival)

    def _get_told(self, arrival):
        """ Return the digest of what this kind of message said about the movement before.

        What we asked for has none: Pull, statement and status say the same in other words.

        :param Arrival arrival: The news.
        :rtype: str | bool
        """
        return not arrival.is_found() and self[f'{arrival.source}_digest']

    @api.model
    def _prepare_source(self, arrival):
        """ Return the values that remember by which way a movement was told of.

        :param Arrival arrival: The news.
        :rtype: dict
        """
        if not arrival.is_found():
            return {f'{arrival.source}_digest': arrival.get_digest()}
        column = {'pull': 'pulled_at', 'statement': 'stated_at'}.get(arrival.source)
        return {column: fields.Datetime.now()} if column else {}

    def _book_anew(self, arrival):
        """ Take the money from where it is booked, and book it as a message says.

        Nothing posted is edited: the old receipt stays, reversed, with its number.

        :param Arrival arrival: The news, with its request or student.
        :return: None
        """
        self.ensure_one()
        guessed = self.payment_transaction_id
        if self.receipt_id:
            self.receipt_id._reverse(self.env._(
                "M-PESA told that this payment belongs to a request."
            ), same_day=True)
        if self.suspense_payment_id:
            self._reverse_suspense()
        self.write({'receipt_id': False, 'payment_transaction_id': False})
        if guessed:
            guessed._mpesa_reopen()
        arrival.movement = self
        self._book(self.provider_id, [arrival])

    def _find_contradiction(self, arrival):
        """ Say what in another message about this movement is not the same, '' when all is.

        :param Arrival arrival: The other message.
        :rtype: str
        """
        self.ensure_one()
        if not self._same_money(arrival.amount):
            return self.env._("Another amount for a known M-PESA code.")
        told = self._get_told(arrival)
        if told and told != arrival.get_digest():
            return self.env._("Another account or phone for a known M-PESA code.")
        if not arrival.tx and (problem := self._find_other_account(arrival)):
            return problem
        tx, booked_for = arrival.tx, self.payment_transaction_id
        if tx and tx != booked_for and (
            tx._mpesa_is_paid_for_certain()
            or (booked_for and booked_for._mpesa_is_paid_for_certain())
        ):
            return self.env._("This M-PESA code is booked on another request.")
        return ''

    def _find_other_account(self, arrival):
        """ Say that another kind of message named another account, '' when it did not.

        A prompt's own result names its request for certain, so the money follows it all the same.

        :param Arrival arrival: The other message.
        :rtype: str
        """
        self.ensure_one()
        known = canonical_key(self.account_reference or '')
        named = {
            canonical_key(arrival.account_reference), canonical_key(arrival.get_safe_reference()),
        } - {''}
        if known and named and known not in named:
            return self.env._("Another account for a known M-PESA code.")
        return ''

    def _find_other_owner(self, arrival):
        """ Say that a message names somebody else than a person has chosen, '' when it does not.

        :param Arrival arrival: The other message.
        :rtype: str
        """
        self.ensure_one()
        if not (self.receipt_id and self.suspense_payment_id):
            return ''
        match = self._match_accounts(arrival.callback.provider_id, [arrival])[arrival]
        chosen = self.receipt_id
        if not match.posts or match.found[0][0] in (
            *chosen.line_ids.student_id, chosen.line_ids.student_id.family_id,
        ):
            return ''
        return self.env._("The account names somebody else than was chosen for this payment.")

    def _learn_payer(self, arrival):
        """ Keep a payer's name that only the second message brought; what was typed stays. """
        self.ensure_one()
        if self.payer_forgotten_at:
            return
        known = self._read_payer() if arrival.name else {}
        if arrival.name and not known.get('name'):
            self.write(self._seal_payer(
                arrival.callback, known.get('phone') or arrival.phone, arrival.name,
                arrival.account_reference or known.get('typed', ''),
            ))

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
