from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    school_cash_journal_id = fields.Many2one(
        related='company_id.school_cash_journal_id', readonly=False,
    )
    school_bank_journal_id = fields.Many2one(
        related='company_id.school_bank_journal_id', readonly=False,
    )
    school_cheque_journal_id = fields.Many2one(
        related='company_id.school_cheque_journal_id', readonly=False,
    )
    school_fees_journal_id = fields.Many2one(
        related='company_id.school_fees_journal_id', readonly=False,
    )
    school_reference_code = fields.Char(
        related='company_id.school_reference_code', readonly=False,
    )
