from odoo import models

from ..failpoint import reach


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    def action_post(self):
        self.env.flush_all()
        reach(self.env.cr, 'payment_created')
        return super().action_post()
