from odoo import api, fields, models
from odoo.exceptions import UserError


class MpesaStatementDecide(models.TransientModel):
    """What a line of the statement is that nobody but a person can say."""

    _name = 'mpesa.statement.decide'
    _description = "What Is This Line?"

    line_id = fields.Many2one(
        string="Line", comodel_name='mpesa.statement.line', required=True, readonly=True,
    )
    # Not in sudo mode: the browser names the line, of any school.
    company_id = fields.Many2one(related='line_id.company_id', related_sudo=False)
    currency_id = fields.Many2one(related='line_id.currency_id', related_sudo=False)
    receipt = fields.Char(related='line_id.receipt', related_sudo=False)
    signed_amount = fields.Monetary(related='line_id.signed_amount', related_sudo=False)
    completed_at = fields.Datetime(related='line_id.completed_at', related_sudo=False)
    wording = fields.Char(related='line_id.wording', related_sudo=False)
    state = fields.Selection(related='line_id.state', related_sudo=False)
    difference = fields.Selection(related='line_id.difference', related_sudo=False)
    direction = fields.Selection(related='line_id.direction', related_sudo=False)
    is_doubted = fields.Boolean(compute='_compute_is_doubted', compute_sudo=False)
    is_file_doubted = fields.Boolean(related='line_id.is_file_doubted', related_sudo=False)
    disputed_by_id = fields.Many2one(related='line_id.disputed_by_id', related_sudo=False)
    is_between_files = fields.Boolean(compute='_compute_is_doubted', compute_sudo=False)
    finding = fields.Selection(
        string="What You Found",
        selection=[
            ('wrong', "The line is not real"),
            ('right', "The line is right, and the other file is not"),
        ],
    )
    decision = fields.Selection(
        string="It Is",
        selection=lambda self: self.env['mpesa.statement.line']._fields['decided_as']
        ._description_selection(self.env),
    )
    account_id = fields.Many2one(
        string="Account", comodel_name='account.account', check_company=True,
        domain="[('account_type', 'not in', ('asset_receivable', 'liability_payable',"
               " 'asset_cash'))]",
    )
    note = fields.Char(
        string="Note", help="What you found, for whoever looks later. No phone numbers, no names.",
    )

    @api.depends('line_id')
    def _compute_is_doubted(self):
        for wizard in self:
            line = wizard.line_id
            is_disputed = bool(line.disputed_by_id and not line.dispute_note)
            wizard.is_doubted = line.is_held or is_disputed
            wizard.is_between_files = is_disputed and not line.is_file_doubted

    def action_decide(self):
        """ Book the line as the person says.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise UserError: If something is missing; nothing is booked.
        """
        self.ensure_one()
        note = (self.note or '').strip()
        decision = 'nothing' if self.state == 'different' or self.is_doubted else self.decision
        if self.is_between_files and not self.finding:
            raise UserError(self.env._(
                "Say what you found: that the line is not real, or that the other file is not what"
                " Safaricom has. Nothing was changed."
            ))
        if not decision:
            raise UserError(self.env._("Say what the line is. Nothing was booked."))
        if not note:
            raise UserError(self.env._(
                "The note is missing. Nothing was booked. Say what you found, for whoever looks at"
                " the books later."
            ))
        if self.is_between_files and self.finding == 'right':
            self.line_id._believe(note)
        else:
            self.line_id._decide(decision, note, self.account_id)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
