from odoo import fields, models
from odoo.exceptions import UserError


class MpesaDenial(models.TransientModel):
    """What Safaricom answered about a payment that it does not know, or knows after all."""

    _name = 'mpesa.denial'
    _description = "Safaricom Does Not Know a Payment"

    mpesa_transaction_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', required=True, readonly=True,
    )
    is_undo = fields.Boolean(readonly=True)
    # Not in sudo mode: the browser names the payment, of any school.
    currency_id = fields.Many2one(related='mpesa_transaction_id.currency_id', related_sudo=False)
    amount = fields.Monetary(related='mpesa_transaction_id.amount', related_sudo=False)
    paid_at = fields.Datetime(related='mpesa_transaction_id.paid_at', related_sudo=False)
    booked_as = fields.Char(related='mpesa_transaction_id.booked_as', related_sudo=False)
    booked_for = fields.Char(related='mpesa_transaction_id.booked_for', related_sudo=False)
    note = fields.Char(
        string="Note", help="What Safaricom answered, and when. No phone numbers and no names.",
    )

    def action_confirm(self):
        """ Ask for the denial, or take it back.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise UserError: If the note is missing, or it is not possible.
        """
        self.ensure_one()
        note = (self.note or '').strip()
        if not note:
            raise UserError(self.env._(
                "The note is missing. Nothing was changed. Say what Safaricom answered, for the"
                " second person and for whoever looks at the books later."
            ))
        if self.is_undo:
            self.mpesa_transaction_id._undo_denial(note)
        else:
            self.mpesa_transaction_id._ask_denial(note)
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}
