from odoo import fields, models

from .payment_transaction import CHANNELS


class SchoolReceipt(models.Model):
    """Receipts for M-PESA money."""

    _inherit = 'school.receipt'

    channel = fields.Selection(
        selection_add=[*CHANNELS, ('paybill_manual', "Paybill")],
        ondelete=dict.fromkeys((*dict(CHANNELS), 'paybill_manual'), 'cascade'),
    )
    money_kind = fields.Selection(
        selection_add=[('mpesa', "M-PESA")], ondelete={'mpesa': 'cascade'},
    )
    mpesa_transaction_ids = fields.One2many(
        string="M-PESA Movements", comodel_name='mpesa.transaction', inverse_name='receipt_id',
        readonly=True,
    )
