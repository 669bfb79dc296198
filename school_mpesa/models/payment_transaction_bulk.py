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

    # === BUSINESS METHODS === #

    def _mpesa_filter_unsent(self):
        """ Return those of which no phone was ever told.

        :rtype: payment.transaction
        """
        return self.filtered(
            lambda tx: tx.mpesa_push_state in {'declined', 'expired'}
            and tx.mpesa_result_code == 'not_sent'
        )

    def _mpesa_filter_untimely(self):
        """ Return those made for many that the school's hours no longer let out.

        :rtype: payment.transaction
        """
        now = fields.Datetime.now()
        return self.filtered(
            lambda tx: tx.mpesa_is_bulk and tx.company_id._get_mpesa_prompt_opening(now)
        )
