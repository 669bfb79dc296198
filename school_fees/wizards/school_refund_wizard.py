from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.school_receipt_desk import DESK_KINDS


class SchoolRefundWizard(models.TransientModel):
    """Ask for a refund of a student's credit to a guardian."""

    _name = 'school.refund.wizard'
    _description = "New Refund"

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True,
    )
    currency_id = fields.Many2one(related='student_id.currency_id')
    credit = fields.Monetary(string="Credit", compute='_compute_credit', compute_sudo=False)
    payee_option_ids = fields.Many2many(
        comodel_name='res.partner', compute='_compute_payee_option_ids', compute_sudo=False,
    )
    payee_partner_id = fields.Many2one(
        string="Pay To", comodel_name='res.partner', required=True,
        domain="[('id', 'in', payee_option_ids)]", compute='_compute_payee_partner_id', store=True,
        readonly=False, precompute=True, compute_sudo=False,
    )
    amount = fields.Monetary(
        string="Amount", required=True, compute='_compute_amount', store=True, readonly=False,
        precompute=True, compute_sudo=False,
    )
    money_kind = fields.Selection(
        string="Paid By", selection=DESK_KINDS, required=True, default='cash',
    )
    external_ref = fields.Char(
        string="Reference", help="The number of the cheque or of the bank transfer.",
    )
    reason = fields.Char(string="Reason", required=True)
    amount_warning = fields.Char(compute='_compute_amount_warning', compute_sudo=False)
    reference_warning = fields.Char(compute='_compute_reference_warning', compute_sudo=False)

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_credit(self):
        for wizard in self:
            wizard.credit = max(-wizard._get_student().balance, 0.0)

    @api.depends('student_id')
    def _compute_payee_option_ids(self):
        for wizard in self:
            links_sudo = wizard._get_student().sudo().guardian_link_ids
            wizard.payee_option_ids = links_sudo.filtered('is_live').partner_id

    @api.depends('student_id')
    def _compute_payee_partner_id(self):
        for wizard in self:
            student = wizard._get_student()
            wizard.payee_partner_id = student and student._primary_guardian()

    @api.depends('credit')
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.credit

    @api.depends('amount', 'credit', 'student_id')
    def _compute_amount_warning(self):
        for wizard in self:
            wizard.amount_warning = bool(wizard.student_id) and (
                wizard.currency_id.compare_amounts(wizard.amount, wizard.credit) > 0
                or wizard.currency_id.is_zero(wizard.credit)
            ) and self.env._(
                "The student has %(credit)s of credit. No more than that can be paid back.",
                credit=wizard.currency_id._format_plain(wizard.credit),
            )

    @api.depends('external_ref', 'money_kind', 'student_id')
    def _compute_reference_warning(self):
        for wizard in self:
            twin_sudo = self.env['school.refund']._find_by_reference(
                wizard._get_student().company_id, wizard.money_kind,
                self.env['school.receipt']._clean_reference(wizard.external_ref),
            )
            wizard.reference_warning = bool(twin_sudo) and self.env._(
                "Refund %(number)s has this reference already.", number=twin_sudo.number,
            )

    # === ACTION METHODS === #

    def action_ask(self):
        """ Ask for the refund and show it.

        :return: A window action.
        :rtype: dict
        :raise UserError: If something is missing or does not fit; nothing is asked.
        """
        self.ensure_one()
        reason = (self.reason or '').strip()
        if not reason:
            raise UserError(self.env._("The reason is missing. Nothing was asked."))
        refund_sudo = self.env['school.refund']._ask(
            student=self._get_student(), payee=self.payee_partner_id, amount=self.amount,
            money_kind=self.money_kind, reason=reason,
            external_ref=self.env['school.receipt']._clean_reference(self.external_ref),
        )
        return {
            'type': 'ir.actions.act_window', 'res_model': 'school.refund',
            'res_id': refund_sudo.id, 'views': [(False, 'form')], 'target': 'current',
        }

    # === BUSINESS METHODS === #

    def _get_student(self):
        """ Return the student, checked against the user's rights.

        The credit is computed in sudo mode, and an onchange takes any id from the browser.

        :rtype: school.student
        """
        student = self.student_id._origin
        student.check_access('read')
        return student
