from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


CODE = 'UIE4K7P2QX'


@tagged('post_install', '-at_install')
class TestBookingFound(BookingCommon):
    """Money of which no callback told: found by Pull, on a statement or by a status question."""

    def find(self, endpoint='pull', account='ADM-012', amount='15500', **values):
        """ Put a payment that was found into the inbox and book it.

        :rtype: mpesa.callback
        """
        payment = {
            'receipt': CODE, 'amount': Decimal(amount), 'account_reference': account,
            'paid_at': fields.Datetime.now() - timedelta(minutes=5), 'msisdn': '712000111',
            'name': '', **values,
        }
        self.assertEqual(
            self.env['mpesa.callback']._append_found(self.provider, endpoint, [payment]), 1,
        )
        self.drain()
        return self.env['mpesa.callback'].search([], limit=1)

    def test_what_pull_found_is_booked_and_says_so(self):
        callback = self.find()
        self.assertEqual(callback.state, 'done')
        movement = self.get_movements()
        self.assertEqual((movement.source, movement.receipt), ('pull', CODE))
        self.assertTrue(movement.pulled_at)
        self.assertFalse(movement.stated_at)
        self.assertEqual(movement.receipt_id.student_ids, self.student)
        self.assertEqual(movement._read_payer()['phone'], '712000111')
        self.assert_books(15_500)

    def test_the_late_confirmation_of_what_was_found_books_nothing(self):
        self.find('statement')
        callback = self.drain_c2b(CODE)
        self.assertEqual(callback.state, 'done')
        movement = self.get_movements()
        self.assertEqual((movement.source, movement.verified_by), ('statement', 'confirmation'))
        self.assertEqual(self.drain_c2b(CODE).state, 'repeat')
        self.assert_books(15_500)

    def test_what_is_known_and_found_again_is_a_repeat(self):
        self.drain_c2b(CODE)
        for endpoint in ('pull', 'statement', 'status', 'pull'):
            self.assertEqual(self.find(endpoint).state, 'repeat')
        movement = self.get_movements()
        self.assertEqual(movement.verified_by, 'pull statement status')
        self.assertTrue(movement.pulled_at and movement.stated_at)
        self.assert_books(15_500)

    def test_another_amount_is_a_conflict_and_the_first_stands(self):
        self.drain_c2b(CODE)
        self.assertEqual(self.find(amount='1550').state, 'conflict')
        self.assertFalse(self.get_movements().pulled_at)
        self.assert_books(15_500)

    def test_another_account_is_a_conflict_and_the_first_stands(self):
        self.create_student("Ali Salim", "ADM-777")
        self.drain_c2b(CODE)
        self.assertEqual(self.find(account='ADM-777').state, 'conflict')
        self.assert_books(15_500)

    def test_a_status_question_names_no_account_so_the_confirmation_does(self):
        self.find('status', account='')
        self.assert_books(15_500, suspense=15_500)
        self.drain_c2b(CODE)
        self.assertEqual(self.get_movements().receipt_id.student_ids, self.student)
        self.assert_books(15_500)

    def test_found_again_does_not_decide_what_waits_for_a_person(self):
        self.drain_c2b(CODE, account='ADM-999')
        self.create_student("Ali Salim", "ADM-999")
        self.assertEqual(self.find(account='ADM-999').state, 'repeat')
        self.assert_books(15_500, suspense=15_500)

    def test_a_prompt_that_expired_hours_ago_is_paid_by_what_was_found(self):
        tx = self.prompt()
        tx.write({
            'mpesa_sent_at': fields.Datetime.now() - timedelta(hours=5),
            'mpesa_push_state': 'expired', 'state': 'error', 'mpesa_in_flight': False,
            'last_state_change': fields.Datetime.now() - timedelta(hours=2),
        })
        self.find(
            account=tx.mpesa_account_reference,
            paid_at=fields.Datetime.now() - timedelta(hours=4),
        )
        self.assertEqual(tx.mpesa_push_state, 'paid')
        self.assert_books(15_500)

    def test_the_prompts_own_result_after_it_was_found(self):
        tx = self.prompt()
        self.find(account=tx.mpesa_account_reference)
        self.drain_stk(tx, receipt=CODE)
        self.assert_paid(tx, CODE)
        self.assert_books(15_500)

    def test_a_source_check_does_not_hold_back_what_we_asked_for(self):
        self.provider.mpesa_source_check = 'quarantine'
        self.assertEqual(self.find().state, 'done')
