from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


STRANGER = 254711222333


@tagged('post_install', '-at_install')
class TestBookingConflict(BookingCommon):
    """Messages that contradict each other, or the request: kept, flagged, never silent."""

    # === THE SAME CODE, OTHER CONTENT === #

    def assert_conflict(self, callback):
        self.assertEqual(callback.state, 'conflict')
        self.assertTrue(callback.reason)
        self.assertTrue(callback.processed_at)

    def test_same_code_other_amount(self):
        first = self.drain_c2b(amount='15500.00')
        for amount in ('15500.01', '1.00', '155000.00'):
            self.assert_conflict(self.drain_c2b(amount=amount))
        self.assertEqual(first.state, 'done')
        self.assert_books(15_500)

    def test_same_code_other_amount_in_one_batch(self):
        first, second = self.c2b(amount='1000.00'), self.c2b(amount='2000.00')
        self.drain()
        self.assertEqual(first.state, 'done')
        self.assert_conflict(second)
        self.assert_books(1_000)

    def test_same_code_other_account(self):
        """ F14: same receipt, other account. """
        self.create_student("Brian Otieno", 'ADM-013')
        self.drain_c2b()
        self.assert_conflict(self.drain_c2b(account='ADM-013'))
        self.assertEqual(self.get_receipts().line_ids.student_id, self.student)
        self.assert_books(15_500)

    def test_same_code_other_phone(self):
        """ F14: same receipt, other phone. """
        self.drain_c2b(MSISDN='254712000111')
        self.assert_conflict(self.drain_c2b(MSISDN=str(STRANGER)))
        self.assert_books(15_500)

    def test_other_account_after_the_prompts_result(self):
        """ I7: the prompt's own result stands; what its confirmation says else is never silent. """
        self.create_student("Brian Otieno", 'ADM-013')
        tx = self.prompt()
        self.drain_stk(tx)
        other = self.drain_c2b(account='ADM-013')
        self.assert_conflict(other)
        self.assertEqual(other.mpesa_transaction_id, self.get_movements())
        self.assertEqual(self.drain_c2b(account='adm 12').state, 'done')
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_a_second_confirmation_with_other_content(self):
        tx = self.prompt()
        self.drain_stk(tx)
        self.drain_c2b(MSISDN='254712000111')
        for values in (
            {'account': 'ADM-013'}, {'MSISDN': str(STRANGER)}, {'account': 'adm 12'},
        ):
            with self.subTest(values=values):
                self.assert_conflict(self.drain_c2b(**{'MSISDN': '254712000111', **values}))
        self.assertEqual(self.drain_c2b(MSISDN='0712 000111').state, 'repeat')
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_the_prompts_result_after_another_account(self):
        """ It names its request for certain, so the money is that request's; and it is flagged. """
        self.create_student("Brian Otieno", 'ADM-013')
        tx = self.prompt()
        self.drain_c2b(account='ADM-013')
        self.assert_conflict(self.drain_stk(tx))
        self.assert_paid(tx)
        self.assertEqual(self.drain_stk(tx).state, 'repeat')
        self.assert_books(15_500)

    def test_same_code_on_another_request(self):
        tx = self.prompt(amount=5_000)
        other = self.prompt(amount=5_000, phone='0712000222')
        self.drain_stk(tx)
        self.assert_conflict(self.drain_stk(other))
        self.assert_paid(tx)
        self.assert_unpaid(other, 'accepted')
        self.assert_books(5_000)

    # === A RESULT THAT IS NOT THE REQUEST'S (A3) === #

    def test_wrong_amount_never_confirms_however_often(self):
        """ odoo.md 0.1: Odoo itself would confirm at the second copy. """
        tx = self.prompt()
        doubted = self.env['mpesa.callback']
        for amount in (1, 15_499, 15_501, '15500.01', 1, 1, 1):
            doubted |= self.drain_stk(tx, amount=amount)
            self.assert_unpaid(tx, 'accepted')
        self.assertEqual(set(doubted.mapped('state')), {'new'}, "Safaricom is asked first.")
        self.assertEqual(self.bill.payment_state, 'not_paid')
        self.assert_books(0)
        self.drain_stk(tx)
        self.assert_paid(tx)
        doubted.next_try_at = False
        self.drain()
        for callback in doubted:
            self.assert_conflict(callback)
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_wrong_amount_in_other_ways(self):
        tx = self.prompt()
        for amount in (0, -15_500, 'NaN', '15,500', True, [15_500], {'a': 1}, None):
            callback = self.drain_stk(tx, amount=amount)
            self.assertIn(callback.state, {'conflict', 'unreadable'})
            self.assertTrue(callback.reason)
            self.assert_unpaid(tx, 'accepted')
        self.assert_books(0)

    def test_wrong_ids(self):
        tx = self.prompt()
        for values in ({'checkout': 'ws_CO_forged'}, {'merchant': 'forged'}):
            with self.subTest(values=values):
                self.assert_conflict(self.drain_stk(tx, **values))
                self.assert_unpaid(tx, 'accepted')
        for values in ({'checkout': 'ws_CO_forged'}, {'merchant': 'forged'}):
            with self.subTest(failure=values):
                self.assert_conflict(self.drain_stk(tx, 1032, **values))
                self.assert_unpaid(tx, 'accepted')
        self.assert_books(0)

    def test_a_masked_or_missing_phone_is_no_contradiction(self):
        for n, phone in enumerate(('2547 ***** 111', None, '', 'a' * 64)):
            with self.subTest(phone=phone):
                tx = self.prompt(amount=600, phone=f'07120004{n:02d}')
                self.drain_stk(tx, receipt=f'UIE4K7P6{n:02d}', phone=phone)
                self.assert_paid(tx, f'UIE4K7P6{n:02d}')

    def test_an_address_of_no_request(self):
        tx = self.prompt()
        url = self.push_url(tx)[:-4] + 'beef'
        callback = self.accept_bytes(url, self.stk_body(tx))
        self.drain()
        self.assertEqual(callback.state, 'parked')
        self.assert_unpaid(tx, 'accepted')
        self.assert_books(0)

    def test_the_result_of_another_prompt_at_this_prompts_address(self):
        tx, other = self.prompt(), self.prompt(amount=5_000, phone='0712000222')
        callback = self.accept_bytes(self.push_url(tx), self.stk_body(other))
        self.drain()
        self.assert_conflict(callback)
        self.assert_unpaid(tx, 'accepted')
        self.assert_unpaid(other, 'accepted')

    # === SEVERAL REQUESTS FIT A CONFIRMATION === #

    def test_several_fit_then_the_prompts_result_decides(self):
        tx = self.prompt(amount=5_000)
        other = self.prompt(amount=5_000, phone='0712000222')
        waiting = self.drain_c2b(amount='5000.00')
        self.assertEqual((waiting.state, waiting.tries), ('new', 0))
        self.assertGreater(waiting.next_try_at, fields.Datetime.now())
        self.assert_books(0)
        self.drain_stk(other)
        self.assert_paid(other)
        waiting.next_try_at = False
        self.drain()
        self.assertEqual((waiting.state, waiting.payment_transaction_id), ('done', other))
        self.assert_unpaid(tx, 'accepted')
        self.assert_books(5_000)

    def test_several_fit_and_no_result_comes_within_a_minute(self):
        txs = self.prompt(amount=5_000) | self.prompt(amount=5_000, phone='0712000222')
        waiting = self.drain_c2b(amount='5000.00')
        waiting.next_try_at = False
        with freeze_time(fields.Datetime.now() + timedelta(seconds=61)):
            self.drain()
        self.assertEqual(waiting.state, 'done')
        self.assertEqual(self.get_receipts().channel, 'paybill_manual')
        self.assertEqual(self.get_receipts().line_ids.student_id, self.student)
        for tx in txs:
            self.assert_unpaid(tx, 'accepted')
        self.assert_books(5_000)
        # Its own result comes after all: the receipt is made anew as that request's.
        self.drain_stk(txs[1])
        self.assert_paid(txs[1])
        self.assert_books(5_000)

    # === TYPED BY HAND, AND TAKEN FOR A REQUEST === #

    def take_for_request(self):
        """ Let a payment typed by hand equal an open request, so that it is booked as that. """
        tx = self.prompt()
        self.drain_c2b('UIE4K7HAND')
        self.assert_paid(tx, 'UIE4K7HAND')
        return tx

    def assert_hand_made_anew(self):
        """ Assert that the payment typed by hand has a receipt of its own; the old one says so. """
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE4K7HAND')
        self.assertEqual(movement.receipt_id.channel, 'paybill_manual')
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.student)
        self.assertFalse(movement.payment_transaction_id)
        old = self.get_receipts('reversed')
        self.assertEqual((len(old), old.external_ref), (1, 'UIE4K7HAND'))
        self.assertTrue(old.number)
        self.assertTrue(old.reversed_reason)
        self.assertEqual(old.line_ids.payment_id.mapped('state'), ['canceled'])

    def test_the_prompts_result_names_another_code(self):
        tx = self.take_for_request()
        self.drain_stk(tx, receipt='UIE4K7PUSH')
        self.assert_paid(tx, 'UIE4K7PUSH')
        self.assert_hand_made_anew()
        self.assert_books(31_000)
        self.drain_c2b('UIE4K7PUSH')
        self.assert_paid(tx, 'UIE4K7PUSH')
        self.assert_books(31_000)
        self.assertEqual(self.student.balance, 1_500)

    def test_the_prompts_confirmation_comes_before_its_result(self):
        tx = self.take_for_request()
        self.drain_c2b('UIE4K7PUSH')
        self.assert_books(31_000)
        self.drain_stk(tx, receipt='UIE4K7PUSH')
        self.assert_paid(tx, 'UIE4K7PUSH')
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE4K7HAND')
        self.assertFalse(movement.payment_transaction_id)
        self.assertEqual(movement.receipt_id.channel, 'paybill_manual')
        self.assert_books(31_000)

    def test_all_three_in_one_batch(self):
        tx = self.prompt()
        self.c2b('UIE4K7HAND')
        self.c2b('UIE4K7PUSH')
        self.stk(tx, receipt='UIE4K7PUSH')
        self.drain()
        self.assert_paid(tx, 'UIE4K7PUSH')
        self.assert_books(31_000)

    def test_the_prompt_was_cancelled(self):
        tx = self.take_for_request()
        self.drain_stk(tx, 1032)
        self.assert_unpaid(tx)
        self.assertEqual(tx.mpesa_result_code, '1032')
        self.assertFalse(tx.is_post_processed and tx.state == 'done')
        self.assertTrue(tx._mpesa_payer_view()['retry'])
        self.assert_hand_made_anew()
        self.assert_books(15_500)
        self.assertEqual(self.student.balance, 17_000)

    def test_chosen_bills_follow_the_right_payment(self):
        """ The hand-typed payment gives the chosen bill back, and settles the oldest instead. """
        old = self.create_term_bill(self.student, self.term_1, 15_500)
        tx = self.prompt(amount=15_500, invoices=self.bill)
        self.drain_c2b('UIE4K7HAND')
        self.assertEqual((self.bill.amount_residual, old.amount_residual), (17_000, 15_500))
        self.drain_stk(tx, 1032)
        self.assertEqual((self.bill.amount_residual, old.amount_residual), (32_500, 0))
        self.assert_books(15_500)
