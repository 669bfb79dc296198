from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const


class PaymentTransaction(models.Model):
    """Asking Daraja at once how a prompt stands, instead of at the next time of the schedule."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_can_query = fields.Boolean(
        compute='_compute_mpesa_can_query', groups='school_fees.group_bursar', exportable=False,
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_push_state', 'mpesa_checkout_index', 'mpesa_query_confirmed')
    def _compute_mpesa_can_query(self):
        for tx in self:
            tx_sudo = tx.sudo()  # Whether Daraja gave an id is no secret; the id is.
            tx.mpesa_can_query = bool(tx_sudo.mpesa_checkout_index) and (
                tx.mpesa_push_state in const.OPEN_PUSH_STATES or tx_sudo._mpesa_awaits_query()
            )

    # === ACTION METHODS === #

    def action_mpesa_query(self):
        """ Ask Daraja at once how the prompt stands. The answer shows by itself.

        :return: A message of what happens now, after which the form is read again.
        :rtype: dict
        :raise UserError: If the outcome is known, or it was asked about a moment ago.
        """
        self.ensure_one()
        self._mpesa_check_desk()
        tx_sudo = self.sudo()  # Requests are nobody's to write.
        if not self.mpesa_can_query:
            raise UserError(self.env._(
                "Safaricom was not asked. The outcome of this request is known, or Safaricom gave"
                " it no name to ask by."
            ))
        fresh = fields.Datetime.now() - timedelta(seconds=const.STATUS_FRESH_SECONDS)
        if any(
            call.kind == 'query' and call.create_date > fresh
            for call in tx_sudo.mpesa_exchange_ids
        ):
            raise UserError(self.env._(
                "Safaricom was asked about this request a moment ago, and was not asked again. Its"
                " answer is under Calls to Safaricom. Try again in half a minute."
            ))
        tx_sudo._mpesa_ask_now()
        return tx_sudo.provider_id._mpesa_notify(self.env._(
            "Safaricom is being asked. The answer shows here in a few seconds."
        ))
