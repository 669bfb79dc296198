from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class TestRoad(SchoolMpesaCommon):
    """The road itself: asked, prompted, PIN, callback, posted, reconciled, receipt."""

    def test_paid_in_full(self):
        tx = self.ask(amount=32_500)
        self.assertEqual((tx.mpesa_push_state, tx.state), ('queued', 'draft'))
        self.send()
        self.assertEqual((tx.mpesa_push_state, tx.state), ('accepted', 'pending'))
        self.control.pay('254712000111')
        delivery, = self.wait_deliveries(kind='stk')
        self.accept(delivery)
        self.drain()
        self.assertEqual((tx.mpesa_push_state, tx.state), ('paid', 'done'))
        self.assertEqual(self.bill.payment_state, 'paid')
        receipt = tx.mpesa_receipt_id
        self.assertEqual(receipt.number, 'RCT/2026/000001')
        self.assertEqual(receipt.external_ref, tx.mpesa_receipt_number)
        self.assertEqual(receipt.channel, 'invoice')
        self.assertEqual(receipt.line_ids.payment_id, tx.payment_id)
        self.assertEqual(receipt.line_ids.payment_id.partner_id, self.student.partner_id)
        self.assertEqual(self.student.balance, 0)
        self.assertTrue(tx.is_post_processed)
        self.assert_conserved()

    def test_part_payment_leaves_the_rest_due(self):
        tx = self.ask(amount=10_000)
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.assertEqual(tx.mpesa_push_state, 'paid')
        self.assertEqual(self.bill.payment_state, 'partial')
        self.assertEqual(self.student.balance, 22_500)
        self.assert_conserved()

    def test_cancelled(self):
        tx = self.ask()
        self.send()
        self.control.cancel('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.assertEqual((tx.mpesa_push_state, tx.state), ('declined', 'error'))
        self.assertEqual(tx.mpesa_result_code, '1032')
        self.assertTrue(tx._mpesa_payer_view()['retry'])
        self.assertFalse(tx.mpesa_receipt_id)
        self.assertEqual(self.bill.payment_state, 'not_paid')
