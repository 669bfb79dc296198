from odoo import api, models
from odoo.exceptions import AccessError, UserError


class PaymentTransaction(models.Model):
    """Nobody edits an M-PESA request by hand.

    `account_payment` lets every accountant create and write requests. An M-PESA request is the
    record of what was asked and of what Safaricom answered, so only the system itself, in sudo
    mode, writes it (trust.md A28).
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to refuse M-PESA requests that were not asked for by us. """
        txs = super().create(vals_list)
        if not self.env.su and any(tx.provider_code == 'mpesa' for tx in txs):
            raise AccessError(self.env._(
                "M-PESA requests are made by \"Prompt to pay\" and by the parents' pages only."
                " No prompt was sent and no money moved."
            ))
        return txs

    def write(self, vals):
        """ Override of `payment` to keep M-PESA requests as they are. """
        if not self.env.su and (
            any(name.startswith('mpesa_') for name in vals)
            or any(tx.provider_code == 'mpesa' for tx in self)
        ):
            raise AccessError(self.env._(
                "Nobody edits an M-PESA request: it says what was asked and what Safaricom"
                " answered. Nothing was changed."
            ))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_mpesa(self):
        if any(tx.mpesa_push_state for tx in self):
            raise UserError(self.env._("A payment request through M-PESA is never deleted."))

    # === BUSINESS METHODS === #

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """ Override of `payment`: nothing is refunded, captured or voided through these requests.

        Odoo would record a refund and say that it was initiated, while no money moves.
        """
        if self.provider_code == 'mpesa':
            raise UserError(self.env._(
                "M-PESA money is not sent back from here. Nothing was refunded and no money moved."
                " Whoever runs the paybill sends it back on Safaricom's own portal."
            ))
        return super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values
        )
