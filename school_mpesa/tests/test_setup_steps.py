import os
import socket
import threading
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.models import payment_provider_setup_calls as calls
from odoo.addons.school_mpesa.models.ir_cron import OUR_JOBS
from odoo.addons.school_mpesa.models.mpesa_setup_catalogue import BY_KEY, STEPS
from odoo.addons.school_mpesa.tests.setup_common import SetupCommon
from odoo.addons.school_mpesa.tests.test_alert_health import CertificateServer


SECRETS = (
    'mpesa_consumer_key', 'mpesa_consumer_secret', 'mpesa_passkey', 'mpesa_initiator_password',
)


@tagged('post_install', '-at_install')
class TestSetupSteps(SetupCommon):
    """Each step of the set-up, failed and proven by what the other side answers."""

    # === THE SCREEN === #

    def test_a_new_shortcode_has_all_steps_and_the_first_is_next(self):
        provider = self.create_provider(shortcode='600222').with_user(self.administrator)
        self.assertEqual(provider.mpesa_setup_step_ids.mapped('key'), [s.key for s in STEPS])
        self.assertEqual(provider.mpesa_setup_next_id.key, 'school')
        provider.action_mpesa_setup_next()
        # Asking for the passkey is for production.
        self.assertEqual(provider.mpesa_setup_next_id.key, 'keys')
        self.assertEqual(provider.mpesa_setup_next_button, "Check")
        tasks = provider.mpesa_setup_step_ids.filtered(lambda s: s.kind == 'task')
        self.assertEqual(set(tasks.mapped('shown_state')), {'unneeded'})

    def test_the_menu_opens_the_only_shortcode_and_lays_out_missing_steps(self):
        school = self.create_school("Small School")
        # Odoo gives each new company a copy of the provider.
        provider = self.env['payment.provider'].search([
            ('code', '=', 'mpesa'), ('company_id', '=', school.id),
        ])
        provider.mpesa_setup_step_ids.unlink()
        Provider = self.env['payment.provider'].with_user(
            self.create_clerk('setup-small', 'base.group_system', school),
        ).with_context(allowed_company_ids=school.ids)
        self.assertEqual(Provider.action_mpesa_open_setups()['res_id'], provider.id)
        self.assertEqual(len(provider.mpesa_setup_step_ids), len(STEPS))
        self.create_provider(school, '600222')
        self.assertFalse(Provider.action_mpesa_open_setups().get('res_id'))

    def test_the_result_is_kept_in_each_language(self):
        self.env['res.lang']._activate_lang('sw')
        step = self.assert_step('token', 'proven', "Safaricom accepts the keys")
        self.env.cr.execute('SELECT words FROM mpesa_setup_step WHERE id = %s', [step.id])
        self.assertEqual(set(self.env.cr.fetchone()[0]), {'en_US', 'sw'})

    # === WHAT IS SAVED === #

    def test_school(self):
        self.school.phone = False
        self.assert_step('school', 'failed', "Missing: Phone")
        self.school.phone = '020 123 4567'
        self.assert_step('school', 'proven', "books in KES")

    def test_keys(self):
        self.provider.mpesa_consumer_key = False
        self.assert_step('keys', 'failed', "Fill in the shortcode, the consumer key")
        self.provider.mpesa_consumer_key = 'again'
        self.assert_step('keys', 'proven', "Paybill 600111")
        with patch.dict(os.environ, {'SCHOOL_MPESA_KEYS': ''}):
            self.assert_step('keys', 'failed', "no encryption key")

    def test_books(self):
        self.assert_step('books', 'proven', "M-PESA 600111")
        self.provider.state = 'disabled'
        self.provider.journal_id.default_account_id = False
        self.assertEqual(self.step('books').shown_state, 'failed', "It is looked at when shown.")
        self.assert_step('books', 'failed', "no journal with an account")

    def test_a_changed_setting_takes_back_what_it_proved(self):
        for key in ('keys', 'token', 'passkey', 'books'):
            self.assert_step(key, 'proven')
        self.provider.mpesa_passkey = 'ab' * 32
        for key, state in (
            ('keys', 'proven'), ('passkey', 'todo'), ('token', 'proven'), ('books', 'proven'),
        ):
            self.assertEqual(self.step(key).shown_state, state, key)
        self.provider.mpesa_consumer_key = False
        self.assertEqual(self.step('keys').shown_state, 'failed', "It is looked at when shown.")
        self.assertEqual(self.step('token').shown_state, 'todo')
        self.assertTrue(self.step('passkey').proven_at, "When it was last proven stays known.")

    # === SAFARICOM === #

    def test_token(self):
        step = self.assert_step('token', 'proven', "lives 59 minutes")
        self.assertTrue(step.milliseconds)
        self.provider.mpesa_consumer_secret = 'wrong'
        self.assert_step('token', 'failed', "did not accept these keys")
        self.provider.mpesa_consumer_secret = False
        self.assert_step('token', 'failed', "Nothing was asked")
        with patch.dict(os.environ, {'SCHOOL_MPESA_SIMULATOR_URL': 'http://127.0.0.1:9'}):
            self.provider.mpesa_consumer_secret = 'any'
            self.assert_step('token', 'failed', "could not be reached")

    def test_passkey(self):
        self.assert_step('passkey', 'proven', "nothing against shortcode 600111")
        self.assertFalse(self.control.daraja_requests('stk_push'), "Nobody's phone rings.")
        self.provider.mpesa_passkey = 'ab' * 32
        self.assert_step('passkey', 'failed', "passkey does not match shortcode 600111")
        self.provider.mpesa_passkey = False
        self.assert_step('passkey', 'failed', "Nothing was asked")

    def test_the_sandbox_says_what_its_passkey_does_not_prove(self):
        self.provider.write({
            'mpesa_environment': 'sandbox', 'mpesa_shortcode': const.SANDBOX_SHORTCODE,
        })
        step = self.step('passkey')
        self.assertIn("in production only", step.sudo()._judge()[1])

    def test_register(self):
        step = self.step('register')
        step.sudo()._keep()
        self.assertEqual(self.step('register').shown_state, 'failed')
        action = step.action_run()
        wizard = self.env[action['res_model']].with_user(self.administrator).browse(
            action['res_id'],
        )
        wizard.action_register()
        step = self.step('register')
        self.assertEqual(step.shown_state, 'proven')
        self.assertIn("Registered on", step.shown_words)
        self.assertTrue(step.proven_at)
        wizard.action_renew()
        self.assertEqual(self.step('register').shown_state, 'failed', "New ones were made.")
        self.provider.mpesa_callback_base = 'https://other.example.sc.ke'
        self.assertEqual(self.step('register').shown_state, 'failed')

    def test_addresses_registered_elsewhere_are_proven_by_an_announcement_since(self):
        self.c2b('UIE4K7P2QA', '10.00', 'nobody')
        self.step('register').sudo()._keep()
        self.assertEqual(self.step('register').shown_state, 'proven')
        before = fields.Datetime.now()
        self.provider.mpesa_callback_base = 'https://other.example.sc.ke'
        self.assertGreaterEqual(self.provider.mpesa_announced_from, before)
        # An inbox row keeps its time: move the change instead.
        self.provider.mpesa_announced_from += timedelta(seconds=5)
        self.assertEqual(self.step('register').shown_state, 'failed')
        changed = self.provider.mpesa_announced_from = before - timedelta(seconds=5)
        self.c2b('UIE4K7P2QB', '10.00', 'nobody')
        self.assertEqual(self.step('register').shown_state, 'proven')
        self.provider.mpesa_callback_base = 'https://other.example.sc.ke'
        self.assertEqual(self.provider.mpesa_announced_from, changed, "Nothing was changed.")

    # === THE INITIATOR === #

    def test_initiator(self):
        self.assert_step('initiator', 'waiting', "is being asked")
        self.assertTrue(self.provider.mpesa_setup_waits)
        self.send_questions()
        self.hear_result()
        step = self.step('initiator')
        self.assertEqual(step.shown_state, 'proven', step.shown_words)
        self.assertIn("90 days", step.shown_words)
        step.action_open_setup()
        self.assertEqual(self.step('initiator').state, 'proven')

    def test_a_refused_initiator_is_not_asked_again(self):
        self.provider.mpesa_initiator_password = 'wrong'
        self.assert_step('initiator', 'waiting')
        self.send_questions()
        self.hear_result()
        step = self.step('initiator')
        self.assertEqual(step.shown_state, 'failed', step.shown_words)
        self.assertIn("does not accept the initiator", step.shown_words)
        self.assert_step('initiator', 'failed', "does not accept the initiator")
        self.assertEqual(self.count_status_questions(), 1)

    def test_an_initiator_without_parts_or_use(self):
        self.provider.mpesa_certificate = False
        self.assert_step('initiator', 'failed', "Missing: M-PESA's certificate")
        self.provider.mpesa_status_enabled = False
        self.assert_step('initiator', 'unneeded', "Nothing is asked")
        self.assertFalse(self.control.daraja_requests('transaction_status'))

    def test_an_initiator_that_only_gives_money_back_is_not_said_to_be_unneeded(self):
        self.provider.mpesa_status_enabled = False
        self.assert_step('initiator', 'unneeded')
        self.provider.mpesa_reversal_enabled = True
        self.assertEqual(self.step('initiator').shown_state, 'todo', "It is needed now.")
        self.assert_step('initiator', 'failed', "Switch on Ask About Payments")
        self.provider.mpesa_certificate = False
        self.assert_step('initiator', 'failed', "Missing: M-PESA's certificate")
        self.assertFalse(self.env['mpesa.command'].search([]))

    def test_an_initiator_that_only_asks_for_the_balance_is_proven_by_it(self):
        self.provider.write({'mpesa_status_enabled': False, 'mpesa_balance_enabled': True})
        step = self.assert_step('initiator', 'waiting', "is being asked")
        self.assertEqual(step.sudo().mpesa_command_id.kind, 'balance')
        self.assertEqual(step.sudo().mpesa_command_id.asked_by_id, self.administrator)
        self.send_questions()
        self.hear_result()
        self.assertEqual(self.step('initiator').shown_state, 'proven')
        self.assertFalse(self.control.daraja_requests('transaction_status'))

    def test_an_initiator_without_the_role_for_the_balance(self):
        self.provider.write({'mpesa_status_enabled': False, 'mpesa_balance_enabled': True})
        self.run_step('initiator')
        self.send_questions()
        self.tell_result(self.step('initiator').sudo().mpesa_command_id, code='21')
        step = self.step('initiator')
        self.assertEqual(step.shown_state, 'failed')
        self.assertIn("may not ask for the balance (21)", step.shown_words)

    # === WHO CALLS === #

    def test_source(self):
        host = patch.object(calls, '_find_own_addresses', return_value=['198.51.100.7'])
        with patch.object(socket, 'getaddrinfo', side_effect=socket.gaierror):
            self.assert_step('source', 'failed', "leads to no server")
        with host:
            self.assert_step('source', 'unneeded', "198.51.100.7")
            self.provider.mpesa_source_check = 'note'
            self.assert_step('source', 'todo', "Let Safaricom's addresses through")
            self.c2b('UIE4K7P2QA', '10.00', 'nobody')  # from 127.0.0.1
            self.assert_step('source', 'failed', "quarantined money is not booked")
            self.env['mpesa.source.address'].create({'address': '127.0.0.1'})
            self.c2b('UIE4K7P2QB', '10.00', 'nobody')
            self.assert_step('source', 'proven', "one of Safaricom's addresses")

    def test_messages(self):
        self.assert_step('messages', 'todo', "No message yet")
        self.question(self.pay())  # Its message was lost.
        self.assert_step('messages', 'todo')
        self.env.cr.execute(
            "UPDATE mpesa_transaction SET first_seen_at = first_seen_at - interval '2 hours'"
            " WHERE id = %s", [self.get_movements().id],
        )
        self.assert_step('messages', 'failed', "1 payments are known only because")
        self.drain_c2b('UIE4K7P2QX', '10.00', 'nobody')
        self.assert_step('messages', 'proven', "under a minute ago")

    # === WHAT TELLS AND WHAT RUNS === #

    def test_actions(self):
        jobs = self.env['ir.cron'].browse([self.env.ref(xmlid).id for xmlid in OUR_JOBS])
        now = self.env.cr.now().replace(microsecond=0)
        jobs.write({'nextcall': now, 'active': True})
        self.env.cr.execute('UPDATE ir_cron SET failure_count = 0')
        self.assert_step('actions', 'proven', f"All {len(OUR_JOBS)} run")
        for values in ({'active': False}, {'nextcall': '2026-01-01 00:00:00'}):
            with self.subTest(values):
                self.env.ref('school_mpesa.cron_drain').write(values)
                self.assert_step('actions', 'failed', "book what has arrived")
                self.env.ref('school_mpesa.cron_drain').write({'active': True, 'nextcall': now})

    def test_email_without_a_server(self):
        self.env['ir.mail_server'].search([]).active = False
        self.assert_step('email', 'failed', "No outgoing mail server")

    def test_email(self):
        self.env['ir.mail_server'].search([]).active = False
        # Odoo's tests connect to no mail server, unless told to.
        with patch.object(IrMail_Server, '_disable_send', lambda _self: False), \
                socket.create_server(('127.0.0.1', 0)) as listener:
            server = self.env['ir.mail_server'].create({
                'name': "School's", 'smtp_host': '127.0.0.1', 'smtp_encryption': 'none',
                'smtp_port': listener.getsockname()[1],
            })
            threading.Thread(target=_take_mail, args=[listener], daemon=True).start()
            self.assert_step('email', 'proven', "School's takes mail")
            self.administrator.email = False
            self.assert_step('email', 'failed', "Your own e-mail address is missing")
            self.administrator.email = 'it@uhuru.example'
            server.smtp_port = 9
            self.assert_step('email', 'failed', "School's takes no mail")

    # === A PERSON'S TASKS, AND THE LETTERS === #

    def go_to_production(self):
        self.provider.write({
            'mpesa_environment': 'production', 'state': 'enabled',
            'mpesa_callback_base': 'https://fees.example.sc.ke',
        })

    def test_tasks_are_ticked_and_taken_back(self):
        self.go_to_production()
        provider = self.provider.with_user(self.administrator)
        self.run_step('school')
        self.assertEqual(provider.mpesa_setup_next_id.key, 'passkey_asked')
        self.assertFalse(provider.mpesa_setup_next_button)
        provider.action_mpesa_setup_next()
        self.assertEqual(self.step('passkey_asked').shown_state, 'todo', "Ticked by nobody.")
        for key in ('passkey_asked', 'access_asked', 'validation_asked', 'operators'):
            with self.subTest(key):
                self.assertEqual(self.step(key).shown_state, 'todo')
                step = self.assert_step(key, 'proven', f"Ticked by {self.administrator.name}")
                step.action_run()
                self.assertEqual(self.step(key).shown_state, 'todo')

    def test_live(self):
        self.assert_step('live', 'unneeded', "No real money moves here")
        self.go_to_production()
        self.assert_step('live', 'proven', "600111")
        self.provider.state = 'disabled'
        self.assert_step('live', 'failed', "not enabled")

    def test_letters(self):
        for key, subject, fact in (
            ('passkey_asked', "passkey", 'Send it to: office@uhuru.example'),
            ('access_asked', "API products", 'Org Reversals Initiator'),
            ('validation_asked', "validation", 'Validation URL: https://fees.example.sc.ke/'),
            ('source', "Firewall", '196.201.214.200'),
        ):
            with self.subTest(key):
                action = self.step(key).action_letter()
                letter = self.env[action['res_model']].with_user(self.administrator).browse(
                    action['res_id'],
                )
                self.assertIn(subject, letter.subject)
                self.assertTrue(letter.subject.endswith('600111'))
                for words in (self.school.name, 'Paybill: 600111', fact):
                    self.assertIn(words, letter.letter)
                if key != 'validation_asked':
                    self.assertNotIn('/collect/', letter.letter)

    # === WHO MAY, AND WHAT IS NEVER SHOWN === #

    def test_only_the_system_sees_and_runs_steps(self):
        step = self.provider.mpesa_setup_step_ids[:1]
        office = self.create_clerk('setup-office', 'school_fees.group_administrator')
        other = self.create_clerk(
            'setup-other', 'base.group_system', self.create_school("Other School"),
        )
        for user in (office, other):
            for call in (
                lambda s: s.read(['words']), lambda s: s.action_run(), lambda s: s.action_letter(),
                lambda s: s.action_open_payment(), lambda s: s.action_open_setup(),
            ):
                with self.assertRaises(AccessError), self.env.cr.savepoint():
                    call(step.with_user(user))
        with self.assertRaises(AccessError):
            self.env['payment.provider'].with_user(office).action_mpesa_open_setups()
        with self.assertRaises(AccessError):
            step.with_user(self.administrator).write({'state': 'proven'})
        self.assertFalse(self.control.daraja_requests())

    def test_no_secret_stands_in_a_result(self):
        hidden = [self.provider._mpesa_secret(name) for name in SECRETS]
        with patch.object(calls, '_find_own_addresses', return_value=['198.51.100.7']):
            for step in STEPS:
                if BY_KEY[step.key].kind == 'check':
                    self.run_step(step.key)
        shown = str(self.provider.mpesa_setup_step_ids.read())
        self.assertTrue(all(hidden))
        for secret in hidden:
            self.assertNotIn(secret, shown)


