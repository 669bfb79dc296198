from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.balance_common import BalanceCommon
from odoo.addons.school_mpesa.tests.money_back_common import BACK, CODE, MoneyBackCommon


@tagged('post_install', '-at_install')
class TestMoneyBackBalance(BalanceCommon, MoneyBackCommon):
    """Money that went back, and the balance that Safaricom tells."""

    def test_what_came_and_went_back_later_on_that_day_is_not_in_it(self):
        order = self.order()
        self.tell_back(order)
        movements = order.mpesa_transaction_id | order.reversal_id
        balance = self.tell_balance({'Utility Account': '0.00'})
        balance.looked_at = min(movements.mapped('paid_at')) - timedelta(seconds=1)
        balance._compare()
        self.assertEqual((balance.book_amount, balance.state), (0, 'agrees'))

    def test_a_reversal_in_the_books_is_not_counted_again_from_a_statement(self):
        payment = self.pay_in(amount=700, code='UIE4K7P2QA')
        order = self.order()
        self.upload(self.write_older(
            [self.row(BACK, -500, "Pay Bill Reversal", linked=CODE, minute=30)], opening=500,
        ))
        self.tell_back(order)
        line = self.get_lines(kind='reversal')
        self.assertFalse(line.mpesa_transaction_id)
        balance = self.tell_balance({'Utility Account': '700.00'})
        balance.looked_at = fields.Datetime.now() + timedelta(seconds=1)
        balance._compare()
        self.assertEqual(
            (balance.book_amount, balance.line_amount, balance.state),
            (payment.amount, 0, 'agrees'),
        )
