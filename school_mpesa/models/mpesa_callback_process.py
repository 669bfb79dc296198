from datetime import timedelta

from odoo import models

from .. import daraja, vault
from .mpesa_arrival import Arrival
from .mpesa_callback_found import FOUND_ENDPOINTS


class MpesaCallback(models.Model):
    """What a message means: read it, find the request it answers, hand money to the booking."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    def _process(self):
        """ Deal with claimed messages. All of it or nothing is written.

        :return: None
        """
        for provider, callbacks in self.grouped('provider_id').items():
            arrivals = callbacks.with_company(provider.company_id)._read_arrivals()
            # A prompt's own result names its request for certain, so those go first; one that
            # contradicts its request goes last, when others may have told where its money belongs.
            arrivals.sort(key=lambda arrival: (
                bool(arrival.problem), arrival.source != 'stk', arrival.callback.id,
            ))
            self.env['mpesa.transaction'].with_company(provider.company_id)._settle(
                provider, arrivals
            )

    def _read_arrivals(self):
        """ Read the messages; finish at once those that tell of no money.

        :return: The news about money.
        :rtype: list[Arrival]
        """
        bodies = self._read_bodies()
        asked = self._find_requests()
        arrivals = []
        for callback in self:
            body = bodies[callback]
            if callback.environment != callback.provider_id.mpesa_environment:
                callback._close('parked', self.env._(
                    "It came while the shortcode was in another environment."
                ))
                continue
            if body is None:
                callback._close('parked', self.env._("The payer was forgotten on request."))
                continue
            try:
                arrival = callback._read_one(body, asked)
            except daraja.UnreadableCallback as error:
                callback._close('unreadable', error.reason[:200])
                continue
            if arrival:
                arrivals.append(arrival)
        return arrivals

    def _find_requests(self):
        """ Return the requests whose own addresses were called, by digest.

        :rtype: dict[str, payment.transaction]
        """
        digests = [digest for digest in self.mapped('push_digest') if digest]
        if not digests:
            return {}
        txs = self.env['payment.transaction'].search([('mpesa_push_digest', 'in', digests)])
        return {tx.mpesa_push_digest: tx for tx in txs}

    def _read_one(self, body, asked):
        """ Read one message.

        :param bytes body: Its bytes.
        :param dict asked: The requests by digest of their address.
        :return: The news about money, or None when the message is finished.
        :rtype: Arrival | None
        :raise UnreadableCallback: If it is not what this address takes.
        """
        self.ensure_one()
        if self.endpoint == 'stk':
            return self._read_stk(daraja.parse_stk_callback(body), asked)
        if self.endpoint == 'confirmation':
            return self._read_confirmation(daraja.parse_c2b(body))
        if self.endpoint in FOUND_ENDPOINTS:
            return self._read_found(body)
        if self.endpoint == 'validation':
            self._close('done')  # It was answered when it came; money is told by a confirmation.
        elif self.endpoint == 'notice':
            # Nobody was ever seen to call there (daraja.md 6.1), and what it would say is unknown.
            self._close('done', self.env._(
                "Not read, and nothing is booked from it: Safaricom is asked every hour what was"
                " paid."
            ))
        else:
            self._read_result(daraja.parse_result(body))
        return None

    def _read_confirmation(self, news):
        """ Turn a paybill confirmation into an arrival.

        :param C2BConfirmation news: The parsed message.
        :rtype: Arrival
        """
        return Arrival(
            callback=self, source='confirmation', receipt=news.receipt, amount=news.amount,
            paid_at=self._get_moment(news.paid_at_utc), phone=news.msisdn, name=news.payer_name,
            account_reference=news.account_reference,
        )

    def _get_moment(self, told):
        """ Return when the money moved: what the message says, unless no such time can be.

        A time that cannot be read, or lies ahead, would put the receipt into a wrong year.

        :param datetime told: Naive UTC, or None.
        :return: Naive UTC.
        :rtype: datetime
        """
        self.ensure_one()
        if told and told <= self.received_at + timedelta(days=1):
            return told
        return self.received_at

    def _read_stk(self, news, asked):
        """ Turn a prompt's result into an arrival, or record that nobody paid.

        Nothing is believed blindly: the address is secret and belongs to one request, and ids,
        amount and phone must be that request's (trust.md A3). Other ids are a forgery; another
        amount or phone is asked about before any money is booked.

        :param StkCallback news: The parsed message.
        :param dict asked: The requests by digest of their address.
        :rtype: Arrival | None
        """
        tx = asked.get(self.push_digest)
        if not tx or tx.provider_id != self.provider_id:
            self._close('parked', self.env._("No request of ours has this address."))
            return None
        if problem := self._find_other_ids(news, tx):
            self._close('conflict', problem, tx=tx)
            return None
        self._learn_checkout(news, tx)
        if not news.paid:
            self._note_unpaid(news.result_code, tx)
            return None
        problem = self._find_other_payment(news, tx)
        if problem and not (news.receipt and news.amount):
            tx._mpesa_ask_now()
            self._close('conflict', problem, tx=tx)
            return None
        if not news.receipt:
            if tx.mpesa_push_state not in {'paid', 'receipt_pending'}:
                tx._mpesa_note_paid_without_code('callback')
            self._close('done', self.env._("Paid, but the message names no M-PESA code."), tx=tx)
            return None
        return Arrival(
            callback=self, source='stk', receipt=news.receipt, amount=news.amount,
            paid_at=self._get_moment(news.paid_at_utc), phone=news.phone or '', problem=problem,
            **({'asked': tx} if problem else {
                'tx': tx, 'account_reference': tx.mpesa_account_reference or '',
            }),
        )

    def _learn_checkout(self, news, tx):
        """ Keep the prompt's id when the callback was quicker than the push's own answer. """
        if not tx.mpesa_checkout_sealed:
            tx.write({
                'mpesa_checkout_sealed': vault.seal(
                    tx._mpesa_seal_context('checkout'), news.checkout_request_id
                ),
                'mpesa_checkout_index': vault.blind_index('checkout', news.checkout_request_id),
                'mpesa_merchant_request_id': news.merchant_request_id,
            })

    def _note_unpaid(self, code, tx):
        """ Record that a prompt ended without payment, unless money has come all the same.

        :param str code: The result code.
        :param payment.transaction tx: The request.
        :return: None
        """
        outcome = daraja.result_code(code)
        if tx.mpesa_push_state == 'paid':
            if tx.mpesa_was_declined and outcome.outcome == 'declined':
                # The failure was known before the money came, which did not care.
                self._close('repeat', tx=tx)
            elif tx._mpesa_is_paid_for_certain() or tx.mpesa_query_code == '0':
                self._close('conflict', self.env._("A failure, after the money had come."), tx=tx)
            elif outcome.outcome == 'declined' and not outcome.late_success:
                # The prompt was refused, so the money taken for it was typed by hand.
                tx._mpesa_undo_guess()
                tx._mpesa_decline(code, 'callback')
                self._close('done', self.env._("The receipt was made anew."), tx=tx)
            else:
                # It proves nothing yet against the money that was taken for the request.
                tx._mpesa_keep_asking()
                self._close('done', self.env._("Unknown outcome: still checking."), tx=tx)
            return
        if tx.mpesa_push_state == 'receipt_pending':
            self._close('conflict', self.env._("A failure, after Safaricom said paid."), tx=tx)
            return
        if outcome.outcome == 'declined':
            repeat = tx.mpesa_push_state == 'declined' and tx.mpesa_result_code == code
            if not repeat:
                tx._mpesa_decline(code, 'callback')
            self._close('repeat' if repeat else 'done', tx=tx)
            return
        # Pending or unknown: never a failure. Keep asking; a known outcome keeps its code.
        if tx.mpesa_push_state != 'declined':
            tx.mpesa_result_code = code
        tx._mpesa_keep_asking()
        self._close('done', self.env._("Unknown outcome: still checking."), tx=tx)
