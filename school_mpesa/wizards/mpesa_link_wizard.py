from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command


class MpesaLinkWizard(models.TransientModel):
    """A payment link for one student, made at the desk."""

    _name = 'mpesa.link.wizard'
    _description = "Make a Payment Link"
    _inherit = ['mpesa.link.terms.mixin']

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True,
    )
    currency_id = fields.Many2one(related='student_id.currency_id')
    balance = fields.Monetary(string="Balance", compute='_compute_balance')

    open_bill_ids = fields.Many2many(
        string="Open Bills", comodel_name='account.move', compute='_compute_open_bill_ids',
    )
    invoice_ids = fields.Many2many(
        string="Only For", comodel_name='account.move', relation='mpesa_link_wizard_move_rel',
        domain="[('id', 'in', open_bill_ids)]",
        help="The bills that the link asks for, and never for others; empty: whatever is due.",
    )

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_open_bill_ids(self):
        for wizard in self:
            student = wizard._get_student()
            wizard.open_bill_ids = bool(student) and student._get_open_bills()

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
        link = self._make()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Payment Link"),
            'res_model': 'mpesa.payment.link',
            'res_id': link.id,
            'views': [(self.env.ref('school_mpesa.mpesa_payment_link_view_form_share').id, 'form')],
            'target': 'new',
            'context': {'dialog_size': 'medium'},
        }

    def action_make_and_send(self):
        """ Make the link and send it by SMS at once; where it cannot be sent none is made.

        :return: What was done, in words.
        :rtype: dict
        :raise UserError: If it cannot be made or sent so.
        """
        link = self._make()
        try:
            action = link.action_send_by_sms()
        except UserError as error:
            raise UserError(self.env._(
                "%(reason)s No link was made either.", reason=str(error),
            )) from error
        action['params']['next'] = {'type': 'ir.actions.act_window_close'}
        return action

    # === BUSINESS METHODS === #

    def _make(self):
        """ Make the link.

        Note: `self.ensure_one()`

        :rtype: mpesa.payment.link
        :raise UserError: If it cannot be made so.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office makes payment links."))
        student = self._get_student()
        self._check_terms(student.company_id)
        if student.currency_id.compare_amounts(student.balance, 0) <= 0:
            raise UserError(self.env._(
                "%(student)s owes nothing, so the page would ask for nothing. No link was made."
                " Bill it first.", student=student.display_name,
            ))
        if self.invoice_ids._origin - student._get_open_bills():
            raise UserError(self.env._(
                "A link can only be for bills of %(student)s that are still owed. No link was made."
                " Choose the bills again.", student=student.display_name,
            ))
        # The rights were checked above.
        return self.env['mpesa.payment.link']._make_by_hand([
            self._prepare_link(student),
        ]).with_env(self.env)

    def _prepare_link(self, student):
        """ Override of `mpesa.link.terms.mixin` to name the chosen bills. """
        values = super()._prepare_link(student)
        bills = self.invoice_ids._origin
        if bills:
            values['invoice_ids'] = [Command.set(bills.ids)]
            values['description'] = values['description'] or ', '.join(bills.mapped('name'))
        return values

    def _get_student(self):
        """ Return the student, checked against the user's rights.

        The balance is computed in sudo mode, and an onchange takes any id from the browser.

        :rtype: school.student
        """
        student = self.student_id._origin
        student.check_access('read')
        return student
