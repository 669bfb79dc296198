# A scheduled action commits on purpose: failures that were told of are durable before the rest.
# pylint: disable=invalid-commit
from odoo import api, fields, models


class SchoolMessage(models.Model):
    """Messages about links and failed prompts, and what M-PESA adds to the words of the others."""

    _inherit = 'school.message'

    kind = fields.Selection(
        selection_add=[
            ('link', "Payment Link"), ('link_cancelled', "Payment Link Closed"),
            ('failed_attempt', "Failed M-PESA Request"),
        ],
        ondelete={'link': 'cascade', 'link_cancelled': 'cascade', 'failed_attempt': 'cascade'},
    )
    mpesa_link_id = fields.Many2one(
        string="Payment Link", comodel_name='mpesa.payment.link', readonly=True,
        index='btree_not_null', ondelete='cascade', groups='school_fees.group_bursar',
    )
    mpesa_is_superseded = fields.Boolean(
        string="Sent Again Since", readonly=True,
        help="The link was sent to this guardian once more, by another message.",
    )
    payment_transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        ondelete='cascade', groups='school_fees.group_bursar',
    )

    _failure_once = models.UniqueIndex(
        "(payment_transaction_id, partner_id) WHERE payment_transaction_id IS NOT NULL",
        "This guardian was told of the request already.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _cron_messages(self):
        """ Override of `school_fees` to tell of prompts that brought no money. """
        self.env['payment.transaction']._mpesa_tell_failures()
        self.env.cr.commit()
        return super()._cron_messages()

    def _get_quiet_kinds(self):
        """ Override of `school_fees`: nobody is asked for money at night. """
        return super()._get_quiet_kinds() | {'link', 'link_cancelled', 'failed_attempt'}

    def _is_still_wanted(self):
        """ Override of `school_fees` to send no link that is closed by now or was sent again since,
        and to tell of no failure after which the money came.
        """
        if not super()._is_still_wanted():
            return False
        link_sudo = self.sudo().mpesa_link_id
        if self.kind == 'link':
            return (
                not self.mpesa_is_superseded and link_sudo.state == 'active'
                and link_sudo.asked > 0
            )
        return (
            self.kind != 'failed_attempt'
            or self.sudo().payment_transaction_id._mpesa_is_failure_to_tell()
        )

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
            'by_hand': self.student_id._get_pay_by_hand(),
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

    def _write_failed_attempt(self):
        """ Return the text that tells of a prompt that brought no money, and how to pay.

        Note: `self.ensure_one()`

        :rtype: str
        """
        tx_sudo = self.sudo().payment_transaction_id.with_context(lang=self.env.lang)
        students = tx_sudo._mpesa_get_students().filtered(
            lambda student: self.partner_id in student._get_message_links().partner_id
        )
        pay = self._get_failure_pay()
        values = {
            'amount': tx_sudo.currency_id._format_plain(tx_sudo.amount),
            'reason': tx_sudo._mpesa_get_failure_reason(),
            'url': self._get_short_address(tx_sudo, pay['address']),
            'by_hand': pay['by_hand'],
        }
        if tx_sudo._mpesa_is_surely_untaken():
            wordings, plain = self._get_untaken_wordings()
        else:
            wordings, plain = self._get_not_received_wordings()
        if not values['by_hand']:
            wordings = [wording for wording in wordings if '%(by_hand)s' not in wording]
        return self._fit(wordings if values['url'] else [plain], values, students, plain=[plain])

    def _get_failure_pay(self):
        """ Return how to pay what a prompt did not bring: by the page that it came from.

        Note: `self.ensure_one()`

        :return: As of `school.student._get_message_pay`.
        :rtype: dict
        """
        self.ensure_one()
        tx_sudo = self.sudo().payment_transaction_id.with_context(lang=self.env.lang)
        if tx_sudo.mpesa_share_ids:  # Each child's own page or account would take it all.
            return {'address': '/my/fees', 'by_hand': ''}
        pay = self.student_id._get_message_pay()
        link_sudo = tx_sudo.mpesa_link_id
        bills_sudo = tx_sudo.invoice_ids.filtered(lambda bill: bill._is_bill_to_tell())
        # A relative's link is one guardian's, who may not be the one whose phone was prompted.
        if not link_sudo.for_relatives and link_sudo.state == 'active' and link_sudo.asked > 0:
            return {**pay, 'address': link_sudo._get_public_path()}
        return bills_sudo._get_message_pay() if len(bills_sudo) == 1 else pay

    def _get_untaken_wordings(self):
        """ Return the wordings for a prompt after which M-PESA certainly took no money.

        :return: The wordings with an address, and the one without.
        :rtype: tuple[list[str], str]
        """
        return [
            self.env._("%(school)s: %(amount)s for %(who)s was not paid (%(reason)s). No money was"
                       " taken. Pay: %(url)s or %(by_hand)s"),
            self.env._("%(school)s: %(amount)s for %(who)s was not paid (%(reason)s). No money was"
                       " taken. Pay: %(url)s"),
            self.env._("%(school)s: %(amount)s for %(who)s was not paid. No money was taken. Pay:"
                       " %(url)s"),
        ], self.env._("%(school)s: %(amount)s for %(who)s was not paid. No money was taken.")

    def _get_not_received_wordings(self):
        """ Return the wordings for a prompt of which only is known that nothing has arrived.

        :return: The wordings with an address, and the one without.
        :rtype: tuple[list[str], str]
        """
        return [
            self.env._("%(school)s: We have not received %(amount)s for %(who)s (%(reason)s). Got"
                       " an M-PESA SMS? Do not pay again. If not, pay: %(url)s"),
            self.env._("%(school)s: We have not received %(amount)s for %(who)s. Got an M-PESA SMS?"
                       " Do not pay again. If not, pay: %(url)s"),
            self.env._("%(school)s: %(amount)s for %(who)s has not arrived. Got an M-PESA SMS? Do"
                       " not pay again. If not: %(url)s"),
        ], self.env._("%(school)s: We have not received %(amount)s for %(who)s. Got an M-PESA SMS?"
                      " Do not pay again.")
