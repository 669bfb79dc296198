from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestBookingBranches(BookingCommon):
    """One paybill for the branches of a school: admission numbers are unique in each only."""

    def setUp(self):
        super().setUp()
        self.primary, self.secondary = self.env['res.company'].create([
            {
                'name': name, 'parent_id': self.school.id, 'country_id': self.school.country_id.id,
                'currency_id': self.school.currency_id.id,
            }
            for name in ("Primary", "Secondary")
        ])
        self.env.user.company_ids |= self.primary | self.secondary
        self.provider.mpesa_allow_credit = True

    def create_pupil(self, branch, name, number='ADM-77'):
        return self.env['school.student'].with_company(branch).create({
            'name': name, 'admission_no': number, 'company_id': branch.id,
        })

    def ask_for(self, student, **values):
        """ Send a prompt for a student of a branch. """
        return self.prompt(amount=5_000, student=student, invoices=None, **values)

    def wait_for_prompt(self, callback):
        """ Let the time pass in which a prompt's own result may still come. """
        self.env.cr.execute(
            "UPDATE mpesa_callback SET next_try_at = NULL WHERE id = %s", [callback.id],
        )
        self.env.invalidate_all()
        with freeze_time(fields.Datetime.now() + timedelta(seconds=61)):
            self.drain()
        self.assertEqual(callback.state, 'done')

    def test_the_request_of_another_branchs_child_is_no_guess(self):
        """ A cancelled request for ADM-77 of Primary, then 5,000 for ADM-77 of Secondary. """
        ours = self.create_pupil(self.primary, "Amina Yusuf")
        theirs = self.create_pupil(self.secondary, "Brian Otieno")
        tx = self.ask_for(ours)
        self.drain_stk(tx, 1032)
        callback = self.drain_c2b(amount='5000.00', account='ADM-77')
        self.wait_for_prompt(callback)
        self.assertTrue(callback.mpesa_transaction_id.suspense_payment_id)
        self.assert_unpaid(tx)
        self.assertEqual((ours.balance, theirs.balance), (0, 0))

    def test_the_prompts_own_result_still_decides(self):
        ours = self.create_pupil(self.primary, "Amina Yusuf")
        self.create_pupil(self.secondary, "Brian Otieno")
        tx = self.ask_for(ours)
        self.drain_c2b(amount='5000.00', account='ADM-77')
        self.assert_unpaid(tx, 'accepted')
        self.drain_stk(tx)
        self.assert_paid(tx)
        self.assertEqual(ours.balance, -5_000)

    def test_a_number_that_only_one_branch_has(self):
        ours = self.create_pupil(self.primary, "Amina Yusuf")
        self.create_pupil(self.secondary, "Brian Otieno", 'ADM-78')
        tx = self.ask_for(ours)
        self.drain_c2b(amount='5000.00', account='ADM-77')
        self.assert_paid(tx)
        self.assertEqual(ours.balance, -5_000)

    def test_the_code_of_another_branch_is_no_word_that_says_nothing(self):
        self.env.cr.precommit.run()  # Odoo gives new branches their accounts at the commit.
        self.primary.school_reference_code, self.secondary.school_reference_code = "PRI", "SEC"
        theirs = self.create_pupil(self.secondary, "Brian Otieno", 'ADM-78')
        wrong = self.drain_c2b('UIE4K7P2QA', '100.00', 'PRI ADM-78')
        self.assertTrue(wrong.mpesa_transaction_id.suspense_payment_id)
        right = self.drain_c2b('UIE4K7P2QB', '100.00', 'SEC ADM-78')
        self.assertEqual(right.state, 'done', right.reason)
        self.assertTrue(right.mpesa_transaction_id.receipt_id)
        self.env.invalidate_all()
        self.assertEqual(theirs.balance, -100)
