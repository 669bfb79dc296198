from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from .. import const, vault
from . import request_words


NAIROBI = 'Africa/Nairobi'
SHORT_STATES = {
    'queued': request_words.SENDING[0],
    'sent': request_words.SENDING[0],
    'accepted': request_words.WAITING[0],
    'unknown': request_words.CHECKING[0],
    'receipt_pending': request_words.RECEIPT_PENDING[0],
}


class PaymentTransaction(models.Model):
    """A payment request on the bursar's screens: state in words, evidence, the next step."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_outcome = fields.Char(
        string="Outcome", compute='_compute_mpesa_outcome',
        help="What became of the request, in words.",
    )
    mpesa_age = fields.Char(string="Age", compute='_compute_mpesa_age')
    mpesa_shortcode_shown = fields.Char(
        string="Shortcode", compute='_compute_mpesa_shortcode_shown', compute_sudo=True,
    )
    mpesa_live = fields.Json(
        compute='_compute_mpesa_live', groups='school_fees.group_bursar', exportable=False,
        help="What the live part of the screen shows; read again every few seconds.",
    )
    mpesa_can_send_again = fields.Boolean(
        compute='_compute_mpesa_can_send_again', groups='school_fees.group_bursar',
    )
    mpesa_can_change = fields.Boolean(
        compute='_compute_mpesa_can_send_again', groups='school_fees.group_bursar',
        help="Whether it may be sent again with another amount: not where it has parts.",
    )
    mpesa_movement_ids = fields.One2many(
        string="Movements", comodel_name='mpesa.transaction',
        inverse_name='payment_transaction_id', groups='school_fees.group_bursar',
    )
    mpesa_callback_ids = fields.One2many(
        string="Messages", comodel_name='mpesa.callback', inverse_name='payment_transaction_id',
        groups='school_fees.group_bursar',
    )
    mpesa_exchange_ids = fields.One2many(
        string="Calls to Safaricom", comodel_name='mpesa.exchange', inverse_name='transaction_id',
        groups='school_fees.group_bursar',
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'mpesa_push_state', 'mpesa_result_code', 'mpesa_receipt_id', 'mpesa_sent_at',
        'mpesa_is_given_back', 'mpesa_is_denied',
    )
    def _compute_mpesa_outcome(self):
        now = fields.Datetime.now()
        for tx in self:
            state = tx.mpesa_push_state
            if tx.mpesa_is_denied:
                tx.mpesa_outcome = self.env._(
                    "Not known to Safaricom: %(receipt)s is reversed",
                    receipt=tx.sudo().mpesa_receipt_id.number or '',
                )
            elif tx.mpesa_is_given_back:
                tx.mpesa_outcome = self.env._(
                    "Given back by M-PESA: %(receipt)s is reversed",
                    receipt=tx.sudo().mpesa_receipt_id.number or '',
                )
            elif state == 'paid':
                tx.mpesa_outcome = self.env._(
                    "Paid: %(receipt)s", receipt=tx.sudo().mpesa_receipt_id.number or '',
                )
            elif state in {'declined', 'expired'}:
                tx.mpesa_outcome = tx._mpesa_say_not_paid()
            elif tx.mpesa_needs_person:
                tx.mpesa_outcome = self.env._(request_words.NEEDS_PERSON[0])
            elif state == 'accepted' and (now - tx.mpesa_sent_at).total_seconds() > 60:
                tx.mpesa_outcome = self.env._(request_words.CHECKING[0])
            else:
                tx.mpesa_outcome = self.env._(SHORT_STATES[state]) if state else False

    @api.depends('create_date')
    def _compute_mpesa_age(self):
        now = fields.Datetime.now()
        for tx in self:
            tx.mpesa_age = self.env['mpesa.callback']._describe_age(now - (tx.create_date or now))

    @api.depends('provider_id')
    def _compute_mpesa_shortcode_shown(self):
        for tx in self:
            provider = tx.provider_id
            tx.mpesa_shortcode_shown = provider.code == 'mpesa' and ' '.join((
                dict(provider._fields['mpesa_shortcode_type']._description_selection(self.env))[
                    provider.mpesa_shortcode_type
                ],
                provider._mpesa_get_payer_number(),
            ))

    @api.depends('mpesa_push_state', 'mpesa_result_code', 'mpesa_query_confirmed')
    def _compute_mpesa_can_send_again(self):
        for tx in self:
            tx.mpesa_can_send_again = (
                bool(tx.mpesa_push_state) and tx._mpesa_payer_view()['retry']
            )
            tx.mpesa_can_change = tx.mpesa_can_send_again and not tx.mpesa_share_ids

    def _compute_mpesa_live(self):
        for tx in self:
            tx.mpesa_live = tx.mpesa_push_state and tx._mpesa_describe_live()

    # === ACTION METHODS === #

    def action_mpesa_send_again(self):
        """ Send the same request again, where the last outcome allows it; repeat-safe.

        However often the button is pressed, and by however many clerks, a request is followed by
        one other only: the key of the second is derived from the first.

        :return: The action that shows the new request.
        :rtype: dict
        :raise MpesaRequestError: If the first request may still be paid.
        """
        self.ensure_one()
        self._mpesa_check_desk()
        tx_sudo = self.sudo()  # The salt and the new request's secrets are nobody's to read.
        intent = vault.derive_token('again', tx_sudo.mpesa_salt)
        was_sent = bool(tx_sudo.search_count([('mpesa_intent', '=', intent)], limit=1))
        # Whoever asked first, this time it is the office, by a prompt.
        follower = tx_sudo._mpesa_retry(intent=intent, initiator=self.env.user)
        if not was_sent:
            follower._mpesa_tell_asked(self.env.user)
        return follower._mpesa_get_live_action()

    def action_mpesa_change(self):
        """ Open the wizard with this request's student, bills and note, to change the rest.

        :rtype: dict
        :raise UserError: If the request is shared over several children: the wizard asks for one.
        """
        self.ensure_one()
        self._mpesa_check_desk()
        if self.mpesa_share_ids:
            raise UserError(self.env._(
                "This request is shared over several children, so its amount stays. No request was"
                " sent. Send it again as it is, or send a new prompt for each child."
            ))
        due = self.invoice_ids.filtered(
            lambda i: i.state == 'posted' and not i.currency_id.is_zero(i.amount_residual)
        )
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_prompt_action'),
            'context': {
                'dialog_size': 'medium',
                'default_student_id': self.mpesa_student_id.id,
                'default_invoice_ids': due.ids,
                'default_note': self.mpesa_note,
                'default_retry_of_id': self.id,
            },
        }

    def action_mpesa_open(self):
        """ Open the request with all its evidence.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Payment Request"),
            'res_model': 'payment.transaction',
            'res_id': self.id,
            'views': [(self.get_formview_id(), 'form')],
        }

    def action_mpesa_view_receipt(self):
        """ Open the school's receipt.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'school.receipt',
            'res_id': self.mpesa_receipt_id.id,
            'views': [(False, 'form')],
        }

    def get_formview_id(self, access_uid=None):
        """ Override of `web`: wherever a payment request is opened, open our own screen. """
        if len(self) == 1 and self.provider_code == 'mpesa':
            return self.env.ref('school_mpesa.payment_transaction_view_form_mpesa').id
        return super().get_formview_id(access_uid=access_uid)

    # === BUSINESS METHODS === #

    def _mpesa_check_desk(self):
        """ Ensure that the user may act on these requests: of the office, and of this school.

        :return: None
        :raise AccessError: Otherwise.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office sends M-PESA prompts."))
        self.check_access('read')
        self.mpesa_student_id.check_access('read')

    def _mpesa_get_live_action(self):
        """ Return the action that shows the request's live state in a dialog.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Payment Request"),
            'res_model': 'payment.transaction',
            'res_id': self.id,
            'views': [(self.env.ref('school_mpesa.payment_transaction_view_form_live').id, 'form')],
            'target': 'new',
            'context': {'dialog_size': 'medium'},
        }

    def _mpesa_describe_live(self):
        """ Describe the request for the live part of the screen.

        :return: Texts and facts, ready to show: see `static/src/backend/request_live`.
        :rtype: dict
        """
        self.ensure_one()
        view = self._mpesa_payer_view()
        heading, *body = self._mpesa_say(view)
        return {
            'version': f"{view['version']}-{self.mpesa_push_state}-{int(self.mpesa_needs_person)}",
            'state': view['state'],
            'tone': {
                'paid': 'good', 'receipt_pending': 'good', 'declined': 'bad', 'checking': 'check',
            }.get(
                'checking' if view['given_back'] or view['denied'] else view['state'], 'wait',
            ),
            'heading': heading,
            'body': [line for line in body if line],
            'retry': view['retry'],
            'retry_in': view['retry_in'],
            'steps': self._mpesa_get_steps(view),
            'paybill': self._mpesa_get_paybill_lines() if view['state'] in {
                'checking', 'declined', 'waiting',
            } else [],
        }

    def _mpesa_say(self, view):
        """ Return the heading and the lines below it.

        :param dict view: What `_mpesa_payer_view` says.
        :rtype: list[str]
        """
        self.ensure_one()
        tx = self.sudo()  # Receipt, shortcode and balance of a request that the user may read.
        students = tx._mpesa_get_students()
        age = (fields.Datetime.now() - (tx.mpesa_sent_at or tx.create_date)).total_seconds()
        if view['state'] == 'declined':
            reason = request_words.find_reason(tx.mpesa_result_code)
            explained = tx.state_message if tx.mpesa_result_code == 'not_sent' else ''
            return [
                tx._mpesa_say_not_paid(),
                explained or self.env._(reason.money),
                '' if explained else self.env._(reason.advice),
                '' if view['retry'] or tx.mpesa_query_confirmed or not tx.mpesa_next_query_at
                else self.env._(request_words.WAIT_FOR_QUERY),
            ]
        words = {
            'sending': request_words.SENDING,
            'waiting': request_words.WAITING if age <= 20 else request_words.WAITING_LONGER,
            'checking': request_words.CHECKING
            if age <= const.PAYER_PENDING_SECONDS else request_words.CHECKING_LONG,
            'receipt_pending': request_words.RECEIPT_PENDING,
            'paid': request_words.GIVEN_BACK if view['given_back'] else request_words.PAID,
        }[view['state']]
        if view['denied']:
            words = request_words.DENIED
        if tx.mpesa_needs_person:
            words = request_words.NEEDS_PERSON
        values = {
            'amount': f'{tx.amount:,.0f}',
            'phone': tx.mpesa_phone_mask,
            'shown_name': tx.provider_id.mpesa_shown_name or tx.company_id.name,
            'student': ', '.join(students.mapped('display_name')),
            'code': tx.mpesa_receipt_number,
            'receipt': tx.mpesa_receipt_id.number,
            'balance': f"{sum(students.mapped('balance')):,.0f}" if view['state'] == 'paid' else '',
        }
        heading, body = (self.env._(text) for text in words)
        return [
            heading % values,
            body % values,
            self.env._(request_words.PAID_LATE) if view['late'] else '',
            self.env._(request_words.PAID_TWICE) if view['paid_twice'] else '',
        ]

    def _mpesa_say_not_paid(self):
        """ Return in one line why the prompt was not paid.

        :rtype: str
        """
        self.ensure_one()
        text = self.env._(request_words.NOT_PAID)
        reason = request_words.find_reason(self.mpesa_result_code)
        return text % {'reason': self.env._(reason.short)}

    def _mpesa_get_steps(self, view):
        """ Return the request's way so far, each step with its time in Kenya where it is known.

        :param dict view: What `_mpesa_payer_view` says.
        :rtype: list[dict]
        """
        self.ensure_one()
        tx = self.sudo()  # Evidence of a request that the user may read.
        pushed = tx.mpesa_exchange_ids.filtered(lambda e: e.kind == 'push')[-1:].create_date
        told = tx.mpesa_callback_ids.sorted('id')[:1].received_at
        settled = view['state'] in {'paid', 'receipt_pending', 'declined'}
        reached = tx.mpesa_push_state == 'accepted' or bool(told) or (
            settled and tx.mpesa_result_code != 'not_sent'
        )
        steps = [
            ('asked', self.env._("Asked"), tx.create_date, True),
            ('sent', self.env._("Sent"), tx.mpesa_sent_at, bool(tx.mpesa_sent_at)),
            ('phone', self.env._("On the phone"), pushed if reached else False, reached),
            (
                'answer', self.env._("Answer"),
                told or (tx.last_state_change if settled else False), settled,
            ),
            (
                'receipt', self.env._("Receipt"), tx.mpesa_receipt_id.create_date,
                view['state'] == 'paid',
            ),
        ]
        failed = view['state'] == 'declined'
        current = next((key for key, _label, _at, done in steps if not done), '')
        return [
            {
                'key': key,
                'label': label,
                'at': format_datetime(self.env, at, tz=NAIROBI, dt_format='HH:mm:ss')
                if at else '',
                'done': done,
                'current': key == current and not failed,
                'failed': failed and key == 'answer',
            }
            for key, label, at, done in steps
        ]

    def _mpesa_get_paybill_lines(self):
        """ Return what to read out to a parent who pays by hand.

        Of several children's sum each part goes to that child's own account. A till takes no
        account, so there nothing tells whose the sum is.

        :return: (label, value) pairs.
        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        provider = self.provider_id.sudo()  # Only the administrator reads providers.
        students = self.sudo()._mpesa_get_students()  # Of a request that the user may read.
        if len(students) > 1:
            if provider.mpesa_shortcode_type == 'till':
                return []
            lines = [(self.env._("Business number"), provider._mpesa_get_payer_number())]
            for student in students:
                part = self.sudo()._mpesa_get_part(student)
                lines += [
                    (self.env._("Account number"), student.admission_no),
                    (self.env._("Amount"), f'KES {part:,.0f}'),
                ]
            return lines
        if provider.mpesa_shortcode_type == 'till':
            number = [(self.env._("Till number"), provider._mpesa_get_payer_number())]
        else:
            number = [
                (self.env._("Business number"), provider._mpesa_get_payer_number()),
                (self.env._("Account number"), self.mpesa_account_reference),
            ]
        return [*number, (self.env._("Amount"), f'KES {self.amount:,.0f}')]
