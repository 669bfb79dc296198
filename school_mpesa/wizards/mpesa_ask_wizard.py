from odoo import fields, models
from odoo.exceptions import UserError

from .. import daraja


class MpesaAskWizard(models.TransientModel):
    """Asking Safaricom about one payment by its M-PESA code."""

    _name = 'mpesa.ask.wizard'
    _description = "Ask Safaricom About a Payment"

    code = fields.Char(
        string="M-PESA Code", help="The 10 letters and digits at the start of M-PESA's message.",
    )
    payment_transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
    )

    # === ACTION METHODS === #

    def action_ask(self):
        """ Ask, and show the question with its answer as it comes.

        :rtype: dict
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        Command = self.env['mpesa.command']
        Command._check_office()
        tx = self.payment_transaction_id
        tx.check_access('read')
        told = daraja.read_message(self.code or '')
        if not told.code:
            raise UserError(self.env._(
                "An M-PESA code has 10 letters and digits. Nothing was asked: compare it with the"
                " phone or the message."
            ))
        providers = tx.provider_id or Command._get_asking_providers(self.env.company).filtered(
            lambda provider: provider.company_id in self.env.companies
        )
        if not providers:
            raise UserError(self.env._(
                "No shortcode of this school can ask about payments: the administrator sets it up"
                " at the M-PESA shortcode. Nothing was asked."
            ))
        commands = [Command._ask_status(provider, told.code, tx) for provider in providers]
        return commands[0]._get_view_action()
