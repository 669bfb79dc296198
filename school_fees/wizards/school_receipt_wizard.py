import secrets
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.school_receipt_desk import DESK_KINDS


class SchoolReceiptWizard(models.TransientModel):
    """New receipt: a cashier takes cash, a bank slip or a cheque for a student or a family."""

    _name = 'school.receipt.wizard'
    _inherit = ['school.approval.mixin']
    _description = "New Receipt"

    mode = fields.Selection(
        string="For", selection=[('student', "A student"), ('family', "A family")],
        required=True, default='student',
    )
    student_id = fields.Many2one(string="Student", comodel_name='school.student')
    family_id = fields.Many2one(string="Family", comodel_name='school.family')
    company_id = fields.Many2one(
        comodel_name='res.company', compute='_compute_company_id', compute_sudo=False,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    balance = fields.Monetary(
        string="Due Now", compute='_compute_balance', compute_sudo=False,
        help="What is owed now. Below zero it is credit.",
    )
    balance_table = fields.Html(
        string="Balance by Term", compute='_compute_balance', compute_sudo=False, sanitize=False,
    )
    amount = fields.Monetary(string="Amount", help="What you were given.")
    money_kind = fields.Selection(
        string="Received As", selection=DESK_KINDS, required=True, default='cash',
    )
    external_ref = fields.Char(
        string="Reference", help="The number on the bank's slip or on the cheque.",
    )
    date = fields.Date(
        string="Paid On", required=True, default=fields.Date.context_today,
        help="The day on the bank's slip or on the cheque.",
    )
    payer_partner_id = fields.Many2one(
        string="Received From", comodel_name='res.partner',
        domain="[('id', 'in', payer_option_ids)]",
        help="The guardian who paid, if you know. It is printed on the receipt.",
    )
    payer_option_ids = fields.Many2many(
        comodel_name='res.partner', compute='_compute_payer_option_ids', compute_sudo=False,
    )
    line_ids = fields.One2many(
        string="Shares", comodel_name='school.receipt.wizard.line', inverse_name='wizard_id',
        compute='_compute_line_ids', store=True, readonly=False, compute_sudo=False,
    )
    intent = fields.Char(required=True, default=lambda self: secrets.token_hex(16))

    # === COMPUTE METHODS === #

    @api.depends('student_id', 'family_id', 'mode')
    def _compute_company_id(self):
        for wizard in self:
            wizard.company_id = wizard._get_students().company_id[:1] or self.env.company

    @api.depends('student_id', 'family_id', 'mode')
    def _compute_balance(self):
        for wizard in self:
            students = wizard._get_students()
            wizard.balance = sum(students.mapped('balance'))
            # A cashier reads no journal items; the students were checked above.
            rows = students.sudo()._get_balance_by_term()
            wizard.balance_table = bool(students) and self.env['ir.qweb']._render(
                'school_fees.desk_balance', {
                    'students': students, 'rows': {s.id: rows[s.sudo()] for s in students},
                    'format': wizard.currency_id._format_plain,
                },
            )

    @api.depends('student_id', 'family_id', 'mode')
    def _compute_payer_option_ids(self):
        for wizard in self:
            wizard.payer_option_ids = wizard._get_students().sudo().guardian_link_ids.filtered(
                'is_live'
            ).partner_id

    @api.depends('family_id', 'amount', 'mode')
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()] + [
                Command.create({'student_id': student.id, 'amount': float(share)})
                for student, share in wizard._propose_family_shares()
            ]

    # === ACTION METHODS === #

    def action_post(self):
        """ Post the receipt, once, however often it is pressed.

        :return: The action that tells of it, prints it and shows it.
        :rtype: dict
        :raise UserError: If something is missing or does not add up; nothing is posted.
        """
        self.ensure_one()
        self._check_role('school_fees.group_cashier')
        students = self._get_students()
        intent = f'desk-{self.env.uid}-{self.intent}'
        Receipt = self.env['school.receipt']
        receipt_sudo = Receipt.sudo().search([('intent', '=', intent)], limit=1)
        if not receipt_sudo:
            if problem := self._get_problem():
                raise UserError(problem)
            receipt_sudo = Receipt._book_at_desk(
                company=students.company_id, money_kind=self.money_kind, amount=self.amount,
                shares=self._get_shares(), intent=intent,
                external_ref=self._get_reference(), date=self._get_date(),
                family=self.family_id if self.mode == 'family' else None,
                payer=self.payer_partner_id,
            )
        return receipt_sudo._get_posted_action()

    # === BUSINESS METHODS === #

    def _get_students(self):
        """ Return the students of the receipt, checked against the user's rights.

        Balances are read in sudo mode, and an onchange takes any id from the browser.

        :rtype: school.student
        """
        if self.mode == 'family':
            family = self.family_id._origin
            family.check_access('read')
            students = family.student_ids.sorted('admission_no')
        else:
            students = self.student_id._origin
        students.check_access('read')
        return students

    def _propose_family_shares(self):
        """ Return the family's shares by its own rule; what is left is credit of the first child.

        :return: (student, Decimal KES) pairs, one for each child who may share.
        :rtype: list[tuple]
        """
        students = self._get_students() if self.mode == 'family' else self.env['school.student']
        sharing = students.filtered(lambda s: s.state == 'active' or s.balance > 0)
        if not sharing:
            return []
        eldest = (sharing.filtered(lambda s: s.state == 'active') or sharing)[0]
        shares = {}
        if self.currency_id.compare_amounts(self.amount, 0.0) > 0:
            # A cashier reads no journal items; the students were checked above.
            shares = dict(self.env['school.receipt'].sudo()._propose_shares([{
                'student': eldest.sudo(), 'amount': Decimal(str(self.amount)),
                'whole_family': True,
            }])[0])
        return [(student, shares.get(student.sudo(), Decimal(0))) for student in sharing]

    def _get_shares(self):
        """ Return the shares to book.

        :return: (student, Decimal KES) pairs.
        :rtype: list[tuple]
        """
        if self.mode == 'student':
            return [(self.student_id, Decimal(str(self.amount)))]
        return [
            (line.student_id, Decimal(str(line.amount)))
            for line in self.line_ids
            if not self.currency_id.is_zero(line.amount)
        ]

    def _get_reference(self):
        """ Return the reference, clean; cash has none.

        :rtype: str
        """
        if self.money_kind == 'cash':
            return ''
        return self.env['school.receipt']._clean_reference(self.external_ref)

    def _get_date(self):
        """ Return the day of the payment: cash is received now.

        :rtype: date
        """
        today = fields.Date.context_today(self)
        return today if self.money_kind == 'cash' else self.date


class SchoolReceiptWizardLine(models.TransientModel):
    """One child's share of a family receipt, before it is posted."""

    _name = 'school.receipt.wizard.line'
    _description = "Share of a New Receipt"

    wizard_id = fields.Many2one(
        comodel_name='school.receipt.wizard', required=True, ondelete='cascade', index=True,
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True,
    )
    balance = fields.Monetary(related='student_id.balance', related_sudo=False)
    amount = fields.Monetary(string="Share")
    currency_id = fields.Many2one(related='wizard_id.currency_id')
