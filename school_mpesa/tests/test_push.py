import json
import os
import re
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import vault
from odoo.addons.school_mpesa.models.mpesa_token import SharedTokenStore
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


PUSH = 'odoo.addons.school_mpesa.models.payment_transaction_push'

# What Daraja may have acted on: a prompt may be on the phone, so it is never sent again.
MAYBE = (
    'http_500', 'http_502_html', 'http_503_html', 'http_504_empty', 'internal_error',
    'reset_before', 'reset_after_accept', 'half_body', 'wrong_json', 'http_500_after_accept',
    'http_504_after_accept',
)
# Of those, the ones in which the simulator puts a prompt on the phone before it fails.
ACTED = {
    'reset_after_accept', 'half_body', 'wrong_json', 'http_500_after_accept',
    'http_504_after_accept',
}
# What Daraja certainly did not act on and may take a moment later.
BUSY = ('spike_arrest', 'spike_arrest_fault', 'quota')
SECRETS = ('simulator-consumer-key', 'simulator-consumer-secret', 'Bearer')


@tagged('post_install', '-at_install')
class TestPush(BookingCommon):
    """The outbox against every fault of Daraja: never twice to a phone, never silent."""

    def setUp(self):
        super().setUp()
        # Step by step: a repeat is not waited for, but for the test that is about the waiting.
        patience = patch(f'{PUSH}.PATIENCE_SECONDS', -3600)
        patience.start()
        self.addCleanup(patience.stop)

    def push(self, times=1):
        """ Empty the outbox, several times over, each later try due at once. """
        for _run in range(times):
            self.env['payment.transaction'].search([
                ('mpesa_push_state', '=', 'queued'),
            ]).mpesa_next_push_at = False
            self.env.flush_all()
            with mute_logger(PUSH):
                self.send()

    def count_pushes(self, phone=None):
        """ Return how many prompts Daraja took, all told or for one phone. """
        return len([p for p in self.control.pushes() if phone in {None, p['msisdn']}])

    def assert_words(self, tx):
        """ Assert that the office reads what happened, in a sentence without secrets. """
        words = tx.state_message or ''
        self.assertGreater(len(words.split()), 4)
        self.assertIn("oney", words, "It says whether money moved.")
        for secret in (*SECRETS, '254712000111', '0712000111'):
            self.assertNotIn(secret, words)

    # === ONE CALL, ONE PROMPT === #

    def test_accepted(self):
        tx = self.prompt()
        self.push(times=3)
        self.assertEqual(self.count_pushes(), 1)
        self.assertEqual((tx.state, tx.mpesa_push_tries), ('pending', 1))
        prompt, = self.control.prompts('254712000111')
        self.assertEqual(float(prompt['amount']), 15_500)
        self.assertEqual((prompt['account'], prompt['shortcode']), ('ADM-012', '600111'))
        self.assertEqual(tx._mpesa_get_checkout_request_id(), prompt['id'])
        self.assertTrue(tx.mpesa_next_query_at)

    def test_never_again_after_a_maybe(self):
        for n, fault in enumerate(MAYBE):
            with self.subTest(fault=fault):
                phone = f'2547200000{n:02d}'
                self.control.script(api='stk_push', fault=fault, times=1)
                tx = self.ask(amount=100, phone=phone)
                self.push(times=3)
                # The fault happens once: a second call would be taken, and be seen here.
                self.assertEqual(self.count_pushes(phone), int(fault in ACTED))
                self.assertEqual((tx.mpesa_push_state, tx.state), ('unknown', 'pending'))
                view = tx._mpesa_payer_view()
                self.assertEqual((view['state'], view['retry']), ('checking', False))

    def test_an_unknown_one_is_settled_by_its_callback(self):
        self.control.script(api='stk_push', fault='reset_after_accept')
        tx = self.ask()
        self.push()
        self.assertEqual(tx.mpesa_push_state, 'unknown')
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
        self.assert_paid(tx, tx.mpesa_receipt_number)
        self.assert_books(15_500)

    def test_an_unknown_one_is_settled_by_a_confirmation(self):
        self.control.script(api='stk_push', fault='http_504_after_accept')
        tx = self.ask()
        self.push()
        self.drain_c2b()
        self.assert_paid(tx)

    def test_a_silence_is_a_maybe(self):
        self.provider.mpesa_call_timeout = 5
        self.control.script(api='stk_push', fault='hang_after_accept', seconds=6)
        tx = self.ask()
        self.push()
        self.assertEqual(tx.mpesa_push_state, 'unknown')
        self.push(times=2)
        self.assertEqual(self.count_pushes('254712000111'), 1)

    # === SAFE TO REPEAT === #

    def test_busy_is_tried_again_and_then_accepted(self):
        for n, fault in enumerate(BUSY):
            with self.subTest(fault=fault):
                self.control.clear_scripts()
                self.control.script(api='stk_push', fault=fault, times=1)
                tx = self.ask(amount=100, phone=f'07210000{n:02d}')
                self.push()
                self.assertEqual((tx.mpesa_push_state, tx.state), ('queued', 'draft'))
                self.assertTrue(tx.mpesa_next_push_at)
                with mute_logger(PUSH):
                    self.send()
                self.assertEqual(tx.mpesa_push_state, 'queued', "Not before its time.")
                self.push()
                self.assertEqual(tx.mpesa_push_state, 'accepted')

    def test_a_repeat_within_seconds_is_waited_for(self):
        """ Odoo looks at planned wake-ups once a minute only, and a parent is watching. """
        self.control.script(api='stk_push', fault='spike_arrest', times=1)
        tx = self.ask()
        with patch(f'{PUSH}.PATIENCE_SECONDS', 10):
            self.push()
        self.assertEqual(tx.mpesa_push_state, 'accepted')
        self.assertEqual(self.count_pushes('254712000111'), 1)

    def test_busy_for_ever_ends(self):
        self.control.script(api='stk_push', fault='spike_arrest', times=None)
        tx = self.ask()
        self.push(times=6)
        self.assertEqual((tx.mpesa_push_state, tx.state), ('declined', 'error'))
        self.assertLessEqual(len(self.control.daraja_requests('stk_push')), 3)
        self.assertTrue(tx._mpesa_payer_view()['retry'], "No prompt ever went out.")
        self.assertFalse(tx.mpesa_in_flight)
        self.assert_words(tx)

    def test_daraja_is_down(self):
        with patch.dict(os.environ, {'SCHOOL_MPESA_SIMULATOR_URL': 'http://127.0.0.1:9'}):
            tx = self.ask()
            self.push()
            self.assertEqual(tx.mpesa_push_state, 'queued')
            self.push(times=5)
        self.assertEqual(tx.mpesa_push_state, 'declined')
        self.assertTrue(tx._mpesa_payer_view()['retry'])
        self.assert_words(tx)

    def test_a_refused_token_is_renewed_once(self):
        for n, fault in enumerate(('invalid_token', 'token_revoked')):
            with self.subTest(fault=fault):
                self.control.script(api='stk_push', fault=fault, times=1)
                tx = self.ask(amount=100, phone=f'07220000{n:02d}')
                self.push()
                self.assertEqual(tx.mpesa_push_state, 'accepted')

    def test_oauth_is_down(self):
        """ F30: nothing was asked of anybody, so the payer may try again. """
        for n, fault in enumerate(('http_500', 'http_503_html', 'wrong_json', 'reset_before')):
            with self.subTest(fault=fault):
                store = SharedTokenStore(self.env.cr.dbname, self.provider.id)
                if store.get():
                    store.discard(store.get())
                self.control.script(api='oauth', fault=fault, times=None)
                tx = self.ask(amount=100, phone=f'07230000{n:02d}')
                self.push(times=4)
                self.control.clear_scripts()
                self.assertEqual(tx.mpesa_push_state, 'declined')
                self.assertTrue(tx._mpesa_payer_view()['retry'])
                self.assert_words(tx)
        self.assertEqual(self.control.pushes(), [])

    # === REFUSED === #

    def test_a_wrong_passkey(self):
        self.provider.mpesa_passkey = 'ab' * 32
        self.assert_refused_with("passkey")

    def test_wrong_keys(self):
        self.provider.mpesa_consumer_secret = 'wrong'
        self.assert_refused_with("keys")

    def test_a_shortcode_that_safaricom_does_not_know(self):
        provider = self.create_provider(shortcode='600999')
        self.assert_refused_with("600999", provider=provider)

    def test_an_app_without_the_product(self):
        app = self.control.add_app(products=['c2b'])
        self.provider.write({
            'mpesa_consumer_key': app['consumer_key'],
            'mpesa_consumer_secret': app['consumer_secret'],
        })
        self.assert_refused_with("product")

    def assert_refused_with(self, word, **values):
        """ Assert that a push is refused for good, and that the office reads why. """
        tx = self.ask(**values)
        self.push(times=3)
        self.assertEqual((tx.mpesa_push_state, tx.state), ('declined', 'error'))
        self.assertIn(word, tx.state_message)
        self.assert_words(tx)
        self.assertEqual(self.control.pushes(), [])

    def test_a_phone_busy_with_another_request(self):
        self.control.script(api='stk_push', fault='lock_subscriber')
        tx = self.ask()
        self.push()
        self.assertEqual((tx.mpesa_push_state, tx.mpesa_result_code), ('declined', '1001'))
        view = tx._mpesa_payer_view()
        self.assertEqual((view['state'], view['code']), ('declined', '1001'))
        self.assertGreater(view['retry_in'], 0, "Wait a minute (daraja.md 3.3).")
        self.assert_words(tx)

    def test_the_simulator_is_not_configured(self):
        for address in ('', 'http://school.example', 'http://10.0.0.1', 'http://localhost.evil.com',
                        'http://127.0.0.1@evil.com', 'file:///etc/passwd', 'nonsense'):
            with self.subTest(address=address), \
                    patch.dict(os.environ, {'SCHOOL_MPESA_SIMULATOR_URL': address}):
                tx = self.ask(amount=100, phone=f'0725{len(address):06d}')
                self.push()
                self.assertEqual(tx.mpesa_push_state, 'declined')
                self.assertIn("simulator", tx.state_message)
        self.assertEqual(self.count_pushes(), 0)

    # === THE SENDER DIES === #

    def test_a_killed_sender_leaves_unknown_and_no_second_prompt(self):
        tx = self.ask()
        tx._mpesa_move_to('sent', mpesa_sent_at='2026-09-14 07:15:00')
        self.push(times=2)
        self.assertEqual((tx.mpesa_push_state, tx.state), ('unknown', 'pending'))
        self.assertEqual(self.count_pushes(), 0)
        self.drain_stk(tx)
        self.assert_paid(tx)

    def test_a_request_that_waited_too_long_is_not_sent(self):
        tx = self.ask()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '10 minutes'"
            ' WHERE id = %s', [tx.id],
        )
        self.env.invalidate_all()
        self.push()
        self.assertEqual((tx.mpesa_push_state, tx.state), ('expired', 'error'))
        self.assertEqual(self.count_pushes(), 0)
        self.assertTrue(tx._mpesa_payer_view()['retry'])

    def test_a_stalled_outbox_sends_one_prompt_to_a_phone(self):
        """ I9: who asks again while the outbox stands still gets one prompt, not two. """
        first = self.ask(amount=100)
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '130 seconds'"
            ' WHERE id = %s', [first.id],
        )
        self.env.invalidate_all()
        second = self.ask(amount=200)
        self.assertEqual(
            (first.mpesa_push_state, first.mpesa_result_code), ('expired', 'not_sent'),
        )
        self.push()
        self.assertEqual(second.mpesa_push_state, 'accepted')
        self.assertEqual(self.count_pushes('254712000111'), 1)

    def test_a_queued_request_that_lost_its_mark_is_not_sent(self):
        tx = self.ask(amount=100)
        tx.mpesa_in_flight = False
        self.push()
        self.assertEqual((tx.mpesa_push_state, tx.mpesa_result_code), ('expired', 'not_sent'))
        self.assertEqual(self.count_pushes(), 0)

    # === ADDRESSES AND EVIDENCE === #

    def test_the_address_given_to_daraja(self):
        tx = self.prompt()
        url = self.control.push(tx._mpesa_get_checkout_request_id())['callback_url']
        self.assertEqual(url, self.push_url(tx).replace(
            'https://school.example', self.provider._mpesa_get_callback_base(),
        ))
        token, push = re.search(r'/collect/([0-9a-f]{32})/stk/([0-9a-f]{32})$', url).groups()
        other = self.prompt(amount=100, phone='0712000222')
        self.assertNotEqual(self.push_url(other)[-32:], push)
        self.env.cr.execute('SELECT t::text FROM payment_transaction t')
        stored = str(self.env.cr.fetchall())
        self.assertNotIn(token, stored)
        self.assertNotIn(push, stored)

    def test_no_prompt_with_an_address_that_nobody_can_reach(self):
        """ What was checked on saving may be another one by now. """
        settings = self.env['ir.config_parameter']
        settings.set_param('web.base.url', 'https://fees.school.sc.ke')
        self.provider.write({'mpesa_environment': 'production', 'state': 'enabled'})
        self.provider.mpesa_callback_base = False
        settings.set_param('web.base.url', 'http://10.0.0.5:8069')
        tx = self.ask()
        self.push()
        self.assertEqual((tx.mpesa_push_state, tx.mpesa_result_code), ('declined', 'not_sent'))
        self.assertIn('http://10.0.0.5:8069', tx.state_message)
        self.assert_words(tx)

    def test_tokens_rotate_with_two_live(self):
        Token = self.env['mpesa.callback.token']
        first = Token._get(self.provider, 'stk')
        second = Token._issue(self.provider, 'stk')
        self.assertEqual(Token._get(self.provider, 'stk'), second)
        self.assertTrue(Token._identify(first, 'stk') and Token._identify(second, 'stk'))
        third = Token._issue(self.provider, 'stk')
        self.assertFalse(Token._identify(first, 'stk'))
        self.assertTrue(Token._identify(second, 'stk') and Token._identify(third, 'stk'))
        for token in (first, second, third):
            self.assertRegex(token, r'^[0-9a-f]{32}$')

    def test_evidence_is_sealed_and_without_secrets(self):
        tx = self.prompt()
        exchange = self.env['mpesa.exchange'].sudo().search([('transaction_id', '=', tx.id)])
        self.assertEqual((exchange.kind, exchange.outcome), ('push', 'accepted'))
        text = vault.unseal(tx._mpesa_seal_context('push'), exchange.sealed)
        self.assertTrue(json.loads(text))
        self.assertIn('254712000111', text, "The evidence is whole.")
        token, = self.env['mpesa.callback.token'].search([
            ('provider_id', '=', self.provider.id), ('kind', '=', 'stk'),
        ]).mapped('sealed')
        for secret in (*SECRETS, self.provider._mpesa_secret('mpesa_passkey'),
                       self.env['mpesa.callback.token']._get(self.provider, 'stk'), token):
            self.assertNotIn(secret, text)
        self.assertNotRegex(text, r'"Password": *"[A-Za-z0-9+/=]{20,}"')
        self.assertNotIn('254712000111', exchange.sealed)
