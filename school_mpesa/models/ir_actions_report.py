from odoo import models


# Printed as they are, with no style sheet but their own: see `school_fees`.
PLAIN_REPORTS = frozenset((
    'school_mpesa.report_day_close',
    'school_mpesa.report_movement_evidence',
    'school_mpesa.report_request_evidence',
))


class IrActionsReport(models.Model):
    _inherit = 'ir.actions.report'

    def _prepare_html(self, html, report_model=False):
        """ Override of `school_fees` to print proofs of days and evidence as they are. """
        if self.report_name not in PLAIN_REPORTS:
            return super()._prepare_html(html, report_model=report_model)
        return [html.decode()], [], '', '', {}
