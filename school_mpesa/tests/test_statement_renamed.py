from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.statement_common import PAYER, StatementCommon


REVERSAL = "Pay Bill Reversal"


@tagged('post_install', '-at_install')
class TestStatementRenamed(StatementCommon):
    """A row of a known M-PESA code that tells something else is another row, and never booked."""

    def assert_contradicts(self, first, second, difference, **values):
        """ Assert that of two rows the earlier is disputed and the later kept as different. """
        self.upload(self.write_older([first], **values))
        later = self.upload(self.write_older([second], **values))
        line, different = self.get_lines().sorted('id')
        self.assertEqual(line.disputed_by_id, later)
        self.assertEqual((different.state, different.difference), ('different', difference))
        self.assertEqual(different.statement_id, later)
        self.assertFalse(line.is_held)
        again = self.upload(self.write_older([second], **values))
        self.assertEqual((again.new_count, again.known_count), (0, 1))
        self.book()
        self.assert_wallet(0)

    def test_another_account(self):
        self.create_student("Amina Yusuf", 'ADM-013')
        self.assert_contradicts(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', 500, account='ADM-013'), 'facts',
        )

    def test_another_amount(self):
        self.assert_contradicts(
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', 5_000), 'amount',
        )

    def test_another_linked_code(self):
        self.assert_contradicts(
            self.row('UIE4K7P2R1', -500, REVERSAL, linked='UIE4K7P2Q1'),
            self.row('UIE4K7P2R1', -500, REVERSAL, linked='UIE4K7P2Q2'), 'facts', opening=500,
        )

    def test_another_kind(self):
        self.assert_contradicts(
            self.row('UIE4K7P2R1', -500, REVERSAL),
            self.row('UIE4K7P2R1', -500, 'Pay Bill Charge'), 'facts', opening=500,
        )

    def test_case_and_blanks_make_no_other_account(self):
        self.upload(self.write_older([self.row('UIE4K7P2Q1', 500, account='adm 012')]))
        again = self.upload(self.write_older([self.row('UIE4K7P2Q1', 500, account='ADM012 ')]))
        self.assertEqual((again.new_count, again.known_count), (0, 1))
        self.assertFalse(self.get_lines().disputed_by_id)

    def test_a_phone_number_is_compared_as_it_is_kept(self):
        self.create_student("Amina Yusuf", '712000333')
        rows = [self.row('UIE4K7P2Q1', 500, account='712000333')]
        self.upload_rows(*rows)
        self.assertEqual(self.get_lines().account_reference, '712000333')
        again = self.upload_rows(*rows)
        self.assertEqual((again.new_count, again.known_count), (0, 1))

    def test_what_a_layout_does_not_tell_makes_no_difference(self):
        paid = self.row('UIE4K7P2Q1', 500, f'Pay Bill from {PAYER}', account='ADM-012',
                        is_payment=True)
        back = self.row('UIE4K7P2R1', -500, REVERSAL, linked='UIE4K7P2Q1', minute=1)
        self.upload(self.write_older([paid, back]))
        again = self.upload(self.write_newer([paid, back]))
        self.assertEqual((again.new_count, again.known_count), (0, 2))
        self.assertFalse(self.get_lines().disputed_by_id)

    def test_several_rows_of_one_code_contradict_nothing(self):
        rows = [
            self.row('UIE4K7P2Q1', 500), self.row('UIE4K7P2Q1', -5, 'Pay Bill Charge'),
            self.row('UIE4K7P2Q1', -7, 'Pay Bill Charge', minute=1),
        ]
        self.upload(self.write_older(rows[:2]))
        self.upload(self.write_older(rows))
        self.assertFalse(self.get_lines().disputed_by_id)
        self.book()
        self.assert_wallet(488)

    def test_of_two_rows_the_one_that_safaricom_tells_of_is_linked(self):
        forged = self.upload(self.write_older([self.row('UIE4K7P2Q1', 700, account='ADM-999')]))
        later = self.upload(self.write_older([self.row('UIE4K7P2Q1', 500)]))
        line, different = forged.line_ids, later.line_ids
        line.with_user(self.head)._decide('nothing', "The portal shows 500")
        self.drain_c2b('UIE4K7P2Q1', amount='500.00')
        self.book_unreleased()
        self.assert_books(received=500)
        self.assertEqual((line.state, line.difference), ('different', 'refused'))
        self.assertEqual((different.state, different.difference), ('matched', False))
        self.assertEqual(later.state, 'done')
