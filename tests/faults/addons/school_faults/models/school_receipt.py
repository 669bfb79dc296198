from odoo import api, models

from ..failpoint import reach


class SchoolReceipt(models.Model):
    _inherit = 'school.receipt'

    @api.model
    def _book(self, bookings, payments_without_receipt=()):
        reach(self.env.cr, 'before_posting')
        booked = super()._book(bookings, payments_without_receipt)
        self.env.flush_all()
        reach(self.env.cr, 'after_posting')
        return booked
