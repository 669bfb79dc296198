import itertools
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import vault
from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


MINUTE, HOUR = 60, 3600
# Design section 3: about 30 s, 1, 2, 5, 15 and 60 minutes, then hourly to 24 h.
SCHEDULE = [30, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, *(n * HOUR for n in range(1, 25))]

# What daraja.md section 16 advises after each code, and design section 3 on top of it:
# 'now', 'wait' (not charged, minutes), 'query' (only once a query has followed), 'never' (the same
# request would fail again), 'checking' (nobody knows). None: more caution than asked for is fine.
ADVICE = {
    '1': 'now', '2': 'now', '3': 'now', '15': 'now', '1025': 'now', '1032': 'now', '1101': 'now',
    '1102': 'now', '2001': 'now', '2008': 'now', '2026': 'now', 'TP40087': 'now',
    '1019': None, '1031': None, '1036': None,
    '26': 'wait',
    '17': 'query', '1001': 'query', '1037': 'query',
    '4': 'never', '8': 'never', '11': 'never', '20': 'never', '2006': 'never', '2028': 'never',
    '8006': 'never', 'SFC_IC0003': 'never',
    '2029': 'checking', '4999': 'checking', '9999': 'checking',
    '77': 'checking', '12345': 'checking', 'XYZ': 'checking', '-1': 'checking', '00': 'checking',
}


