from odoo import models


class AccountJournal(models.Model):
    _inherit = 'account.journal'

    # === BUSINESS METHODS === #

    def _is_for_desk(self):
        """ Tell whether a person may take money on this journal by hand.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return True

    def _get_desk_method_line(self, payment_type='inbound'):
        """ Return the method that posts straight to the journal's own account.

        What lies in the box is in the box: a paid bill is paid, without waiting on an outstanding
        account. Where the journal has no such method it gets one.

        Note: `self.ensure_one()`

        :param str payment_type: 'inbound' or 'outbound'.
        :rtype: account.payment.method.line
        """
        self.ensure_one()
        lines = self[f'{payment_type}_payment_method_line_ids']
        straight = lines.filtered(lambda line: line.payment_account_id == self.default_account_id)
        if straight:
            return straight[:1]
        suffix = 'in' if payment_type == 'inbound' else 'out'
        return self.env['account.payment.method.line'].create({
            'name': self.env._("School desk"),
            'payment_method_id': self.env.ref(f'account.account_payment_method_manual_{suffix}').id,
            'journal_id': self.id,
            'payment_account_id': self.default_account_id.id,
        })
