import base64

from odoo.tests import tagged

from odoo.addons.school_fees.tests.desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestSettlement(DeskCommon):
    """Credit never lies beside an open debt, by whichever road either of them came."""

    def _move_share(self, receipt, student, amount):
        transfer = self.as_user(self.bursar, self.env['school.transfer'])._ask(
            from_student=receipt.line_ids.student_id, to_student=student, amount=amount,
            reason="Paid for the brother", receipt_line=receipt.line_ids,
        )
        self.as_user(self.head, transfer).action_approve()
        return transfer

    def test_a_share_moved_in_two_parts_leaves_the_bills_open(self):
        receipt = self.post_receipt(self.faith, 4_000)
        self._move_share(receipt, self.brian, 1_500)
        self._move_share(receipt, self.brian, 1_000)
        self.assertEqual(self.get_open(self.faith), [8_500], "The bill, and no transfer.")
        self.assertEqual(self.bill.amount_residual, 8_500)

    def test_money_moved_back_makes_room_for_other_credit(self):
        bill = self.create_term_bill(self.brian, self.term_1, 3_000)
        receipt = self.post_receipt(self.faith, 4_000)
        self._move_share(receipt, self.brian, 3_000)
        self.post_receipt(self.brian, 2_000)
        self.assertEqual(self.get_open(self.brian), [-2_000])
        self.reverse(receipt)
        self.assertEqual(self.get_open(self.brian), [1_000])
        self.assertEqual(bill.amount_residual, 1_000)

    def test_a_bill_made_by_hand_uses_the_credit(self):
        self.post_receipt(self.brian, 2_000)
        bill = self.create_term_bill(self.brian, self.term_1, 3_000)
        self.assertEqual(bill.amount_residual, 1_000)

    def test_a_posted_credit_note_settles_the_oldest_due(self):
        younger = self.create_term_bill(self.faith, self.term_2, 5_000)
        note = self.env['account.move'].create({
            'move_type': 'out_refund', 'student_id': self.faith.id,
            'partner_id': self.faith.partner_id.id, 'term_id': self.term_2.id,
            'invoice_date': '2026-05-10', 'company_id': self.school.id,
            'invoice_line_ids': [(0, 0, {
                'name': "Tuition", 'price_unit': 11_000,
                'tax_ids': [(6, 0, self.get_exempt_tax(self.school).ids)],
            })],
        })
        note.action_post()
        self.assertEqual((self.bill.amount_residual, younger.amount_residual), (0, 4_000))
        self.assertEqual(self.get_open(self.faith), [4_000])

    def test_an_opening_balance_uses_the_credit(self):
        self.post_receipt(self.brian, 2_000)
        wizard = self.as_user(self.bursar, self.env['school.import']).create({
            'kind': 'openings', 'as_at': '2025-12-31', 'file_name': "school.csv",
            'company_id': self.school.id,
            'file': base64.b64encode(b"Adm No,Name,Balance\nADM-013,Brian Otieno,3000"),
        })
        wizard.action_preview()
        wizard.control_total = "3000"
        wizard.action_import()
        self.assertEqual(self.get_open(self.brian), [1_000])
