from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestReceiptedMoney(SchoolFeesCommon):
    """What has a receipt leaves the books by the receipt's reversal only."""

    def test_nobody_takes_it_out_behind_the_receipt(self):
        student = self.create_student()
        self.create_term_bill(student, self.term_1, 10_000)
        receipt = self.create_receipt({student: 4_000})
        accountant = new_test_user(
            self.env, 'receipted', groups='account.group_account_manager',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        for env in (self.env, self.env(user=accountant)):
            payment = receipt.line_ids.payment_id.with_env(env)
            for name in ('action_draft', 'action_cancel', 'action_reject'):
                with self.subTest(name=name), self.assertRaises(UserError):
                    getattr(payment, name)()
            for name in ('button_draft', 'button_cancel', '_reverse_moves'):
                with self.subTest(name=name), self.assertRaises(UserError):
                    getattr(payment.move_id, name)()
        self.assertEqual(receipt.line_ids.payment_id.move_id.state, 'posted')
        self.assertEqual(student.balance, 6_000)

    def test_the_reversal_opens_the_debt_again(self):
        student = self.create_student()
        self.create_term_bill(student, self.term_1, 10_000)
        receipt = self.create_receipt({student: 4_000})
        receipt._reverse("typed twice")
        self.assertEqual(receipt.state, 'reversed')
        self.assertEqual(student.balance, 10_000)
