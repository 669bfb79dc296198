from odoo import api, fields, models


class MpesaTransaction(models.Model):
    """Asking Safaricom what became of a movement, and what was asked before."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    can_ask_safaricom = fields.Boolean(compute='_compute_can_ask_safaricom')
    command_ids = fields.Many2many(
        string="Questions to Safaricom", comodel_name='mpesa.command',
        compute='_compute_command_ids',
    )

    # === COMPUTE METHODS === #

    @api.depends('provider_id')
    def _compute_can_ask_safaricom(self):
        for movement in self:
            # In sudo mode: providers are the system's.
            movement.can_ask_safaricom = movement.provider_id.sudo().mpesa_status_enabled

    @api.depends('receipt')
    def _compute_command_ids(self):
        commands = self.env['mpesa.command'].search([
            ('kind', '=', 'status'), ('receipt', 'in', self.mapped('receipt')),
        ])
        asked = commands.grouped(lambda c: (c.receipt, c.shortcode, c.environment))
        for movement in self:
            movement.command_ids = asked.get(
                (movement.receipt, movement.shortcode, movement.environment), False,
            )

    # === ACTION METHODS === #

    def action_ask_safaricom(self):
        """ Ask what Safaricom says of this payment now.

        :return: The action that shows the question and its answer.
        :rtype: dict
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        Command = self.env['mpesa.command']
        Command._check_office()
        self.check_access('read')
        return Command._ask_status(
            self.provider_id, self.receipt, self.payment_transaction_id,
        )._get_view_action()
