from odoo import fields, models


class PaymentTransaction(models.Model):
    """Which link a request came by."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_link_id = fields.Many2one(
        string="Payment Link", comodel_name='mpesa.payment.link', readonly=True, copy=False,
        index='btree_not_null', ondelete='set null', groups='school_fees.group_bursar',
    )
