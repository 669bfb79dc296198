from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.balance_common import BalanceCommon


@tagged('post_install', '-at_install')
class TestBalance(BalanceCommon):
    """Asking what is in the accounts: what is kept of the answer, who may ask, and how often."""

    # === THE ANSWER === #

    def test_the_dashboard_shows_the_last_one(self):
        def find_card():
            cards = self.env['mpesa.dashboard'].with_user(self.bursar).get_figures()['cards']
            return next(card for card in cards if card['key'] == 'balance')

        self.assertEqual(find_card()['value'], "Not asked yet")
        self.tell_balance({'Utility Account': '70.00'}, minutes_ago=9)
        self.tell_balance({'Utility Account': '81200.50'})
        card = find_card()
        self.assertEqual((card['value'], card['amount']), ("KES 81,200.50", 81_200.5))
        self.assertRegex(card['details'][0], r"^On .* \d\d:\d\d$")
        self.assertEqual(card['action']['res_model'], 'mpesa.balance')
        self.create_provider(shortcode='600222').write({
            'mpesa_callback_base': 'https://fees.example.sc.ke', 'mpesa_environment': 'production',
            'state': 'enabled',
        })
        self.assertEqual(find_card()['value'], "Not asked yet", "Of no real money.")

    def test_every_account_is_kept_by_its_name(self):
        self.control.set(pay_bill_charge='mgao')
        self.drain_c2b(self.pay(12_500), amount='12500.00')
        self.control.sweep('600111', 500)
        self.control.sweep('600111', 300, onward=False)
        balance = self.hear_balance()
        command = balance.command_id
        self.assertEqual((command.state, command.finding), ('done', 'balance'))
        self.assertEqual(
            (balance.wallet_amount, balance.working_amount, balance.settlement_amount,
             balance.charges_amount),
            (12_500 - 39 - 800, 500, 300, -39),
        )
        self.assertEqual(
            {account.role: account.current for account in balance.account_ids
             if account.role != 'float'},
            {'utility': 11_661, 'working': 500, 'settlement': 300, 'charges': -39},
        )
        self.assertEqual((balance.shortcode, balance.environment), ('600111', 'simulator'))
        self.assertLessEqual(balance.asked_at, balance.answered_at)
        self.assertLessEqual(balance.looked_at, balance.answered_at)
        self.assertIn("KES 11,661 in the wallet", command.outcome)
        self.assertIn("600111", command.display_name)
        self.assertTrue(self.provider.mpesa_initiator_proven)
        self.assertIn("KES 11,661 at Safaricom", self.provider.mpesa_balance_message)

    def test_of_a_till_the_merchant_account_is_the_wallet(self):
        self.provider.write({'mpesa_shortcode_type': 'till', 'mpesa_till_number': '5200222'})
        balance = self.tell_balance({'Utility Account': '5.00', 'Merchant Account': '7.00'})
        self.assertEqual(balance.wallet_amount, 7)

    def test_the_same_answer_again_is_kept_once_and_another_is_a_conflict(self):
        balance = self.tell_balance({'Utility Account': '5.00'})
        again = self.tell_balance({'Utility Account': '5.00'}, command=balance.command_id)
        self.assertEqual(again, balance)
        self.tell_balance({'Utility Account': '6.00'}, command=balance.command_id)
        self.assertEqual(self.callback.state, 'conflict')
        self.assertEqual(self.find_balances().mapped('wallet_amount'), [5])

    def test_what_cannot_be_read_is_counted_or_no_answer(self):
        text = 'Utility Account|KES|5.00|5.00|0|0&Working Account|KES|much|1|0|0'
        balance = self.tell_balance({}, text=text)
        self.assertEqual((balance.wallet_amount, balance.unreadable), (5, 1))
        self.assertIn("1 accounts came in a form", balance.explanation)
        for text in ('', 'Utility Account', 'x|KES|1', 5):
            with self.subTest(text):
                self.end_freshness()
                command = self.ask_balance()
                self.tell_balance({}, text=text, command=command)
                self.assertEqual((command.state, command.finding), ('failed', 'no_answer'))
                self.assertEqual(self.find_balances(), balance)

    def test_without_the_wallets_account_there_is_nothing_to_compare(self):
        balance = self.tell_balance({'Working Account': '5.00'})
        self.assertEqual((balance.state, balance.has_wallet), ('nothing', False))
        self.assertIn("nothing to compare", balance.explanation)
        self.assertIn("nothing to compare", balance.command_id.outcome)

    def test_a_moment_of_the_future_is_not_believed(self):
        balance = self.tell_balance({'Utility Account': '5.00'}, minutes_ago=-600)
        self.assertEqual(balance.looked_at, balance.answered_at)

    def test_no_answer_and_a_time_out_leave_no_balance(self):
        self.control.script('account_balance', outcome='26')
        self.hear_balance()
        self.control.script('account_balance', callback='timeout')
        command = self.ask_balance()
        self.hear_result(kind='timeout')
        self.assertEqual((command.state, command.finding), ('unknown', 'timed_out'))
        self.assertIn("No money is touched", command.outcome)
        self.assertFalse(self.find_balances())
        # A result that comes after all counts.
        self.assertEqual(
            self.tell_balance({'Utility Account': '5.00'}, command=command).wallet_amount, 5,
        )

    def test_an_answer_that_names_no_question_is_not_believed(self):
        self.control.script('account_balance', fault='reset_after_accept')
        command = self.ask_balance()
        self.assertEqual((command.state, command.finding), ('unknown', 'silent'))
        callback = self.hear_result()
        self.assertEqual((callback.state, callback.mpesa_command_id), ('done', command))
        self.assertEqual(command.finding, 'nameless')
        self.assertFalse(self.find_balances())

    # === THE INITIATOR === #

    def test_without_the_role_it_is_not_asked_by_itself_and_other_questions_go_on(self):
        self.control.set_operator('600111', 'feesapi', may=['status'])
        self.hear_balance()
        command = self.env['mpesa.command'].search([('kind', '=', 'balance')])
        self.assertEqual((command.state, command.finding), ('failed', 'refused'))
        self.assertIn("may not ask for the balance (21)", command.outcome)
        self.assertEqual(self.provider.mpesa_balance_refusal, '21')
        self.assertIn("may not ask for the balance", self.provider.mpesa_balance_message)
        self.assertFalse(self.provider.mpesa_initiator_refusal)
        self.backdate(command, days=2)
        self.run_cron('school_mpesa.cron_ask_balances')
        self.assertEqual(self.env['mpesa.command'].search([('kind', '=', 'balance')]), command)
        self.assertEqual(self.question('UIE4K7P2QX').finding, 'not_found')
        # A person tries it after the role was given.
        self.control.set_operator('600111', 'feesapi', may=None)
        self.env['mpesa.balance'].with_user(self.bursar).action_ask_now()
        before = len(self.control.deliveries(kind='result'))
        self.send_questions()
        self.hear_result(count=before + 1)
        self.assertTrue(self.find_balances())
        self.assertFalse(self.provider.mpesa_balance_refusal)

    def test_another_initiator_may_have_the_role(self):
        self.control.set_operator('600111', 'feesapi', may=['status'])
        self.hear_balance()
        self.provider.mpesa_initiator_name = 'other'
        self.assertFalse(self.provider.mpesa_balance_refusal)

    def test_after_a_wrong_password_nothing_is_asked_any_more(self):
        self.provider.mpesa_initiator_password = 'wrong'
        self.hear_balance()
        self.assertEqual(self.provider.mpesa_initiator_refusal, '2001')
        for ask in (
            self.env['mpesa.balance'].with_user(self.bursar).action_ask_now,
            self.provider.with_user(self.system).action_mpesa_ask_balance,
        ):
            with self.assertRaisesRegex(UserError, "refuses the initiator"):
                ask()
        for command in self.env['mpesa.command'].search([('kind', '=', 'balance')]):
            self.backdate(command, days=2)
        self.run_cron('school_mpesa.cron_ask_balances')
        self.send_questions()
        self.assertEqual(self.count_asked(), 1, "Three would lock it.")

    # === HOW OFTEN === #

    def backdate(self, command, **delta):
        """ Let a question be as old as this. """
        self.env.flush_all()
        self.env.cr.execute(
            'UPDATE mpesa_command SET create_date = create_date - %s WHERE id = %s',
            [timedelta(**delta), command.id],
        )
        self.env.invalidate_all()

    def test_it_is_off_unless_switched_on(self):
        other = self.create_provider(shortcode='600333')
        self.assertFalse(other.mpesa_balance_enabled)
        self.provider.mpesa_balance_enabled = False
        self.run_cron('school_mpesa.cron_ask_balances')
        self.assertFalse(self.env['mpesa.command'].search([('kind', '=', 'balance')]))

    def test_it_is_asked_at_its_interval(self):
        Command = self.env['mpesa.command']
        balances = [('kind', '=', 'balance')]
        self.run_cron('school_mpesa.cron_ask_balances')
        command = Command.search(balances)
        self.assertEqual((len(command), command.asked_by_id.id), (1, False))
        self.send_questions()
        self.hear_result()
        self.end_freshness()
        for hours, count in ((5, 1), (1, 2)):
            self.backdate(command, hours=hours)
            self.run_cron('school_mpesa.cron_ask_balances')
            self.assertEqual(Command.search_count(balances), count)
        self.provider.mpesa_balance_interval = '0'
        for command in Command.search(balances):
            self.backdate(command, days=9)
        self.run_cron('school_mpesa.cron_ask_balances')
        self.assertEqual(Command.search_count(balances), 2)

    def test_nobody_asks_twice_at_a_time(self):
        Balance = self.env['mpesa.balance'].with_user(self.bursar)
        # As the button of the list calls it: with the ids of what is chosen, and nothing is.
        call_kw(Balance, 'action_ask_now', [[]], {})
        command = self.env['mpesa.command'].search([('kind', '=', 'balance')])
        self.assertEqual(command.asked_by_id, self.bursar)
        self.provider.with_user(self.system).action_mpesa_ask_balance()
        self.send_questions()
        Balance.action_ask_now()
        self.hear_result()
        Balance.action_ask_now()  # It was answered a moment ago.
        self.assertEqual(self.env['mpesa.command'].search([('kind', '=', 'balance')]), command)
        self.assertEqual(self.count_asked(), 1)

    def test_silence_is_said_and_it_may_be_asked_again(self):
        self.control.script('account_balance', callback='missing')
        command = self.ask_balance()
        command.sent_at -= timedelta(seconds=const.STATUS_PATIENCE_SECONDS + 60)
        self.send_questions()
        self.assertEqual((command.state, command.finding), ('unknown', 'silent'))
        self.assertNotEqual(self.ask_balance(), command)

    def test_an_app_without_the_product_is_said(self):
        self.control.set_app('simulator-consumer-key', products=['stk', 'status'])
        command = self.ask_balance()
        self.assertEqual((command.state, command.finding), ('failed', 'not_sent'))
        self.assertIn("lacks Account Balance", command.outcome)

    # === WHO === #

    def test_the_office_reads_and_asks_and_nobody_else(self):
        balance = self.tell_balance({'Utility Account': '5.00'})
        Balance = self.env['mpesa.balance']
        self.assertEqual(balance.with_user(self.bursar).wallet_amount, 5)
        self.assertTrue(balance.with_user(self.bursar).account_ids.mapped('name'))
        cashier = Balance.with_user(self.cashier)
        for forbidden in (
            lambda: cashier.search([]), cashier.action_ask_now,
            lambda: balance.with_user(self.cashier).action_compare_again(),
            lambda: balance.with_user(self.bursar).write({'wallet_amount': 6}),
            lambda: balance.account_ids.with_user(self.bursar).write({'current': 6}),
            lambda: self.provider.with_user(self.bursar).action_mpesa_ask_balance(),
        ):
            with self.assertRaises(AccessError):
                forbidden()
        with self.assertRaisesRegex(UserError, "stays on record"):
            balance.unlink()

    def test_another_schools_balances_are_not_seen(self):
        balance = self.tell_balance({'Utility Account': '5.00'})
        other = self.env['res.company'].create({'name': "Other School"})
        stranger = self.create_clerk('balance-stranger', 'school_fees.group_bursar', other)
        env = self.env(user=stranger, context={'allowed_company_ids': other.ids})
        Balance = env['mpesa.balance']
        self.assertFalse(Balance.search([]))
        self.assertFalse(env['mpesa.balance.account'].search([]))
        with self.assertRaises(AccessError):
            balance.with_env(env).action_compare_again()
        with self.assertRaisesRegex(UserError, "switches it on"):
            Balance.action_ask_now()

    def test_a_refused_message_stops_no_other_school(self):
        self.ask_balance()
        with patch.object(
            type(self.env['mpesa.balance']), '_keep', side_effect=ValueError("x"),
        ), self.assertLogs('odoo.addons.school_mpesa', 'WARNING'):
            callback = self.hear_result()
        self.assertEqual(callback.state, 'new')
        callback.next_try_at = fields.Datetime.now() - timedelta(seconds=1)
        self.drain()
        self.assertEqual(callback.state, 'done')
        self.assertTrue(self.find_balances())
