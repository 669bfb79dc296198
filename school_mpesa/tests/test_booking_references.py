from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestBookingReferences(BookingCommon):
    """Money that parents send by themselves, by whatever reference the school gave them."""

    def setUp(self):
        super().setUp()
        self.family = self.create_family("Njeri")
        self.grown, self.small = (
            self.create_student(name, number, family_id=self.family.id)
            for name, number in (("Grace Njeri", "ADM-801"), ("Hope Njeri", "ADM-802"))
        )

    def test_the_family_code_pays_the_oldest_debt_first(self):
        self.create_term_bill(self.small, self.term_1, 3_000)
        self.create_term_bill(self.grown, self.term_2, 2_000)
        self.drain_c2b(amount='4000.00', account=self.family.code)
        self.assertEqual((self.grown.balance, self.small.balance), (1_000, 0))

    def test_the_family_code_pays_for_a_child_who_left_and_owes(self):
        self.create_term_bill(self.small, self.term_1, 3_000)
        self.small.write({'state': 'left', 'left_on': '2026-02-01'})
        self.grown.write({'state': 'left', 'left_on': '2026-02-01'})
        self.env.invalidate_all()
        self.drain_c2b(amount='3000.00', account=f"fees {self.family.code}")
        self.assertEqual((self.grown.balance, self.small.balance), (0, 0))

    def test_the_rest_is_credit_of_the_eldest_at_school(self):
        self.create_term_bill(self.small, self.term_1, 3_000)
        self.small.write({'state': 'left', 'left_on': '2026-02-01'})
        self.env.invalidate_all()
        self.drain_c2b(amount='3500.00', account=self.family.code)
        self.assertEqual((self.grown.balance, self.small.balance), (-500, 0))

    def test_a_family_of_whom_nobody_owes_is_left_to_a_person(self):
        (self.grown | self.small).write({'state': 'left', 'left_on': '2026-02-01'})
        callback = self.drain_c2b(amount='500.00', account=self.family.code)
        self.assertTrue(callback.mpesa_transaction_id.suspense_payment_id)

    def test_a_pay_code_and_an_amount_for_account(self):
        self.drain_c2b('UIE4K7P2QA', '700.00', self.small.pay_code)
        self.assertEqual(self.small.balance, -700)
        other = self.create_student("Ali Salim", "ADM-1500")
        callback = self.drain_c2b('UIE4K7P2QB', '1500.00', 'fees 1500')
        self.assertTrue(callback.mpesa_transaction_id.suspense_payment_id)
        self.assertEqual(other.balance, 0)
