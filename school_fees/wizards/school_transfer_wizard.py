from odoo import api, fields, models
from odoo.exceptions import UserError


class SchoolTransferWizard(models.TransientModel):
    """Move money to another student: a share paid to the wrong child, or credit."""

    _name = 'school.transfer.wizard'
    _description = "Move to Another Student"

    from_student_id = fields.Many2one(
        string="From", comodel_name='school.student', required=True,
    )
    receipt_line_id = fields.Many2one(
        string="Share of Receipt", comodel_name='school.receipt.line',
    )
    to_student_id = fields.Many2one(
        string="To", comodel_name='school.student', required=True,
        domain="[('id', '!=', from_student_id), ('company_id', '=', company_id)]",
    )
    company_id = fields.Many2one(related='from_student_id.company_id', related_sudo=False)
    currency_id = fields.Many2one(related='from_student_id.currency_id')
    movable = fields.Monetary(
        string="At Most", compute='_compute_movable', compute_sudo=False,
        help="What can be moved: the share of the receipt, or the student's credit.",
    )
    amount = fields.Monetary(
        string="Amount", required=True, compute='_compute_amount', store=True, readonly=False,
        precompute=True, compute_sudo=False,
    )
    reason = fields.Char(string="Reason", required=True)
    amount_warning = fields.Char(compute='_compute_amount_warning', compute_sudo=False)
    approval_hint = fields.Char(compute='_compute_approval_hint', compute_sudo=False)

    # === COMPUTE METHODS === #

    @api.depends('from_student_id', 'receipt_line_id')
    def _compute_movable(self):
        for wizard in self:
            student, line = wizard.from_student_id._origin, wizard.receipt_line_id._origin
            (student.check_access('read'), line.check_access('read'))
            wizard.movable = bool(student) and self.env['school.transfer'].sudo().new({
                'from_student_id': student.id, 'receipt_line_id': line.id,
            })._get_movable()

    @api.depends('movable')
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.movable

    @api.depends('amount', 'movable')
    def _compute_amount_warning(self):
        for wizard in self:
            currency = wizard.currency_id
            wizard.amount_warning = False
            if not wizard.from_student_id:
                continue
            if currency.compare_amounts(wizard.movable, 0.0) <= 0:
                wizard.amount_warning = self.env._("There is nothing to move: no credit is left.")
            elif currency.compare_amounts(wizard.amount, wizard.movable) > 0:
                wizard.amount_warning = self.env._(
                    "At most %(movable)s can be moved.",
                    movable=currency._format_plain(wizard.movable),
                )

    @api.depends('from_student_id', 'to_student_id')
    def _compute_approval_hint(self):
        for wizard in self:
            if not (wizard.from_student_id and wizard.to_student_id):
                wizard.approval_hint = False
            elif self.env['school.transfer']._is_across_families(
                wizard.from_student_id, wizard.to_student_id,
            ):
                wizard.approval_hint = self.env._(
                    "The students are not of one family: two other people must approve it.",
                )
            else:
                wizard.approval_hint = self.env._(
                    "Inside the family: one other person must approve it.",
                )

    # === ACTION METHODS === #

    def action_ask(self):
        """ Ask for the transfer and show it.

        :return: A window action.
        :rtype: dict
        :raise UserError: If something is missing or does not fit; nothing is asked.
        """
        self.ensure_one()
        reason = (self.reason or '').strip()
        if not reason:
            raise UserError(self.env._("The reason is missing. Nothing was asked."))
        self.receipt_line_id.check_access('read')
        transfer_sudo = self.env['school.transfer']._ask(
            from_student=self.from_student_id, to_student=self.to_student_id, amount=self.amount,
            reason=reason, receipt_line=self.receipt_line_id,
        )
        return {
            'type': 'ir.actions.act_window', 'res_model': 'school.transfer',
            'res_id': transfer_sudo.id, 'views': [(False, 'form')], 'target': 'current',
        }
