from odoo import models


class AccountJournal(models.Model):
    _inherit = 'account.journal'

    def _is_for_desk(self):
        """ Override of `school_fees`: nobody types a payment on an M-PESA journal. """
        return super()._is_for_desk() and not self._is_mpesa()

    def _is_mpesa(self):
        """ Tell whether this is the journal of a shortcode.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        lines_sudo = self.sudo().inbound_payment_method_line_ids  # Providers are the system's.
        return 'mpesa' in lines_sudo.mapped('payment_provider_id.code')

    def _explain_mpesa_not_typed(self):
        """ Say why nobody types a payment here, and what to do instead.

        :rtype: str
        """
        self.ensure_one()
        return self.env._(
            "Nobody types a payment on %(journal)s: M-PESA money is booked by itself, the moment"
            " Safaricom tells of it. Nothing was recorded. Ask the parent by \"Prompt to pay\"; if"
            " the parent has paid already, look under School Fees > M-PESA > Movements.",
            journal=self.display_name,
        )
