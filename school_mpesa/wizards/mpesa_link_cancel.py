from odoo import fields, models


class MpesaLinkCancel(models.TransientModel):
    """Why a payment link is closed for good."""

    _name = 'mpesa.link.cancel'
    _description = "Cancel Payment Link"

    link_id = fields.Many2one(
        string="Payment Link", comodel_name='mpesa.payment.link', required=True, readonly=True,
        ondelete='cascade',
    )
    reason = fields.Char(string="Reason", required=True)

    def action_cancel(self):
        """ Cancel the link.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise UserError: If the reason is missing; nothing is cancelled.
        """
        self.ensure_one()
        self.link_id._cancel(self.reason)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
