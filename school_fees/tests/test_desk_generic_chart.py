from odoo.tests import tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestDeskGenericChart(DeskCommon):
    """The desk's whole road on a chart of accounts that knows nothing of Kenya."""

    chart = 'generic_coa'

    def test_received_moved_refunded_and_reversed(self):
        self.assertEqual(self.school.chart_template, 'generic_coa')
        bill = self.create_term_bill(self.brian, self.term_2, 3_000)
        receipt = self.post_receipt(self.faith, 14_000)
        self.assertEqual((self.bill.payment_state, self.faith.balance), ('paid', -4_000))

        transfer = self.as_user(self.bursar, self.env['school.transfer'])._ask(
            from_student=self.faith, to_student=self.brian, amount=3_000, reason="The brother's",
            receipt_line=receipt.line_ids,
        )
        self.as_user(self.head, transfer).action_approve()
        self.assertEqual((bill.payment_state, self.faith.balance), ('paid', -1_000))

        refund = self.as_user(self.bursar, self.env['school.refund'])._ask(
            student=self.faith, payee=self.mary, amount=1_000, money_kind='cash', external_ref='',
            reason="Overpaid",
        )
        self.as_user(self.head, refund).action_approve()
        self.assertEqual((self.faith.balance, self.get_open(self.faith)), (0, []))

        self.reverse(receipt)
        self.assertEqual(transfer.state, 'reversed')
        self.assertEqual((self.faith.balance, self.brian.balance), (11_000, 3_000))
        self.assertEqual(bill.payment_state, 'not_paid')
