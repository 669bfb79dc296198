from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.statement_common import StatementCommon


SWEEP = "Utility Account to Organization Settlement Account"


@tagged('post_install', '-at_install')
class TestStatementBooking(StatementCommon):
    """Charges, sweeps and lines of unknown kind: one entry each, the wallet as at Safaricom."""

    def test_charges_and_sweeps_are_one_entry_each_on_their_day(self):
        self.upload_rows(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2R1', -300, SWEEP, minute=3),
        )
        charge, sweep = self.get_lines(kind='charge'), self.get_lines(kind='sweep')
        for line, account in (
            (charge, self.school.mpesa_charges_account_id),
            (sweep, self.school.mpesa_transit_account_id),
        ):
            self.assertEqual((line.state, line.move_id.state), ('booked', 'posted'))
            self.assertEqual(line.move_id.date, date(2026, 9, 14))
            self.assertEqual(line.move_id.journal_id, self.provider.journal_id)
            self.assertIn(line.receipt, line.move_id.ref)
            self.assertEqual(self.sum_account(account), line.amount)
        self.assertNotEqual(charge.move_id, sweep.move_id)
        self.assertEqual(self.school.mpesa_charges_account_id.account_type, 'expense')
        self.assert_wallet(195)

    def test_the_day_is_that_of_kenya(self):
        self.upload_rows(self.row('UIF4K7P2Q1', -5, 'Pay Bill Charge', minute=14 * 60 + 30))
        line = self.get_lines()
        self.assertEqual((line.day, line.move_id.date), (date(2026, 9, 15), date(2026, 9, 15)))

    def test_in_a_locked_month_odoo_chooses_the_day(self):
        self.school.fiscalyear_lock_date = '2026-09-30'
        self.upload_rows(self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'))
        line = self.get_lines()
        self.assertEqual(line.state, 'booked')
        self.assertGreater(line.move_id.date, date(2026, 9, 30))
        self.assert_wallet(-5)

    def test_the_accounts_of_the_settings_are_used(self):
        account = self.env['account.account'].with_company(self.school).create({
            'name': "Mobile money costs", 'code': '629900', 'account_type': 'expense',
            'company_ids': [(4, self.school.id)],
        })
        self.school.mpesa_charges_account_id = account
        self.upload_rows(self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'))
        self.assertEqual(self.sum_account(account), 5)

    def test_their_entries_are_not_undone_by_hand(self):
        self.upload_rows(self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'))
        move = self.get_lines().move_id.sudo(False)
        for undo in (move.button_draft, move.button_cancel, move._reverse_moves):
            with self.subTest(undo.__name__), self.refusal(UserError, "statement says"):
                undo()
        self.assert_wallet(-5)

    def test_a_line_that_cannot_be_booked_waits_alone(self):
        statement = self.upload(self.write_older([
            self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2R1', -300, SWEEP, minute=3),
        ]))
        account = self.school._get_mpesa_charges_account()
        account.active = False
        with mute_logger('odoo.addons.school_mpesa.models.mpesa_statement_booking'):
            self.run_cron('school_mpesa.cron_book_statements')
        charge, sweep = self.get_lines(kind='charge'), self.get_lines(kind='sweep')
        self.assertEqual((charge.state, charge.tries, sweep.state), ('new', 1, 'booked'))
        self.assertTrue(charge.problem)
        account.active = True
        charge.next_try_at = False
        self.run_cron('school_mpesa.cron_book_statements')
        self.assertEqual((charge.state, charge.problem, statement.state), ('booked', False, 'done'))

    # === UNKNOWN KIND === #

    def decide(self, line, **values):
        """ Answer the question about a line as the second person, on the form. """
        action = line.with_user(self.head).action_decide()
        form = Form(self.env[action['res_model']].with_user(self.head).with_context(
            **action['context']
        ))
        for name, value in values.items():
            form[name] = value
        form.save().action_decide()

    def test_a_line_of_unknown_kind_books_nothing_until_a_person_says(self):
        statement = self.upload_rows(
            self.row('UIE4K7P2R6', -7, 'Loan Repayment'), self.row('UIE4K7P2R7', 70, 'Interest'),
            self.row('UIE4K7P2R8', 80, 'Kindness'), self.row('UIE4K7P2R9', -9, 'Something'),
        )
        self.assertEqual((statement.state, statement.person_count), ('check', 4))
        self.assert_wallet(0)
        loan, interest, kindness, something = (
            self.get_lines(receipt=f'UIE4K7P2R{number}') for number in '6789'
        )
        income = self.env['account.account'].search([
            ('account_type', '=', 'income'), ('company_ids', 'in', self.school.ids),
        ], limit=1)
        before = self.sum_account(income)
        self.decide(loan, decision='charge', note="Cost of the loan")
        self.decide(interest, decision='account', account_id=income, note="Interest")
        self.decide(kindness, decision='payment', note="A parent by another way")
        self.decide(something, decision='nothing', note="Behind the wallet")
        self.book()
        self.assertEqual(
            (loan.state, interest.state, kindness.state, something.state),
            ('booked', 'booked', 'found', 'booked'),
        )
        self.assertEqual(self.sum_account(income) - before, -70)
        self.assertEqual(kindness.mpesa_transaction_id.booking_state, 'unidentified')
        self.assertFalse(something.move_id or something.on_wallet)
        self.assert_wallet(-7 + 70 + 80)
        self.assertEqual(statement.state, 'done')
        with self.assertRaisesRegex(UserError, "needs nobody"):
            loan.with_user(self.bursar).action_decide()

    def test_what_a_person_says_is_checked(self):
        self.upload_rows(self.row('UIE4K7P2R6', -7, 'Loan Repayment'))
        line = self.get_lines()
        receivable = self.student.partner_id.with_company(
            self.school
        ).property_account_receivable_id
        with self.refusal(UserError, "note is missing"):
            self.decide(line, decision='charge')
        with self.refusal(UserError, "went out"):
            self.decide(line, decision='payment', note="x")
        with self.refusal(UserError, "Choose the account"):
            self.decide(line, decision='account', note="x")
        with self.refusal(UserError, "name of who owes"):
            line.with_user(self.head)._decide('account', "x", receivable)
        with self.assertRaises(AccessError):
            line.with_user(self.cashier)._decide('charge', "x")
        self.assertEqual(line.state, 'new')

    def test_today_says_what_waits(self):
        self.upload_rows(
            self.row('UIE4K7P2R6', -7, 'Loan Repayment'),
            self.row('UIE4K7P2Q1', 500, minute=1), self.row('UIE4K7P2Q1', 501, minute=1),
        )
        needs = {
            need['key']: need for need in
            self.env['school.dashboard'].with_user(self.bursar).get_figures()['needs']
        }
        self.assertIn('KES 7 ', needs['statement_unknown']['label'])
        self.assertEqual(needs['statement_different']['count'], 1)
