from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


STRANGER = 254711222333


@tagged('post_install', '-at_install')
class TestBookingDoubt(BookingCommon):
    """A success at the right address that is not what was asked for: money is still recorded."""

    def doubt(self, tx, **values):
        """ Put a success that differs from its request into the inbox, and look at it.

        :rtype: mpesa.callback
        """
        callback = self.drain_stk(tx, **values)
        self.assertEqual(callback.state, 'new')
        self.assertEqual(callback.payment_transaction_id, tx)
        self.assertTrue(callback.reason)
        self.assertGreater(callback.next_try_at, fields.Datetime.now())
        self.assertLessEqual(tx.mpesa_next_query_at, fields.Datetime.now())
        self.assert_unpaid(tx, 'accepted')
        return callback

    def assert_unidentified(self, callback, amount):
        """ Assert that a message's money waits in suspense, and that a person is told. """
        self.assertEqual(callback.state, 'conflict')
        self.assertTrue(callback.reason)
        movement = callback.mpesa_transaction_id
        self.assertEqual(movement.amount, amount)
        self.assertTrue(movement.suspense_payment_id)
        self.assertFalse(movement.payment_transaction_id)

    # === WHAT A QUERY SAYS === #

    def test_the_question_goes_out_at_once(self):
        cron = self.env.ref('school_mpesa.cron_chase')
        triggers = self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)])
        self.doubt(self.prompt(), amount=15_000)
        self.assertEqual(
            self.env['ir.cron.trigger'].search_count([('cron_id', '=', cron.id)]), triggers + 1,
        )
        self.assert_books(0)

    def test_paid_with_another_amount(self):
        tx = self.prompt()
        callback = self.doubt(tx, amount=15_000)
        self.hear(tx, '0')
        self.assert_unidentified(callback, 15_000)
        self.assert_unpaid(tx, 'receipt_pending')
        self.assertTrue(tx.mpesa_needs_person)
        self.assertFalse(tx._mpesa_payer_view()['retry'])
        self.assert_books(15_000, suspense=15_000)
        self.assertEqual(self.drain_stk(tx, amount=15_000).state, 'repeat')
        self.assert_books(15_000, suspense=15_000)
        callback.action_replay()
        self.drain()
        self.assert_unidentified(callback, 15_000)
        self.assert_books(15_000, suspense=15_000)

    def test_its_confirmation_finds_the_student(self):
        tx = self.prompt()
        self.doubt(tx, amount=15_000)
        self.hear(tx, '0')
        confirmation = self.drain_c2b(amount='15000.00')
        self.assertEqual(confirmation.state, 'done')
        movement = confirmation.mpesa_transaction_id
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.student)
        self.assertEqual(movement.account_reference, 'ADM-012')
        self.assert_unpaid(tx, 'receipt_pending')
        self.assert_books(15_000)

    def test_its_confirmation_names_nobody_either(self):
        tx = self.prompt()
        self.doubt(tx, amount=15_000)
        self.hear(tx, '0')
        self.assertEqual(self.drain_c2b(amount='15000.00', account='nobody').state, 'done')
        self.assert_books(15_000, suspense=15_000)

    def test_paid_from_another_phone_then_its_confirmation(self):
        tx = self.prompt()
        callback = self.doubt(tx, phone=STRANGER)
        self.hear(tx, '0')
        self.assert_unidentified(callback, 15_500)
        self.drain_c2b()
        self.assert_paid(tx)
        self.assertFalse(tx.mpesa_needs_person)
        self.assert_books(15_500)

    def test_not_paid_for_certain(self):
        tx = self.prompt()
        callback = self.doubt(tx, amount=15_000)
        self.hear(tx, '1032')
        self.assertEqual((callback.state, bool(callback.mpesa_transaction_id)), ('conflict', False))
        self.assertTrue(callback.reason)
        self.assert_unpaid(tx)
        self.assert_books(0)

    def test_no_answer_which_proves_nothing(self):
        tx = self.prompt()
        callback = self.doubt(tx, amount=15_000)
        self.hear(tx, '1037')
        self.assertEqual(callback.state, 'new')
        self.assertGreater(callback.next_try_at, fields.Datetime.now())
        self.hear(tx, '0')
        self.assert_unidentified(callback, 15_000)
        self.assertTrue(tx.mpesa_was_declined)
        self.assert_books(15_000, suspense=15_000)

    def test_nobody_knows_within_a_day(self):
        tx = self.prompt()
        callback = self.doubt(tx, amount=15_000)
        self.control.script(api='stk_query', fault='intermittent', times=None)
        tx.mpesa_sent_at = fields.Datetime.now() - timedelta(hours=12)
        self.chase()
        callback.next_try_at = False
        self.drain()
        self.assertEqual(callback.state, 'new')
        tx.write({
            'mpesa_sent_at': fields.Datetime.now() - timedelta(hours=25),
            'mpesa_next_query_at': fields.Datetime.now() - timedelta(seconds=1),
        })
        self.chase()
        callback.next_try_at = False
        self.drain()
        self.assertEqual((callback.state, bool(callback.mpesa_transaction_id)), ('conflict', False))
        self.assertTrue(tx.mpesa_needs_person)
        self.assert_books(0)
        # A person replays it: Safaricom is asked once more.
        self.control.clear_scripts()
        callback.action_replay()
        self.drain()
        self.assertEqual(callback.state, 'new')
        self.hear(tx, '0')
        self.assert_unidentified(callback, 15_000)

    def test_the_right_result_comes_after_all(self):
        tx = self.prompt()
        callback = self.doubt(tx, amount=15_000)
        self.drain_stk(tx)
        self.assert_paid(tx)
        callback.next_try_at = False
        self.drain()
        self.assertEqual(callback.state, 'conflict')
        self.assert_books(15_500)

    def test_the_confirmation_was_first(self):
        tx = self.prompt()
        self.drain_c2b(amount='15000.00')
        self.assertEqual(self.get_receipts().channel, 'paybill_manual')
        callback = self.drain_stk(tx, amount=15_000)
        self.assertEqual(callback.state, 'conflict')
        self.assertEqual(callback.mpesa_transaction_id, self.get_movements())
        self.assertTrue(tx.mpesa_needs_person)
        self.assert_books(15_000)

    def test_a_forged_id_asks_nobody(self):
        tx = self.prompt()
        later = tx.mpesa_next_query_at
        for values in ({'checkout': 'ws_CO_forged'}, {'merchant': 'forged'}):
            callback = self.drain_stk(tx, amount=15_000, **values)
            self.assertEqual(callback.state, 'conflict')
            self.assertFalse(callback.mpesa_transaction_id)
        self.assertEqual(tx.mpesa_next_query_at, later)
        self.assert_books(0)

    # === A SECOND CODE === #

    def assert_conflict_without_money(self, callback, tx):
        self.assertEqual(callback.state, 'conflict')
        self.assertFalse(callback.mpesa_transaction_id)
        self.assertEqual(callback.payment_transaction_id, tx)

    def test_a_second_code_for_a_request_already_paid(self):
        """ Nobody can vouch for it: whoever knows the address could have written it (A4). """
        tx = self.prompt()
        self.drain_stk(tx)
        second = self.drain_stk(tx, receipt='UIE4K7P2QY')
        self.assert_conflict_without_money(second, tx)
        self.assert_paid(tx)
        self.assert_books(15_500)
        # If it is money, its own confirmation names the student.
        self.drain_c2b('UIE4K7P2QY')
        self.assert_paid(tx)
        self.assert_books(31_000)

    def test_two_codes_in_one_batch(self):
        tx = self.prompt()
        first, second = self.stk(tx), self.stk(tx, receipt='UIE4K7P2QY')
        self.drain()
        self.assertEqual(first.state, 'done')
        self.assert_conflict_without_money(second, tx)
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_a_doubted_second_code_is_not_asked_about(self):
        """ The answer would be about the first one. """
        tx = self.prompt()
        self.drain_stk(tx)
        second = self.drain_stk(tx, receipt='UIE4K7P2QY', amount=15_000)
        self.assert_conflict_without_money(second, tx)
        self.assertFalse(tx.mpesa_next_query_at)
        self.assert_books(15_500)

    def test_posting_fails_meanwhile(self):
        """ A message that was tried for another reason is asked about all the same. """
        tx = self.prompt()
        self.provider.journal_id.active = False
        self.drain_stk(tx, amount=15_000)
        self.control.script(api='stk_query', outcome='0')
        with mute_logger('odoo.addons.school_mpesa.models.mpesa_callback_drain'):
            self.chase()
            self.drain()
        callback = self.env['mpesa.callback'].search([], limit=1)
        self.assertEqual(callback.state, 'new')
        self.provider.journal_id.active = True
        callback.next_try_at = False
        self.drain()
        self.assert_unidentified(callback, 15_000)
