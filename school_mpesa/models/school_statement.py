from odoo import api, models


class SchoolStatement(models.AbstractModel):
    _inherit = 'school.statement'

    @api.model
    def _get_channel_signs(self):
        """ Override of `school_fees` to mark the ways of M-PESA. """
        return {
            **super()._get_channel_signs(),
            'stk_push': ('\N{BLACK TELEPHONE}', '#0d6efd'),
            'payment_link': ('\N{INFINITY}', '#0a6b7d'),
            'invoice': ('\N{IDENTICAL TO}', '#0b6b2e'),
            'statement': ('\N{WHITE SQUARE}', '#8a5a00'),
            'paybill_manual': ('\N{NUMBER SIGN}', '#212529'),
            'api': ('\N{BLACK DIAMOND SUIT}', '#4a4a4a'),
        }
