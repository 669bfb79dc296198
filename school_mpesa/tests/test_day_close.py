import re
from datetime import date, timedelta
from decimal import Decimal

from freezegun import freeze_time
from psycopg2.errors import RestrictViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import proof
from odoo.addons.school_mpesa.models.mpesa_day_close import LOCKED
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


DAY = date(2026, 9, 14)
START, END = proof.get_day_bounds(DAY)
NOON = START + timedelta(hours=12)
LATER = NOON + timedelta(minutes=1)  # After the last printed balance of a clean day.
# What the tests call now: in the night after the day, and the second night.
NIGHT = END + timedelta(hours=1)


class DayCloseCommon(BookingCommon):
    """A paybill with a day of payments, and statements as the importer would keep them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = cls.create_staff('proof-bursar', 'school_fees.group_bursar')
        cls.Close = cls.env['mpesa.day.close']

    @classmethod
    def create_staff(cls, login, group):
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=cls.school.id,
            company_ids=[Command.set(cls.school.ids)], email=f'{login}@school.example',
        )

    # === MAKERS === #

    def pay(self, receipt, amount='500.00', account='ADM-012', at=NOON, **values):
        """ Put a confirmation into the inbox and book it.

        :return: The movement.
        """
        stamp = (at + timedelta(hours=3)).strftime('%Y%m%d%H%M%S')
        self.drain_c2b(receipt, amount, account, TransTime=stamp, **values)
        return self.env['mpesa.transaction'].search([
            ('receipt', '=', receipt), ('kind', '=', 'payment'),
        ])

    def create_statement(self, start=START, end=END - timedelta(seconds=1)):
        """ Make a statement that covers a time.

        :rtype: mpesa.statement
        """
        return self.env['mpesa.statement'].create({
            **self.common_values(), 'period_start': start, 'period_end': end,
        })

    def common_values(self):
        return {
            'provider_id': self.provider.id, 'company_id': self.school.id,
            'currency_id': self.currency.id, 'environment': 'simulator', 'shortcode': '600111',
        }

    def add_line(self, statement, receipt, amount=500, kind='payment', at=NOON, **values):
        """ Add a line to a statement as the importer would keep it.

        :rtype: mpesa.statement.line
        """
        movement = self.env['mpesa.transaction'].search([
            ('receipt', '=', receipt), ('kind', '=', kind),
        ])
        line = self.env['mpesa.statement.line'].create({
            **self.common_values(), 'statement_id': statement.id, 'receipt': receipt,
            'amount': amount, 'kind': kind, 'completed_at': at,
            'day': self.env['mpesa.transaction']._get_eat_day(at),
            'direction': 'in' if kind == 'payment' else 'out',
            'account_reference': 'ADM-012' if kind == 'payment' else False,
            'mpesa_transaction_id': movement.id, 'state': 'matched' if movement else 'new',
            **values,
        })
        movement.filtered(lambda m: not m.stated_at).stated_at = fields.Datetime.now()
        return line

    def clean_day(self):
        """ Make a day on which all sources agree: two payments, one of them unidentified.

        :rtype: mpesa.statement
        """
        self.pay('UIE0000001')
        self.pay('UIE0000002', '300.50', 'karo')
        statement = self.create_statement()
        self.add_line(statement, 'UIE0000001', has_balance=True, balance=500)
        self.add_line(
            statement, 'UIE0000002', 300.50, account_reference='KARO', has_balance=True,
            balance=800.50, at=NOON + timedelta(seconds=30),
        )
        return statement

    def prove(self, day=DAY):
        """ Prove the day as the scheduled action does.

        :rtype: mpesa.day.close
        """
        close = self.Close.sudo()._get_close(self.provider, day)
        close._prove()
        return close

    def explain_all(self, close):
        """ Write a note beside each difference, as the bursar. """
        close.difference_ids.with_user(self.bursar).write({'note': "Asked Safaricom, case 12"})

    def sign(self, close, user=None):
        """ Press Sign. """
        close.with_user(user or self.bursar).action_sign()

    # === ASSERTIONS === #

    def assert_differences(self, close, *expected):
        """ Assert which differences a day has.

        :param tuple expected: (class, receipt) or (class, receipt, state).
        """
        self.assertEqual(
            sorted((row.kind, row.receipt or '', row.state) for row in close.difference_ids),
            sorted((*row, 'open')[:3] for row in expected),
        )
        for difference in close.difference_ids:
            self.assertTrue(difference.explanation)
        self.assertEqual(
            close.open_count, sum(row.state == 'open' for row in close.difference_ids),
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


@tagged('post_install', '-at_install')
class TestDaySign(DayCloseCommon):
    """Signing, the lock, amendments, who may what, mails and the nightly actions."""

    # === SIGNING === #

    def test_a_bursar_signs_a_proven_day(self):
        self.clean_day()
        close = self.prove()
        self.sign(close)
        self.assertEqual((close.state, close.signed_by_id), ('signed', self.bursar))
        self.assertTrue(close.signed_at)
        with self.assertRaises(UserError):
            self.sign(close)

    def test_an_open_difference_needs_a_note(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        with self.assertRaises(UserError) as refusal:
            self.sign(close)
        self.assertIn('UIE0000003', str(refusal.exception))
        self.assertFalse(close.signed_at)
        self.explain_all(close)
        self.sign(close)
        self.assertEqual(close.difference_ids.state, 'explained')
        self.assertEqual(close.state, 'signed')

    def test_an_unproven_day_needs_a_note(self):
        self.pay('UIE0000001')
        close = self.prove()
        with self.assertRaises(UserError):
            self.sign(close)
        with Form(close.with_user(self.bursar)) as form:
            form.note = "Safaricom's portal is down this week"
        self.sign(close)
        self.assertTrue(close.signed_at)

    def test_a_day_that_is_not_over_is_not_signed(self):
        today = self.Close._get_today()
        close = self.prove(today)
        self.assertFalse(close.is_over)
        with self.assertRaises(UserError) as refusal:
            self.sign(close)
        self.assertIn("not over", str(refusal.exception))

    def test_what_changed_since_is_not_signed_unseen(self):
        self.clean_day()
        close = self.prove()
        self.pay('UIE0000003')
        with self.assertRaises(UserError) as refusal:
            self.sign(close)
        self.assertIn("Compute again", str(refusal.exception))
        close.with_user(self.bursar).action_compute()
        self.assertEqual(close.open_count, 1)

    def test_who_imported_what_nobody_else_told_of_does_not_sign(self):
        clerk = self.create_staff('proof-clerk', 'school_fees.group_bursar')
        statement = self.clean_day()
        self.env.cr.execute(
            'UPDATE mpesa_statement SET create_uid = %s WHERE id = %s', [clerk.id, statement.id],
        )
        statement.invalidate_recordset()
        close = self.prove()
        with self.subTest("what was known brings nothing"), self.env.cr.savepoint() as point:
            self.sign(close, clerk)
            point.rollback()
        self.env.invalidate_all()
        line = self.add_line(
            statement, 'UIR0000001', 500, 'reversal', linked_receipt='UIE0000001', at=LATER,
        )
        line._book()
        close._prove()
        with self.assertRaises(UserError) as refusal:
            self.sign(close, clerk)
        self.assertIn(self.bursar.name, str(refusal.exception))
        self.assertFalse(close.signed_at)
        (self.env['res.users'].search([
            ('all_group_ids', 'in', self.env.ref('school_fees.group_bursar').id),
            ('company_ids', 'in', self.school.id),
        ]) - clerk - self.env.user).active = False
        with self.assertRaises(UserError) as refusal:
            self.sign(close, clerk)
        self.assertIn("note", str(refusal.exception))
        close.note = "The head looked at it with me"
        self.sign(close, clerk)
        self.assertEqual(close.signed_by_id, clerk)

    def test_charges_and_decided_lines_need_another_person_too(self):
        clerk = self.create_staff('proof-clerk', 'school_fees.group_bursar')
        statement = self.clean_day()
        charge = self.add_line(statement, 'UIE0000001', 5, 'charge', at=LATER)
        charge._book()
        self.env.cr.execute(
            'UPDATE mpesa_statement SET create_uid = %s WHERE id = %s', [clerk.id, statement.id],
        )
        statement.invalidate_recordset()
        close = self.prove()
        self.explain_all(close)
        with self.refusal(UserError, "charges or sweeps"):
            self.sign(close, clerk)
        charge.decided_by_id = self.bursar
        with self.refusal(UserError, "decided about one of its lines"):
            self.sign(close)
        with self.subTest("in an office of two"), self.env.cr.savepoint() as point:
            (self.env['res.users'].search([
                ('all_group_ids', 'in', self.env.ref('school_fees.group_bursar').id),
                ('company_ids', 'in', self.school.id),
            ]) - clerk - self.bursar - self.env.user).active = False
            close.note = "I looked at it"
            with self.refusal(UserError, re.escape(self.bursar.name)):
                self.sign(close, clerk)
            self.sign(close)  # Who only decided about a line, with a note.
            point.rollback()
        self.env.invalidate_all()
        charge.decided_by_id = False
        self.sign(close)
        self.assertEqual(close.signed_by_id, self.bursar)

    # === LOCKED === #

    def test_nobody_writes_figures(self):
        self.clean_day()
        close = self.prove()
        for values in ({'movement_total': 1}, {'state': 'signed'}, {'signed_by_id': 1}):
            with self.subTest(values), self.assertRaises(AccessError):
                close.with_user(self.bursar).write(values)
        with self.assertRaises(AccessError):
            close.with_user(self.bursar).unlink()
        with self.assertRaises(UserError):
            close.unlink()
        with self.assertRaises(AccessError):
            self.Close.with_user(self.bursar).create({
                **self.common_values(), 'day': DAY - timedelta(days=1),
            })

    def test_a_signed_day_is_locked_by_rpc_and_by_the_database(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        self.pay('UIF0000001', at=NOON + timedelta(days=1))
        self.create_statement(END, END + timedelta(days=1, seconds=-1))
        other = self.prove(DAY + timedelta(days=1))
        self.assertTrue(other.difference_ids)
        self.explain_all(close)
        self.sign(close)
        with self.assertRaises(AccessError):
            close.with_user(self.bursar).write({'note': "Later"})
        with self.assertRaises(AccessError):
            close.difference_ids.with_user(self.bursar).write({'note': "Later"})
        for query in (
            'UPDATE mpesa_day_close SET movement_total = 1 WHERE id = %s',
            'UPDATE mpesa_day_close SET note = $$Later$$ WHERE id = %s',
            'UPDATE mpesa_day_close SET signed_at = NULL WHERE id = %s',
            'DELETE FROM mpesa_day_close WHERE id = %s',
            'UPDATE mpesa_day_difference SET note = $$Later$$ WHERE close_id = %s',
            'DELETE FROM mpesa_day_difference WHERE close_id = %s',
            'UPDATE mpesa_day_difference SET close_id = %s WHERE receipt = $$UIF0000001$$',
            'TRUNCATE mpesa_day_difference -- %s',
            'TRUNCATE mpesa_day_close CASCADE -- %s',
            'TRUNCATE mpesa_day_amendment -- %s',
        ):
            with (
                self.subTest(query), mute_logger('odoo.sql_db'),
                self.assertRaises(RestrictViolation), self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [close.id])

    def test_every_column_is_thought_about(self):
        """ A column added later is locked by the signature, or listed here. """
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'mpesa_day_close'"
        )
        columns = {row[0] for row in self.env.cr.fetchall()}
        self.assertEqual(columns - set(LOCKED), {
            'id', 'create_uid', 'create_date', 'write_uid', 'write_date', 'open_count',
            'unseen_count', 'mailed_news', 'is_stale', 'failed_count', 'waiting_key',
        })

    # === AMENDMENTS === #

    def test_what_comes_late_is_an_amendment(self):
        statement = self.clean_day()
        close = self.prove()
        self.sign(close)
        figures = close.read()[0]
        self.pay('UIE0000003', '250.00')
        close._prove()
        self.assertEqual(
            {key: value for key, value in close.read()[0].items() if key in figures and (
                key.endswith(('_total', '_count', 'state', 'difference'))
                and key != 'unseen_count'
            )},
            {key: value for key, value in figures.items() if (
                key.endswith(('_total', '_count', 'state', 'difference'))
                and key != 'unseen_count'
            )},
        )
        self.assertEqual(
            [(row.what, row.figure or row.kind, row.amount_before, row.amount_after)
             for row in close.amendment_ids.sorted('id')],
            [('figure', 'movement_total', 800.50, 1050.50),
             ('figure', 'ledger_total', 800.50, 1050.50),
             ('figure', 'wallet_balance', 800.50, 1050.50),
             ('figure', 'balance_difference', 0, -250),
             ('found', 'missing_there', 0, 0)],
        )
        self.assertEqual(close.unseen_count, 5)
        close._prove()
        self.assertEqual(len(close.amendment_ids), 5)  # Each thing once.
        self.add_line(
            statement, 'UIE0000003', 250, at=LATER, has_balance=True, balance=1050.50,
        )
        close._prove()
        self.assertEqual(
            [(row.what, row.figure or row.kind) for row in close.amendment_ids.sorted('id')[5:]],
            [('figure', 'statement_total'), ('figure', 'stated_balance'),
             ('figure', 'balance_difference'), ('settled', 'missing_there')],
        )
        close._prove()
        self.assertEqual(len(close.amendment_ids), 9)
        for amendment in close.amendment_ids:
            self.assertTrue(amendment.explanation)
        close.with_user(self.bursar).action_see_amendments()
        self.assertFalse(close.unseen_count)
        self.assertEqual(close.amendment_ids.seen_by_id, self.bursar)
        with self.assertRaises(UserError):
            close.amendment_ids.unlink()
        for query in (
            'UPDATE mpesa_day_amendment SET amount_after = 0 WHERE close_id = %s',
            'DELETE FROM mpesa_day_amendment WHERE close_id = %s',
        ):
            with (
                self.subTest(query), mute_logger('odoo.sql_db'),
                self.assertRaises(RestrictViolation), self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [close.id])

    def test_a_signed_difference_that_settles_is_an_amendment(self):
        statement = self.clean_day()
        line = self.add_line(statement, 'UIC0000001', 9, 'charge', at=LATER)
        close = self.prove()
        self.explain_all(close)
        self.sign(close)
        line._book()
        close._prove()
        self.assertEqual(
            sorted((row.what, row.figure or row.kind) for row in close.amendment_ids),
            [('figure', 'ledger_total'), ('figure', 'wallet_balance'), ('settled', 'charge')],
        )
        self.assertEqual(close.difference_ids.state, 'explained')

    def test_identifying_money_is_no_amendment(self):
        self.clean_day()
        close = self.prove()
        self.sign(close)
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE0000002')
        movement.with_user(self.bursar)._identify_as([(self.student, Decimal('300.50'))])
        close._prove()
        self.assertFalse(close.amendment_ids)

    # === WHO === #

    def test_cashier_and_teacher_see_nothing(self):
        self.clean_day()
        close = self.prove()
        for group in ('school_fees.group_cashier', 'school_fees.group_class_teacher'):
            user = self.create_staff(f'proof-{group[-7:]}', group)
            for records in (close, close.difference_ids, close.amendment_ids):
                self.assertFalse(records.with_user(user).has_access('read'))
            for button in ('action_compute', 'action_sign', 'action_see_amendments'):
                with self.subTest(f'{group} {button}'), self.assertRaises(AccessError):
                    getattr(close.with_user(user), button)()
            with self.assertRaises(AccessError):
                self.Close.with_user(user).action_prove_today()

    def test_another_schools_bursar_sees_nothing(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        other = self.create_school("Proof Other School")
        stranger = new_test_user(
            self.env, login='proof-stranger', groups='base.group_user,school_fees.group_bursar',
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )
        for records in (close, close.difference_ids):
            theirs = records.with_user(stranger).with_context(allowed_company_ids=other.ids)
            self.assertFalse(theirs.search([]))
            with self.assertRaises(AccessError):
                theirs.read(['id'])
        with self.assertRaises(AccessError):
            close.with_user(stranger).with_context(allowed_company_ids=other.ids).action_sign()

    # === BY ITSELF === #

    def test_the_nightly_actions(self):
        self.clean_day()
        with freeze_time(END - timedelta(hours=1)):
            self.run_cron('school_mpesa.cron_prove_today')
        close = self.Close.search([('provider_id', '=', self.provider.id), ('day', '=', DAY)])
        self.assertEqual(close.state, 'proven')
        self.pay('UIE0000003')
        with freeze_time(END + timedelta(minutes=30)):
            self.run_cron('school_mpesa.cron_prove_yesterday')
        self.assertEqual(close.state, 'different')
        with freeze_time(END + timedelta(days=1, minutes=30)):
            self.run_cron('school_mpesa.cron_prove_yesterday')
        self.assertEqual(
            self.Close.search_count([('provider_id', '=', self.provider.id)]), 2,
        )

    def test_a_statement_of_earlier_days_proves_them(self):
        self.pay('UIE0000001')
        close = self.prove()
        self.provider.mpesa_proven_until = fields.Datetime.now()
        self.add_line(self.create_statement(end=END + timedelta(days=1)), 'UIE0000001')
        self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual(close.state, 'proven')

    def get_closes(self):
        return self.Close.search([('provider_id', '=', self.provider.id)], order='day')

    def break_day(self, day):
        """ Let the database refuse the figures of one day. """
        self.env.flush_all()
        self.env.cr.execute(
            """
            CREATE FUNCTION test_break_day() RETURNS trigger AS $$
            BEGIN
                IF NEW.day = %s AND NEW.computed_at IS NOT NULL THEN
                    RAISE EXCEPTION 'Planted';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            CREATE TRIGGER test_break_day BEFORE UPDATE ON mpesa_day_close
                FOR EACH ROW EXECUTE FUNCTION test_break_day();
            """, [day],
        )

    def test_a_day_that_cannot_be_computed_stands_in_nobodys_way(self):
        for number in range(3):
            self.pay(f'UIE000000{number}', at=NOON + timedelta(days=number))
        self.break_day(DAY)
        with mute_logger('odoo.sql_db', 'odoo.addons.school_mpesa.models.mpesa_day_stale'):
            self.run_cron('school_mpesa.cron_prove_news')
            self.assertEqual(
                [(bool(day.computed_at), day.is_stale, day.failed_count)
                 for day in self.get_closes()],
                [(False, True, 1), (True, False, 0), (True, False, 0)],
            )
            self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual(self.get_closes()[0].failed_count, 2)
        self.env.cr.execute('DROP TRIGGER test_break_day ON mpesa_day_close')
        # Long after what was learnt: the mark stands.
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.run_cron('school_mpesa.cron_prove_news')
        first = self.get_closes()[0]
        self.assertEqual(
            (bool(first.computed_at), first.is_stale, first.failed_count), (True, False, 0),
        )

    def test_one_request_proves_some_days_and_the_action_the_rest(self):
        for number in range(12):
            self.pay(f'UIE00000{number:02}', at=NOON - timedelta(days=number))
        cron = self.env.ref('school_mpesa.cron_prove_news')
        triggers = self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)])
        self.Close.with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        ).action_prove_today()
        self.assertEqual(len(self.get_closes().filtered('is_stale')), 2)
        self.assertGreater(
            self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)]), triggers,
        )
        self.run_cron('school_mpesa.cron_prove_news')
        self.assertFalse(self.get_closes().filtered('is_stale'))

    def test_a_message_that_is_parked_marks_its_day(self):
        self.clean_day()
        self.run_cron('school_mpesa.cron_prove_news')
        close = self.get_closes()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            callback = self.c2b('UIE0000009', '650.00', TransTime='20260914120000')
            callback._close('parked', "For the test")
            self.run_cron('school_mpesa.cron_prove_news')
        self.assertEqual((close.waiting_count, close.waiting_total), (1, 650))

    def test_a_message_that_waits_marks_its_day_once(self):
        self.clean_day()
        callback = self.c2b('UIE0000009', '650.00', TransTime='20260914120000')
        callback._close('parked', "For the test")
        self.run_cron('school_mpesa.cron_prove_news')
        close = self.get_closes().filtered(lambda close: close.day == DAY)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.run_cron('school_mpesa.cron_prove_news')
            self.Close.sudo()._mark_news(self.provider)
            self.assertFalse(close.is_stale, "Nothing is otherwise.")
            callback._close('done', "A person has decided")
            self.Close.sudo()._mark_news(self.provider)
            self.assertTrue(close.is_stale)
            self.run_cron('school_mpesa.cron_prove_news')
            self.assertEqual((close.waiting_count, close.is_stale), (0, False))

    def test_a_message_that_contradicts_marks_its_day_until_it_is_decided(self):
        self.clean_day()
        self.sign(self.prove())
        self.provider.mpesa_proven_until = fields.Datetime.now() + timedelta(days=1)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            callback = self.drain_c2b('UIE0000001', '600.00', TransTime='20260914120000')
            self.assertEqual(callback.state, 'conflict')
            self.run_cron('school_mpesa.cron_prove_news')
            close = self.get_closes().filtered(lambda close: close.day == DAY)
            self.assertIn('found', close.amendment_ids.mapped('what'))
        with freeze_time(fields.Datetime.now() + timedelta(days=4)):
            self.Close.sudo()._mark_news(self.provider)
            self.assertFalse(close.is_stale)
            callback._close('done', "A person has decided")
            self.run_cron('school_mpesa.cron_prove_news')
            self.assertIn('settled', close.amendment_ids.mapped('what'))

    def test_what_a_line_holds_is_read_without_its_key(self):
        line = self.add_line(self.clean_day(), 'UIX0000001', 700, state='found', at=LATER)
        self.env['mpesa.callback']._append_found(self.provider, 'statement', [{
            'receipt': 'UIX0000001', 'amount': Decimal(700), 'paid_at': LATER,
            'account_reference': 'ADM-012', 'msisdn': '', 'name': '',
            'statement_line_id': line.id,
        }], held=True)
        self.env.invalidate_all()
        callback = line.callback_ids
        self.assertEqual(callback._read_all_money(), [
            ('UIX0000001', Decimal('700'), LATER, 'quarantined'),
        ])
        with_key = callback._read_money(callback._read_bodies()[callback])
        self.assertEqual(with_key, ('UIX0000001', Decimal('700'), LATER))
        self.env['mpesa.callback.key'].sudo().browse(callback.sudo().key_id).unlink()
        self.assertTrue(callback._read_all_money())
        close = self.prove()
        self.assertEqual((close.waiting_count, close.waiting_total), (1, 700))

    def test_the_nightly_actions_never_switch_off(self):
        for name in ('today', 'yesterday', 'news'):
            cron = self.env.ref(f'school_mpesa.cron_prove_{name}')
            self.assertTrue(self.env['ir.cron']._is_mpesa_job({'id': cron.id}))

    def test_the_button_of_the_list_proves_what_is_new(self):
        self.clean_day()
        Close = self.Close.with_user(self.bursar).with_context(
            allowed_company_ids=self.school.ids,
        )
        call_kw(Close, 'action_prove_today', [[]], {})  # As the list's button does.
        self.assertEqual(
            Close.search([('provider_id', '=', self.provider.id)]).mapped('day'),
            [self.Close._get_today(), DAY],
        )

    def test_today_tells_of_days(self):
        with freeze_time(NIGHT):
            self.clean_day()
            self.pay('UIE0000003')
            close = self.prove()
            dashboard = self.env['school.dashboard'].with_user(self.bursar).with_context(
                allowed_company_ids=self.school.ids,
            )
            self.assertIn('days_different', [n['key'] for n in dashboard.get_figures()['needs']])
            self.explain_all(close)
            self.sign(close)
            keys = [need['key'] for need in dashboard.get_figures()['needs']]
            self.assertFalse([key for key in keys if key.startswith('days_')])
            self.pay('UIE0000004')
            close._prove()
            self.assertIn('days_amended', [n['key'] for n in dashboard.get_figures()['needs']])

    # === MAIL AND PAPER === #

    def mails(self):
        return self.env['mail.mail'].search([('model', '=', 'mpesa.day.close')])

    def test_those_who_asked_get_a_mail_once_and_no_payers(self):
        cashier = self.create_staff('proof-cashier', 'school_fees.group_cashier')
        self.provider.mpesa_proof_user_ids = self.bursar | cashier
        self.clean_day()
        close = self.prove()
        mail = self.mails()
        self.assertEqual(mail.recipient_ids, self.bursar.partner_id)
        self.assertIn('600111', mail.subject)
        self.assertIn('800.50', mail.body_html)
        for word in ('WANJIKU', '111</', 'UIE0000001', '***', self.student.name):
            self.assertNotIn(word, mail.subject + mail.body_html)
        close._prove()
        self.assertEqual(self.mails(), mail)
        self.pay('UIE0000003')
        close._prove()
        self.assertEqual(len(self.mails()), 2)

    def test_nobody_asked_and_nobody_is_told(self):
        self.clean_day()
        self.prove()
        self.assertFalse(self.mails())

    def test_paper(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove()
        self.explain_all(close)
        self.sign(close)
        html = self.env['ir.actions.report'].with_user(self.bursar)._render_qweb_html(
            'school_mpesa.report_day_close', close.ids,
        )[0].decode()
        for words in ('Proof of the day', self.bursar.name, 'UIE0000003', 'case 12', '1,300.50'):
            self.assertIn(words, html)
        self.assertNotIn('WANJIKU', html)

    def test_the_bursar_works_on_the_form(self):
        self.clean_day()
        self.pay('UIE0000003')
        close = self.prove().with_user(self.bursar)
        with Form(close) as form:
            form.note = "Looked at"
            with form.difference_ids.edit(0) as difference:
                difference.note = "Asked Safaricom"
        self.assertEqual(close.difference_ids.note, "Asked Safaricom")
        close.action_sign()
        action = close.difference_ids.action_open()
        self.assertEqual(action['res_model'], 'mpesa.transaction')
