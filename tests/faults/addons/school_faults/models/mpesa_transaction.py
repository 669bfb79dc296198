from odoo import api, models

from ..failpoint import reach


class MpesaTransaction(models.Model):
    _inherit = 'mpesa.transaction'

    @api.model
    def _record(self, arrivals):
        super()._record(arrivals)
        self.env.flush_all()
        reach(self.env.cr, 'before_state')

    @api.model
    def _prepare_receipt(self, arrival):
        values = super()._prepare_receipt(arrival)
        if arrival.account_reference.startswith('POISON'):
            message = "poison"
            raise ArithmeticError(message)
        return values

    @api.model
    def _prepare_suspense_payment(self, arrival):
        if arrival.account_reference.startswith('POISON'):
            message = "poison"
            raise ArithmeticError(message)
        return super()._prepare_suspense_payment(arrival)
