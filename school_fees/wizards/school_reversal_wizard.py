from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.school_reversal_mixin import REVERSAL_KINDS


class SchoolReversalWizard(models.TransientModel):
    """The reason for which a receipt, a transfer or a refund is to leave the books."""

    _name = 'school.reversal.wizard'
    _description = "Ask for a Reversal"

    res_model = fields.Selection(
        selection=[
            ('school.receipt', "Receipt"), ('school.transfer', "Transfer"),
            ('school.refund', "Refund"),
        ],
        required=True,
    )
    res_id = fields.Integer(required=True)
    what = fields.Char(string="To Reverse", compute='_compute_what', compute_sudo=False)
    kind = fields.Selection(
        string="Why", selection=REVERSAL_KINDS, required=True, default='mistake',
    )
    reason = fields.Char(
        string="Reason", help="It is kept with the receipt and printed nowhere.",
    )

    # === COMPUTE METHODS === #

    @api.depends('res_model', 'res_id')
    def _compute_what(self):
        for wizard in self:
            wizard.what = wizard._get_record().display_name

    # === ACTION METHODS === #

    def action_ask(self):
        """ Ask another person to approve the reversal.

        :return: The action that closes the dialog.
        :rtype: dict
        :raise UserError: If the reason is missing, or the reversal is not possible.
        """
        self.ensure_one()
        reason = (self.reason or '').strip()
        if not reason and self.kind != 'bounced':
            raise UserError(self.env._(
                "The reason is missing. Nothing was asked. Say why, for the person who approves it"
                " and for whoever reads the receipt later."
            ))
        self._get_record()._ask_reversal(self.kind, reason)
        return {'type': 'ir.actions.act_window_close'}

    # === BUSINESS METHODS === #

    def _get_record(self):
        """ Return what is to be reversed, checked against the user's rights.

        :rtype: school.receipt | school.transfer | school.refund
        """
        record = self.env[self.res_model].browse(self.res_id)
        record.check_access('read')
        return record
