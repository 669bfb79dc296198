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
    mpesa_training = fields.Boolean(related='company_id.mpesa_training', readonly=False)
    school_sms_failed_attempts = fields.Boolean(
        related='company_id.school_sms_failed_attempts', readonly=False,
    )
    mpesa_payer_months = fields.Integer(
        related='company_id.mpesa_payer_months', readonly=False,
    )
    mpesa_record_years = fields.Integer(
        related='company_id.mpesa_record_years', readonly=False,
    )
    mpesa_prompt_bulk_from = fields.Float(
        related='company_id.mpesa_prompt_bulk_from', readonly=False,
    )
    mpesa_prompt_bulk_to = fields.Float(
        related='company_id.mpesa_prompt_bulk_to', readonly=False,
    )
    mpesa_prompt_bulk_pace = fields.Integer(
        related='company_id.mpesa_prompt_bulk_pace', readonly=False,
    )
    mpesa_prompt_bulk_pause = fields.Integer(
        related='company_id.mpesa_prompt_bulk_pause', readonly=False,
    )
