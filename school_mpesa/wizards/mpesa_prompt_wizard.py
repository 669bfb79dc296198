import secrets
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, RedirectWarning

from .. import daraja, vault
from ..models.request_error import MpesaRequestError


OTHER = 'other'


class MpesaPromptWizard(models.TransientModel):
    """Prompt to pay: a clerk asks a parent's phone for a student's fees.

    No phone number is written to this table in clear: a guardian's number is chosen by its keyed
    digest, and a typed one is sealed (design section 8).
    """

    _name = 'mpesa.prompt.wizard'
    _description = "Prompt to Pay"

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True,
    )
    currency_id = fields.Many2one(related='student_id.currency_id')
    balance = fields.Monetary(string="Balance", compute='_compute_due')
    due = fields.Monetary(
        string="Due", compute='_compute_due', help="What the chosen bills, or all, still ask for.",
    )
    open_bill_ids = fields.Many2many(
        string="Open Bills", comodel_name='account.move', compute='_compute_open_bill_ids',
    )
    invoice_ids = fields.Many2many(
        string="Only For", comodel_name='account.move', relation='mpesa_prompt_wizard_move_rel',
        domain="[('id', 'in', open_bill_ids)]",
        help="Leave empty to settle the bill that is due first.",
    )
    amount = fields.Monetary(
        string="Amount", compute='_compute_amount', store=True, readonly=False, precompute=True,
        compute_sudo=False,
    )
    phone_options = fields.Json(compute='_compute_phone_options')
    phone_choice = fields.Char(
        string="Phone", compute='_compute_phone_choice', store=True, readonly=False,
        precompute=True, compute_sudo=False, help="Whose phone shows the pop-up.",
    )
    other_phone = fields.Char(
        string="Number", compute='_compute_other_phone', inverse='_inverse_other_phone',
    )
    other_phone_sealed = fields.Char(groups='base.group_system')
    note = fields.Char(string="Note", help="For the office; the parent does not see it.")
    retry_of_id = fields.Many2one(comodel_name='payment.transaction')
    intent = fields.Char(
        required=True, default=lambda self: secrets.token_hex(16),
        help="One opened wizard is one prompt, however often Send is pressed.",
    )

    # === COMPUTE METHODS - WHAT IS DUE === #

    @api.depends('student_id', 'invoice_ids')
    def _compute_due(self):
        for wizard in self:
            student = wizard._get_student()
            wizard.balance = student.balance
            wizard.due = (
                sum(wizard.invoice_ids.mapped('amount_residual'))
                if wizard.invoice_ids else max(student.balance, 0.0)
            )

    @api.depends('student_id')
    def _compute_open_bill_ids(self):
        for wizard in self:
            student = wizard._get_student()
            wizard.open_bill_ids = bool(student) and student._get_open_bills()

    @api.depends('student_id', 'invoice_ids')
    def _compute_amount(self):
        for wizard in self:
            # Whole shillings: cents of a balance are asked for as one more and become credit.
            due = Decimal(str(wizard.due)).to_integral_value('ROUND_CEILING')
            wizard.amount = float(min(due, daraja.MOST_AMOUNT))

    # === COMPUTE METHODS - PHONES === #

    @api.depends('student_id')
    def _compute_phone_options(self):
        relations = dict(
            self.env['school.guardian.link']._fields['relation']._description_selection(self.env)
        )
        for wizard in self:
            student = wizard._get_student()
            phones = student._guardian_phones() if student and vault.has_keys() else []
            options = []
            for phone in phones:
                try:
                    number = daraja.msisdn.parse(phone['phone_e164'])
                except daraja.MsisdnError:
                    continue  # A number abroad, or a landline, cannot be prompted.
                options.append({
                    'key': vault.blind_index('prompt', number.wire),
                    'name': phone['partner'].sudo().name,
                    'relation': relations.get(phone['relation'], ''),
                    'phone': f'0{number.wire[3:6]} {number.wire[6:9]} {number.wire[9:]}',
                    'primary': not options,
                })
            wizard.phone_options = options

    @api.depends('student_id')
    def _compute_phone_choice(self):
        for wizard in self:
            keys = [option['key'] for option in wizard.phone_options or []]
            asked = wizard._get_asked_key() if keys else OTHER
            wizard.phone_choice = asked if asked in keys else next(iter(keys), OTHER)

    @api.depends('other_phone_sealed')
    def _compute_other_phone(self):
        for wizard in self:
            sealed = wizard.sudo().other_phone_sealed
            wizard.other_phone = sealed and vault.unseal(wizard._get_seal_context(), sealed)

    def _inverse_other_phone(self):
        for wizard in self:
            wizard.sudo().other_phone_sealed = wizard.other_phone and vault.seal(
                wizard._get_seal_context(), wizard.other_phone
            )

    # === ACTION METHODS === #

    def action_send(self):
        """ Send the prompt and show its live state. Sent twice, it is still one prompt.

        :return: The action that shows the request.
        :rtype: dict
        :raise MpesaRequestError: If it cannot be sent; no money moves.
        :raise RedirectWarning: If a prompt is on that phone already; it leads there.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office sends M-PESA prompts."))
        student = self._get_student()
        student.check_access('read')
        self.invoice_ids.check_access('read')
        Transaction = self.env['payment.transaction']
        intent = f'prompt-{self.env.uid}-{self.intent}'
        # Nobody may read or create requests by hand; the checks above are this user's rights.
        was_sent = bool(Transaction.sudo().search_count([('mpesa_intent', '=', intent)], limit=1))
        try:
            if not was_sent:
                self._check_ready()
            tx_sudo = Transaction._mpesa_ask(
                provider=self._get_provider_sudo(), student=student, amount=self.amount,
                phone=self._get_phone(), channel='stk_push', invoices=self.invoice_ids,
                initiator=self.env.user, note=(self.note or '').strip() or None, intent=intent,
                retry_of=self.retry_of_id.sudo(),
            )
        except MpesaRequestError as error:
            open_tx = error.tx and error.tx.sudo(False)
            if open_tx and open_tx.has_access('read'):
                raise RedirectWarning(
                    self.env._(
                        "A request for KES %(amount)s is already on %(phone)s, asked %(age)s ago."
                        " No second one was sent. The parent enters the PIN there, or closes it.",
                        amount=f'{open_tx.amount:,.0f}', phone=open_tx.mpesa_phone_mask,
                        age=open_tx.mpesa_age,
                    ) if open_tx != self.retry_of_id else str(error),
                    open_tx._mpesa_get_live_action(),
                    self.env._("Show that request"),
                ) from error
            raise
        if not was_sent:
            tx_sudo._mpesa_tell_asked(self.env.user)
        return tx_sudo._mpesa_get_live_action()

    # === BUSINESS METHODS === #

    def _get_student(self):
        """ Return the student, checked against the user's rights.

        The balance is computed in sudo mode, and an onchange takes any id from the browser.

        :rtype: school.student
        """
        student = self.student_id._origin
        student.check_access('read')
        return student

    def _get_asked_key(self):
        """ Return the key of the number that the request before this one asked.

        :return: '' where there was none, or it asked for another student.
        :rtype: str
        """
        self.ensure_one()
        # The request comes from the browser: only one that the user may read tells anything.
        first = self.retry_of_id._origin._filtered_access('read')
        if not first or first.mpesa_student_id != self._get_student():
            return ''
        return vault.blind_index('prompt', first.sudo().mpesa_phone)

    def _get_provider_sudo(self):
        """ Return the shortcode that serves the student's school.

        :rtype: payment.provider
        """
        company = self._get_student().company_id
        return self.env['payment.provider']._mpesa_get_default(company) if company else (
            self.env['payment.provider'].sudo()
        )

    def _get_seal_context(self):
        self.ensure_one()
        return f'mpesa.prompt.wizard,{self.id},phone'

    def _get_phone(self):
        """ Return the chosen number; '' when the choice is no longer one of the guardians'.

        :rtype: str
        """
        self.ensure_one()
        if self.phone_choice == OTHER:
            return self.other_phone or ''
        for option in self.phone_options or []:
            if option['key'] == self.phone_choice:
                return option['phone']
        return ''

    def _check_ready(self):
        """ Ensure that what only this screen knows is in order.

        :raise MpesaRequestError: If it is not.
        """
        self.ensure_one()
        if not self._get_provider_sudo():
            raise MpesaRequestError(self.provider_warning, 'provider')
        if self.phone_choice != OTHER and not self._get_phone():
            raise MpesaRequestError(self.env._(
                "That number is no longer one of the guardians'. No prompt was sent and no money"
                " moved. Choose the phone again."
            ), 'phone')
        if self.retry_of_id:
            self.retry_of_id._mpesa_check_desk()
            view = self.retry_of_id._mpesa_payer_view()
            if not view['retry']:
                raise MpesaRequestError(self.env._(
                    "We are still checking the last request with M-PESA. No prompt was sent. Do not"
                    " let the parent pay again yet."
                ), 'phone', tx=self.retry_of_id)
