from odoo import models


# Printed as they are, with no style sheet but their own.
PLAIN_REPORTS = frozenset((
    'school_fees.report_school_fee_structure',
    'school_fees.report_school_receipt',
    'school_fees.report_school_statement',
))


class IrActionsReport(models.Model):
    _inherit = 'ir.actions.report'

    def _prepare_html(self, html, report_model=False):
        """ Override of `base` to print receipts and statements as they are.

        Odoo would wrap each document in its own layout, for which wkhtmltopdf fetches half a
        megabyte of style sheets from the server itself. These bring their few rules along, so they
        print in a moment, on a server with one free worker, and stay small to download.
        """
        if self.report_name not in PLAIN_REPORTS:
            return super()._prepare_html(html, report_model=report_model)
        return [html.decode()], [], '', '', {}
