import os
from unittest.mock import patch

from daraja_simulator import defaults
from psycopg2 import errors as pg_errors

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import vault
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


SECRETS = ('mpesa_consumer_key', 'mpesa_consumer_secret', 'mpesa_passkey')
PRODUCTION = {'mpesa_environment': 'production', 'state': 'enabled'}


@tagged('post_install', '-at_install')
class TestProvider(BookingCommon):
    """The settings of a shortcode: what each does, and what none of them gives away."""

    # === ENVIRONMENT AND STATE === #

    def test_test_mode_means_no_real_money_and_enabled_means_real(self):
        for environment in ('sandbox', 'simulator'):
            self.provider.mpesa_environment = environment
            with self.refusal(ValidationError, "Test Mode"):
                self.provider.state = 'enabled'
        self.provider.mpesa_callback_base = 'https://fees.school.sc.ke'
        with self.refusal(ValidationError, "Enabled"):
            self.provider.mpesa_environment = 'production'
        self.provider.write(PRODUCTION)
        self.assertEqual(self.provider.mpesa_source_check, 'quarantine')

    def test_sandbox_fills_in_the_published_values(self):
        provider = self.create_provider(shortcode='600222')
        with Form(provider.with_context(lang=None)) as form:
            form.mpesa_environment = 'sandbox'
        self.assertEqual(provider.mpesa_shortcode, '174379')
        self.assertEqual(provider._mpesa_secret('mpesa_passkey'), defaults.SANDBOX_PASSKEY)

    def test_production_never_talks_to_the_simulator(self):
        self.provider.write({'mpesa_callback_base': 'https://fees.school.sc.ke', **PRODUCTION})
        self.assertEqual(
            self.provider._mpesa_get_daraja_environment().base_url, 'https://api.safaricom.co.ke',
        )

    def test_what_the_first_payment_fixes(self):
        journal = self.env['account.journal'].create({
            'name': "Other", 'code': 'OTHR', 'type': 'bank', 'company_id': self.school.id,
        })
        first_journal = self.provider.journal_id
        for shortcode, fixed in (('600113', journal), ('600111', first_journal)):
            self.provider.write({'mpesa_shortcode': shortcode, 'journal_id': fixed.id})
            self.assertEqual(self.provider.journal_id, fixed, "Free until the first payment.")
        till = {'mpesa_shortcode_type': 'till', 'mpesa_till_number': '123456'}
        self.prompt(amount=100)
        self.provider.write(till)  # A prompt with a wrong one is refused: it can be mended.
        self.provider.write({'mpesa_shortcode_type': 'paybill', 'mpesa_till_number': False})
        self.drain_c2b('UIE4K7P2QX', '10.00', 'nobody')
        for values in (
            till, {'mpesa_till_number': '123456'},
            {'mpesa_environment': 'sandbox'}, {'mpesa_shortcode': '600112'},
            {'journal_id': journal.id}, {'company_id': self.create_school("Amani School").id},
        ):
            with self.subTest(values=values), self.refusal(UserError, "already made"):
                self.provider.write(values)
        self.provider.write({'mpesa_environment': 'simulator', 'mpesa_shortcode': '600111'})

    # === THE PUBLIC ADDRESS === #

    def test_addresses_that_safaricom_refuses_or_never_calls(self):
        for address in (
            'https://mpesa.school.ke', 'https://school.ke/M-Pesa', 'https://school.ke/SafariCom',
            'https://school.ke/execute', 'https://cmd.school.ke', 'https://sqlserver.ke',
            'https://school.ke/query', 'https://x.ngrok.io', 'https://requestbin.com/x',
            'ftp://school.ke', 'javascript:alert(1)', 'school.ke', 'https://', 'https://a b.ke',
            'https://user:secret@school.ke', 'https://school.ke@evil.example', 'file:///etc/passwd',
            'https://Fees.School.ke',
        ):
            with self.subTest(address=address), self.assertRaises(ValidationError), \
                    self.env.cr.savepoint():
                self.provider.mpesa_callback_base = address

    def test_addresses_that_production_cannot_be_reached_at(self):
        """ A17, and design section 4: enabled is refused while the address is not https. """
        for address in (
            'http://fees.school.sc.ke', 'https://127.0.0.1', 'https://localhost',
            'https://[::1]', 'https://10.0.0.5', 'https://192.168.1.10', 'https://172.16.0.1',
            'https://169.254.169.254', 'https://school', 'https://school.local', 'https://0.0.0.0',
        ):
            with self.subTest(address=address), self.assertRaises(ValidationError), \
                    self.env.cr.savepoint():
                self.provider.write({'mpesa_callback_base': address, **PRODUCTION})
        self.provider.write({'mpesa_callback_base': 'https://fees.school.sc.ke/', **PRODUCTION})
        self.assertEqual(self.provider._mpesa_get_callback_base(), 'https://fees.school.sc.ke')

    def test_the_default_address_is_checked_too(self):
        self.env['ir.config_parameter'].set_param('web.base.url', 'http://school.example')
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.provider.write(PRODUCTION)
        self.env['ir.config_parameter'].set_param('web.base.url', 'https://fees.school.sc.ke')
        self.provider.write(PRODUCTION)
        # Odoo rewrites its own address at the next log-in of an administrator.
        self.env['ir.config_parameter'].set_param('web.base.url', 'http://10.0.0.5:8069')
        self.assertEqual(self.provider._mpesa_get_callback_base(), 'https://fees.school.sc.ke')

    # === SECRETS === #

    def test_secrets_are_sealed_and_never_shown(self):
        values = {name: self.provider._mpesa_secret(name) for name in SECRETS}
        self.assertTrue(all(values.values()))
        shown = str([
            self.provider.read(), self.provider.export_data([*SECRETS]),
            self.provider.web_read({name: {} for name in SECRETS}),
        ])
        self.env.cr.execute(
            'SELECT p::text FROM payment_provider p WHERE id = %s', [self.provider.id]
        )
        stored = self.env.cr.fetchone()[0]
        for secret in values.values():
            self.assertNotIn(secret, shown)
            self.assertNotIn(secret, stored)

    def test_the_mask_sent_back_by_a_screen_changes_nothing(self):
        before = {name: self.provider._mpesa_secret(name) for name in SECRETS}
        self.provider.write({name: self.provider[name] for name in SECRETS})
        self.assertEqual({name: self.provider._mpesa_secret(name) for name in SECRETS}, before)

    def test_secrets_are_for_the_system_only(self):
        clerk = new_test_user(
            self.env, login='secrets-clerk', company_id=self.school.id,
            groups='base.group_user,school_fees.group_administrator,account.group_account_manager',
            company_ids=[Command.set(self.school.ids)],
        )
        provider = self.provider.with_user(clerk)
        for name in (*SECRETS, *(f'{name}_sealed' for name in SECRETS)):
            with self.subTest(name=name):
                with self.assertRaises(AccessError):
                    provider.read([name])
                with self.assertRaises(AccessError):
                    provider.search([(name, 'like', 'a')])
                self.assertNotIn(name, provider.fields_get())

    def test_no_key_no_secret(self):
        for missing in ('SCHOOL_MPESA_KEYS', 'SCHOOL_MPESA_INDEX_KEY'):
            with patch.dict(os.environ, {missing: ''}):
                self.assertFalse(vault.has_keys())
        with patch.dict(os.environ, {'SCHOOL_MPESA_KEYS': ''}):
            with self.refusal(UserError, "school_mpesa_keys"):
                self.provider.mpesa_consumer_secret = 'new'
            with self.assertRaises(UserError):
                self.provider._mpesa_secret('mpesa_passkey')

    def test_an_older_key_still_opens(self):
        from cryptography.fernet import Fernet
        newer = Fernet.generate_key().decode()
        keys = f"{newer},{os.environ['SCHOOL_MPESA_KEYS']}"
        with patch.dict(os.environ, {'SCHOOL_MPESA_KEYS': keys}):
            self.assertEqual(self.provider._mpesa_secret('mpesa_passkey'), defaults.SCHOOL_PASSKEY)

    def test_a_copy_has_nothing_secret(self):
        copy = self.provider.copy()
        self.assertEqual(copy.state, 'disabled')
        self.assertFalse(copy.mpesa_shortcode)
        self.assertFalse(any(copy._mpesa_secret(name) for name in SECRETS))
        self.assertFalse(copy.mpesa_callback_base)
        self.assertFalse(self.env['mpesa.callback.token'].search([('provider_id', '=', copy.id)]))
        self.assertNotEqual(copy.journal_id, self.provider.journal_id)

    def test_a_passkey_that_cannot_be_one(self):
        for passkey in ('short', 'g' * 64, 'a' * 63):
            with self.refusal(ValidationError, "64 characters"):
                self.provider.mpesa_passkey = passkey

    # === SHORTCODE AND JOURNAL === #

    def test_a_shortcode_belongs_to_one_provider(self):
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            self.create_provider(shortcode='600111')
        other = self.create_school("Amani School")
        self.env.user.company_ids |= other
        with self.assertRaises(pg_errors.UniqueViolation), self.env.cr.savepoint(), \
                mute_logger('odoo.sql_db'):
            self.create_provider(school=other, shortcode='600111')

    def test_shortcodes_that_cannot_be(self):
        for shortcode in ('1234', '12345678', 'ABCDE', '60 111', '６００１１１', '-60011'):
            with self.subTest(shortcode=shortcode), \
                    self.refusal(ValidationError, "five to seven digits"):
                self.provider.mpesa_shortcode = shortcode

    def test_a_journal_of_its_own_that_posts_to_the_wallet(self):
        journal = self.provider.journal_id
        line = journal.inbound_payment_method_line_ids.filtered(
            lambda item: item.payment_provider_id == self.provider
        )
        self.assertEqual(line.payment_account_id, journal.default_account_id)
        other = self.create_provider(shortcode='600222')
        for name in ("M-PESA", "M-PESA of the shop"):
            other.name = name
            with self.assertRaises(UserError), self.env.cr.savepoint():
                other.journal_id = journal
        with self.assertRaises(UserError), self.env.cr.savepoint():
            other.journal_id = False

    def test_no_other_provider_takes_the_journal(self):
        other = self.env['payment.provider'].search([
            ('code', '!=', 'mpesa'), ('company_id', '=', self.school.id),
        ], limit=1) or self.env['payment.provider'].create({
            'name': "Cards", 'code': 'none', 'company_id': self.school.id,
        })
        bank = other.journal_id
        with self.refusal(ValidationError, "already belongs to M-PESA"):
            other.write({'state': 'test', 'journal_id': self.provider.journal_id.id})
        self.assertEqual(other.journal_id, bank)

    def test_kes_only(self):
        self.assertEqual(self.provider.available_currency_ids.mapped('name'), ['KES'])
        dollars = self.create_school("Dollar School")
        self.env.user.company_ids |= dollars
        self.env.ref('base.USD').active = True
        dollars.currency_id = self.env.ref('base.USD')
        with self.refusal(ValidationError, "Kenyan shillings only"):
            self.create_provider(school=dollars, shortcode='600222')

    def test_a_till(self):
        self.provider.write({'state': 'disabled', 'is_published': False})
        with self.refusal(ValidationError, "till number"):
            self.create_provider(shortcode='600222', mpesa_shortcode_type='till')
        till = self.create_provider(
            shortcode='600222', mpesa_shortcode_type='till',
            mpesa_till_number=defaults.TILL_NUMBER,
        )
        till.mpesa_passkey = defaults.STORE_PASSKEY
        tx = self.prompt(provider=till)
        push = self.control.push(tx._mpesa_get_checkout_request_id())
        self.assertEqual(push['transaction_type'], 'CustomerBuyGoodsOnline')
        self.assertEqual((push['shortcode'], push['party_b']), ('600222', defaults.TILL_NUMBER))
        waiting = self.drain_c2b(account='', provider=till, TransactionType='Buy Goods')
        self.assertEqual(waiting.state, 'new', "A till names no account: the result decides.")
        self.drain_stk(tx)
        waiting.next_try_at = False
        self.drain()
        self.assertEqual((waiting.state, waiting.payment_transaction_id), ('done', tx))
        self.assertEqual(tx.mpesa_push_state, 'paid')
        self.assertEqual(self.student.balance, 17_000)

    # === LIMITS AND TIMES === #

    def test_settings_out_of_range(self):
        for values in (
            {'mpesa_least_amount': 0}, {'mpesa_least_amount': 250_001},
            {'mpesa_prompt_timeout': 0}, {'mpesa_prompt_timeout': 100_000},
            {'mpesa_query_timeout': 0}, {'mpesa_query_timeout': 10_000},
            {'mpesa_call_timeout': 0}, {'mpesa_call_timeout': 61},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError), \
                    self.env.cr.savepoint():
                self.provider.write(values)

    def test_defaults_of_the_design(self):
        fresh = self.env['payment.provider'].new({'code': 'mpesa'})
        self.assertEqual(
            (fresh.mpesa_prompt_timeout, fresh.mpesa_query_timeout, fresh.mpesa_call_timeout,
             fresh.mpesa_least_amount, fresh.mpesa_stk_enabled, fresh.mpesa_allow_credit),
            (120, 30, 60, 1, True, False),
        )

    def test_how_long_a_prompt_stays_open_is_the_settings(self):
        for seconds, open_until, closed_from in ((60, 50, 65), (300, 290, 305)):
            self.provider.mpesa_prompt_timeout = seconds
            tx = self.ask(amount=100, phone=f'0712000{seconds:03d}')
            self.env.flush_all()
            for age, again in ((open_until, False), (closed_from, True)):
                self.env.cr.execute(
                    'UPDATE payment_transaction SET create_date ='
                    " clock_timestamp() AT TIME ZONE 'UTC' - %s * interval '1 second'"
                    ' WHERE id = %s', [age, tx.id],
                )
                self.env.invalidate_all()
                if again:
                    self.assertNotEqual(self.ask(amount=100, phone=f'0712000{seconds:03d}'), tx)
                else:
                    with self.refusal(UserError, "already on"):
                        self.ask(amount=100, phone=f'0712000{seconds:03d}')

    def test_the_query_time_out_is_used(self):
        self.provider.mpesa_query_timeout = 5
        tx = self.prompt()
        tx.mpesa_next_query_at = '2026-09-14 07:00:00'
        self.control.script(api='stk_query', fault='hang', seconds=8)
        with patch('time.sleep'):
            self.chase()
        outcome = self.env['mpesa.exchange'].search([('kind', '=', 'query')]).outcome
        self.assertEqual((outcome, tx.mpesa_push_state), ('NoAnswer', 'accepted'))
