from odoo import models


class IrActionsReport(models.Model):
    _inherit = 'ir.actions.report'

    def _prepare_html(self, html, report_model=False):
        """ Override of `school_fees` to print the proof of a day as it is. """
        if self.report_name != 'school_mpesa.report_day_close':
            return super()._prepare_html(html, report_model=report_model)
        return [html.decode()], [], '', '', {}
