from odoo import api, fields, models
from odoo.exceptions import UserError


class MpesaReversalSettle(models.TransientModel):
    """On whose account a reversal goes that could not be booked by itself."""

    _name = 'mpesa.reversal.settle'
    _description = "Whose Reversal Is It?"

    mpesa_transaction_id = fields.Many2one(
        string="Reversal", comodel_name='mpesa.transaction', required=True, readonly=True,
    )
    # Not in sudo mode: the browser names the reversal, of any school.
    company_id = fields.Many2one(related='mpesa_transaction_id.company_id', related_sudo=False)
    currency_id = fields.Many2one(related='mpesa_transaction_id.currency_id', related_sudo=False)
    amount = fields.Monetary(related='mpesa_transaction_id.amount', related_sudo=False)
    paid_at = fields.Datetime(related='mpesa_transaction_id.paid_at', related_sudo=False)
    reverses_id = fields.Many2one(related='mpesa_transaction_id.reverses_id', related_sudo=False)
    reversed_of = fields.Char(related='mpesa_transaction_id.reversed_of', related_sudo=False)
    target = fields.Selection(
        string="It Goes On",
        selection=[
            ('payment', "A payment, which is taken back"),
            ('student', "A student, who owes it again"), ('account', "Another account"),
        ],
        required=True, compute='_compute_original_id', store=True, readonly=False,
        compute_sudo=False,
    )
    candidate_ids = fields.Many2many(
        comodel_name='mpesa.transaction', compute='_compute_candidate_ids', compute_sudo=False,
    )
    original_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', compute='_compute_original_id',
        store=True, readonly=False, compute_sudo=False,
        help="Payments of the same amount; those of the same phone stand first.",
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', compute='_compute_student_id', store=True,
        readonly=False, compute_sudo=False,
    )
    account_id = fields.Many2one(
        string="Account", comodel_name='account.account', check_company=True,
        domain="[('account_type', 'not in', ('asset_receivable', 'liability_payable',"
               " 'asset_cash'))]",
    )
    note = fields.Char(
        string="Note", help="What you found, for whoever looks later. No phone numbers, no names.",
    )

    @api.depends('mpesa_transaction_id')
    def _compute_candidate_ids(self):
        for wizard in self:
            reversal = wizard.mpesa_transaction_id
            # A part of a known payment is nobody's whole payment.
            wizard.candidate_ids = (
                reversal.browse() if reversal.reverses_id or not reversal
                else reversal._find_reversible()
            )

    @api.depends('mpesa_transaction_id')
    def _compute_original_id(self):
        for wizard in self:
            found, mask = wizard.candidate_ids, wizard.mpesa_transaction_id.payer_mask
            likely = found.filtered(lambda payment, mask=mask: (
                mask and payment.payer_mask == mask
            ))
            wizard.original_id = likely if len(likely) == 1 else False
            wizard.target = 'payment' if found else 'student'

    @api.depends('mpesa_transaction_id')
    def _compute_student_id(self):
        for wizard in self:
            students = wizard.reverses_id.sudo().receipt_id.line_ids.student_id.with_env(self.env)
            wizard.student_id = students if len(students) == 1 else False

    def action_settle(self):
        """ Book the reversal where the person says.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise UserError: If something is missing; nothing is booked.
        """
        self.ensure_one()
        note = (self.note or '').strip()
        if self.target == 'payment':
            self._settle_payment(note)
            return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
        student, account = (
            (self.student_id, None) if self.target == 'student' else (None, self.account_id)
        )
        if not (student or account):
            raise UserError(self.env._(
                "Choose the student or the account. Nothing was booked."
            ))
        if not note:
            raise UserError(self.env._(
                "The note is missing. Nothing was booked. Say what you found, for whoever looks at"
                " the books later."
            ))
        self.mpesa_transaction_id._settle_reversal(account, note, student)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def _settle_payment(self, note):
        """ Take back the chosen payment.

        :param str note: What was found.
        :raise UserError: If something is missing; nothing is booked.
        """
        if not self.original_id:
            raise UserError(self.env._(
                "Choose the payment that M-PESA gave back. Nothing was booked."
            ))
        if not note:
            raise UserError(self.env._(
                "The note is missing. Nothing was booked. Say what you found, for whoever looks at"
                " the books later."
            ))
        self.mpesa_transaction_id._settle_as_reversal_of(self.original_id, note)
