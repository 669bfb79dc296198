import os
from unittest.mock import patch

from odoo.exceptions import AccessError, RedirectWarning
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class TestProviderScreen(SchoolMpesaCommon):
    """The administrator's screen: the set-up check, the missing keys, the way out."""

    def check(self):
        self.provider.action_mpesa_check()
        self.assertTrue(self.provider.mpesa_checked_at)
        return self.provider.mpesa_check_message

    def test_good_credentials_pass_by_live_calls(self):
        message = self.check()
        self.assertTrue(self.provider.mpesa_check_passed, message)
        self.assertIn('600111', message)
        apis = [call['api'] for call in self.control.daraja_requests()]
        self.assertEqual(apis.count('oauth'), 1)
        self.assertEqual(apis.count('stk_query'), 1)
        self.assertNotIn('stk_push', apis)

    def test_wrong_keys(self):
        self.provider.mpesa_consumer_secret = 'wrong'
        self.assertIn("did not accept these keys", self.check())
        self.assertIn("Local simulator", self.provider.mpesa_check_message)
        self.assertFalse(self.provider.mpesa_check_passed)

    def test_wrong_passkey(self):
        self.provider.mpesa_passkey = 'ab' * 32
        self.assertIn("passkey does not match shortcode 600111", self.check())
        self.assertFalse(self.provider.mpesa_check_passed)

    def test_unknown_shortcode(self):
        self.provider.mpesa_shortcode = '999999'
        self.assertIn("does not know shortcode 999999", self.check())

    def test_missing_product(self):
        app = self.control.add_app(products=[])
        self.provider.write({
            'mpesa_consumer_key': app['consumer_key'],
            'mpesa_consumer_secret': app['consumer_secret'],
        })
        self.assertIn("lacks M-PESA Express", self.check())

    def test_missing_credentials(self):
        self.provider.mpesa_consumer_key = False
        self.assertIn("Fill in the consumer key", self.check())

    def test_daraja_down(self):
        with patch.dict(os.environ, {'SCHOOL_MPESA_SIMULATOR_URL': 'http://127.0.0.1:9'}):
            self.assertIn("could not be reached", self.check())

    def test_no_simulator_on_this_server(self):
        with patch.dict(os.environ, {'SCHOOL_MPESA_SIMULATOR_URL': ''}):
            self.assertIn("simulator is not set up", self.check())

    def test_no_secret_stands_in_the_result(self):
        for values in ({}, {'mpesa_consumer_secret': 'hush-hush-hush'}):
            self.provider.write(values)
            message = self.check()
            for name in ('mpesa_consumer_key', 'mpesa_consumer_secret', 'mpesa_passkey'):
                self.assertNotIn(self.provider._mpesa_secret(name), message)

    def test_a_changed_setting_takes_the_result_back(self):
        self.check()
        self.provider.mpesa_passkey = 'ab' * 32
        self.assertFalse(self.provider.mpesa_checked_at)
        self.assertFalse(self.provider.mpesa_check_passed)

    def test_only_the_system_checks(self):
        bursar = new_test_user(
            self.env, login='provider-admin', company_id=self.school.id,
            groups='base.group_user,school_fees.group_administrator',
            company_ids=[Command.set(self.school.ids)],
        )
        with self.assertRaises(AccessError):
            self.provider.with_user(bursar).action_mpesa_check()

    def test_the_screen_knows_whether_the_server_holds_keys(self):
        self.assertTrue(self.provider.mpesa_has_keys)
        with patch.dict(os.environ, {'SCHOOL_MPESA_KEYS': ''}):
            self.provider.invalidate_recordset(['mpesa_has_keys'])
            self.assertFalse(self.provider.mpesa_has_keys)

    def test_uninstalling_with_payments_is_refused_with_the_way_out(self):
        self.ask()
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        with self.assertRaises(RedirectWarning) as refusal:
            self.env['payment.provider']._remove_provider('mpesa')
        message, action, *_rest = refusal.exception.args
        self.assertIn("archive the provider", message)
        self.assertIn("Disabled", message)
        self.assertEqual(action, self.env.ref('payment.action_payment_provider').id)
        self.assertEqual(self.provider.code, 'mpesa')

    def test_archiving_keeps_taking_what_still_arrives(self):
        self.provider.state = 'disabled'
        self.accept_bytes(self.confirmation_url(), self.confirmation_body('UIE4K7P2QX'))
        self.drain()
        self.assertEqual(self.student.balance, 31_500)
