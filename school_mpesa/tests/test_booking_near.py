from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestBookingNear(BookingCommon):
    """A slip that lands on another real child (school-fees section 2.9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar, cls.approver, cls.cashier = (
            new_test_user(
                cls.env, login=f'near_{group}', groups=f'school_fees.group_{group}',
                company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
            )
            for group in ('bursar', 'approver', 'cashier')
        )
        cls.own = cls.create_student("Grace Njeri", "ADM-10453")
        cls.other = cls.create_student("Hassan Ali", "ADM-10435")
        cls.far = cls.create_student("Joy Kamau", "ADM-20117")

    def pay(self, code, account, phone='254712000111', **values):
        """ Pay by hand from a number that Safaricom shows.

        :rtype: mpesa.transaction
        """
        self.drain_c2b(f'UIE4K7P2{code}', '500.00', account, MSISDN=phone, **values)
        return self.get_movements().filtered(lambda m: m.receipt == f'UIE4K7P2{code}')

    def get_need(self):
        needs = self.env['school.dashboard'].with_user(self.bursar)._get_needs(
            self.env['school.dashboard'].with_user(self.bursar)._get_facts(),
        )
        return next((need for need in needs if need['key'] == 'near'), None)

    # === WHAT POSTS AND WHAT WAITS === #

    def test_what_is_exact_posts_and_a_person_is_asked_to_look(self):
        self.pay('A1', 'ADM-10453')
        self.assertFalse(self.get_need())
        movement = self.pay('A2', 'ADM-10435')
        self.assertEqual(movement.receipt_id.student_ids, self.other)
        self.assertEqual(movement.near_student_id, self.own)
        self.assertTrue(movement.near_waits)
        self.assertEqual(self.get_need()['count'], 1)
        self.assertEqual((self.own.balance, self.other.balance), (-500, -500))
        self.assert_books(1_000)

    def test_what_is_written_another_way_waits_with_both_suggested(self):
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', 'adm 10435')
        self.assertEqual(movement.booking_state, 'unidentified')
        self.assertFalse(movement.near_waits)
        suggestion = movement.with_user(self.bursar).suggestion
        self.assertIn("Grace Njeri", suggestion)
        self.assertIn("has paid for this student before", suggestion)
        self.assertIn("Hassan Ali", suggestion)
        action = movement.with_user(self.bursar).action_identify()
        wizard = self.env[action['res_model']].with_user(self.bursar).with_context(
            **action['context'],
        ).create({})
        self.assertEqual(wizard.suggestion_ids.student_id, self.own | self.other)
        self.assertEqual(self.other.balance, 0)
        self.assert_books(1_000, suspense=500)
        movement.with_user(self.bursar)._identify_as([(self.own, 500)])
        self.assertFalse(movement.near_waits)
        self.assertEqual(self.own.balance, -1_000)

    def test_who_has_paid_for_both_is_not_asked(self):
        for code, account in (('A1', 'ADM-10435'), ('A2', 'ADM-10453'), ('A3', '10435')):
            movement = self.pay(code, account)
            if code != 'A2':
                self.assertFalse(movement.near_student_id)
                self.assertEqual(movement.receipt_id.student_ids, self.other)

    def test_another_payer_a_far_number_and_a_name_say_nothing(self):
        self.pay('A1', 'ADM-10453')
        for code, account, phone in (
            ('A2', '10435', '254733000222'), ('A3', '20117', '254712000111'),
            ('A4', '10435 Hassan', '254712000111'), ('A6', '10435', '2547 ***** 111'),
        ):
            with self.subTest(account=account, phone=phone):
                movement = self.pay(code, account, phone)
                self.assertTrue(movement.receipt_id)
                self.assertFalse(movement.near_student_id)

    def test_a_pay_code_proves_itself(self):
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', f'fees {self.other.pay_code}')
        self.assertEqual(movement.receipt_id.student_ids, self.other)
        self.assertFalse(movement.near_student_id)

    def test_a_sister_with_the_next_number_is_no_slip(self):
        family = self.create_family("Njeri")
        self.own.family_id = family
        sister = self.create_student("Hope Njeri", "ADM-10454", family_id=family.id)
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', '10454')
        self.assertEqual(movement.receipt_id.student_ids, sister)
        self.assertFalse(movement.near_student_id)

    def test_an_agent_who_pays_for_many_is_not_asked(self):
        for place, student in enumerate(
            self.create_student("Somebody Else", number)
            for number in ("ADM-6111", "ADM-7222", "ADM-8333")
        ):
            self.pay(f'B{place}', student.admission_no)
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', '10435')
        self.assertEqual(movement.receipt_id.student_ids, self.other)
        self.assertFalse(movement.near_student_id)

    def test_the_same_slip_again_is_asked_about_again(self):
        self.pay('A1', 'ADM-10453')
        first, second = self.pay('A2', 'ADM-10435'), self.pay('A3', 'ADM-10435')
        self.assertTrue(first.near_waits and second.near_waits)
        first.with_user(self.bursar).action_near_is_right()
        self.assertFalse(self.pay('A4', '10435').near_student_id)

    def test_what_a_prompt_has_paid_for_counts(self):
        bill = self.create_term_bill(self.own, self.term_1, 500)
        tx = self.prompt(amount=500, student=self.own, invoices=bill)
        self.drain_stk(tx, receipt='UIE4K7P2A1')
        self.assertEqual(self.own.balance, 0)
        self.assertTrue(self.pay('A2', 'ADM-10435').near_waits)

    # === WHAT A PERSON SAYS === #

    def test_is_right_ends_it(self):
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', 'ADM-10435').with_user(self.bursar)
        with self.assertRaisesRegex(UserError, "Only the bursar's office"):
            movement.with_user(self.cashier).action_near_is_right()
        movement.action_near_is_right()
        self.assertEqual(movement.near_checked_by_id, self.bursar)
        self.assertFalse(movement.near_waits)
        self.assertFalse(self.get_need())
        with self.assertRaisesRegex(UserError, "looked at or moved"):
            movement.action_near_move()
        self.assert_books(1_000)

    def test_move_asks_for_the_transfer_to_the_child_paid_for_before(self):
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', 'ADM-10435').with_user(self.bursar)
        action = movement.action_near_move()
        wizard = Form(self.env[action['res_model']].with_user(self.bursar).with_context(
            **action['context'],
        )).save()
        self.assertEqual((wizard.from_student_id, wizard.to_student_id), (self.other, self.own))
        self.assertEqual(wizard.amount, 500)
        self.assertTrue(movement.near_waits, "Nothing was asked yet.")
        wizard.action_ask()
        self.env.invalidate_all()
        self.assertFalse(movement.near_waits)
        self.assertFalse(self.get_need())
        self.assert_books(1_000)

    def test_a_reversed_receipt_waits_in_the_queue_only(self):
        self.pay('A1', 'ADM-10453')
        movement = self.pay('A2', 'ADM-10435')
        movement.receipt_id.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        movement.receipt_id.with_user(self.approver).action_approve_reversal()
        self.env.invalidate_all()
        self.assertFalse(movement.near_waits)
        self.assertEqual(movement.booking_state, 'unidentified')
        suggestion = movement.with_user(self.bursar).suggestion
        self.assertIn("Grace Njeri", suggestion)
        self.assertNotIn("Hassan Ali", suggestion)
