from datetime import timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.day_common import (
    DAY,
    END,
    LATER,
    NIGHT,
    NOON,
    START,
    DayCloseCommon,
)


@tagged('post_install', '-at_install')
class TestDayClose(DayCloseCommon):
    """The proof of a day: its figures, and each class of differences planted and found."""

    # === A CLEAN DAY === #

    def test_a_clean_day_is_proven(self):
        self.clean_day()
        close = self.prove()
        self.assert_differences(close)
        self.assertEqual(close.state, 'proven')
        self.assertRecordValues(close, [{
            'inbox_count': 2, 'inbox_total': 800.50, 'movement_count': 2,
            'movement_total': 800.50, 'statement_count': 2, 'statement_total': 800.50,
            'ledger_count': 2, 'ledger_total': 800.50, 'student_total': 500,
            'suspense_count': 1, 'suspense_total': 300.50, 'unaccounted': 0,
            'waiting_count': 0, 'reversed_total': 0, 'is_stated': True, 'is_pulled': False,
            'statement_difference': 0, 'wallet_balance': 800.50, 'has_stated_balance': True,
            'stated_balance': 800.50, 'balance_difference': 0, 'pull_count': 0,
        }])

    def test_without_a_statement_it_is_a_state_and_no_difference(self):
        self.pay('UIE0000001')
        close = self.prove()
        self.assert_differences(close)
        self.assertEqual(close.state, 'unproven')
        self.assertFalse(close.is_stated)
        self.create_statement(end=NOON - timedelta(hours=1))
        close._prove()
        self.assertEqual(close.state, 'unproven')  # Half a day proves nothing of the other half.
        self.assert_differences(close)

    def test_two_statements_that_meet_prove_the_day(self):
        self.pay('UIE0000001')
        first = self.create_statement(end=NOON + timedelta(seconds=1))
        second = self.create_statement(start=NOON + timedelta(seconds=1))
        self.add_line(first, 'UIE0000001')
        self.assertEqual(self.prove().state, 'proven')
        # A file that ends within the day may have been made before its last second was over.
        second.period_start = NOON + timedelta(seconds=2)
        self.assertEqual(self.prove().state, 'unproven')

    def test_computing_again_changes_nothing(self):
        statement = self.clean_day()
        self.add_line(statement, 'UIE0000009', 40, 'charge')
        with freeze_time('2026-09-15 06:00'):  # Else its own time is another second now and then.
            close = self.prove()
            before = close.read(), close.difference_ids.read()
            close._prove()
        self.assertEqual(len(self.Close.search([('provider_id', '=', self.provider.id)])), 1)
        self.assertEqual((close.read(), close.difference_ids.read()), before)

    def test_an_empty_day(self):
        self.create_statement()
        close = self.prove()
        self.assertEqual(close.state, 'proven')
        self.assertFalse(close.has_stated_balance)

    def test_the_days_are_kenyan(self):
        self.pay('UIE0000001', at=START)
        self.pay('UIE0000002', at=START - timedelta(seconds=1))
        self.pay('UIE0000003', at=END - timedelta(seconds=1))
        close = self.prove()
        self.assertEqual((close.movement_count, close.ledger_count), (2, 2))
        self.assert_differences(close)

    def test_identified_later_the_same_day_stays_clean(self):
        self.clean_day()
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE0000002')
        movement.with_user(self.bursar)._identify_as([(self.student, Decimal('300.50'))])
        close = self.prove()
        self.assertEqual((close.student_total, close.suspense_total), (800.50, 0))
        self.assertEqual(close.state, 'proven')

    def test_a_receipt_reversed_by_the_school_leaves_the_day_clean(self):
        self.clean_day()
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE0000001')
        movement.receipt_id._reverse("Wrong child")
        movement.receipt_id._after_reversal()
        close = self.prove()
        self.assertEqual((close.student_total, close.suspense_total), (0, 800.50))
        self.assert_differences(close)

    # === TEN CLASSES === #

    def test_missing_here(self):
        statement = self.clean_day()
        self.add_line(statement, 'UIX0000001', 700, state='found', at=LATER)
        close = self.prove()
        self.assert_differences(close, ('missing_here', 'UIX0000001'))
        self.assertEqual((close.state, close.statement_difference), ('different', 700))
        self.env['mpesa.callback']._append_found(self.provider, 'statement', [{
            'receipt': 'UIX0000001', 'amount': Decimal(700), 'paid_at': NOON,
            'account_reference': 'ADM-012', 'msisdn': '', 'name': '',
        }])
        close._prove()
        self.assertEqual((close.waiting_count, close.waiting_total), (1, 700))
        self.drain()
        close._prove()
        self.assert_differences(close, ('missing_here', 'UIX0000001', 'settled'))
        self.assertEqual((close.state, close.statement_difference), ('proven', 0))
        self.assertIn("booked", close.difference_ids.explanation)

    def test_missing_there(self):
        statement = self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        self.assert_differences(close, ('missing_there', 'UIE0000003'))
        self.assertEqual(close.statement_difference, -500)
        self.add_line(statement, 'UIE0000003', at=LATER)
        close._prove()
        self.assert_differences(close, ('missing_there', 'UIE0000003', 'settled'))
        self.assertIn("agree", close.difference_ids.explanation)
        self.assertEqual(close.state, 'proven')

    def test_missing_at_pull(self):
        movement = self.pay('UIE0000001')
        self.env['mpesa.command'].sudo().create({
            **self.common_values(), 'kind': 'pull', 'state': 'done', 'window_start': START,
            'window_end': END,
        })
        close = self.prove()
        self.assert_differences(close, ('missing_there', 'UIE0000001'))
        self.assertTrue(close.is_pulled)
        self.assertIn("Pull", close.difference_ids.explanation)
        movement.pulled_at = NIGHT
        close._prove()
        self.assertEqual((close.pull_count, close.pull_total, close.open_count), (1, 500, 0))

    # === WHAT A FILE IS WORTH === #

    def test_a_statement_with_a_gap_covers_nothing_until_somebody_looked(self):
        statement = self.clean_day()
        for values in ({'gap_count': 1}, {'gap_count': 0, 'unreadable_count': 2}):
            with self.subTest(values):
                statement.write({**values, 'checked_by_id': False})
                close = self.prove()
                self.assertEqual((close.state, close.is_stated), ('unproven', False))
                self.assertEqual(close.unchecked_count, 1)
                self.assertFalse(close.has_stated_balance)
                statement.with_user(self.bursar).action_check()
                close._prove()
                self.assertEqual((close.state, close.unchecked_count), ('proven', 0))
                self.assertFalse(close.has_stated_balance, "A look makes no balance right.")

    def test_a_balance_comes_from_a_whole_file_alone(self):
        statement = self.clean_day()
        self.assertEqual(self.prove().stated_balance, 800.50)
        with self.subTest("of a file with gaps, whose last line no whole file has"):
            late = self.create_statement(start=LATER)  # Whole, and tells of no line.
            statement.gap_count = 1
            statement.with_user(self.bursar).action_check()
            self.assertFalse(self.prove().has_stated_balance)
            late.period_start = START
            self.assertFalse(self.prove().has_stated_balance)
            late.payment_count = 2  # It has the line as well, or would dispute it.
            self.assertEqual(self.prove().stated_balance, 800.50)
            late.write({'payment_count': 0, 'period_start': LATER})
        with self.subTest("nobody knows what moved between the last line and the file"):
            statement.write({'gap_count': 0, 'period_end': NOON + timedelta(seconds=40)})
            self.assertFalse(self.prove().has_stated_balance)
            late.period_start = NOON + timedelta(seconds=40)
            self.assertEqual(self.prove().stated_balance, 800.50)

    def test_a_line_that_is_not_clear_tells_no_balance(self):
        statement = self.clean_day()
        line = self.add_line(
            statement, 'UIX0000001', 700, at=LATER, state='different', difference='day',
            has_balance=True, balance=1500.50,
        )
        self.assertFalse(self.prove().has_stated_balance)
        line.write({'difference': 'refused', 'decided_as': 'nothing'})
        self.assertEqual(self.prove().stated_balance, 800.50)

    def test_the_last_second_of_a_file_that_ends_within_the_day(self):
        self.pay('UIE0000001')
        statement = self.create_statement(end=NOON)
        self.assert_differences(self.prove())
        statement.period_end = NOON + timedelta(seconds=1)
        self.assert_differences(self.prove(), ('missing_there', 'UIE0000001'))

    def test_a_disputed_line_is_not_stated(self):
        statement = self.clean_day()
        other = self.create_statement()
        fake = self.add_line(
            statement, 'UIX0000001', 700, at=END - timedelta(seconds=1), has_balance=True,
            balance=1500.50, state='found',
        )
        fake.disputed_by_id = other
        line = self.env['mpesa.statement.line'].search([('receipt', '=', 'UIE0000001')])
        line.disputed_by_id = other
        # The other file's balances know nothing of it.
        self.env['mpesa.statement.line'].search([
            ('receipt', '=', 'UIE0000002'),
        ]).balance = 300.50
        close = self.prove()
        self.assert_differences(
            close, ('missing_there', 'UIX0000001'), ('missing_there', 'UIE0000001'),
        )
        self.assertEqual((close.statement_total, close.stated_balance), (300.50, 300.50))

    def test_what_waits_for_release_is_open_and_says_so(self):
        statement = self.clean_day()
        self.add_line(statement, 'UIX0000001', 700, at=LATER, state='found')
        self.add_line(statement, 'UIR0000001', 500, 'reversal', at=LATER)
        close = self.prove()
        self.assert_differences(close, ('missing_here', 'UIX0000001'), ('reversed', 'UIR0000001'))
        for difference in close.difference_ids:
            self.assertIn("second person releases", difference.explanation)
        statement.sudo().write({
            'released_at': fields.Datetime.now(), 'released_by_id': self.bursar.id,
        })
        close._prove()
        for difference in close.difference_ids:
            self.assertNotIn("second person releases", difference.explanation)
        statement.line_ids.filtered(lambda line: line.receipt == 'UIX0000001').write({
            'state': 'different', 'difference': 'refused', 'decided_as': 'nothing',
        })
        close._prove()
        self.assert_differences(
            close, ('missing_here', 'UIX0000001', 'settled'),
            ('missing_there', 'UIX0000001', 'settled'), ('reversed', 'UIR0000001'),
        )

    def test_the_road_out_of_money_that_was_never_paid(self):
        """ What the words of *missing there* advise can be done, and the day signed. """
        statement = self.clean_day()
        statement.period_end = NOON
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE0000002')
        waiting = movement.suspense_payment_id._get_counterpart_line()
        wallet = self.provider.journal_id.default_account_id
        entry = self.env['account.move'].create({
            'journal_id': self.school._get_fees_journal().id, 'date': DAY + timedelta(days=3),
            'line_ids': [
                Command.create({'account_id': wallet.id, 'credit': 300.50}),
                Command.create({'account_id': waiting.account_id.id, 'debit': 300.50}),
            ],
        })
        entry.action_post()
        (waiting + entry.line_ids.filtered('debit')).reconcile()
        close = self.prove()
        self.assert_differences(close, ('amount', 'UIE0000002'))
        self.assertIn("by hand", close.difference_ids.explanation)
        self.assertRecordValues(close, [{
            'cleared_total': 300.50, 'suspense_total': 0, 'unaccounted': 0,
        }])
        self.explain_all(close)
        close.note = "The statement ends at noon"
        self.sign(close)
        # The queue still lists the payment: back to where its account says the same.
        entry._reverse_moves([{'date': entry.date}], cancel=True)

    def test_what_only_a_statement_tells_of_is_compared_with_pull(self):
        statement = self.clean_day()
        self.add_line(statement, 'UIX0000001', 700, state='found', at=LATER)
        self.env['mpesa.callback']._append_found(self.provider, 'statement', [{
            'receipt': 'UIX0000001', 'amount': Decimal(700), 'paid_at': LATER,
            'account_reference': 'ADM-012', 'msisdn': '', 'name': '',
        }])
        self.drain()
        movements = self.get_movements()
        (movements - movements.filtered(lambda m: m.receipt == 'UIX0000001')).pulled_at = NIGHT
        self.env['mpesa.command'].sudo().create({
            **self.common_values(), 'kind': 'pull', 'state': 'done', 'window_start': START,
            'window_end': END,
        })
        close = self.prove()
        self.assert_differences(
            close, ('missing_here', 'UIX0000001', 'settled'), ('missing_there', 'UIX0000001'),
        )
        self.assertEqual(close.state, 'different')

    # === THE WALLET === #

    def test_a_wallet_that_disagrees_is_a_difference_once(self):
        statement = self.clean_day()
        self.add_line(
            statement, 'UIE0000001', 0.01, 'charge', at=LATER, has_balance=True, balance=950.50,
            state='booked', on_wallet=True, decided_as='nothing',
        )
        close = self.prove()
        self.assert_differences(close, ('amount', ''))
        self.assertEqual((close.difference_ids.line_kind, close.balance_difference), (
            'balance', 150,
        ))
        self.assertFalse(close.is_same_as_before)
        with self.assertRaises(UserError):
            self.sign(close)
        self.explain_all(close)
        self.sign(close)
        # The next day it is the same, and so was said already.
        noon = NOON + timedelta(days=1)
        self.pay('UIF0000001', at=noon)
        second = self.create_statement(END, END + timedelta(days=1, seconds=-1))
        self.add_line(second, 'UIF0000001', at=noon, has_balance=True, balance=1450.50)
        following = self.prove(DAY + timedelta(days=1))
        self.assert_differences(following)
        self.assertEqual((following.balance_difference, following.state), (150, 'proven'))
        self.assertTrue(following.is_same_as_before)
        # On the third day it is another one.
        noon += timedelta(days=1)
        self.pay('UIG0000001', at=noon)
        third = self.create_statement(
            END + timedelta(days=1), END + timedelta(days=2, seconds=-1),
        )
        self.add_line(third, 'UIG0000001', at=noon, has_balance=True, balance=1949.50)
        last = self.prove(DAY + timedelta(days=2))
        self.assert_differences(last, ('amount', ''))
        self.assertIn("by our books", last.difference_ids.explanation)

    # === AMOUNT, ACCOUNT, TIME === #

    def test_amount(self):
        self.pay('UIE0000001')
        statement = self.create_statement()
        self.add_line(statement, 'UIE0000001', 500.01, state='different', difference='movement')
        close = self.prove()
        self.assert_differences(close, ('amount', 'UIE0000001'))
        self.assertEqual(close.statement_difference, 0.01)

    def test_amount_by_another_message(self):
        self.clean_day()
        self.env['mpesa.callback']._append_found(self.provider, 'pull', [{
            'receipt': 'UIE0000001', 'amount': Decimal(600), 'paid_at': NOON,
            'account_reference': 'ADM-012', 'msisdn': '', 'name': '',
        }])
        self.drain()
        close = self.prove()
        self.assert_differences(close, ('amount', 'UIE0000001'))
        self.assertEqual(close.difference_ids.their_amount, 600)
        self.assertEqual((close.waiting_count, close.unaccounted), (0, 0))

    def test_account(self):
        self.pay('UIE0000001')
        self.add_line(self.create_statement(), 'UIE0000001', account_reference='ADM-013')
        close = self.prove()
        self.assert_differences(close, ('account', 'UIE0000001'))
        self.assertIn('ADM-013', close.difference_ids.explanation)

    def test_an_account_with_a_phone_in_it_is_the_same_on_both_sides(self):
        movement = self.pay('UIE0000001', account='0712000111')
        self.assertNotIn('0712000111', movement.account_reference)
        self.add_line(
            self.create_statement(), 'UIE0000001', account_reference=movement.account_reference,
        )
        self.assert_differences(self.prove())

    def test_time(self):
        self.pay('UIE0000001')
        self.pay('UIE0000002')
        statement = self.create_statement()
        self.add_line(statement, 'UIE0000001', at=NOON + timedelta(minutes=6))
        self.add_line(statement, 'UIE0000002', at=NOON + timedelta(minutes=4))
        self.assert_differences(self.prove(), ('time', 'UIE0000001'))

    def test_time_of_another_day(self):
        self.pay('UIE0000001', at=END - timedelta(seconds=2))
        statement = self.create_statement(end=END + timedelta(days=1))
        self.add_line(statement, 'UIE0000001', at=END)
        self.assert_differences(self.prove(), ('time', 'UIE0000001'))
        self.assert_differences(
            self.prove(DAY + timedelta(days=1)), ('time', 'UIE0000001'),
        )

    def test_duplicate(self):
        statement = self.clean_day()
        self.add_line(
            statement, 'UIE0000001', 900, state='different', difference='amount',
        )
        close = self.prove()
        self.assert_differences(close, ('duplicate', 'UIE0000001'))
        self.assertEqual(close.statement_total, 800.50)

    def test_reversed(self):
        statement = self.clean_day()
        line = self.add_line(
            statement, 'UIR0000001', 500, 'reversal', linked_receipt='UIE0000001',
            at=NOON + timedelta(hours=1),
        )
        close = self.prove()
        self.assert_differences(close, ('reversed', 'UIR0000001'))
        line._book()
        close._prove()
        self.assert_differences(close, ('reversed', 'UIR0000001', 'settled'))
        self.assertRecordValues(close, [{
            'state': 'proven', 'reversed_total': 500, 'reversed_count': 1, 'student_total': 0,
            'out_total': 500, 'unaccounted': 0, 'ledger_total': 300.50, 'wallet_balance': 300.50,
        }])

    def test_a_reversal_of_an_unknown_payment_is_booked_and_said(self):
        statement = self.clean_day()
        line = self.add_line(statement, 'UIR0000001', 70, 'reversal', at=LATER)
        line._book()
        close = self.prove()
        # Whose it was is for a person to say: open until then.
        self.assert_differences(close, ('reversed', 'UIR0000001'))
        self.assertIn("still say paid", close.difference_ids.explanation)
        line.mpesa_transaction_id.with_user(self.bursar)._settle_reversal(
            None, "Asked the parent", self.student,
        )
        close._prove()
        self.assert_differences(close, ('reversed', 'UIR0000001', 'settled'))
        self.assertEqual((close.ledger_total, close.unaccounted), (730.50, 0))

    def test_unknown_kind(self):
        statement = self.clean_day()
        line = self.add_line(statement, 'UIO0000001', 45, 'other', at=LATER)
        close = self.prove()
        self.assert_differences(close, ('unknown_kind', 'UIO0000001'))
        self.assertEqual(close.other_total, 45)
        line.with_user(self.bursar)._decide('charge', "A fee for the portal")
        close._prove()
        self.assert_differences(close, ('unknown_kind', 'UIO0000001', 'settled'))
        self.assertEqual(close.ledger_total, 755.50)

    def test_charge_and_sweep(self):
        statement = self.clean_day()
        lines = self.add_line(statement, 'UIE0000001', 5, 'charge', at=LATER)
        lines += self.add_line(statement, 'UIS0000001', 400, 'sweep', at=LATER)
        lines += self.add_line(statement, 'UIW0000001', 100, 'withdrawal', at=LATER)
        self.add_line(statement, 'UIS0000002', 400, 'sweep', on_wallet=False, state='booked')
        close = self.prove()
        self.assert_differences(
            close, ('charge', 'UIE0000001'), ('sweep', 'UIS0000001'), ('sweep', 'UIW0000001'),
        )
        lines._book()
        close._prove()
        self.assertEqual((close.open_count, close.state), (0, 'proven'))
        self.assertRecordValues(close, [{
            'charge_total': 5, 'sweep_total': 500, 'ledger_total': 295.50,
            'wallet_balance': 295.50,
        }])

    def test_an_entry_by_hand_on_the_wallet(self):
        self.clean_day()
        wallet = self.provider.journal_id.default_account_id
        self.env['account.move'].create({
            'journal_id': self.school._get_fees_journal().id, 'date': DAY,
            'line_ids': [
                Command.create({'account_id': wallet.id, 'credit': 200}),
                Command.create({
                    'account_id': self.school._get_mpesa_charges_account().id, 'debit': 200,
                }),
            ],
        }).action_post()
        close = self.prove()
        self.assert_differences(close, ('amount', ''))
        self.assertEqual(close.difference_ids.line_kind, 'ledger')
        self.assertEqual(close.balance_difference, 200)
        with self.assertRaises(UserError):
            close.difference_ids.with_user(self.bursar).action_open()

    def test_parked_money_is_said(self):
        callback = self.c2b('UIE0000001', '650.00', TransTime='20260914120000')
        close = self.prove()
        self.assertEqual((close.waiting_count, close.waiting_total), (1, 650))
        self.assertEqual((close.movement_count, close.unaccounted), (0, 0))
        self.drain()
        self.assertEqual(callback.state, 'done')
        close._prove()
        self.assertEqual((close.waiting_count, close.movement_total), (0, 650))

    def test_a_planted_day_is_found_whole(self):
        """ All ten at once, and nothing else. """
        for number in range(1, 7):
            self.pay(f'UIE000000{number}')
        statement = self.create_statement()
        self.add_line(statement, 'UIE0000001', 501)
        self.add_line(statement, 'UIE0000002', account_reference='ADM-999')
        self.add_line(statement, 'UIE0000003', at=NOON + timedelta(hours=1))
        self.add_line(statement, 'UIE0000004')
        self.add_line(statement, 'UIE0000004', 3, state='different', difference='amount')
        self.add_line(statement, 'UIE0000005')
        self.add_line(statement, 'UIX0000001')
        self.add_line(statement, 'UIR0000001', 9, 'reversal')
        self.add_line(statement, 'UIO0000001', 9, 'other')
        self.add_line(statement, 'UIC0000001', 9, 'charge')
        self.add_line(statement, 'UIS0000001', 9, 'sweep')
        self.assert_differences(
            self.prove(), ('amount', 'UIE0000001'), ('account', 'UIE0000002'),
            ('time', 'UIE0000003'), ('duplicate', 'UIE0000004'), ('missing_there', 'UIE0000006'),
            ('missing_here', 'UIX0000001'), ('reversed', 'UIR0000001'),
            ('unknown_kind', 'UIO0000001'), ('charge', 'UIC0000001'), ('sweep', 'UIS0000001'),
        )
