from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import daraja


class MpesaLinkWizard(models.TransientModel):
    """A payment link for one student, made at the desk."""

    _name = 'mpesa.link.wizard'
    _description = "Make a Payment Link"

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True,
    )
    currency_id = fields.Many2one(related='student_id.currency_id')
    balance = fields.Monetary(string="Balance", compute='_compute_balance')
    asks_for = fields.Selection(
        string="Ask For",
        selection=[('balance', "All that is due when it is opened"), ('amount', "This amount")],
        required=True, default='balance',
    )
    amount = fields.Monetary(
        string="Amount", help="In KES, whole shillings. The page never asks for more than is due.",
    )
    may_change = fields.Boolean(
        string="May Pay in Parts", default=True, help="The parent may pay a part of it.",
    )
    description = fields.Char(
        string="What For", help="The parent reads it on the page, and whoever gets the link.",
    )
    expires_on = fields.Date(
        string="Open Until", help="The last day on which it can be opened; empty: no end.",
    )
    max_uses = fields.Integer(
        string="Payments at Most", default=0, help="0: any number of payments.",
    )

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_balance(self):
        for wizard in self:
            wizard.balance = wizard._get_student().balance

    # === ACTION METHODS === #

    def action_make(self):
        """ Make the link and show how to share it.

        :return: The action that shows the link.
        :rtype: dict
        :raise UserError: If it cannot be made so.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office makes payment links."))
        student = self._get_student()
        amount = self.amount if self.asks_for == 'amount' else 0.0
        self._check(student, amount)
        # In sudo mode: nobody edits links by hand; the rights were checked above.
        link = self.env['mpesa.payment.link'].sudo().create({
            'student_id': student.id,
            'amount': amount,
            'may_change': self.may_change,
            'description': (self.description or '').strip() or False,
            'expires_on': self.expires_on,
            'max_uses': self.max_uses,
        })
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Payment Link"),
            'res_model': 'mpesa.payment.link',
            'res_id': link.id,
            'views': [(self.env.ref('school_mpesa.mpesa_payment_link_view_form_share').id, 'form')],
            'target': 'new',
            'context': {'dialog_size': 'medium'},
        }

    # === BUSINESS METHODS === #

    def _get_student(self):
        """ Return the student, checked against the user's rights.

        The balance is computed in sudo mode, and an onchange takes any id from the browser.

        :rtype: school.student
        """
        student = self.student_id._origin
        student.check_access('read')
        return student

    def _check(self, student, amount):
        """ Ensure that a parent could pay by the link.

        :param school.student student: The student.
        :param float amount: KES, 0 for the balance.
        :raise UserError: If none could.
        """
        provider_sudo = self.env['payment.provider']._mpesa_get_default(student.company_id)
        if not provider_sudo:
            raise UserError(self.env._(
                "This school does not collect by M-PESA yet. No link was made. Ask the"
                " administrator to set up a shortcode."
            ))
        if student.currency_id.compare_amounts(student.balance, 0) <= 0:
            raise UserError(self.env._(
                "%(student)s owes nothing, so the page would ask for nothing. No link was made."
                " Bill it first.", student=student.display_name,
            ))
        if self.asks_for == 'amount':
            least = max(provider_sudo.mpesa_least_amount, daraja.LEAST_AMOUNT)
            if student.currency_id.compare_amounts(amount, int(amount)) != 0:
                raise UserError(self.env._("Enter whole shillings, without cents."))
            if student.currency_id.compare_amounts(amount, least) < 0:
                raise UserError(self.env._(
                    "Amount must be KES %(least)s or more.", least=f'{least:,}',
                ))
            above = student.currency_id.compare_amounts(amount, daraja.MOST_AMOUNT) > 0
            if above and not self.may_change:
                raise UserError(self.env._(
                    "M-PESA allows up to KES %(cap)s at once. No link was made. Let the parent pay"
                    " in parts, or ask for less.", cap=f'{daraja.MOST_AMOUNT:,}',
                ))
        if self.max_uses < 0:
            raise UserError(self.env._(
                "The number of payments cannot be below zero. No link was made. 0 stands for any"
                " number."
            ))
        if self.expires_on and self.expires_on < self.env['mpesa.payment.link']._get_today():
            raise UserError(self.env._(
                "That day is over. No link was made. Choose today or a later day."
            ))
