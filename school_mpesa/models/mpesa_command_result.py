import json
import re

from odoo import fields, models

from .. import daraja, vault


_NUMBER = re.compile(r'\s*\+?([0-9]{5,12})\b')
_PARTY = re.compile(r'\s*\+?([0-9*]{5,20})\s*(?:-\s*(.*))?', re.DOTALL)


class MpesaCommand(models.Model):
    """What Safaricom answers to a question about one payment, and what that is worth.

    A result is believed where it names the question by both its names and the payment by its code.
    Money is booked from it only when it says that the payment is completed, how much it was, and
    that our shortcode was paid (design section 3); it goes through the inbox like all other money.
    """

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    def _take_result(self, callback, result):
        """ Record the answer to this question.

        :param mpesa.callback callback: The message.
        :param daraja.Result result: What it says.
        :return: None
        """
        self.ensure_one()
        callback.mpesa_command_id = self
        digest = vault.blind_index('result', json.dumps(
            [result.code, [[key, str(value)] for key, value in result.parameters]],
        ))
        if self.result_digest:
            if digest == self.result_digest:
                callback._close('repeat')
            else:
                self.needs_person = True
                callback._close('conflict', self.env._(
                    "Another answer to a question that was answered before."
                ))
            return
        status = daraja.read_status(result)
        finding = self._judge(status)
        self.write({
            'state': 'failed' if finding in {'refused', 'no_answer', 'other'} else 'done',
            'finding': finding,
            'result_code': status.result_code,
            'result_digest': digest,
            'answered_at': fields.Datetime.now(),
            'needs_person': finding in {'other', 'unclear'},
            **({
                'amount': float(status.amount or 0),
                'paid_at': status.finalised_at_utc or status.initiated_at_utc,
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
        self._wake_waiting()

    def _take_timeout(self, callback):
        """ Record that Safaricom gave up the question: what became of the payment is not known.

        :param mpesa.callback callback: The message.
        :return: None
        """
        self.ensure_one()
        callback.mpesa_command_id = self
        if self.state == 'sent':
            self._fail('timed_out', state='unknown')
            self._wake_waiting()
        callback._close('done')

    def _judge(self, status):
        """ Say what an answer means for us.

        :param daraja.PaymentStatus status: The answer.
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
        payer, payee = (_read_number(status.parties[index]) for index in (0, -1))
        ours = {self.shortcode, self.provider_id._mpesa_get_payer_number()}
        # From ourselves to ourselves is a sweep between our own accounts.
        return 'completed' if payee in ours and payer not in ours else 'elsewhere'

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
            'paid_at': self.paid_at or fields.Datetime.now(),
            'account_reference': '',
            'msisdn': phone or '',
            'name': (name or '').strip(),
        }])


def _read_number(party):
    """ Return the shortcode or phone at the start of a party's name, '' when there is none.

    :param str party: As Safaricom writes it, such as "600111 - Example School".
    :rtype: str
    """
    match = _NUMBER.match(party)
    return match[1] if match else ''
