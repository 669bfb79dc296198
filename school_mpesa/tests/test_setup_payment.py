import json
import os
from unittest.mock import patch

from daraja_simulator import sms_gateway

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_fees import sms_gateway as school_gateway
from odoo.addons.school_mpesa.tests.setup_common import SetupCommon


PHONE = '254712000199'


@tagged('post_install', '-at_install')
class TestSetupPayment(SetupCommon):
    """The first payments of a set-up: one shilling by a prompt and by hand, and the test SMS."""

    def setUp(self):
        super().setUp()
        self.control.add_wallet(PHONE, name='ADMINISTRATOR')

    def ask_one_shilling(self):
        """ Go through the dialog as the administrator does.

        :rtype: payment.transaction
        """
        action = self.step('payment').action_run()
        Wizard = self.env[action['res_model']].with_user(self.administrator)
        with Form(Wizard.with_context(**action['context'])) as form:
            form.student_id = self.student
            form.other_phone = '0712 000 199'
        self.assertEqual(form.record.amount, 1)
        form.record.action_send()
        tx = self.step('payment').sudo().payment_transaction_id
        self.assertEqual((tx.amount, tx.provider_id), (1, self.provider))
        return tx

    def test_one_shilling_is_really_booked_and_its_way_is_told(self):
        self.assertEqual(self.step('payment').shown_state, 'todo')
        tx = self.ask_one_shilling()
        self.assertEqual(self.step('payment').shown_state, 'waiting')
        self.send()
        self.assertIn("on the phone after", self.step('payment').timeline)
        self.control.pay(PHONE)
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.assertEqual(tx.mpesa_push_state, 'paid')
        self.assertEqual(self.student.balance, 32_499)
        self.assert_conserved()
        step = self.step('payment')
        self.assertEqual(step.shown_state, 'proven', step.shown_words)
        self.assertIn(tx.mpesa_receipt_id.number, step.shown_words)
        parts = step.timeline.split(' > ')
        self.assertEqual(parts[0], "asked")
        self.assertEqual(
            [part.split(' after ')[0] for part in parts[1:]],
            ["on the phone", "PIN entered", "answer here", "booked"],
        )
        self.assertNotIn('0199', step.timeline + step.shown_words)
        self.assertEqual(step.action_open_payment()['res_model'], 'school.receipt')
        self.provider.with_user(self.administrator).action_mpesa_open_setup()
        self.assertTrue(self.step('payment').proven_at)

    def test_a_payment_without_the_result_of_its_prompt_proves_nothing(self):
        tx = self.ask_one_shilling()
        self.send()
        self.control.pay(PHONE)
        lost = self.wait_deliveries(kind='stk')[0]
        self.drain_c2b('UIE4K7P2QX', '1.00', tx.mpesa_account_reference)
        receipt = tx.mpesa_receipt_id
        self.assertEqual((tx.mpesa_push_state, receipt.state), ('paid', 'posted'))
        self.assertEqual(self.step('payment').shown_state, 'waiting')
        self.assertIn("still on its way", self.step('payment').shown_words)
        self.env.cr.execute(
            "UPDATE school_receipt SET create_date = create_date - interval '1 hour'"
            " WHERE id = %s", [receipt.id],
        )
        self.assertEqual(self.step('payment').shown_state, 'failed')
        self.assertIn("learnt of in another way", self.step('payment').shown_words)
        self.accept_bytes(lost['url'], lost['body'].replace(
            self.read_code(lost), 'UIE4K7P2QX',
        ).encode())
        self.assertEqual(self.step('payment').shown_state, 'failed', "Nothing is processed yet.")
        self.drain()
        self.assertEqual(self.step('payment').shown_state, 'proven')
        self.assertEqual(self.student.balance, 32_499)

    def read_code(self, delivery):
        """ Return the M-PESA code that a prompt's result tells. """
        items = json.loads(delivery['body'])['Body']['stkCallback']['CallbackMetadata']['Item']
        return next(item['Value'] for item in items if item['Name'] == 'MpesaReceiptNumber')

    def test_a_prompt_that_is_closed_fails_the_step(self):
        tx = self.ask_one_shilling()
        self.send()
        self.control.cancel(PHONE)
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.assertEqual(tx.mpesa_push_state, 'declined')
        step = self.step('payment')
        self.assertEqual(step.shown_state, 'failed')
        self.assertIn("Nothing was booked", step.shown_words)
        self.assertEqual(self.student.balance, 32_500)

    def test_whoever_is_not_of_the_office_does_not_ask_for_money(self):
        other = new_test_user(
            self.env, login='setup-alone', groups='base.group_user,base.group_system',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        with self.assertRaises(AccessError):
            self.step('payment').with_user(other).action_run()

    def test_a_bursar_sets_up_nothing_by_a_prompt(self):
        wizard = self.env['mpesa.prompt.wizard'].with_user(self.bursar).create({
            'student_id': self.student.id, 'phone_choice': 'other', 'other_phone': '0712 000 199',
        })
        wizard.sudo().setup_provider_id = self.provider
        with self.assertRaises(AccessError):
            wizard.action_send()
        self.assertFalse(self.step('payment').payment_transaction_id)

    def test_paybill(self):
        self.assert_step('paybill', 'failed', "No payment by hand was announced")
        self.drain_c2b('UIE4K7P2QX', '1.00', 'nobody')
        self.assert_step('paybill', 'proven', "waits under Unidentified")
        self.drain_c2b('UIE4K7P2QY', '1.00')
        self.assert_step('paybill', 'proven', "booked on a student")

    def test_an_old_payment_by_hand_proves_nothing_of_new_addresses(self):
        self.drain_c2b('UIE4K7P2QX', '1.00', 'nobody')
        self.assert_step('paybill', 'proven')
        self.provider.mpesa_callback_base = 'https://other.example.sc.ke'
        self.assertEqual(self.step('paybill').shown_state, 'todo')
        self.let_pass(self.get_movements())
        self.assert_step('paybill', 'failed', "No payment by hand was announced")
        self.drain_c2b('UIE4K7P2QY', '1.00', 'nobody')
        self.assert_step('paybill', 'proven')
        self.let_pass(self.get_movements())
        self.provider.with_user(self.administrator)._mpesa_register()
        self.assertEqual(self.step('paybill').shown_state, 'todo')
        self.assert_step('paybill', 'failed', "No payment by hand was announced")
        self.drain_c2b('UIE4K7P2QZ', '1.00', 'nobody')
        self.assert_step('paybill', 'proven')

    def let_pass(self, movements):
        """ Let a minute pass since payments were announced. """
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mpesa_transaction SET first_seen_at = first_seen_at - interval '1 minute'"
            " WHERE id IN %s", [tuple(movements.ids)],
        )
        self.env.invalidate_all()

    def test_sms(self):
        self.assert_step('sms', 'unneeded', "No SMS gateway is chosen")
        self.school.write({
            'school_sms_gateway': 'africastalking', 'school_sms_environment': 'simulator',
            'school_sms_username': sms_gateway.USERNAME, 'school_sms_key': 'wrong',
        })
        with patch.dict(os.environ, {'SCHOOL_SMS_SIMULATOR_URL': self.simulator.url}), \
                patch.object(school_gateway, 'config', {}):
            self.assert_step('sms', 'failed', "did not accept the username")
            self.school.school_sms_key = sms_gateway.API_KEY
            self.assert_step('sms', 'proven', "The gateway took the message")
            self.administrator.partner_id.phone = False
            self.assert_step('sms', 'failed', "Your own phone number is missing")
