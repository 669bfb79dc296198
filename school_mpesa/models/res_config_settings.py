from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    mpesa_unidentified_account_id = fields.Many2one(
        related='company_id.mpesa_unidentified_account_id', readonly=False,
    )
    mpesa_charges_account_id = fields.Many2one(
        related='company_id.mpesa_charges_account_id', readonly=False,
    )
    mpesa_transit_account_id = fields.Many2one(
        related='company_id.mpesa_transit_account_id', readonly=False,
    )
