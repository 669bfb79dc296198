from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.school_fees.rules import sms_text

from .. import const, daraja
from .mpesa_arrival import mask_mobiles
from .mpesa_payment_link import NO_SLUG, SLUG_PATTERN


class MpesaPayerQuestion(models.Model):
    """"Who is this for?", asked of whoever paid what waits in *Unidentified fee receipts*.

    The address goes to the payer's own phone. What comes back is a hint for the office, which
    decides: it books nothing by itself.
    """

    _name = 'mpesa.payer.question'
    _description = "Question to a Payer"
    _order = 'id desc'
    _rec_name = 'mpesa_transaction_id'

    slug = fields.Char(
        string="Public Code", required=True, readonly=True, copy=False,
        default=lambda self: self.env['mpesa.payment.link']._generate_slug(),
        help="The unguessable end of the public address.",
    )
    mpesa_transaction_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', required=True, readonly=True,
        ondelete='restrict',
    )
    company_id = fields.Many2one(
        related='mpesa_transaction_id.company_id', string="School", store=True, index=True,
    )
    expires_on = fields.Date(
        string="Open Until", required=True, readonly=True,
        default=lambda self: self._get_last_day(),
        help="The last day in Kenya on which it can be answered.",
    )
    answer = fields.Char(
        string="The Payer Says", readonly=True, help="What the payer typed; phone numbers masked.",
    )
    class_name = fields.Char(
        string="Class", readonly=True, help="The student's class, as the payer says.",
    )
    answered_at = fields.Datetime(string="Answered", readonly=True)
    sent_at = fields.Datetime(string="SMS Handed Over", readonly=True)
    sms_uuid = fields.Char(readonly=True, index='btree_not_null', groups='base.group_system')
    url = fields.Char(string="Address", compute='_compute_message')
    message = fields.Text(
        string="Message", compute='_compute_message', help="For an SMS to the payer.",
    )

    _slug_uniq = models.UniqueIndex("(slug)", "This public code is already used.")
    _movement_uniq = models.UniqueIndex(
        "(mpesa_transaction_id)", "The payer of this payment is asked already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('slug', 'mpesa_transaction_id')
    def _compute_message(self):
        for question in self:
            question.url = f'{question.get_base_url()}{question._get_public_path()}'
            question.message = question._write_body()

    # === ACTION METHODS === #

    def action_send_by_sms(self):
        """ Send the question to the number that paid.

        :return: What was done, in words.
        :rtype: dict
        :raise UserError: If it cannot be sent; nothing is.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office asks payers."))
        self.check_access('read')
        self.mpesa_transaction_id._check_waits()
        question_sudo = self.sudo()  # Nobody edits questions by hand, and Odoo's queue is its own.
        if not question_sudo.company_id.school_sms_gateway:
            raise UserError(self.env._(
                "This school has no SMS gateway yet. Nothing was sent. An administrator sets it up"
                " in Settings > School Fees > Messages."
            ))
        if self.sent_at and self.sent_at > fields.Datetime.now() - timedelta(days=1):
            raise UserError(self.env._(
                "The payer was asked within a day already. Nothing more was sent."
            ))
        try:
            number = daraja.msisdn.parse(self.mpesa_transaction_id._read_payer().get('phone', ''))
        except daraja.MsisdnError:
            raise UserError(self.env._(
                "M-PESA did not give the payer's number in clear. Nothing was sent."
            )) from None
        if self.env['phone.blacklist'].sudo().search_count([
            ('number', '=', number.e164),  # In sudo mode: the list is Odoo's marketing's.
        ], limit=1):
            raise UserError(self.env._(
                "The payer wants no SMS from here. Nothing was sent. Another way to ask is to call"
                " the payer."
            ))
        question_sudo._drop_sms()  # What a gateway did not take since yesterday would be a second.
        question_sudo._renew()
        sms_sudo = self.env['sms.sms'].sudo().create({
            'number': number.e164, 'body': self.message,
            'record_company_id': question_sudo.company_id.id,
        })
        question_sudo.write({'sent_at': fields.Datetime.now(), 'sms_uuid': sms_sudo.uuid})
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._("The question is on its way by SMS."),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_last_day(self):
        """ Return the last day on which a question of today can be answered.

        :rtype: date
        """
        return self.env['mpesa.payment.link']._get_today() + timedelta(days=const.QUESTION_DAYS)

    @api.model
    def _find_slug(self, slug):
        """ Find the question of a public address, if it can be answered now.

        :param str slug: The end of the address, any text.
        :return: In sudo mode; empty once somebody knows whose the money is.
        :rtype: mpesa.payer.question
        """
        is_slug = isinstance(slug, str) and SLUG_PATTERN.fullmatch(slug)
        question_sudo = self.sudo().search([  # The slug is the authority.
            ('slug', '=', slug if is_slug else NO_SLUG),
        ], limit=1)
        return question_sudo.filtered(lambda question: question._is_open())

    def _is_open(self):
        """ Tell whether it can be answered now.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.expires_on >= self.env['mpesa.payment.link']._get_today()
            and self.mpesa_transaction_id.booking_state == 'unidentified'
        )

    def _renew(self):
        """ Let the days to answer begin today; an address that was closed is not opened again.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        if self.expires_on < self.env['mpesa.payment.link']._get_today():
            self.slug = self.env['mpesa.payment.link']._generate_slug()
        self.expires_on = self._get_last_day()

    def _may_go_now(self, sms):
        """ Look again at a question that is about to be handed to the gateway.

        Hours may have gone by in the queue: whose the money is may be known by now, and nobody is
        asked at night.

        Note: `self.ensure_one()`

        :param sms.sms sms: Its row in Odoo's queue, locked.
        :return: Whether it is handed over now.
        :rtype: bool
        """
        self.ensure_one()
        if not self._is_open():
            sms._drop()
            return False
        now = fields.Datetime.now()
        at = self.env['school.message']._get_next_day(now)
        if at > now:
            sms.write({'state': 'error', 'school_next_try_at': at})
            self.env.ref('school_fees.cron_messages')._trigger(at=at)
            return False
        return True

    def _drop_sms(self):
        """ Cancel what is still in Odoo's queue.

        :return: None
        """
        # In sudo mode: Odoo's queue is the administrator's.
        self.env['sms.sms'].sudo().search([
            ('uuid', 'in', self.sudo().filtered('sms_uuid').mapped('sms_uuid')),
            ('state', 'in', ('outgoing', 'error')), ('to_delete', '!=', True),
        ])._drop()

    def _get_public_path(self):
        """ Return the public address without its host.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return f'/c/{self.sudo().slug}'

    def _take_answer(self, who, class_name):
        """ Keep what the payer says; the last time counts.

        An admission number may look like a phone number: what is a student's own stays.

        Note: `self.ensure_one()`

        :param str who: A name or number.
        :param str class_name: The class; it may be empty.
        :return: None
        """
        self.ensure_one()
        is_reference = self.sudo().mpesa_transaction_id._is_reference(who)
        self.sudo().write({
            'answer': who if is_reference else mask_mobiles(who),
            'class_name': mask_mobiles(class_name),
            'answered_at': fields.Datetime.now(),
        })

    def _write_body(self):
        """ Return the text of the SMS, in the language of the school.

        Note: `self.ensure_one()`

        :return: At most 160 septets.
        :rtype: str
        """
        self.ensure_one()
        question_sudo = self.sudo()
        school_sudo = question_sudo.company_id
        active = {code for code, _name in self.env['res.lang'].get_installed()}
        lang = school_sudo.partner_id.lang
        env = self.with_context(lang=lang if lang in active else 'en_US').env
        movement = question_sudo.mpesa_transaction_id
        values = {
            'amount': movement.currency_id._format_plain(movement.amount),
            'code': movement.receipt,
            'url': env['school.message']._get_short_address(self, self._get_public_path()),
            'phone': env['school.message'].new({'company_id': school_sudo.id})._get_office_phone(),
        }
        wordings = [
            env._("%(school)s: We got %(amount)s (M-PESA %(code)s) but account '%(who)s' matches no"
                  " student. Tell us who it is for: %(url)s or %(phone)s"),
            env._("%(school)s: We got %(amount)s (M-PESA %(code)s) but account '%(who)s' matches no"
                  " student. Who is it for? %(url)s"),
            env._("%(school)s: We got %(amount)s (M-PESA %(code)s). Who is it for? %(url)s"),
        ]
        # What names somebody is not called wrong: the money may have come back from a mistake.
        account = movement._names_nobody() and sms_text.to_gsm(movement.account_reference)
        first = 2 if not account else 0 if values['phone'] else 1
        return sms_text.fit(
            wordings[first:], values, school_sudo.name, [account or ''],
            mark=school_sudo.with_context(lang=env.lang)._get_message_mark(),
        )

    # === CRON METHODS === #

    @api.autovacuum
    def _gc_numbers(self):
        """ Forget the number of an SMS that was never taken: it is clear in Odoo's queue. """
        asked = self.search([('sms_uuid', '!=', False)])
        # In sudo mode: Odoo's queue is the administrator's.
        self.env['sms.sms'].sudo().search([
            ('uuid', 'in', asked.sudo().mapped('sms_uuid')), ('to_delete', '!=', True),
            ('state', '=', 'error'), ('school_next_try_at', '=', False),
        ])._drop()

    @api.autovacuum
    def _gc_answers(self):
        """ Forget what payers said once nobody needs it: a child's name may be in it. """
        month_ago = self.env['mpesa.payment.link']._get_today() - timedelta(
            days=const.ANSWER_DAYS,
        )
        self.search([('answer', '!=', False)]).filtered(
            lambda question: question.mpesa_transaction_id.booking_state != 'unidentified'
            or question.expires_on < month_ago
        ).write({'answer': False, 'class_name': False})
