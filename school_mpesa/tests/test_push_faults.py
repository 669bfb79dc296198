from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import daraja
from odoo.addons.school_mpesa.models.mpesa_token import SharedTokenStore
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


PUSH = 'odoo.addons.school_mpesa.models.payment_transaction_push'
OUTBOX = 'odoo.addons.school_mpesa.models.mpesa_outbox_mixin'
CRON = 'odoo.addons.base.models.ir_cron'


@tagged('post_install', '-at_install')
class TestPushFaults(BookingCommon):
    """The outbox against faults around it: answers are kept, and what was not sent is repeated."""

    def test_an_answer_that_cannot_be_written_costs_no_other(self):
        txs = [self.ask(amount=100, phone=f'07240000{n:02d}') for n in range(4)]
        self.env.flush_all()
        # The database itself refuses what is to be written about the first.
        self.env.cr.execute(
            'ALTER TABLE mpesa_exchange ADD CONSTRAINT poison CHECK (transaction_id <> %s)',
            [txs[0].id],
        )
        cron = self.env.ref('school_mpesa.cron_send_prompts')
        with self.enter_registry_test_mode(), mute_logger(PUSH, OUTBOX, CRON, 'odoo.sql_db'):
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(
            [tx.mpesa_push_state for tx in txs], ['sent', 'accepted', 'accepted', 'accepted'],
        )
        for tx in txs[1:]:
            self.assertTrue(tx._mpesa_get_checkout_request_id())

    def forget_token(self):
        store = SharedTokenStore(self.env.cr.dbname, self.provider.id)
        if token := store.get():
            store.discard(token)

    def test_a_hiccup_of_the_token_endpoint_declines_nothing(self):
        """ F30: nothing was asked of anybody, so the same prompt goes out a moment later. """
        for n, (fault, times) in enumerate((
            ('http_500', 3), ('http_503_html', 3), ('reset_before', 3), ('wrong_json', 1),
            ('spike_arrest', 1),
        )):
            with self.subTest(fault=fault):
                self.forget_token()
                self.control.script(api='oauth', fault=fault, times=times)
                tx = self.ask(amount=100, phone=f'07230000{n:02d}')
                with patch(f'{PUSH}.PATIENCE_SECONDS', -3600), mute_logger(PUSH, OUTBOX):
                    self.send()
                    self.assertEqual(tx.mpesa_push_state, 'queued')
                    self.control.clear_scripts()
                    tx.mpesa_next_push_at = False
                    self.send()
                self.assertEqual(tx.mpesa_push_state, 'accepted')

    def test_a_token_endpoint_that_stays_down_is_said_in_its_own_words(self):
        self.forget_token()
        self.control.script(api='oauth', fault='http_503_html', times=None)
        tx = self.ask(amount=100)
        with mute_logger(PUSH, OUTBOX):
            self.send()
        self.assertEqual(tx.mpesa_push_state, 'declined')
        self.assertIn("could not be reached", tx.state_message)
        self.assertIn("3 times", tx.state_message)

    def test_wrong_keys_are_not_tried_again(self):
        for error in (
            daraja.CredentialsRefused(), daraja.CertificateRefused(), daraja.WrongPasskey(),
            daraja.BadRequest(), daraja.InvalidToken(),
        ):
            tx = self.ask(amount=100)
            tx._mpesa_move_to('sent', mpesa_sent_at=fields.Datetime.now())
            with mute_logger(PUSH, OUTBOX):
                tx._mpesa_write_push_answer(error)
            self.assertEqual(tx.mpesa_push_state, 'declined', type(error).__name__)
            self.env.cr.execute('UPDATE payment_transaction SET mpesa_phone_index = NULL')
            self.env.invalidate_all()

    def test_the_next_try_waits_as_long_as_daraja_asked(self):
        waits = set()
        for n, (asked, least, most) in enumerate((
            (None, 2, 3), (20, 20, 30), (86_400, 60, 90),
        ) * 3):
            tx = self.ask(amount=100, phone=f'07260000{n:02d}')
            tx._mpesa_move_to('sent', mpesa_sent_at=fields.Datetime.now())
            before = fields.Datetime.now()
            with mute_logger(PUSH, OUTBOX):
                tx._mpesa_write_push_answer(daraja.Busy(retry_after=asked))
            self.assertEqual(tx.mpesa_push_state, 'queued')
            wait = (tx.mpesa_next_push_at - before).total_seconds()
            self.assertTrue(least - 1 <= wait <= most + 1, (asked, wait))
            waits.add((asked, wait))
        self.assertGreater(len(waits), 3, "Many that failed together do not come back together.")

    def test_a_number_without_a_sim_card_is_said_in_words(self):
        tx = self.ask(amount=100)
        tx._mpesa_move_to('sent', mpesa_sent_at=fields.Datetime.now())
        with mute_logger(PUSH, OUTBOX):
            tx._mpesa_write_push_answer(daraja.LineUnusable())
        self.assertEqual(tx.mpesa_push_state, 'declined')
        self.assertIn("SIM card", tx.state_message)
        self.assertIn("no money moved", tx.state_message)
