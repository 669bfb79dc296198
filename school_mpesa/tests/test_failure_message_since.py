from daraja_simulator import sms_gateway

from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.failure_common import FailureCommon


@tagged('post_install', '-at_install')
class TestFailureMessageSince(FailureCommon):
    """What happens after a prompt that brought no money: nobody is asked to pay twice."""

    # === MONEY === #

    def test_money_that_came_meanwhile(self):
        self.fail()
        self.drain_c2b(amount='500.00')
        self.later()
        self.assertFalse(self.messages)
        self.assertNotIn("was not paid", ''.join(self.sent))

    def test_money_on_a_mistyped_account_is_not_asked_for_again(self):
        self.fail()
        callback = self.drain_c2b(account='NOBODY')
        self.assertTrue(callback.mpesa_transaction_id.suspense_payment_id)
        self.later()
        self.assertFalse(self.messages)

    def test_money_of_the_same_phone_is_not_asked_for_again(self):
        self.fail()
        self.drain_c2b(amount='700.00', account='NOBODY', MSISDN='254712000111')
        self.later()
        self.assertFalse(self.messages)

    def test_money_of_somebody_else_hides_no_failure(self):
        self.fail()
        self.drain_c2b(amount='700.00', account='NOBODY')
        self.later()
        self.assertEqual(len(self.sent), 1)

    def test_money_that_nobody_has_read_yet(self):
        tx = self.fail()
        self.c2b()
        self.later()
        self.assertFalse(self.messages)
        self.assertTrue(tx.mpesa_sms_at, "It is looked at again.")
        self.drain()
        self.later(12)
        self.assertFalse(self.messages)
        self.assertFalse(tx.mpesa_sms_at)

    def test_money_that_nobody_has_read_before_the_message_goes(self):
        self.fail()
        self.control.set_sms(mode='down')
        self.later()
        self.control.set_sms(mode='up')
        self.c2b()
        self.later(8)
        self.assertFalse(self.sent)
        self.assertEqual(self.messages.state, 'cancelled')

    def test_an_older_request_that_may_still_bring_the_money(self):
        older = self.prompt(phone='254722000222')
        self.fail()
        self.later()
        self.assertFalse(self.messages)
        self.drain_stk(older, 1032)
        self.fail(2001)
        self.later(12)
        self.assertEqual(len(self.sent), 1, "That one took no money.")

    def test_money_that_comes_while_the_message_waits(self):
        self.fail()
        self.control.set_sms(mode='down')
        self.later()
        self.assertEqual(self.messages.state, 'retry')
        self.control.set_sms(mode='up')
        self.drain_c2b()
        self.later(8)
        self.assertEqual(self.messages.state, 'cancelled')
        self.assertNotIn("was not paid", ''.join(self.sent))

    def test_another_parent_who_is_paying_just_now(self):
        self.fail()
        self.prompt(phone='254722000222')
        self.later()
        self.assertFalse(self.messages)

    def test_who_owes_nothing_any_more(self):
        self.fail()
        self.bill._reverse_moves(cancel=True)
        self.later()
        self.assertFalse(self.messages)

    # === WHICH SCHOOL === #

    def test_each_branch_decides_and_writes_by_itself(self):
        branch = self.env['res.company'].create({
            'name': "Uhuru Primary", 'parent_id': self.school.id,
            'country_id': self.school.country_id.id, 'currency_id': self.school.currency_id.id,
        })
        self.env.user.company_ids |= branch
        self.env['account.chart.template']._load(
            self.school.chart_template, branch, install_demo=False,
        )
        pupil = self.env['school.student'].with_company(branch).create({
            'name': "Amina Yusuf", 'admission_no': 'P-77', 'company_id': branch.id,
        })
        self.create_guardian(pupil, "Asha Yusuf", phone='+254722000222')
        self.env['account.move'].with_company(branch).create({
            'move_type': 'out_invoice', 'partner_id': pupil.partner_id.id,
            'invoice_date': self.term_3.bill_date, 'company_id': branch.id,
            'invoice_line_ids': [(0, 0, {'name': "Trip", 'price_unit': 900, 'tax_ids': False})],
        }).action_post()
        self.assertEqual(pupil.balance, 900)
        asked = {'amount': 900, 'phone': '254722000222', 'student': pupil, 'invoices': None}
        self.assertFalse(self.fail(**asked).mpesa_sms_at, "The branch tells of none.")
        branch.write({
            'school_sms_failed_attempts': True, 'school_sms_gateway': 'africastalking',
            'school_sms_environment': 'simulator',
            'school_sms_username': self.school.sudo().school_sms_username,
            'school_sms_key': sms_gateway.API_KEY,
        })
        self.school.school_sms_failed_attempts = False
        self.fail(**asked)
        self.later()
        self.assertEqual(self.messages.company_id, branch)
        self.assertTrue(self.sent[0].startswith("Uhuru Primary: KES 900 for Amina Yusuf"))
