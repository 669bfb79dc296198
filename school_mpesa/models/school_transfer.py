from odoo import models


class SchoolTransfer(models.Model):
    """Money that moves to the student for whom it is claimed meets the claim."""

    _inherit = 'school.transfer'

    def _post(self):
        """ Override of `school_fees` to meet the claims of what has come to the student. """
        result = super()._post()
        receipt = self.receipt_line_id.receipt_id
        if receipt.money_kind == 'mpesa':
            self.env['school.payment.claim']._meet([receipt.external_ref])
        return result
