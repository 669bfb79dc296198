from odoo import models


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    def _get_counterpart_line(self):
        """ Return the line of the payment's entry that is not the money itself.

        Note: `self.ensure_one()`

        :return: The credit on the student's receivable, or on the account that waits.
        :rtype: account.move.line
        """
        self.ensure_one()
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id == self.destination_account_id
        )
