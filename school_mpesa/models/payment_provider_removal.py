from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError


class PaymentProvider(models.Model):
    """Removing: refused once there are payments or messages, with the way out."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_messages(self):
        """ Refuse to delete a shortcode that Safaricom has written to.

        The inbox has no foreign key that would (see `UncheckedMany2one`).

        :raise UserError: If there are messages.
        """
        if self.env['mpesa.callback'].sudo().search_count(
            [('provider_id', 'in', self.ids)], limit=1,
        ):
            raise UserError(self.env._(
                "Messages from Safaricom belong to this shortcode, so it cannot be deleted. Nothing"
                " was changed. Choose Disabled instead: no prompt is sent any more."
            ))

    @api.model
    def _remove_provider(self, code, **kwargs):
        """ Override of `account_payment` to say what to do instead of uninstalling.

        :raise RedirectWarning: If M-PESA payments exist; it leads to the providers.
        """
        if code == 'mpesa' and self._check_existing_payment(
            self._get_provider_payment_method(code)
        ):
            raise RedirectWarning(
                self.env._(
                    "School Fees M-PESA cannot be uninstalled: payments were booked through it, and"
                    " the books need their provider, their messages and their receipts. Nothing was"
                    " removed. To stop taking M-PESA, archive the provider instead: open it, choose"
                    " Disabled and save. Parents are no longer offered M-PESA, no prompt is sent,"
                    " and money that still reaches the shortcode is booked."
                ),
                self.env.ref('payment.action_payment_provider').id,
                self.env._("Open the providers"),
            )
        return super()._remove_provider(code, **kwargs)
