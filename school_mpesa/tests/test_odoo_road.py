from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestOdooRoad(BookingCommon):
    """Odoo's own payment flow beside ours: it books nothing, and hides nothing from the payer."""

    def count_books(self):
        """ Return how many payments, entries and receipts there are. """
        return [
            self.env[model].search_count([]) for model in
            ('account.payment', 'account.move', 'school.receipt', 'mpesa.transaction')
        ]

    def run_odoos_own(self, txs):
        """ Run what Odoo itself would: its scheduled action, its status poll, its processing. """
        self.run_cron('payment.cron_post_process_payment_tx')
        for tx in txs:
            tx._post_process()
            tx._process('mpesa', {
                'reference': tx.reference, 'amount': tx.amount, 'currency_code': 'KES',
                'status': 'success',
            })

    @mute_logger('odoo.addons.school_mpesa.models.payment_transaction_odoo')
    def test_odoos_own_road_books_nothing_fifty_times(self):
        """ In every push state, and for a request that the drain has booked. """
        txs = self.env['payment.transaction']
        for n, state in enumerate(
            ('queued', 'sent', 'accepted', 'unknown', 'receipt_pending', 'declined', 'expired')
        ):
            tx = self.ask(amount=100, phone=f'07500000{n:02d}')
            tx._mpesa_move_to(state, mpesa_result_code='1032')
            txs |= tx
        paid = self.prompt(amount=200)
        self.drain_stk(paid)
        states = [(tx.mpesa_push_state, tx.state) for tx in txs | paid]
        before = self.count_books()
        for _run in range(50):
            self.run_odoos_own(txs | paid)
        self.env.flush_all()
        self.assertEqual(self.count_books(), before)
        self.assertEqual([(tx.mpesa_push_state, tx.state) for tx in txs | paid], states)
        self.assertFalse((txs).payment_id)
        self.assert_paid(paid)
        self.assert_books(200)

    def test_odoos_own_booking_is_closed(self):
        """ `_create_payment` is Odoo's way into the ledger. """
        tx = self.prompt()
        before = self.count_books()
        self.assertFalse(tx._create_payment())
        tx.sudo().write({'state': 'done'})
        self.assertFalse(tx._create_payment())
        tx._post_process()
        self.assertEqual(self.count_books(), before)

    def test_odoos_own_refund_is_refused_in_words(self):
        """ It would record a refund and say that it was initiated, and nobody would get money. """
        tx = self.prompt()
        self.drain_stk(tx)
        before = self.count_books(), len(tx.search([]))
        with self.refusal(UserError, "no money moved"):
            tx.action_refund()
        with self.refusal(UserError, "no money moved"):
            tx._create_child_transaction(100)
        self.assertEqual((self.count_books(), len(tx.search([]))), before)
        self.assert_paid(tx)

    def test_nothing_is_left_to_process(self):
        tx = self.prompt()
        self.drain_stk(tx)
        self.assertFalse(self.env['payment.transaction'].search([
            ('state', '=', 'done'), ('is_post_processed', '=', False),
            ('provider_code', '=', 'mpesa'),
        ]))

    def test_a_draft_bill_linked_to_a_request_is_not_posted(self):
        tx = self.prompt()
        draft = self.create_term_bill(self.student, self.term_1, 100, post=False)
        tx.invoice_ids |= draft
        self.drain_stk(tx)
        self.run_cron('payment.cron_post_process_payment_tx')
        tx._post_process()
        self.assertEqual(draft.state, 'draft')

    # === PAY NOW === #

    def is_offered(self):
        self.env.flush_all()
        self.bill.invalidate_recordset()
        return self.bill._has_to_be_paid()

    def move_back(self, tx, seconds):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s * interval '1 second',"
            " mpesa_sent_at = mpesa_sent_at - %s * interval '1 second' WHERE id = %s",
            [seconds, seconds, tx.id],
        )
        self.env.invalidate_all()

    def test_pay_now_beside_requests(self):
        self.assertTrue(self.is_offered())
        tx = self.prompt()
        self.assertFalse(self.is_offered(), "A prompt is on the phone.")
        self.move_back(tx, 150)
        self.assertFalse(self.is_offered())
        self.move_back(tx, 35)
        self.assertTrue(self.is_offered(), "For the payer, pending ends at three minutes.")
        self.drain_stk(tx, 1032)
        self.assertTrue(self.is_offered())

    def test_pay_now_after_a_decline_at_once(self):
        tx = self.prompt()
        self.drain_stk(tx, 1032)
        self.assertTrue(self.is_offered())

    def test_pay_now_beside_a_hanging_unknown(self):
        tx = self.ask()
        tx._mpesa_move_to('unknown', mpesa_sent_at=fields.Datetime.now())
        self.assertFalse(self.is_offered())
        tx.mpesa_sent_at = fields.Datetime.now() - timedelta(seconds=181)
        self.assertTrue(self.is_offered())

    def test_no_pay_now_once_paid_or_while_its_receipt_is_pending(self):
        tx = self.prompt(amount=32_500)
        self.drain_stk(tx, receipt=None)
        self.move_back(tx, 3_600)
        self.assertFalse(self.is_offered(), "It is paid: asking again would take it twice.")
        self.drain_c2b(amount='32500.00')
        self.assertFalse(self.is_offered())

    def test_a_part_payment_leaves_pay_now(self):
        self.drain_stk(self.prompt(amount=100))
        self.assertTrue(self.is_offered())
