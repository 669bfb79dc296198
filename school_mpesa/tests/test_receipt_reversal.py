from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestReceiptReversal(BookingCommon):
    """A person reverses an M-PESA receipt: the money is real, and waits to be identified again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.asker, cls.approver = (
            new_test_user(
                cls.env, login=f'reversal_{group}', groups=f'school_fees.group_{group}',
                company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
            )
            for group in ('bursar', 'approver')
        )

    def _reverse(self, receipt):
        receipt.with_user(self.asker)._ask_reversal('mistake', "The wrong child")
        receipt.with_user(self.approver).action_approve_reversal()

    def test_typed_money_goes_back_to_the_queue(self):
        self.drain_c2b()
        movement = self.get_movements()
        receipt = movement.receipt_id
        self.assert_books(received=15_500)
        self._reverse(receipt)
        self.assertEqual(receipt.state, 'reversed')
        self.assertEqual(movement.booking_state, 'unidentified')
        self.assertFalse(movement.receipt_id)
        self.assertEqual(movement.previous_receipt_id, receipt)
        self.assert_books(received=15_500, suspense=15_500)

    def test_a_paid_request_stays_paid_and_books_nothing_again(self):
        tx = self.prompt()
        self.drain_stk(tx)
        movement = self.get_movements()
        self._reverse(movement.receipt_id)
        self.assertEqual(tx.state, 'done')
        self.drain_stk(tx)
        self.drain_c2b()
        self.assertEqual(len(self.get_receipts()), 0)
        self.assert_books(received=15_500, suspense=15_500)

    def test_a_result_that_names_a_request_takes_it_out_of_the_queue(self):
        """ Typed by hand for a sibling, reversed by a person; then the prompt's result came. """
        sibling = self.create_student("Peter Otieno", "ADM-913")
        tx = self.prompt()
        self.drain_c2b(account='ADM-913')
        movement = self.get_movements()
        self.assertEqual(movement.receipt_id.line_ids.student_id, sibling)
        self._reverse(movement.receipt_id)
        self.assert_books(received=15_500, suspense=15_500)
        self.drain_stk(tx)
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.student)
        self.assert_books(received=15_500)

    def test_another_code_for_the_request_settles_the_reversed_one_anew(self):
        """ A confirmation was booked as the request, its receipt reversed, and then the request's
        own result brings another code: the first is money typed by hand, once. """
        tx = self.prompt()
        self.drain_c2b('UIE4K7P2QA')
        movement = self.get_movements()
        self.assertEqual(movement.payment_transaction_id, tx)
        self._reverse(movement.receipt_id)
        self.drain_stk(tx, receipt='UIE4K7P2QB')
        self.assertFalse(movement.payment_transaction_id)
        self.assert_books(received=31_000)

    def test_the_money_in_the_queue_is_not_taken_out_by_hand(self):
        self.drain_c2b()
        movement = self.get_movements()
        self._reverse(movement.receipt_id)
        with self.assertRaises(UserError):
            movement.suspense_payment_id.action_draft()

    def test_the_desk_does_not_take_mpesa_journals(self):
        journal = self.school._get_desk_journal('bank')
        self.assertTrue(journal)
        self.assertNotEqual(journal, self.provider.journal_id)
        self.school.school_bank_journal_id = self.provider.journal_id
        self.assertEqual(self.school._get_desk_journal('bank'), journal)
