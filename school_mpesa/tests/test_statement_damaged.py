import re
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.statement_common import FIRST, StatementCommon


CHARGE = 'Pay Bill Charge'
SECOND = 1 / 60  # of a minute


def save_again(file):
    """ Return a file as a spreadsheet saves it that shows no seconds. """
    name, content = file
    return name, re.sub(rb'(\d\d:\d\d):\d\d', rb'\1', content)


@tagged('post_install', '-at_install')
class TestStatementDamaged(StatementCommon):
    """Files that a spreadsheet saved again, or that were cut: they add and dispute nothing."""

    def setUp(self):
        super().setUp()
        self.rows = [
            self.row('UIE4K7P2Q1', 500, minute=13 * SECOND),
            self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge', minute=13 * SECOND),
            self.row('UIE4K7P2Q2', 70, minute=9 + 33 * SECOND),
            self.row('UIE4K7P2Q3', 30, minute=9 + 50 * SECOND),
        ]

    def assert_undisputed(self, *statements):
        self.assertFalse(self.get_lines().disputed_by_id)
        self.assertFalse(self.get_lines(state='different'))
        self.assertEqual(len(self.get_lines()), 4)
        self.assertEqual(statements[-1].new_count, 0)

    # === WITHOUT SECONDS === #

    def test_a_file_without_seconds_is_known_to_the_minute(self):
        for write in (self.write_older, self.write_newer):
            with self.subTest(write.__name__):
                statement = self.upload(write(self.rows))
                self.assertFalse(statement.to_minute)
                again = self.upload(save_again(write(self.rows)))
                self.assertTrue(again.to_minute)
                self.assert_undisputed(statement, again)
        self.book()
        self.assert_wallet(595)

    def test_a_genuine_file_after_one_without_seconds_adds_nothing(self):
        saved = self.upload(save_again(self.write_older(self.rows)))
        self.assertTrue(all(saved.line_ids.mapped('to_minute')))
        self.assert_undisputed(saved, self.upload(self.write_older(self.rows)))
        self.book()
        self.assert_wallet(595)

    def test_within_its_outer_minutes_it_disputes_nothing(self):
        self.upload(self.write_older(self.rows))
        # It began after the first row and ended before the last one, in the same minutes.
        for rows, opening in (
            (self.rows[2:], 495),
            (self.rows[:3], 0),
        ):
            part = self.upload(save_again(self.write_older(rows, opening=opening)))
            self.assert_undisputed(part)
        saved = self.upload(save_again(self.write_older(self.rows)))
        self.assertEqual((saved.new_count, saved.known_count), (0, 4))

    def test_a_whole_file_without_seconds_disputes_what_it_lacks(self):
        late = [self.row('UIE4K7P2Q8', 10, minute=15), self.row('UIE4K7P2Q9', 10, minute=20.9)]
        self.upload(self.write_older([*self.rows, *late]))
        saved = self.upload(save_again(
            self.write_older(self.rows, end=FIRST + timedelta(minutes=20, seconds=40)),
        ))
        self.assertEqual(self.get_lines(receipt='UIE4K7P2Q8').disputed_by_id, saved)
        self.assertEqual(len(self.get_lines().filtered('disputed_by_id')), 1)

    def test_a_line_without_seconds_is_in_cover_with_its_whole_minute(self):
        self.upload(save_again(self.write_older(self.rows)))
        # The genuine file ends at 33 seconds; the last payment came in the same minute, later.
        part = self.upload(self.write_older(self.rows[:3]))
        self.assert_undisputed(part)

    def test_accounts_that_a_spreadsheet_made_numbers_of_are_read_from_the_details(self):
        for typed, saved in (('0123', b'123'), ('254700000000', b'2.547E+11')):
            with self.subTest(typed):
                code = 'UIE4K7P2Q1' if typed == '0123' else 'UIE4K7P2Q2'
                file = self.write_older([self.row(code, 500, account=typed)])
                self.upload(file)
                reference = self.get_lines(receipt=code).account_reference
                name, content = file
                head, tail = content.rsplit(b',', 1)
                self.upload((name, head + b',' + tail.replace(typed.encode(), saved)))
                line = self.get_lines(receipt=code)
                self.assertEqual((len(line), line.account_reference), (1, reference))

    # === CUT OR CHANGED === #

    def make_rows(self, count):
        """ Return payments whose charge is as large: without both, the balances follow still. """
        return [
            self.row(f'UIE4K7P2{number:02}', amount, details, minute=number)
            for number in range(count) for amount, details in ((100, None), (-100, CHARGE))
        ]

    def test_a_file_that_lacks_much_is_refused_and_nothing_is_lost(self):
        rows = self.make_rows(60)
        genuine = self.upload(self.write_older(rows))
        with self.refusal(UserError, "22 lines are on one of them only"), self.env.cr.savepoint():
            self.upload(self.write_older(rows[:40] + rows[62:]))  # Fewer than a fifth.
        self.env.invalidate_all()
        self.assertFalse(self.get_lines().disputed_by_id)
        self.assertEqual(self.get_lines().statement_id, genuine)
        self.book()
        self.assertEqual(len(self.get_movements()), 60)
        self.upload(self.write_older(rows[:40] + rows[60:]))
        self.assertEqual(len(self.get_lines().filtered('disputed_by_id')), 20)

    def test_more_than_a_fifth_is_too_much(self):
        rows = self.make_rows(8)
        self.upload(self.write_older(rows))
        with self.refusal(UserError, "4 lines"), self.env.cr.savepoint():
            self.upload(self.write_older(rows[:4] + rows[8:]))
        self.env.invalidate_all()
        self.upload(self.write_older(rows[:4] + rows[6:]))  # A person decides about each.
        self.assertEqual(len(self.get_lines().filtered('disputed_by_id')), 2)

    def test_a_file_that_adds_much_within_anothers_time_is_refused(self):
        rows = self.make_rows(6)
        self.upload(self.write_older(rows[:2] + rows[-2:]))
        with self.refusal(UserError, "8 lines"), self.env.cr.savepoint():
            self.upload(self.write_older(rows))
        self.env.invalidate_all()
        self.assertEqual(len(self.get_lines()), 4)

    def test_when_the_earlier_file_is_not_believed_the_genuine_one_is_taken(self):
        rows = [self.row(f'UIE4K7P2{number:02}', 100, minute=number) for number in range(10)]
        invented = [self.row(f'UIE4K7PX{number:02}', 9_000, minute=4.5) for number in range(25)]
        forged = self.upload(self.write_older([*rows[:5], *invented, *rows[5:]]))
        with self.refusal(UserError, "says on its form"), self.env.cr.savepoint():
            self.upload(self.write_older(rows), user=self.head)
        self.env.invalidate_all()
        forged.with_user(self.head)._distrust("25 payments that the portal does not have")
        genuine = self.upload(self.write_older(rows))
        self.assertEqual((genuine.new_count, genuine.known_count), (0, 10))
        self.assertEqual(len(genuine.line_ids), 10)
        genuine.with_user(self.head).action_release()
        self.book_unreleased()
        self.assert_books(received=1_000)
