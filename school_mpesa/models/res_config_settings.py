from odoo import api, fields, models


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

    # === ONCHANGE METHODS === #

    @api.onchange('mpesa_training')
    def _onchange_mpesa_training(self):
        """ Warn whoever ends a training whose receipts still stand. """
        standing = self.company_id.mpesa_training and not self.mpesa_training and (
            self.company_id._count_training_receipts()
        )
        if not standing:
            return None
        return {'warning': {
            'title': self.env._("Receipts of the training still stand"),
            'message': self.env._(
                "Receipts of the training that are not reversed: %(count)s. They stay marked, but"
                " in the books and on statements they count as fees paid. Reverse them (filter"
                " Receipts by Training); until then no shortcode in production can be enabled.",
                count=standing,
            ),
        }}
