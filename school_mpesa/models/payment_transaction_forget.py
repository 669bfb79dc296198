from odoo import api, models

from .. import const


class PaymentTransaction(models.Model):
    """Whose phone was prompted, paid or not, is forgotten like who paid."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    # === BUSINESS METHODS === #

    @api.model
    def _mpesa_forget_payers(self, school, before, limit):
        """ Forget the phones of requests that are over, and what was said to Safaricom of them.

        :param res.company school: The school.
        :param datetime before: UTC; requests made earlier.
        :param int limit: The most at once.
        :return: How many requests were looked at.
        :rtype: int
        """
        requests_sudo = self.sudo().search([
            ('company_id', '=', school.id), ('create_date', '<', before),
            ('mpesa_phone_sealed', '!=', False),
            ('mpesa_push_state', 'not in', (*const.OPEN_PUSH_STATES, 'receipt_pending')),
        ], order='id', limit=limit)
        self.env['mpesa.exchange'].sudo().search([
            ('transaction_id', 'in', requests_sudo.ids),
        ]).sealed = False  # The number stands in it.
        requests_sudo.write({
            'mpesa_phone_sealed': False, 'mpesa_phone_index': False, 'mpesa_phone_mask': False,
            'mpesa_checkout_sealed': False,
        })
        # A clerk's note is the school's own; a payer's may name anybody.
        requests_sudo.filtered(lambda tx: tx.mpesa_channel != 'stk_push').mpesa_note = False
        return len(requests_sudo)
