from odoo import fields, models


class PaymentTransaction(models.Model):
    """Requests that were made for many at once: they give way to those of single people."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_is_bulk = fields.Boolean(
        string="Prompted Among Many", readonly=True, copy=False,
        help="A clerk prompted many families at once. Single prompts are sent first.",
    )