@tagged('post_install', '-at_install')
class TestSetupAddress(SetupCommon, HttpCase):
    """The public address, proven by this server's own answer over HTTP."""

    def test_this_server_answers(self):
        self.provider.mpesa_callback_base = self.base_url()
        with self.allow_requests(all_requests=True):
            step = self.assert_step('address', 'proven', f"answers at {self.base_url()}")
        self.assertIn("inside a local network", step.shown_words)

    def test_somebody_else_answers(self):
        self.provider.mpesa_callback_base = self.simulator.url
        self.assert_step('address', 'failed', "something else answers")

    def test_a_server_with_other_keys_is_somebody_else(self):
        self.provider.mpesa_callback_base = self.base_url()
        with self.allow_requests(all_requests=True), patch.object(
            calls.vault, 'derive_token', side_effect=['0' * 32, '1' * 32],
        ):
            self.assert_step('address', 'failed', "something else answers")

    def test_nobody_answers(self):
        self.provider.mpesa_callback_base = 'http://127.0.0.1:9'
        self.assert_step('address', 'failed', "cannot reach itself")

    def test_only_our_own_address_on_the_internet_is_called(self):
        port = urlsplit(self.simulator.url).port
        for environment, base, words in (
            ('sandbox', self.simulator.url, "leads into a local network"),
            ('sandbox', f'http://localhost:{port}', "leads into a local network"),
            ('sandbox', f'http://[::1]:{port}', "leads into a local network"),
            ('sandbox', 'http://169.254.169.254', "leads into a local network"),
            ('simulator', 'http://169.254.169.254', "leads to another machine"),
            ('simulator', 'http://10.0.0.5:8069', "leads to another machine"),
        ):
            with self.subTest(base=base, environment=environment):
                self.provider.write({
                    'mpesa_environment': environment, 'mpesa_callback_base': base,
                })
                self.assert_step('address', 'failed', words)

    def test_no_proxy_is_asked(self):
        self.provider.mpesa_callback_base = self.simulator.url
        with patch.dict(os.environ, {'http_proxy': 'http://127.0.0.1:9', 'no_proxy': ''}):
            self.assert_step('address', 'failed', "something else answers")

    def test_a_certificate_that_nobody_trusts(self):
        server = CertificateServer(80)
        self.addCleanup(server.stop)
        self.provider.mpesa_callback_base = f'https://127.0.0.1:{server.port}'
        self.assert_step('address', 'failed', "a certificate that is not trusted")

    def test_what_safaricom_has_against_the_wording(self):
        self.env.cr.execute(
            "UPDATE payment_provider SET mpesa_callback_base = 'https://mpesa.example.sc.ke'"
            " WHERE id = %s", [self.provider.id],
        )
        self.env.invalidate_all()
        self.assert_step('address', 'failed', 'contain "mpesa"')

    def test_the_echo_tells_nothing_else(self):
        for nonce in ('x', '0' * 31, 'G' * 32, '0' * 33):
            self.assertEqual(self.url_open(f'/collect/{nonce}/echo').status_code, 404)
        answer = self.url_open(f'/collect/{"0" * 32}/echo')
        self.assertRegex(answer.text, r'^[0-9a-f]{32}$')
        self.assertNotIn('Set-Cookie', answer.headers)


def _take_mail(listener):
    """ Answer one mail client up to its message, as a mail server does. """
    client, _address = listener.accept()
    with client, client.makefile('rwb') as stream:
        def say(line):
            stream.write(line + b'\r\n')
            stream.flush()

        say(b'220 mail.example')
        for line in stream:
            word = line[:4].upper()
            if word == b'QUIT':
                return
            say(b'354 go on' if word == b'DATA' else b'250 fine')
