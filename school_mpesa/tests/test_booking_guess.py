from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestBookingGuess(BookingCommon):
    """A confirmation fits a request: booked as that, verified, and undone where it was wrong."""

    def guess(self, receipt='UIE4K7HAND', **values):
        """ Let a confirmation be taken for a request.

        :rtype: payment.transaction
        """
        tx = self.prompt(**values)
        self.drain_c2b(receipt, f'{tx.amount:.2f}')
        self.assert_paid(tx, receipt)
        return tx

    def assert_by_hand(self, receipt='UIE4K7HAND'):
        """ Assert that a payment stands as typed by hand, on the student. """
        movement = self.get_movements().filtered(lambda m: m.receipt == receipt)
        self.assertEqual(movement.receipt_id.channel, 'paybill_manual')
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.student)
        self.assertFalse(movement.payment_transaction_id)

    # === VERIFIED === #

    def test_a_guess_is_asked_about(self):
        tx = self.guess()
        self.assertTrue(tx.mpesa_next_query_at)
        self.hear(tx, '0')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assertFalse(tx.mpesa_next_query_at)
        failure = self.drain_stk(tx, 1037)
        self.assertEqual(failure.state, 'conflict')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assert_books(15_500)

    def test_its_own_result_ends_the_questions(self):
        tx = self.guess()
        self.drain_stk(tx, receipt='UIE4K7HAND')
        self.assertTrue(tx._mpesa_is_paid_for_certain())
        self.assertFalse(tx.mpesa_next_query_at)

    def test_a_query_says_refused(self):
        tx = self.guess()
        self.hear(tx, '1032')
        self.assert_unpaid(tx)
        self.assertEqual((tx.mpesa_result_code, tx.mpesa_result_source), ('1032', 'query'))
        self.assertTrue(tx._mpesa_payer_view()['retry'])
        self.assert_by_hand()
        self.assert_books(15_500)

    def test_no_answer_proves_nothing_and_is_asked_about(self):
        """ A late success was seen after 1037, so the money may well be the request's. """
        tx = self.guess()
        tx.mpesa_next_query_at = False
        callback = self.drain_stk(tx, 1037)
        self.assertEqual(callback.state, 'done')
        self.assertTrue(tx.mpesa_next_query_at)
        self.hear(tx, '1037')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assertTrue(tx.mpesa_next_query_at, "It is asked again.")
        self.hear(tx, '1032')
        self.assert_unpaid(tx)
        self.assert_by_hand()
        self.assert_books(15_500)

    def test_after_a_day_a_guess_stands(self):
        tx = self.guess()
        tx.mpesa_sent_at = fields.Datetime.now() - timedelta(hours=25)
        self.hear(tx, '1037')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assertFalse(tx.mpesa_next_query_at)
        self.assertFalse(tx.mpesa_needs_person)

    def test_a_prompt_that_was_refused_is_not_asked_about_again(self):
        tx = self.prompt()
        self.drain_stk(tx, 1032)
        self.drain_c2b('UIE4K7HAND')
        self.assert_paid(tx, 'UIE4K7HAND', late=True)
        self.assertFalse(tx.mpesa_next_query_at)

    # === THE CODE IS ANOTHER REQUEST'S === #

    def guess_wrong(self):
        """ Let the late money of a closed request be taken for an open one.

        :return: The open request, and the closed one whose money it is.
        :rtype: tuple
        """
        closed = self.prompt(amount=5_000, phone='0712000222')
        self.drain_stk(closed, 1037)
        closed.last_state_change = fields.Datetime.now() - timedelta(minutes=11)
        return self.guess(amount=5_000), closed

    def test_another_requests_own_result_names_the_code(self):
        tx, owner = self.guess_wrong()
        callback = self.drain_stk(owner, receipt='UIE4K7HAND')
        self.assertEqual(callback.state, 'done')
        self.assert_paid(owner, 'UIE4K7HAND', late=True)
        self.assert_unpaid(tx, 'accepted')
        self.assertFalse(tx.is_post_processed)
        self.assertLessEqual(tx.mpesa_next_query_at, fields.Datetime.now())
        self.assert_books(5_000)
        self.drain_stk(tx, receipt='UIE4K7PUSH')
        self.assert_paid(tx, 'UIE4K7PUSH')
        self.assert_books(10_000)

    def test_the_request_that_gives_it_back_was_paid_too(self):
        tx, owner = self.guess_wrong()
        self.hear(tx, '0')
        self.drain_stk(owner, receipt='UIE4K7HAND')
        self.assert_paid(owner, 'UIE4K7HAND', late=True)
        self.assert_unpaid(tx, 'receipt_pending')
        self.assertFalse(tx._mpesa_payer_view()['retry'])
        self.assert_books(5_000)

    def test_the_request_that_gives_it_back_cannot_be_asked_about(self):
        owner = self.prompt(amount=5_000, phone='0712000222')
        self.drain_stk(owner, 1037)
        owner.last_state_change = fields.Datetime.now() - timedelta(minutes=11)
        tx = self.ask(amount=5_000)
        tx._mpesa_move_to('unknown', mpesa_sent_at=fields.Datetime.now())
        self.drain_c2b('UIE4K7HAND', '5000.00')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.drain_stk(owner, receipt='UIE4K7HAND')
        self.assert_paid(owner, 'UIE4K7HAND', late=True)
        self.assert_unpaid(tx, 'unknown')
        self.assertFalse(tx.mpesa_next_query_at)
        self.assert_books(5_000)

    def test_a_certain_payment_is_never_given_away(self):
        tx, owner = self.guess_wrong()
        self.drain_stk(tx, receipt='UIE4K7HAND')
        claim = self.drain_stk(owner, receipt='UIE4K7HAND')
        self.assertEqual(claim.state, 'conflict')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assert_unpaid(owner)
        self.assert_books(5_000)

    # === OLD MONEY === #

    def test_money_from_before_the_prompt_is_not_the_prompts(self):
        """ A message of yesterday is replayed while a request of the same amount is open. """
        tx = self.prompt()
        yesterday = fields.Datetime.now() + timedelta(hours=3, days=-1)
        self.drain_c2b('UIE4K7HAND', TransTime=yesterday.strftime('%Y%m%d%H%M%S'))
        self.assert_unpaid(tx, 'accepted')
        self.assert_by_hand()
        self.assert_books(15_500)

    def test_clocks_may_differ_a_little(self):
        tx = self.prompt()
        before = fields.Datetime.now() + timedelta(hours=3, seconds=-100)
        self.drain_c2b('UIE4K7HAND', TransTime=before.strftime('%Y%m%d%H%M%S'))
        self.assert_paid(tx, 'UIE4K7HAND')

    def test_what_counts_is_when_the_message_came(self):
        """ Closed just before it, and booked much later: it is the request's all the same. """
        tx = self.prompt()
        self.drain_stk(tx, 1032)
        self.c2b('UIE4K7HAND')
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.drain()
        self.assert_paid(tx, 'UIE4K7HAND', late=True)
        self.assert_books(15_500)

    # === ONE SHORTCODE, TWO PROVIDERS === #

    def test_a_replaced_providers_address_hears_of_the_new_ones_request(self):
        """ C2B addresses stay registered with the old provider; the wallet is one (I11). """
        old = self.provider
        url = self.confirmation_url(old)
        old.journal_id.code = 'MOLD'
        self.env.flush_all()
        old.write({'state': 'disabled', 'is_published': False})
        new = self.create_provider()
        tx = self.prompt(provider=new)
        self.accept_bytes(url, self.confirmation_body('UIE4K7HAND', '15500.00'))
        self.drain()
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assertEqual(tx.payment_id.journal_id, new.journal_id)
        self.assertEqual(self.get_movements().provider_id, new)
        self.hear(tx, '1032')
        self.assert_unpaid(tx)
        self.assert_by_hand()
        self.assertEqual(
            self.get_receipts().line_ids.payment_id.journal_id, new.journal_id,
            "The wallet is still one.",
        )

    def test_suspense_of_a_replaced_provider(self):
        old = self.provider
        url = self.confirmation_url(old)
        old.journal_id.code = 'MOLD'
        self.env.flush_all()
        self.drain_c2b('UIE4K7HAND', account='nobody')
        self.assertEqual(self.get_movements().suspense_payment_id.journal_id, old.journal_id)
        old.write({'state': 'disabled', 'is_published': False})
        new = self.create_provider()
        tx = self.prompt(provider=new)
        self.drain_stk(tx, receipt='UIE4K7HAND')
        self.assert_paid(tx, 'UIE4K7HAND')
        self.assertEqual(tx.payment_id.journal_id, new.journal_id)
        self.assertEqual(self.sum_account(old.journal_id.default_account_id), 0)
        self.assertEqual(self.sum_account(new.journal_id.default_account_id), 15_500)
        self.accept_bytes(url, self.confirmation_body('UIE4K7HAND', '15500.00', 'nobody'))
        self.drain()
        self.assert_paid(tx, 'UIE4K7HAND')
