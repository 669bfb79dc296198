from odoo import models


class MpesaTransaction(models.Model):
    """The movements of a day are read again and again, however many there are of other days."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    _day_idx = models.Index("(environment, shortcode, paid_at)")
    _seen_idx = models.Index("(provider_id, first_seen_at)")