@tagged('post_install', '-at_install')
class TestChase(BookingCommon):
    """Requests without an outcome: asked about on schedule, never failed by silence."""

    def ask_daraja(self, tx, age=45):
        """ Let a request be due for a question at an age, in seconds, and ask.

        :return: How many questions were asked.
        :rtype: int
        """
        before = len(self.control.daraja_requests('stk_query'))
        tx.write({
            'mpesa_sent_at': fields.Datetime.now() - timedelta(seconds=age),
            'mpesa_next_query_at': fields.Datetime.now() - timedelta(seconds=1),
        })
        self.env.flush_all()
        self.chase()
        return len(self.control.daraja_requests('stk_query')) - before

    def get_next_age(self, tx):
        """ Return the age in seconds at which a request is asked about next, None for never. """
        if not tx.mpesa_next_query_at:
            return None
        return round((tx.mpesa_next_query_at - tx.mpesa_sent_at).total_seconds())

    # === THE SCHEDULE === #

    def test_the_first_question_after_half_a_minute(self):
        tx = self.prompt()
        self.assertAlmostEqual(self.get_next_age(tx), 30, delta=5)
        self.chase()
        self.assertEqual(self.control.daraja_requests('stk_query'), [], "Not before its time.")

    def test_the_schedule(self):
        tx = self.prompt()
        for age, following in itertools.pairwise(SCHEDULE):
            with self.subTest(age=age):
                self.assertEqual(self.ask_daraja(tx, age + 1), 1)
                self.assertEqual(self.get_next_age(tx), following)
                self.assertEqual(tx.mpesa_push_state, 'accepted')
                self.assertFalse(tx.mpesa_needs_person)

    def test_after_a_day_a_person_is_asked_and_the_request_stays_open(self):
        tx = self.prompt()
        self.assertEqual(self.ask_daraja(tx, 24 * HOUR + 1), 1)
        self.assertTrue(tx.mpesa_needs_person)
        self.assertEqual(tx.mpesa_push_state, 'accepted')
        self.assertIsNone(self.get_next_age(tx))
        self.assertFalse(tx._mpesa_payer_view()['retry'])
        self.drain_stk(tx)
        self.assert_paid(tx)
        self.assertFalse(tx.mpesa_needs_person)

    def test_a_server_that_slept_for_days_asks_once(self):
        tx = self.prompt()
        self.assertEqual(self.ask_daraja(tx, 5 * 24 * HOUR), 1)
        self.chase()
        self.assertEqual(len(self.control.daraja_requests('stk_query')), 1)
        self.assertTrue(tx.mpesa_needs_person)

    def test_a_request_without_an_id_is_not_asked_about_but_not_forgotten(self):
        """ I8: every row that is not final has a next try, or a person's attention. """
        self.control.script(api='stk_push', fault='http_500')
        tx = self.ask()
        with mute_logger('odoo.addons.school_mpesa.models.payment_transaction_push'):
            self.send()
        self.assertEqual(tx.mpesa_push_state, 'unknown')
        self.env.cr.execute(
            "UPDATE payment_transaction SET mpesa_sent_at = mpesa_sent_at - interval '25 hours',"
            " create_date = create_date - interval '25 hours' WHERE id = %s", [tx.id],
        )
        self.env.invalidate_all()
        self.chase()
        self.assertEqual(self.control.daraja_requests('stk_query'), [])
        self.assertEqual(tx.mpesa_push_state, 'unknown')
        self.assertTrue(tx.mpesa_needs_person)

    def test_nothing_is_asked_once_paid(self):
        tx = self.prompt()
        self.drain_stk(tx)
        tx.mpesa_sent_at = fields.Datetime.now() - timedelta(days=1)
        self.chase()
        self.assertEqual(self.control.daraja_requests('stk_query'), [])

    # === ANSWERS THAT SAY NOTHING === #

    def test_silence_never_means_failed(self):
        tx = self.prompt()
        for fault in (
            'http_500', 'http_502_html', 'http_503_html', 'http_504_empty', 'internal_error',
            'intermittent', 'pending', 'spike_arrest', 'spike_arrest_fault', 'quota', 'half_body',
            'wrong_json', 'reset_before', 'invalid_token',
        ):
            with self.subTest(fault=fault):
                self.control.clear_scripts()
                self.control.script(api='stk_query', fault=fault, times=None)
                self.ask_daraja(tx)
                self.assertEqual((tx.mpesa_push_state, tx.state), ('accepted', 'pending'))
                self.assertEqual(self.get_next_age(tx), MINUTE, "It is asked again in time.")
                self.assertFalse(tx._mpesa_payer_view()['retry'])

    def test_both_words_for_still_pending(self):
        for n, dialect in enumerate(('4999', '500')):
            with self.subTest(dialect=dialect):
                self.control.set(pending_dialect=dialect)
                tx = self.prompt(amount=100, phone=f'07410000{n:02d}')
                self.assertEqual(self.ask_daraja(tx), 1)
                self.assertEqual((tx.mpesa_push_state, tx.state), ('accepted', 'pending'))
                self.assertEqual(self.get_next_age(tx), MINUTE)

    def test_an_unknown_id(self):
        tx = self.prompt()
        for dialect in ('500', '400'):
            with self.subTest(dialect=dialect):
                self.control.reset(seed=2)
                self.control.set(hold_callbacks=True, unknown_id_dialect=dialect)
                self.assertTrue(self.ask_daraja(tx))
                self.assertEqual((tx.mpesa_push_state, tx.state), ('accepted', 'pending'))
                self.assertEqual(self.get_next_age(tx), MINUTE)

    def test_codes_that_nobody_knows(self):
        tx = self.prompt()
        for code in ('2029', '9999', '7777', 'NEW'):
            with self.subTest(code=code):
                self.control.script(api='stk_query', outcome=code)
                self.ask_daraja(tx)
                self.assertEqual((tx.mpesa_push_state, tx.state), ('accepted', 'pending'))
                self.assertFalse(tx._mpesa_payer_view()['retry'])
                self.assertEqual(self.get_next_age(tx), MINUTE)

    # === ANSWERS THAT SAY SOMETHING === #

    def test_a_lost_callback_is_learnt_by_asking(self):
        tx = self.prompt()
        self.control.cancel('254712000111')
        self.assertEqual(self.ask_daraja(tx), 1)
        self.assertEqual((tx.mpesa_push_state, tx.mpesa_result_code), ('declined', '1032'))
        self.assertEqual(tx.mpesa_result_source, 'query')
        self.assertTrue(tx._mpesa_payer_view()['retry'])
        self.assertIsNone(self.get_next_age(tx))

    def test_a_paid_prompt_whose_callback_was_lost(self):
        tx = self.prompt()
        self.control.pay('254712000111')
        self.ask_daraja(tx)
        self.assertEqual((tx.mpesa_push_state, tx.state), ('receipt_pending', 'pending'))
        self.assertFalse(self.get_movements(), "Without its code nothing is booked.")
        self.assertEqual(self.bill.payment_state, 'not_paid')

    def test_no_query_takes_back_a_success(self):
        """ daraja.md 4.3: the sandbox reports 1032 for payments whose callback said success. """
        for n, code in enumerate(('1032', '1037', '1', '9999', '4999', '0')):
            with self.subTest(code=code):
                paid = self.prompt(amount=100, phone=f'07420000{n:02d}')
                self.drain_stk(paid, receipt=f'UIE4K7PQ{n:02d}')
                self.control.script(api='stk_query', outcome=code)
                self.ask_daraja(paid)
                paid.mpesa_next_query_at = False
                self.assert_paid(paid, f'UIE4K7PQ{n:02d}')
                pending = self.prompt(amount=100, phone=f'07430000{n:02d}')
                self.drain_stk(pending, receipt=None)
                self.control.script(api='stk_query', outcome=code)
                self.ask_daraja(pending)
                self.assertEqual(pending.mpesa_push_state, 'receipt_pending')
                self.assertFalse(pending._mpesa_payer_view()['retry'])

    def test_a_success_told_by_a_query_wins_over_a_failure(self):
        tx = self.prompt()
        self.drain_stk(tx, 1037)
        self.assertEqual(tx.mpesa_push_state, 'declined')
        self.control.script(api='stk_query', outcome='0')
        self.ask_daraja(tx)
        self.assertEqual(tx.mpesa_push_state, 'receipt_pending')
        self.drain_c2b()
        self.assert_paid(tx, late=True)

    def test_evidence_of_a_question(self):
        tx = self.prompt()
        self.ask_daraja(tx)
        exchange = self.env['mpesa.exchange'].sudo().search([
            ('transaction_id', '=', tx.id), ('kind', '=', 'query'),
        ])
        self.assertEqual(len(exchange), 1)
        self.assertTrue(exchange.outcome)
        text = vault.unseal(tx._mpesa_seal_context('query'), exchange.sealed)
        self.assertIn(tx._mpesa_get_checkout_request_id(), text)
        self.assertNotIn('254712000111', exchange.sealed)
        self.assertNotIn(self.provider._mpesa_secret('mpesa_passkey'), text)

    # === A CODE AFTER WHICH MONEY HAS COME LATE BEFORE === #

    def later(self, tx, seconds):
        """ Let so much time pass since the outcome of a request was first heard of. """
        tx.last_state_change = fields.Datetime.now() - timedelta(seconds=seconds)

    def assert_asked_half_a_minute_after_the_outcome(self, tx):
        self.assertEqual(
            tx.mpesa_next_query_at, tx.last_state_change + timedelta(seconds=30),
        )

    def test_a_code_first_learnt_by_a_query_is_asked_about_again(self):
        for n, code in enumerate(('1037', '1036', '17', '1001')):
            with self.subTest(code=code):
                tx = self.prompt(amount=100, phone=f'07450000{n:02d}')
                self.control.script(api='stk_query', outcome=code, times=3)
                self.ask_daraja(tx, age=31)
                self.assertEqual((tx.mpesa_push_state, tx.mpesa_result_code), ('declined', code))
                self.assertFalse(tx.mpesa_query_confirmed)
                self.assert_asked_half_a_minute_after_the_outcome(tx)
                self.later(tx, 20)
                self.ask_daraja(tx, age=60)
                self.assertFalse(tx.mpesa_query_confirmed, "Half a minute has not passed.")
                self.assert_asked_half_a_minute_after_the_outcome(tx)
                self.later(tx, 31)
                self.ask_daraja(tx, age=62)
                self.assertTrue(tx.mpesa_query_confirmed)
                self.control.clear_scripts()

    def test_the_confirming_question_comes_half_a_minute_after_the_callback(self):
        tx = self.prompt()
        self.drain_stk(tx, 1037)
        wait = (tx.mpesa_next_query_at - fields.Datetime.now()).total_seconds()
        self.assertAlmostEqual(wait, 30, delta=5)
        self.chase()
        self.assertEqual(self.control.daraja_requests('stk_query'), [])

    def test_late_money_is_looked_for_up_to_an_hour(self):
        tx = self.prompt()
        self.drain_stk(tx, 1037)
        self.control.script(api='stk_query', outcome='1037', times=None)
        for age, following in ((62, 300), (301, 900), (901, 3600), (3601, None)):
            with self.subTest(age=age):
                self.later(tx, age - 20)
                self.ask_daraja(tx, age)
                self.assertEqual(self.get_next_age(tx), following)
                self.assertTrue(tx._mpesa_payer_view()['retry'])
        self.assertFalse(tx.mpesa_needs_person)

    def test_late_money_is_found(self):
        tx = self.prompt()
        self.drain_stk(tx, 1037)
        self.control.script(api='stk_query', outcome='1037')
        self.later(tx, 40)
        self.ask_daraja(tx, 66)
        self.control.script(api='stk_query', outcome='0')
        self.ask_daraja(tx, 301)
        self.assertEqual(tx.mpesa_push_state, 'receipt_pending')
        self.assertIsNone(self.get_next_age(tx))

    # === WHAT MAY BE OFFERED AFTER EACH CODE === #

    def tell(self, code, n):
        """ Return a request whose callback named a code, ten minutes ago. """
        tx = self.prompt(amount=100, phone=f'0744{n:06d}')
        self.drain_stk(tx, int(code) if code.lstrip('-').isdigit() and code != '00' else code)
        before = fields.Datetime.now() - timedelta(minutes=10)
        tx.write({'mpesa_sent_at': before, 'last_state_change': before})
        return tx

    def test_retry_after_each_code(self):
        for n, (code, advice) in enumerate(ADVICE.items()):
            with self.subTest(code=code):
                tx = self.tell(code, n)
                view = tx._mpesa_payer_view()
                self.assertEqual(view['state'], 'checking' if advice == 'checking' else 'declined')
                self.assertEqual(view['code'], code)
                if advice is not None:
                    self.assertEqual(view['retry'], advice in {'now', 'wait'})
                self.control.script(api='stk_query', outcome=code)
                self.ask_daraja(tx, age=600)
                view = tx._mpesa_payer_view()
                self.assertEqual(view['retry'], advice not in {'never', 'checking'})
                self.assertEqual(view['retry_in'], 0)

    def test_waiting_times(self):
        """ Two minutes for the same amount again, one for the same phone (daraja.md 3.3). """
        for n, (code, seconds) in enumerate({'17': 120, '1001': 60, '1037': 60, '26': 60}.items()):
            with self.subTest(code=code):
                tx = self.tell(code, 500 + n)
                tx.write({'mpesa_query_confirmed': True, 'mpesa_sent_at': fields.Datetime.now()})
                self.assertGreaterEqual(tx._mpesa_payer_view()['retry_in'], seconds - 20)

    def test_no_retry_while_a_query_has_said_nothing(self):
        tx = self.tell('1037', 900)
        self.control.script(api='stk_query', fault='intermittent')
        self.ask_daraja(tx, age=100)
        self.assertFalse(tx._mpesa_payer_view()['retry'])
        self.assertEqual(self.get_next_age(tx), 120)
        self.control.script(api='stk_query', outcome='1037')
        self.ask_daraja(tx, age=121)
        self.assertTrue(tx._mpesa_payer_view()['retry'])
