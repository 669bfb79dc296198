import os
from unittest.mock import patch

from odoo.exceptions import AccessError, LockError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


BASE = 'https://fees.example.sc.ke'


@tagged('post_install', '-at_install')
class TestProviderRegister(SchoolMpesaCommon):
    """Registering addresses from the provider's form, and the letter about validation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.mpesa_callback_base = BASE
        cls.system = cls.create_staff('register-system', 'base.group_system')

    @classmethod
    def create_staff(cls, login, group):
        return new_test_user(
            cls.env, login=login, groups=f'base.group_user,{group}', company_id=cls.school.id,
            company_ids=[Command.set(cls.school.ids)],
        )

    def open_dialog(self, name='action_mpesa_open_register', user=None):
        """ Press a button of the form as the system's administrator does. """
        action = getattr(self.provider.with_user(user or self.system), name)()
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env[action['res_model']].with_user(self.system).browse(action['res_id'])

    def register(self):
        return self.open_dialog().action_register()

    def assert_refused(self, words):
        with self.assertRaises(UserError) as refusal:
            self.register()
        self.assertIn(words, str(refusal.exception))
        self.assertFalse(self.provider.mpesa_registered_at)
        return str(refusal.exception)

    def kept(self):
        """ Return what the simulator keeps of the shortcode. """
        return self.control.shortcode('600111')

    # === REGISTERING === #

    def test_the_addresses_are_registered_and_work(self):
        self.assertIn("Not registered", self.provider.mpesa_registration_message)
        wizard = self.open_dialog()
        self.assertFalse(wizard.problem)
        self.assertTrue(wizard.confirmation_address.startswith(f'{BASE}/collect/'))
        wizard.action_register()
        kept = self.kept()
        self.assertEqual(
            (kept['confirmation_url'], kept['validation_url']),
            (wizard.confirmation_address, wizard.validation_address),
        )
        self.assertEqual((kept['response_type'], kept['c2b_version']), ('Completed', 'v2'))
        self.assertTrue(self.provider.mpesa_registered_at)
        self.assertEqual(self.provider.mpesa_registered_base, BASE)
        self.env.invalidate_all()
        self.assertIn("Registered on", self.provider.mpesa_registration_message)
        # Money that is paid by hand now comes, at exactly that address.
        self.control.pay_bill('254712000111', '600111', 'ADM-012', 1000)
        self.accept(self.wait_deliveries(kind='c2b_confirmation')[0])
        self.drain()
        self.assertEqual(self.student.balance, 31_500)

    def test_the_choices_are_told_to_safaricom(self):
        with Form(self.provider.with_user(self.system)) as form:
            form.mpesa_response_type = 'Cancelled'
            form.mpesa_c2b_version = 'v1'
        self.assertIn("nobody can pay while this server is down", self.open_dialog().notes)
        self.register()
        kept = self.kept()
        self.assertEqual((kept['response_type'], kept['c2b_version']), ('Cancelled', 'v1'))

    def test_registering_again_gives_the_same_addresses(self):
        self.register()
        first = self.kept()['confirmation_url']
        self.register()
        self.assertEqual(self.kept()['confirmation_url'], first)

    def test_a_second_click_waits_for_the_first(self):
        wizard = self.open_dialog()
        with patch.object(type(self.provider), 'lock_for_update', side_effect=LockError("busy")), \
                self.assertRaises(UserError) as refusal:
            wizard.action_register()
        self.assertIn("Nothing was sent", str(refusal.exception))
        self.assertFalse(self.control.daraja_requests('c2b_register'))

    # === NEW ADDRESSES === #

    def renew(self):
        self.open_dialog().action_renew()
        self.env.flush_all()
        self.env.invalidate_all()
        return self.confirmation_url()

    def test_old_addresses_work_until_the_new_ones_are_registered_and_used(self):
        self.register()
        old = self.kept()['confirmation_url']
        new = self.renew()
        self.assertNotEqual(new.split('/')[4], old.split('/')[4])
        self.assertIn("New addresses were made", self.provider.mpesa_registration_message)
        self.assertEqual(self.renew(), new, "One that waits for its use is enough.")
        self.accept_bytes(old, self.confirmation_body('UIE4K7P2QA'))
        Token = self.env['mpesa.callback.token']
        Token._note_use(new.split('/')[4])
        self.assertTrue(Token._identify(old.split('/')[4], 'c2b'), "Safaricom has not taken them.")
        self.register()
        self.assertIn("Registered on", self.provider.mpesa_registration_message)
        # A payment under way still goes to the old one.
        self.accept_bytes(old, self.confirmation_body('UIE4K7P2QB'))
        with patch.object(type(self.env.registry), 'clear_cache') as clear_cache:
            Token._note_use(old.split('/')[4])
        clear_cache.assert_not_called()
        self.assertTrue(Token._identify(old.split('/')[4], 'c2b'))
        Token._note_use(new.split('/')[4])
        self.assertFalse(Token._identify(old.split('/')[4], 'c2b'))
        self.assertTrue(Token._identify(new.split('/')[4], 'c2b'))

    def test_refused_new_addresses_leave_the_old_ones_valid(self):
        self.register()
        old = self.kept()['confirmation_url']
        self.control.set(environment='production')
        self.renew()
        with self.assertRaises(UserError):
            self.register()
        self.assertEqual(self.kept()['confirmation_url'], old)
        self.accept_bytes(old, self.confirmation_body('UIE4K7P2QA'))
        self.drain()
        self.assertEqual(self.student.balance, 31_500)

    def test_the_addresses_stand_nowhere_in_the_clear(self):
        """ Only their digest and their sealed form are saved (trust.md A30). """
        wizard = self.open_dialog()
        letter = self.open_dialog('action_mpesa_open_letter')
        token = wizard.confirmation_address.split('/')[4]
        self.assertRegex(token, r'^[0-9a-f]{32}$')
        self.assertIn(token, letter.letter)
        wizard.action_register()
        self.env.flush_all()
        for table in ('mpesa_register_wizard', 'mpesa_validation_letter', 'payment_provider'):
            self.env.cr.execute(SQL('SELECT t::text FROM %s t', SQL.identifier(table)))
            self.assertNotIn(token, str(self.env.cr.fetchall()))

    # === SAID BEFOREHAND === #

    def test_what_safaricom_would_refuse_is_said_beforehand(self):
        for base, words in (
            ('https://mpesa.example.sc.ke', 'contain "mpesa"'),
            ('https://fees.ngrok.io', "does not call tunnels"),
            ('https://Fees.example.sc.ke', "small letters"),
            ('fees.example.sc.ke', "must be a web address"),
        ):
            with self.subTest(base):
                # As it is when the server's own address was changed behind the form's back.
                self.env.cr.execute(
                    'UPDATE payment_provider SET mpesa_callback_base = %s WHERE id = %s',
                    [base, self.provider.id],
                )
                self.env.invalidate_all()
                self.assertIn(words, self.open_dialog().problem)
                self.assert_refused(words)
        self.assertFalse(self.control.daraja_requests('c2b_register'))

    def test_production_says_that_it_is_once_and_needs_https(self):
        self.provider.state = 'disabled'
        self.provider.mpesa_environment = 'production'
        wizard = self.open_dialog()
        self.assertFalse(wizard.problem)
        self.assertIn("takes addresses once", wizard.notes)
        self.provider.mpesa_callback_base = 'http://fees.example.sc.ke'
        self.assertIn("must start with https://", self.open_dialog().problem)
        self.provider.mpesa_callback_base = 'https://192.168.1.20'
        self.assertIn("inside a local network", self.open_dialog().problem)

    def test_the_sandbox_says_what_its_own_code_cannot(self):
        self.provider.state = 'disabled'
        self.provider.write({'mpesa_environment': 'sandbox', 'mpesa_shortcode': '174379'})
        self.provider.mpesa_callback_base = 'http://localhost:8069'
        notes = self.open_dialog().notes
        self.assertIn("174379 takes prompts", notes)
        self.assertIn("cannot reach http://localhost:8069", notes)

    def test_missing_keys(self):
        self.provider.mpesa_consumer_key = False
        self.assertIn("Fill in the consumer key", self.open_dialog().problem)
        self.assert_refused("Fill in the consumer key")

    # === REFUSED BY SAFARICOM === #

    def test_production_has_addresses_already(self):
        self.control.set(environment='production')
        self.control.set_shortcode('600111', confirmation_url='https://other.example/c')
        message = self.assert_refused("already has addresses")
        self.assertIn("URL Management", message)
        self.assertEqual(self.kept()['confirmation_url'], 'https://other.example/c')

    def test_words_for_each_refusal(self):
        for fault, words in (
            ('aggregator', "before Daraja"), ('conflict_409', "does not let these keys"),
            ('http_500', "did not say whether"), ('soap_fault', "did not say whether"),
            ('reset_before', "did not say whether"), ('busy', "busy"),
        ):
            with self.subTest(fault):
                self.control.script('c2b_register', fault=fault)
                self.assert_refused(words)

    def test_an_address_that_only_safaricom_refuses(self):
        self.control.set(environment='production')
        self.provider.mpesa_callback_base = 'http://fees.example.sc.ke'
        self.assert_refused("Safaricom refuses addresses that begin with http://fees")

    def test_an_app_without_c2b(self):
        app = self.control.add_app(products=['stk'])
        self.provider.write({
            'mpesa_consumer_key': app['consumer_key'],
            'mpesa_consumer_secret': app['consumer_secret'],
        })
        self.assert_refused("may not register addresses in version v2")

    def test_daraja_down(self):
        with patch.dict(os.environ, {'SCHOOL_MPESA_SIMULATOR_URL': 'http://127.0.0.1:9'}):
            self.assert_refused("could not be reached")

    # === WHAT THE FORM KNOWS === #

    def test_the_check_says_whether_addresses_are_registered(self):
        self.provider.action_mpesa_check()
        self.assertTrue(self.provider.mpesa_check_passed)
        self.assertIn("Not registered", self.provider.mpesa_check_message)
        self.register()
        self.provider.action_mpesa_check()
        self.assertIn("Registered on", self.provider.mpesa_check_message)
        self.assertNotIn('/collect/', self.provider.mpesa_check_message)

    def test_another_public_address_is_seen(self):
        self.register()
        self.provider.mpesa_callback_base = 'https://new.example.sc.ke'
        message = self.provider.mpesa_registration_message
        self.assertIn(f"for {BASE}, but the public address is now https://new", message)

    def test_another_shortcode_has_no_addresses(self):
        self.register()
        self.provider.mpesa_shortcode = '600112'
        self.assertFalse(self.provider.mpesa_registered_at)
        self.assertIn("Not registered", self.provider.mpesa_registration_message)

    def test_addresses_that_somebody_else_registered_are_seen_by_their_use(self):
        self.accept_bytes(self.confirmation_url(), self.confirmation_body('UIE4K7P2QX'))
        self.env.invalidate_all()
        self.assertIn("it has the addresses", self.provider.mpesa_registration_message)

    # === WHO MAY === #

    def test_only_the_system_registers_and_sees_the_addresses(self):
        bursar = self.create_staff('register-bursar', 'school_fees.group_administrator')
        wizard = self.open_dialog()
        for name in ('action_mpesa_open_register', 'action_mpesa_open_letter'):
            with self.assertRaises(AccessError):
                self.open_dialog(name, user=bursar)
        with self.assertRaises(AccessError):
            wizard.with_user(bursar).read(['confirmation_address'])
        with self.assertRaises(AccessError):
            wizard.with_user(bursar).action_register()
        self.assertFalse(self.control.daraja_requests('c2b_register'))

    def test_a_draft_is_its_makers(self):
        other = self.create_staff('register-other', 'base.group_system')
        with self.assertRaises(AccessError):
            self.open_dialog().with_user(other).read(['confirmation_address'])

    # === THE LETTER === #

    def test_the_letter_names_shortcode_school_and_addresses(self):
        wizard = self.open_dialog('action_mpesa_open_letter')
        self.assertIn('apisupport@safaricom.co.ke', wizard.recipient)
        self.assertIn('600111', wizard.subject)
        confirmation, validation = self.provider._mpesa_get_c2b_addresses()
        for words in (self.school.name, 'Paybill: 600111', confirmation, validation):
            self.assertIn(words, wizard.letter)
        self.assertNotIn('Till number', wizard.letter)

    def test_the_letter_of_a_till_names_both_numbers(self):
        self.provider.write({'mpesa_shortcode_type': 'till', 'mpesa_till_number': '5550111'})
        letter = self.open_dialog('action_mpesa_open_letter').letter
        self.assertIn('Store number: 600111', letter)
        self.assertIn('Till number: 5550111', letter)
