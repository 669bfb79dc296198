from odoo import api, models
from odoo.fields import Domain

from .mpesa_payment_link import RECEIVED_STATES


LAST_TRANSACTIONS = 20
LAST_LINKS = 10
TONES_OF_MOVEMENTS = {
    'request': 'good', 'matched': 'good', 'unidentified': 'check', 'person': 'check',
}
TONES_OF_LINKS = {'active': 'wait', 'used': 'good'}


class MpesaDashboard(models.AbstractModel):
    """The last payments and requests, and the last links."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _read_latest(self, facts, model, domain, names, order):
        """ Read the last records of the schools, however many others there are.

        Of one shortcode after the other: each has its own index, so that nothing is sorted.

        :param dict facts: `providers`.
        :param str model: The model.
        :param Domain domain: Which records.
        :param list[str] names: The fields to read.
        :param str order: The field that tells which is the newest.
        :return: The newest first.
        :rtype: models.Model
        """
        latest = self.env[model]
        for provider in facts['providers']:
            latest += latest.search_fetch(
                domain & Domain('provider_id', '=', provider.id), names,
                order=f'{order} desc, id desc', limit=LAST_TRANSACTIONS,
            )
        return latest.sorted(lambda record: (record[order], record.id), reverse=True)[
            :LAST_TRANSACTIONS
        ]

    @api.model
    def _read_latest_movements(self, facts):
        """ Read the last payments that we were told of.

        :param dict facts: `providers`.
        :rtype: mpesa.transaction
        """
        return self._read_latest(
            facts, 'mpesa.transaction', Domain('kind', '=', 'payment'),
            [
                'paid_at', 'first_seen_at', 'amount', 'account_reference', 'payer_mask', 'kind',
                'payment_transaction_id', 'receipt_id', 'suspense_payment_id', 'is_returned',
                'reversal_state', 'denial_state', 'previous_receipt_id', 'provider_id',
            ],
            'first_seen_at',
        )

    @api.model
    def _get_transactions(self, facts):
        """ Return the last payment requests and the last payments that nobody asked for.

        A payment that was asked for stands in the row of its request.

        :param dict facts: As in :meth:`_get_facts`.
        :return: Of each `model`, `id`, `time`, `student`, `amount` (text), `phone` (masked),
                 `channel`, `channel_name`, `state` (text), `tone` ('good', 'check', 'bad' or
                 'wait') and `ask`, the method that asks Safaricom about it, or None. The newest
                 first.
        :rtype: list[dict]
        """
        requests = self._read_latest(
            facts, 'payment.transaction', Domain('mpesa_push_state', '!=', False),
            [
                'create_date', 'amount', 'mpesa_phone_mask', 'mpesa_channel', 'mpesa_push_state',
                'mpesa_student_id', 'mpesa_result_code', 'mpesa_receipt_id', 'mpesa_sent_at',
                'mpesa_is_given_back', 'mpesa_is_denied', 'mpesa_needs_person', 'provider_id',
            ],
            'create_date',
        )
        movements = facts['latest'].filtered(lambda m: not m.payment_transaction_id)
        # In sudo mode, all at once: the student of a receipt that may be a branch's.
        movements.sudo().receipt_id.line_ids.student_id.fetch(['name', 'admission_no'])
        names = dict(self.env['school.receipt']._fields['channel']._description_selection(self.env))
        rows = [
            *((tx.create_date, self._describe_request(tx)) for tx in requests),
            *((m.paid_at or m.first_seen_at, self._describe_movement(m)) for m in movements),
        ]
        rows.sort(key=lambda row: row[0], reverse=True)
        return [
            {
                **row,
                'time': self._format_moment(
                    moment, 'HH:mm' if moment >= facts['start'] else 'EEE d MMM HH:mm',
                ),
                'channel_name': names.get(row['channel'], ''),
            }
            for moment, row in rows[:LAST_TRANSACTIONS]
        ]

    @api.model
    def _describe_request(self, tx):
        """ Return the row of a payment request, as in :meth:`_get_transactions`.

        :param payment.transaction tx: The request.
        :rtype: dict
        """
        if tx.mpesa_is_denied or tx.mpesa_is_given_back or tx.mpesa_needs_person:
            tone = 'check'
        elif tx.mpesa_push_state in RECEIVED_STATES:
            tone = 'good'
        else:
            tone = {'declined': 'bad', 'expired': 'bad', 'unknown': 'check'}.get(
                tx.mpesa_push_state, 'wait',
            )
        return {
            'model': 'payment.transaction', 'id': tx.id,
            'student': ', '.join(tx._mpesa_get_students().mapped('display_name')),
            'amount': tx.currency_id._format_plain(tx.amount), 'phone': tx.mpesa_phone_mask or '',
            'channel': tx.mpesa_channel, 'state': tx.mpesa_outcome, 'tone': tone,
            'ask': 'action_mpesa_ask_safaricom' if tx.mpesa_can_ask_safaricom else None,
        }

    @api.model
    def _describe_movement(self, movement):
        """ Return the row of a payment that nobody asked for, as in :meth:`_get_transactions`.

        :param mpesa.transaction movement: The payment.
        :rtype: dict
        """
        state = movement.booking_state
        names = dict(movement._fields['booking_state']._description_selection(self.env))
        students = movement.sudo().receipt_id.line_ids.student_id
        return {
            'model': 'mpesa.transaction', 'id': movement.id,
            'student': ', '.join(students.mapped('display_name')) or movement.account_reference,
            'amount': movement.currency_id._format_plain(movement.amount),
            'phone': movement.payer_mask or '', 'channel': 'paybill_manual',
            'state': self.env._("Paid: %(receipt)s", receipt=movement.booked_as)
            if state == 'matched' else names[state],
            'tone': TONES_OF_MOVEMENTS.get(state, 'bad'),
            'ask': 'action_ask_safaricom' if movement.can_ask_safaricom else None,
        }

    @api.model
    def _get_links(self):
        """ Return the last links that the office has made.

        :return: Of each `id`, `student`, `what`, `asked`, `paid`, `opened` and `state` (texts),
                 `tone` and `can_send`, whether it can be sent again. The newest first.
        :rtype: list[dict]
        """
        links = self.env['mpesa.payment.link'].search_fetch(
            [('kind', '=', 'link'), ('for_relatives', '=', False)],
            [
                'student_id', 'kind', 'bill_id', 'description', 'first_asked', 'company_id',
                'expires_on', 'max_uses', 'cancelled_at', 'for_relatives',
            ],
            order='id desc', limit=LAST_LINKS,
        )
        names = dict(links._fields['state']._description_selection(self.env))
        return [
            {
                'id': link.id, 'student': link.student_id.display_name,
                'what': link.description or '',
                'asked': link.currency_id._format_plain(link.first_asked),
                'paid': self.env._(
                    "Paid: %(amount)s", amount=link.currency_id._format_number(link.paid_amount),
                ) if link.paid_count else '',
                'opened': self.env._("Opened: %(count)s", count=link.opened_count),
                'state': names[link.state],
                'tone': TONES_OF_LINKS.get(link.state, ''), 'can_send': link.state == 'active',
            }
            for link in links
        ]
