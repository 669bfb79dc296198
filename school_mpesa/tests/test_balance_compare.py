from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.balance_common import BalanceCommon
from odoo.addons.school_mpesa.tests.statement_common import StatementCommon
from odoo.addons.school_mpesa.tests.test_statement_booking import SWEEP


@tagged('post_install', '-at_install')
class TestBalanceCompare(BalanceCommon, StatementCommon):
    """What our books held at that moment, and what of the difference is known, to the cent."""

    def wallet(self, amount, **values):
        return self.tell_balance({'Utility Account': f'{amount:.2f}'}, **values)

    def assert_parts(self, balance, state, difference, unexplained=0, **parts):
        names = (
            'unprocessed_amount', 'parked_amount', 'charge_amount', 'transfer_amount',
            'line_amount',
        )
        self.assertEqual(balance.state, state)
        self.assertEqual(
            {name: balance[name] for name in ('difference', 'unexplained', *names)},
            {
                'difference': difference, 'unexplained': unexplained, **dict.fromkeys(names, 0),
                **{f'{name}_amount': amount for name, amount in parts.items()},
            },
        )

    def test_books_that_have_everything_agree(self):
        self.drain_c2b(self.pay())
        balance = self.hear_balance()
        self.assertEqual((balance.wallet_amount, balance.book_amount), (15_500, 15_500))
        self.assert_parts(balance, 'agrees', 0)
        self.assertIn("hold the same", balance.explanation)

    def test_a_payment_without_a_message_is_not_explained_until_it_is_known(self):
        code = self.pay()
        balance = self.hear_balance()
        self.assert_parts(balance, 'different', 15_500, 15_500)
        self.assertIn("KES 15,500 more", balance.explanation)
        self.assertIn("No statement was imported", balance.explanation)
        self.drain_c2b(code, TransTime=self.stamp(minutes_ago=1))
        balance.with_user(self.bursar).action_compare_again()
        self.assert_parts(balance, 'agrees', 0)

    def stamp(self, minutes_ago=0):
        moment = fields.Datetime.now() + timedelta(hours=3, minutes=-minutes_ago)
        return moment.strftime('%Y%m%d%H%M%S')

    def test_what_moved_later_on_that_day_is_not_in_it(self):
        balance = self.wallet(0, minutes_ago=2)
        self.drain_c2b('UIE4K7P2QA')
        self.drain_c2b('UIE4K7P2QB', account='NOBODY')
        balance._compare()
        self.assertEqual(self.sum_wallet(), 31_000)
        if balance.looked_at.date() == fields.Date.today():
            self.assert_parts(balance, 'agrees', 0)

    def test_a_message_that_is_not_processed_and_one_for_a_person(self):
        command = self.ask_balance()
        parked = self.c2b('UIE4K7P2QA', amount='100.50', TransTime=self.stamp(minutes_ago=2))
        waiting = self.c2b('UIE4K7P2QB', amount='200.25', TransTime=self.stamp(minutes_ago=2))
        late = self.c2b('UIE4K7P2QC', amount='7.00', TransTime=self.stamp())
        self.env.flush_all()
        (parked + late).write({'state': 'parked'})
        waiting.next_try_at = fields.Datetime.now() + timedelta(hours=1)
        balance = self.wallet(300.75, minutes_ago=1, command=command)
        self.assert_parts(balance, 'explained', 300.75, unprocessed=200.25, parked=100.5)
        self.assertIn("KES 200.25 came in and is not processed yet", balance.explanation)
        self.assertIn("wait for a person", balance.explanation)

    def test_lines_of_a_statement_that_are_not_booked(self):
        command = self.ask_balance()
        self.upload(self.write_older([
            self.row('UIE4K7P2Q1', 80), self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2R1', -30, SWEEP, minute=3),
            self.row('UIE4K7P2R6', -7, 'Loan Repayment', minute=4),
        ]))
        balance = self.wallet(38, command=command)
        self.assert_parts(balance, 'explained', 38, charge=-5, transfer=-30, line=73)
        for words in ("KES 5 of charges", "KES 30 was moved on", "KES 73 of other lines"):
            self.assertIn(words, balance.explanation)
        # The charge and the sweep are booked; a payment waits for its release.
        self.book_unreleased()
        balance._compare()
        self.assert_parts(balance, 'explained', 73, line=73)
        self.book()
        balance._compare()
        self.assert_parts(balance, 'explained', -7, line=-7)

    def test_the_rest_says_until_when_statements_tell(self):
        self.upload_rows(self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'))
        balance = self.tell_balance({
            'Utility Account': '15.00', 'Working Account': '4.00',
            'Organization Settlement Account': '6.00',
        })
        self.assert_parts(balance, 'different', 20, 20)
        self.assertIn("until 14 Sep 2026", balance.explanation)
        self.assertIn("KES 10 lies in the accounts behind it", balance.explanation)
        balance.looked_at = balance.stated_until
        balance._compare()
        self.assertIn("before the books began", balance.explanation)

    def test_what_a_statement_books_later_on_that_day_is_not_in_it(self):
        balance = self.wallet(500)
        self.upload_rows(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge', minute=30),
            self.row('UIE4K7P2R9', -500, 'Transaction Reversal of UIE4K7P2Q1', minute=31,
                     linked='UIE4K7P2Q1'),
        )
        self.assert_wallet(-5)
        balance.looked_at = datetime(2026, 9, 14, 7, 10)
        balance._compare()
        self.assert_parts(balance, 'agrees', 0)
        balance.looked_at = datetime(2026, 9, 14, 7, 30)
        balance._compare()
        self.assert_parts(balance, 'different', 5, 5)

    def test_the_hourly_action_looks_again(self):
        code = self.pay()
        balance = self.hear_balance()
        self.drain_c2b(code, TransTime=self.stamp(minutes_ago=1))
        self.run_cron('school_mpesa.cron_ask_balances')
        self.assert_parts(balance, 'agrees', 0)

    def test_many_balances_are_listed_with_as_many_queries_as_two(self):
        for _balance in range(5):
            self.wallet(5)
        balances = self.find_balances().with_user(self.bursar)

        def count(shown):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            shown.mapped('explanation')
            return self.cr.sql_log_count - before

        count(balances)  # What is cached from then on.
        self.assertEqual(count(balances), count(balances[:2]))

    def test_what_was_ordered_to_go_back_is_named(self):
        self.drain_c2b(code := self.pay(500), amount='500.00')
        payment = self.get_movements()
        self.assertEqual(payment.receipt, code)
        balance = self.wallet(0)
        self.env['mpesa.money.back'].sudo().create({
            'number': 'X/1', 'mpesa_transaction_id': payment.id, 'provider_id': self.provider.id,
            'company_id': self.school.id, 'currency_id': self.school.currency_id.id,
            'amount': 500, 'reason': "Paid twice", 'state': 'unknown',
            'asked_by_id': self.bursar.id, 'expires_at': fields.Datetime.now(),
        })
        self.env.invalidate_all()
        self.assert_parts(balance, 'different', -500, -500)
        self.assertIn("KES 500 was ordered to go back", balance.with_user(self.bursar).explanation)
