from odoo import api, fields, models
from odoo.exceptions import UserError


class MpesaRequestShare(models.Model):
    """One child's part of a request for several children, as the guardian saw it when paying."""

    _name = 'mpesa.request.share'
    _description = "Part of a Payment Request"
    _order = 'transaction_id, id'

    transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', required=True, readonly=True,
        index=True, ondelete='restrict',
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    currency_id = fields.Many2one(related='transaction_id.currency_id')
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )

    _student_uniq = models.Constraint(
        'UNIQUE(transaction_id, student_id)', "A student has one part of a payment request.",
    )
    _whole_shillings = models.Constraint(
        'CHECK(amount >= 1 AND amount = trunc(amount))',
        "Each part of a payment request is of whole shillings, at least 1.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm` to refuse: the parts are what the payer saw and agreed to. """
        if self:
            raise UserError(self.env._(
                "The parts of a payment request are what the payer saw. Nothing was changed:"
                " reverse the receipt, or move the money from child to child."
            ))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The parts of a payment request are never deleted."))
