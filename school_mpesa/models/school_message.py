from odoo import fields, models


class SchoolMessage(models.Model):
    """Messages about payment links, and what M-PESA adds to the words of the others."""

    _inherit = 'school.message'

    kind = fields.Selection(
        selection_add=[('link', "Payment Link"), ('link_cancelled', "Payment Link Closed")],
        ondelete={'link': 'cascade', 'link_cancelled': 'cascade'},
    )
    mpesa_link_id = fields.Many2one(
        string="Payment Link", comodel_name='mpesa.payment.link', readonly=True,
        index='btree_not_null', ondelete='cascade', groups='school_fees.group_bursar',
    )

    # === BUSINESS METHODS === #

    def _get_quiet_kinds(self):
        """ Override of `school_fees`: nobody is asked for money at night. """
        return super()._get_quiet_kinds() | {'link', 'link_cancelled'}

    def _is_still_wanted(self):
        """ Override of `school_fees` to send no link that is closed by now. """
        if not super()._is_still_wanted():
            return False
        link_sudo = self.sudo().mpesa_link_id
        return self.kind != 'link' or (link_sudo.state == 'active' and link_sudo.asked > 0)

    def _is_late(self):
        """ Override of `school_fees`: the payer's page had said that it was not paid. """
        requests_sudo = self.receipt_id.sudo().mpesa_transaction_ids.payment_transaction_id
        return super()._is_late() or any(requests_sudo.mapped('mpesa_was_declined'))

    # === WORDINGS === #

    def _write_link(self):
        """ Return the text that brings a payment link.

        Note: `self.ensure_one()`

        :rtype: str
        """
        link_sudo = self.sudo().mpesa_link_id
        values = {
            'amount': link_sudo.currency_id._format_plain(link_sudo.asked),
            'what': link_sudo.description or '',
            'url': self._get_short_address(link_sudo, link_sudo._get_public_path()),
            'by_hand': self.student_id._get_message_pay()['by_hand'],
        }
        wordings = [
            self.env._("%(school)s: Please pay %(amount)s for %(who)s, %(what)s: %(url)s or"
                       " %(by_hand)s"),
            self.env._("%(school)s: Please pay %(amount)s for %(who)s: %(url)s or %(by_hand)s"),
            self.env._("%(school)s: Please pay %(amount)s for %(who)s: %(url)s"),
        ]
        if not values['what']:
            wordings = wordings[1:]
        return self._fit(wordings, values, self.student_id)

    def _write_link_cancelled(self):
        """ Return the text that tells of a link that was closed.

        Note: `self.ensure_one()`

        :rtype: str
        """
        values = {'phone': self._get_office_phone()}
        wordings = [
            self.env._("%(school)s: The payment link we sent you for %(who)s is closed. Do not pay"
                       " by it. Questions: %(phone)s"),
            self.env._("%(school)s: The payment link for %(who)s is closed. Do not pay by it."),
        ]
        return self._fit(
            wordings if values['phone'] else wordings[1:], values, self.student_id,
        )
