from odoo import api, fields, models


class MpesaMoneyBackWizard(models.TransientModel):
    """Why a payment is to go back to who paid it."""

    _name = 'mpesa.money.back.wizard'
    _description = "Give a Payment Back"

    mpesa_transaction_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', required=True, readonly=True,
    )
    # Not in sudo mode: the browser names the payment, of any school.
    currency_id = fields.Many2one(related='mpesa_transaction_id.currency_id', related_sudo=False)
    amount = fields.Monetary(related='mpesa_transaction_id.amount', related_sudo=False)
    paid_at = fields.Datetime(related='mpesa_transaction_id.paid_at', related_sudo=False)
    payer_mask = fields.Char(related='mpesa_transaction_id.payer_mask', related_sudo=False)
    whose = fields.Char(string="Whose", compute='_compute_whose', compute_sudo=False)
    problem = fields.Char(compute='_compute_whose', compute_sudo=False)
    reason = fields.Char(
        string="Reason", help="Why it goes back. No phone numbers and no names.",
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_transaction_id')
    def _compute_whose(self):
        for wizard in self:
            wizard.mpesa_transaction_id.check_access('read')
            payment_sudo = wizard.mpesa_transaction_id.sudo()
            wizard.whose = payment_sudo and payment_sudo._get_whose()
            wizard.problem = payment_sudo and payment_sudo._find_money_back_problem()

    # === ACTION METHODS === #

    def action_ask(self):
        """ Ask a second person, and show what was asked.

        :return: A window action.
        :rtype: dict
        :raise UserError: If the reason is missing, or the payment cannot go back.
        """
        self.ensure_one()
        order_sudo = self.env['mpesa.money.back']._ask(self.mpesa_transaction_id, self.reason)
        return {
            'type': 'ir.actions.act_window', 'res_model': 'mpesa.money.back',
            'res_id': order_sudo.id, 'views': [(False, 'form')], 'target': 'current',
        }
