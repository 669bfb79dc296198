from odoo import models

from ..failpoint import reach


class SchoolReceiptLine(models.Model):
    _inherit = 'school.receipt.line'

    def _reconcile_with_bills(self, chosen_invoices):
        self.env.flush_all()
        reach(self.env.cr, 'before_reconcile')
        return super()._reconcile_with_bills(chosen_invoices)
