from odoo import api, models
from odoo.exceptions import UserError


# What says of a payment how much moved, when, where and whose it is.
RECEIPTED_FIELDS = {
    'state', 'move_id', 'partner_id', 'partner_type', 'payment_type', 'amount', 'currency_id',
    'date', 'journal_id', 'company_id', 'payment_method_line_id', 'outstanding_account_id',
    'destination_account_id',
}


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `account`: what a receipt vouches for is not rewritten, by RPC neither. """
        if not self.env.su and RECEIPTED_FIELDS & vals.keys():
            self._check_not_receipted()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_receipted(self):
        self._check_not_receipted()

    # === ACTION METHODS === #

    def action_draft(self):
        """ Override of `account`: what has a receipt leaves the books by its reversal only. """
        self._check_not_receipted()
        return super().action_draft()

    def action_cancel(self):
        """ Override of `account`: what has a receipt leaves the books by its reversal only. """
        self._check_not_receipted()
        return super().action_cancel()

    def action_reject(self):
        """ Override of `account`: what has a receipt leaves the books by its reversal only. """
        self._check_not_receipted()
        return super().action_reject()

    # === BUSINESS METHODS === #

    def _get_receipted(self):
        """ Return those of the payments that a receipt or a refund vouches for.

        :rtype: account.payment
        """
        lines_sudo = self.env['school.receipt.line'].sudo().search([
            ('payment_id', 'in', self.ids), ('receipt_id.state', '=', 'posted'),
        ])  # In sudo mode: an accountant may not read receipts, and still may not undo them.
        refunds_sudo = self.env['school.refund'].sudo().search([
            ('payment_id', 'in', self.ids), ('state', '=', 'done'),
        ])
        return self & self.browse((lines_sudo.payment_id | refunds_sudo.payment_id).ids)

    def _check_not_receipted(self):
        """ Ensure that nobody takes money out of the books behind a receipt's back.

        :return: None
        :raise UserError: If a receipt vouches for one of the payments.
        """
        if self._get_receipted():
            raise UserError(self.env._(
                "A receipt or a refund vouches for this money, so it is not changed here: it leaves"
                " the books only by reversing that, with a reason. Nothing was changed."
            ))

    def _get_counterpart_line(self):
        """ Return the line of the payment's entry that is not the money itself.

        Note: `self.ensure_one()`

        :return: The credit on the student's receivable, or on the account that waits.
        :rtype: account.move.line
        """
        self.ensure_one()
        return self.move_id.line_ids.filtered(
            lambda line: line.account_id == self.destination_account_id
        )
