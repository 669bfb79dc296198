from odoo import fields, models


class MpesaCallbackSettle(models.TransientModel):
    """Why messages that contradict what is known need nobody any more."""

    _name = 'mpesa.callback.settle'
    _description = "Settle M-PESA Messages"

    callback_ids = fields.Many2many(
        string="Messages", comodel_name='mpesa.callback', readonly=True,
        default=lambda self: self.env.context.get('active_ids'),
    )
    reason = fields.Char(
        string="Reason", required=True,
        help="What was found and done, for whoever looks later. No phone numbers and no names.",
    )

    def action_settle(self):
        """ Finish the messages with the reason.

        :return: The action that reads the screen again.
        :rtype: dict
        """
        self.ensure_one()
        self.callback_ids._settle(self.reason)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
