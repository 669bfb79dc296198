import json
import re

from odoo import api, fields, models

from .. import daraja, vault


_NUMBER = re.compile(r'\s*\+?([0-9]{5,12})\b')
_PARTY = re.compile(r'\s*\+?([0-9*]{5,20})\s*(?:-\s*(.*))?', re.DOTALL)


class MpesaCommand(models.Model):
    """What Safaricom answers later, as a result, and what that is worth.

    Each kind of question has methods of its own: `_take_<kind>_result` records an answer,
    `_find_lost_<kind>` finds the question of an answer that does not name it, and
    `_take_nameless_<kind>` deals with such an answer.

    A result about a payment is believed where it names the question by both its names and the
    payment by its code. Money is booked from it only when it says that the payment is completed,
    how much it was, and that our shortcode was paid (design section 3); it goes through the inbox
    like all other money.
    """

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    @api.model
    def _get_result_kinds(self):
        """ Return the kinds of question that are answered later, by a result.

        They are all asked by the shortcode's initiator.

        :rtype: list[str]
        """
        return ['status']

    def _take_result(self, callback, result):
        """ Record the answer to this question, once.

        :param mpesa.callback callback: The message.
        :param daraja.Result result: What it says.
        :return: None
        """
        self.ensure_one()
        callback.mpesa_command_id = self
        digest = vault.blind_index('result', json.dumps(
            [
                result.code, result.transaction_id,
                [[key, str(value)] for key, value in result.parameters],
            ],
        ))
        if digest == self.result_digest:
            callback._close('repeat')
            return
        if self.result_digest and not self._is_overruled_by(result):
            self._note_conflict()
            callback._close('conflict', self.env._(
                "Another answer to a question that was answered before."
            ))
            return
        self.write({
            'result_code': result.code, 'result_digest': digest,
            'answered_at': fields.Datetime.now(),
        })
        getattr(self, f'_take_{self.kind}_result')(callback, result)
        self._wake_waiting()

    def _is_overruled_by(self, result):
        """ Tell whether a later answer counts more than the one that came before.

        :param daraja.Result result: What the later one says.
        :rtype: bool
        """
        return False

    def _note_conflict(self):
        """ Leave a question to a person to which Safaricom has given two answers. """
        self.needs_person = True

    def _take_status_result(self, callback, result):
        """ Record what Safaricom says of one payment.

        :param mpesa.callback callback: The message.
        :param daraja.Result result: What it says.
        :return: None
        """
        status = daraja.read_status(result)
        paid_at, by_code = self._date_payment(
            status.finalised_at_utc or status.initiated_at_utc, self.receipt,
            self.mpesa_transaction_id,
        )
        finding = self._judge(status, paid_at)
        self.write({
            'state': 'failed' if finding in {'refused', 'no_answer', 'other'} else 'done',
            'finding': finding,
            'needs_person': finding in {'other', 'unclear'},
            **({
                'amount': float(status.amount or 0),
                'paid_at': paid_at,
                'dated_by_code': int(by_code),
            } if finding == 'completed' else {}),
        })
        if finding != 'no_answer':  # Which says nothing of the initiator.
            self.provider_id._mpesa_note_initiator(
                status.result_code if finding == 'refused' else '',
            )
        if finding == 'completed':
            self._book_found(status)
        if finding == 'other':
            callback._close('conflict', self.env._(
                "It tells of another payment than the one that was asked about."
            ))
        else:
            callback._close('done')

    def _take_timeout(self, callback):
        """ Record that Safaricom gave up the question: what became of it is not known.

        :param mpesa.callback callback: The message.
        :return: None
        """
        self.ensure_one()
        callback.mpesa_command_id = self
        if self.state == 'sent':
            self._fail('timed_out', state='unknown')
            self._fail_waiting()
            self._wake_waiting()
        callback._close('done')

    @api.model
    def _find_lost_status(self, lost, result):
        """ Return the question about the payment that a result names.

        :param list lost: Which questions can be meant.
        :param daraja.Result result: The parsed message.
        :rtype: mpesa.command
        """
        code = daraja.read_status(result).receipt
        return self.search([*lost, ('receipt', '=', code)], limit=1) if code else self

    def _take_nameless_status(self, callback):
        """ Ask again, once, when an answer came that may be to this question and does not name it.

        Who knows the address could write it, so nothing that it says is believed.

        :param mpesa.callback callback: The message.
        :return: None
        """
        self.ensure_one()
        if self.search_count([('repeats_id', '=', self.id)], limit=1):
            callback._close('repeat')
            return
        self.finding = 'nameless'
        if self._ask_again():
            callback._close('done', self.env._(
                "It names no question of ours, so nothing is booked from it. Safaricom is asked"
                " again."
            ))
        else:
            self.needs_person = True
            callback._close('parked', self.env._(
                "It names no question of ours, so nothing is booked from it. Ask Safaricom about"
                " the payment again."
            ))

    def _ask_again(self):
        """ Put the same question into the outbox once more, if it is not a second try itself.

        :return: The question that is open now; none where it cannot be asked.
        :rtype: mpesa.command
        """
        provider = self.provider_id
        if self.repeats_id or provider._mpesa_find_status_problem():
            return self.browse()
        # One that a person has asked meanwhile will do.
        return self._find_open(provider, self.receipt) or self._queue(
            provider, 'status', receipt=self.receipt, repeats_id=self.id,
            payment_transaction_id=self.payment_transaction_id.id,
        )

    def _date_payment(self, told, code, movement):
        """ Return when a payment was made: as told, as known before, or as its code tells.

        :param datetime told: As Safaricom answered, naive UTC, or None.
        :param str code: Its M-PESA code.
        :param mpesa.transaction movement: What we know of it, if anything.
        :return: Naive UTC, or None when nothing tells; and whether only the code told.
        :rtype: tuple[datetime | None, bool]
        """
        paid_at = daraja.date_payment(told, code, fields.Datetime.now())
        if paid_at and paid_at == told:
            return paid_at, False
        if movement.paid_at:
            return movement.paid_at, False
        return paid_at, bool(paid_at)

    def _judge(self, status, paid_at):
        """ Say what an answer means for us.

        :param daraja.PaymentStatus status: The answer.
        :param datetime paid_at: When it was paid, None when that is not known.
        :return: A word of the field `finding`.
        :rtype: str
        """
        if status.state != 'completed':
            # The payment's other ends are told as Safaricom puts them, whatever its code.
            words = {'failed': 'not_paid', 'not_allowed': 'refused'}
            is_other = status.receipt and status.receipt != self.receipt
            return 'other' if is_other else words.get(status.state, status.state)
        if status.receipt and status.receipt != self.receipt:
            return 'other'
        if not status.receipt or not status.amount or status.amount < 0:
            return 'unclear'
        if len(status.parties) < 2:
            return 'unclear'  # Who was paid is not said.
        payer, payee = (read_number(status.parties[index]) for index in (0, -1))
        ours = {self.shortcode, self.provider_id._mpesa_get_payer_number()}
        # From ourselves to ourselves is a sweep between our own accounts.
        if payee not in ours or payer in ours:
            return 'elsewhere'
        return 'completed' if paid_at else 'unclear'

    def _book_found(self, status):
        """ Put a payment that Safaricom vouches for into the inbox: known ones are seen there.

        It names no account, so money that no message told of waits for a person.

        :param daraja.PaymentStatus status: The answer.
        :return: None
        """
        match = _PARTY.fullmatch(status.parties[0])
        phone, name = match.groups() if match else ('', '')
        self.env['mpesa.callback']._append_found(self.provider_id, 'status', [{
            'receipt': status.receipt,
            'amount': status.amount,
            'paid_at': self.paid_at,
            'account_reference': '',
            'msisdn': phone or '',
            'name': (name or '').strip(),
        }])


def read_number(party):
    """ Return the shortcode or phone at the start of a party's name, '' when there is none.

    :param str party: As Safaricom writes it, such as "600111 - Example School".
    :rtype: str
    """
    match = _NUMBER.match(party)
    return match[1] if match else ''
