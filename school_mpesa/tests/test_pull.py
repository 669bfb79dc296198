import json
from datetime import datetime, time, timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import tagged

from odoo.addons.school_mpesa import daraja
from odoo.addons.school_mpesa.models import payment_provider_pull
from odoo.addons.school_mpesa.tests.question_common import QuestionCommon


@tagged('post_install', '-at_install')
class TestPull(QuestionCommon):
    """Fetching what was paid: each payment once, whatever else tells of it, and no hour unseen."""

    def hour(self):
        """ Let the hourly action and the outbox run, and book what was found. """
        self.run_cron('school_mpesa.cron_pull')
        self.send_questions()
        self.drain()
        return self.env['mpesa.command'].search([('kind', '=', 'pull')], limit=1)

    def set_reached(self, hours_ago, **values):
        """ Record a Pull that reached so far. """
        end = fields.Datetime.now() - timedelta(hours=hours_ago)
        return self.env['mpesa.command']._queue(
            self.provider, 'pull', state='done', finding='read', window_end=end,
            window_start=end - timedelta(hours=values.pop('length', 48)), **values,
        )

    # === FINDING === #

    def test_a_dropped_confirmation_is_found_and_booked_on_its_student_once(self):
        code = self.pay()
        command = self.pull()
        self.assertEqual((command.state, command.finding), ('done', 'read'))
        self.assertEqual((command.rows, command.found), (1, 1))
        movement = self.get_movements()
        self.assertEqual((movement.receipt, movement.source), (code, 'pull'))
        self.assertTrue(movement.pulled_at)
        self.assertEqual(self.student.balance, 17_000)
        self.assert_books(15_500)
        # Late, the confirmation comes all the same; and Pull tells of it again.
        self.drain_c2b(code)
        self.assertEqual(self.pull().found, 0)
        self.assertEqual(len(self.get_movements()), 1)
        self.assert_books(15_500)

    def test_a_known_payment_is_marked_and_nothing_else(self):
        code = self.pay()
        self.drain_c2b(code)
        before = self.env['mpesa.callback'].search_count([])
        command = self.pull()
        self.assertEqual((command.rows, command.found), (1, 0))
        self.assertTrue(self.get_movements().pulled_at)
        self.assertEqual(self.env['mpesa.callback'].search_count([]), before)
        self.assert_books(15_500)

    def test_another_amount_is_one_conflict_however_often_it_is_pulled(self):
        code = self.pay(amount=900)
        self.drain_c2b(code)
        for _time in range(3):
            self.pull()
        conflicts = self.env['mpesa.callback'].search([('state', '=', 'conflict')])
        self.assertEqual(conflicts.mapped('endpoint'), ['pull'])
        self.assert_books(15_500)

    def test_pages_are_read_to_the_end(self):
        self.control.set(pull_page_rows=2)
        for n in range(5):
            self.pay(amount=100 + n)
        command = self.pull()
        self.assertEqual((command.state, command.rows, command.found), ('done', 5, 5))
        calls = [c for c in self.control.daraja_requests('pull_query') if c['status'] == 200]
        self.assertEqual(len(calls), 4)
        self.assert_books(510)

    def test_money_without_an_owner_waits_in_the_queue(self):
        self.pay(account='nobody at all')
        self.pull()
        self.assertEqual(self.get_movements().booking_state, 'unidentified')
        self.assert_books(15_500, suspense=15_500)

    def test_a_prompt_whose_messages_were_lost_is_booked_as_that_request(self):
        tx = self.prompt()
        self.control.pay('254712000111')
        self.wait_deliveries(kind='stk')
        self.pull()
        self.assertEqual(tx.mpesa_push_state, 'paid')
        self.assert_books(15_500)

    # === THE HOURS === #

    def test_the_windows_overlap_and_reach_no_further_than_safaricom_remembers(self):
        now = fields.Datetime.now()
        first = self.hour()
        self.assertAlmostEqual(first.window_start, now - timedelta(hours=48),
                               delta=timedelta(seconds=30))
        self.assertAlmostEqual(first.window_end, now - timedelta(minutes=5),
                               delta=timedelta(seconds=30))
        second = self.hour()
        self.assertNotEqual(second, first)
        self.assertEqual(second.window_start, first.window_end - timedelta(hours=2))
        first.window_end = second.window_end = now - timedelta(hours=60)
        third = self.hour()
        self.assertAlmostEqual(third.window_start, now - timedelta(hours=48),
                               delta=timedelta(seconds=30))

    def test_a_failed_pull_covers_nothing_and_the_next_one_asks_for_the_same(self):
        done = self.set_reached(3)
        self.control.script('pull_query', error=[400, '400.001', 'Invalid ShortCode'])
        failed = self.hour()
        self.assertEqual((failed.state, failed.finding), ('failed', 'not_sent'))
        self.assertIn("register it for Pull", failed.outcome)
        self.assertEqual(self.hour().window_start, done.window_end - timedelta(hours=2))

    def test_one_pull_at_a_time(self):
        now = fields.Datetime.now()
        Command = self.env['mpesa.command']
        self.assertEqual(
            Command._queue_pull(self.provider, now), Command._queue_pull(self.provider, now),
        )

    # === WHOSE TURN IT IS === #

    def claim(self):
        """ Return what goes out next. """
        return self.env['mpesa.command']._claim_queued()

    def test_questions_that_wait_for_an_answer_hold_up_no_pull(self):
        Command = self.env['mpesa.command']
        for n in range(60):
            Command._queue(self.provider, 'status', receipt=f'UIE4K7P{n:03d}')
        first = self.claim()
        self.assertEqual(first.receipt, 'UIE4K7P000')
        pull = Command._queue_pull(self.provider, fields.Datetime.now())
        self.assertEqual(self.claim(), pull, "Its initiator was never answered: one at a time.")
        self.assertFalse(self.claim())

    def test_many_questions_hold_up_no_pull_and_no_other_school(self):
        Command = self.env['mpesa.command']
        other = self.create_provider(self.create_school("Other School"), '600222')
        third = self.create_provider(self.create_school("Third School"), '600333')
        (self.provider + other + third).mpesa_initiator_proven = True
        for n in range(60):
            Command._queue(self.provider, 'status', receipt=f'UIE4K7P{n:03d}')
        self.assertEqual(len(self.claim()), 2, "Alone, it has the whole room.")
        theirs = Command._queue(other, 'status', receipt='UIF4K7P000')
        last = Command._queue(third, 'status', receipt='UIF4K7P111')
        pull = Command._queue_pull(self.provider, fields.Datetime.now())
        out = Command.browse()
        for _time in range(3):
            out += self.claim()
        self.assertLessEqual(pull + theirs + last, out)
        self.assertIn(pull, out[:2])

    def test_a_page_that_was_lost_on_the_way_is_fetched_again(self):
        self.pay()
        self.control.script('pull_query', fault='http_503_html', times=3)
        command = self.env['mpesa.command']._queue_pull(self.provider, fields.Datetime.now())
        self.send_questions()
        self.assertEqual((command.state, command.tries), ('queued', 1))
        command.next_try_at = False
        self.send_questions()
        self.drain()
        self.assertEqual(command.state, 'done')
        self.assert_books(15_500)
        # A worker that died in the middle of a page.
        command.write({'state': 'sent', 'rows': 0, 'page_digest': False,
                       'sent_at': fields.Datetime.now() - timedelta(minutes=5)})
        self.send_questions()
        self.drain()
        self.assertEqual(command.state, 'done')
        self.assert_books(15_500)

    def test_silence_is_said_before_safaricom_forgets(self):
        self.provider.mpesa_pull_since = fields.Datetime.now() - timedelta(days=10)
        self.set_reached(1, length=24 * 12)
        self.assertFalse(self.provider.mpesa_pull_alarm)
        self.assertEqual(self.list_needs(), [])
        self.env['mpesa.command'].search([]).window_end -= timedelta(hours=24)
        self.env.invalidate_all()
        self.assertTrue(self.provider.mpesa_pull_alarm)
        self.assertIn("more than 24 hours ago", self.provider.mpesa_pull_message)
        self.assertEqual(self.list_needs(), ['pull_silent'])
        self.assertNotIn("statement", self.provider.mpesa_pull_message)

    def test_after_48_hours_it_says_which_only_the_statement_tells(self):
        self.provider.mpesa_pull_since = fields.Datetime.now() - timedelta(days=10)
        self.set_reached(100, length=24 * 12)
        self.set_reached(70, length=5)
        self.set_reached(1, length=30)
        lost = self.provider._mpesa_get_lost_hours()
        hours = [
            tuple(round((fields.Datetime.now() - moment) / timedelta(hours=1)) for moment in hole)
            for hole in lost
        ]
        self.assertEqual(hours, [(100, 75), (70, 48)])
        self.assertIn(
            "can only be had from Safaricom's statement", self.provider.mpesa_pull_message,
        )
        needs = self.list_needs()
        self.assertEqual(needs, [f'pull_lost_{self.provider.id}'])

    def test_a_switch_just_turned_on_is_no_silence(self):
        self.provider.mpesa_pull_enabled = False
        self.assertFalse(self.provider.mpesa_pull_since)
        self.provider.mpesa_pull_enabled = True
        self.assertTrue(self.provider.mpesa_pull_since)
        self.assertFalse(self.provider.mpesa_pull_alarm)
        self.assertEqual(self.provider._mpesa_get_lost_hours(), [])

    def list_needs(self):
        """ Return what *Today* says about asking Safaricom. """
        Today = self.env['school.dashboard'].with_user(self.bursar).with_company(self.school)
        return [
            need['key'] for need in Today.get_figures()['needs']
            if need['key'].startswith('pull') or need['key'] in {'initiator_refused', 'questions'}
        ]

    # === ROWS AND TIMES === #

    def test_unreadable_rows_are_said_and_a_person_is_asked(self):
        self.pay()
        command = self.env['mpesa.command']._queue_pull(self.provider, fields.Datetime.now())
        self.send_questions()
        command.write({'state': 'sent', 'rows': 0, 'page_digest': False, 'unreadable': 0})
        command._take_page(daraja.PullPage(
            payments=(), unreadable=2, rows=2, raw={'Response': [[{}, {}]]}, exchange=None,
        ))
        self.send_questions()
        self.assertEqual((command.state, command.finding), ('done', 'unread'))
        self.assertIn("2 rows could not be read", command.outcome)
        self.assertEqual(self.list_needs(), ['questions'])
        command.with_user(self.bursar).action_mark_seen()
        self.assertEqual(self.list_needs(), [])

    def test_a_server_without_offsets_does_not_go_on_for_ever(self):
        for rows, state in ((99, 'done'), (100, 'failed')):
            command = self.env['mpesa.command']._queue_pull(self.provider, fields.Datetime.now())
            page = daraja.PullPage(
                payments=(), unreadable=0, rows=rows, raw={'Response': [[{'a': rows}]]},
                exchange=None,
            )
            for _time in range(2):
                command.state = 'sent'
                command._take_page(page)
            self.assertEqual(command.state, state)
        self.assertIn("same page again", command.outcome)
        self.assertTrue(command.needs_person)

    def test_times_that_are_kenyan_are_recognised(self):
        for form, zone in (('eat', 'eat'), ('utc', 'utc')):
            self.control.set(pull_times=form)
            known = self.pay(amount=100)
            self.drain_c2b(known, amount='100.00')
            code = self.pay(amount=200)
            command = self.pull()
            with self.subTest(form):
                self.assertEqual((command.pull_zone, self.provider.mpesa_pull_zone), (zone, zone))
                movement = self.get_movements().filtered_domain([('receipt', '=', code)])
                self.assertAlmostEqual(
                    movement.paid_at, fields.Datetime.now(), delta=timedelta(minutes=2),
                )

    def test_where_nothing_tells_it_says_so(self):
        # A time of the morning of an old day: neither ahead nor on another day.
        self.provider.mpesa_pull_zone = False
        self.pay()
        with patch.object(
            type(self.env['mpesa.command']), '_read_zone', lambda *_args: None,
        ):
            command = self.pull()
        self.assertEqual(command.pull_zone, 'assumed')
        self.assertIn("the hour may be wrong", command.outcome)

    def tell_page(self, *payments):
        """ Let Pull tell of payments without a time that can be read.

        :rtype: mpesa.command
        """
        command = self.env['mpesa.command']._queue_pull(self.provider, fields.Datetime.now())
        command.state = 'sent'
        command._take_page(daraja.PullPage(
            payments=payments, unreadable=0, rows=len(payments),
            raw={'Response': [[payment.receipt for payment in payments]]}, exchange=None,
        ))
        self.drain()
        return command

    def untimed(self, code, amount='15500', paid_at=None):
        return daraja.PulledPayment(code, Decimal(amount), paid_at, 'ADM-012', '712000111')

    def test_without_a_time_the_day_of_the_code_counts(self):
        day = self.kenyan_day(1)
        command = self.tell_page(self.untimed(self.code_of(day)))
        self.assertEqual((command.found, command.unreadable, command.dated_by_code), (1, 0, 1))
        self.assertEqual(self.get_movements().paid_at, datetime.combine(day, time(9)))
        self.assertEqual(self.get_receipts().date, day)
        self.assert_books(15_500)
        command._end_pull()
        self.assertIn("the day is that of their M-PESA code", command.outcome)

    def test_without_a_time_and_a_day_nothing_is_booked_and_a_person_is_asked(self):
        ahead = fields.Datetime.now() + timedelta(days=2)
        command = self.tell_page(
            self.untimed('ZZZ4K7P2QX'), self.untimed(self.code_of(self.kenyan_day(-2))),
            self.untimed('ZZZ4K7P2QY', paid_at=ahead),
        )
        self.assertEqual((command.found, command.unreadable), (0, 3))
        command._end_pull()
        self.assertEqual((command.finding, command.needs_person), ('unread', True))
        self.assert_nothing_booked()

    def test_without_a_time_what_is_known_is_still_recognised(self):
        self.drain_c2b('ZZZ4K7P2QX', amount='15500.00')
        self.drain_c2b('ZZZ4K7P2QY', amount='1000.00')
        command = self.tell_page(
            self.untimed('ZZZ4K7P2QX'), self.untimed('ZZZ4K7P2QY', amount='900'),
        )
        self.assertEqual(command.unreadable, 0)
        self.assertEqual(
            self.get_movements().filtered('pulled_at').mapped('receipt'), ['ZZZ4K7P2QX'],
        )
        conflict = self.env['mpesa.callback'].search([('state', '=', 'conflict')])
        self.assertEqual(conflict.endpoint, 'pull')
        self.assert_books(16_500)

    # === SETTING IT UP === #

    def test_the_address_of_pull_is_not_that_of_results_and_books_nothing(self):
        url = self.provider._mpesa_get_pull_address()
        token = url.split('/collect/')[1].split('/')[0]
        Token = self.env['mpesa.callback.token']
        self.assertNotEqual(token, Token._get(self.provider, 'result'))
        for kind in ('result', 'c2b', 'stk'):
            self.assertFalse(Token._identify(token, kind))
        command = self.ask_status('UIE4K7P2QX')
        self.send_questions()
        row = json.dumps({
            'receipt': 'UIE4K7P2QX', 'amount': '5', 'paid_at': '2026-09-14T10:00:00',
            'account_reference': 'ADM-012', 'msisdn': '', 'name': '',
        }).encode()
        for body in (self.result_body(command), row, b'', self.confirmation_body('UIE4K7P2QX')):
            callback = self.accept_bytes(url, body)
            self.drain()
            self.assertEqual((callback.endpoint, callback.state), ('notice', 'done'))
            self.assertIn("nothing is booked from it", callback.reason)
        self.assertEqual(command.state, 'sent')
        self.assert_nothing_booked()

    def test_registering(self):
        self.control.set_shortcode('600111', pull_registered=False)
        self.provider.mpesa_pull_registered_at = False
        self.assertIn("registration for Pull", self.provider.mpesa_pull_message)
        with self.assertRaisesRegex(UserError, "registration for Pull"):
            self.provider.with_user(self.system).action_mpesa_pull_now()
        theirs = self.provider.with_user(self.system)
        action = theirs.action_mpesa_register_pull()
        self.assertIn("is registered for Pull", action['params']['message'])
        self.assertTrue(self.provider.mpesa_pull_registered_at)
        self.assertTrue(self.control.shortcode('600111')['pull_registered'])
        action = theirs.action_mpesa_register_pull()
        self.assertIn("before", action['params']['message'])
        theirs.action_mpesa_pull_now()
        self.send_questions()
        self.assertEqual(self.env['mpesa.command'].search([], limit=1).state, 'done')

    def test_registering_is_explained_when_refused(self):
        self.provider.mpesa_pull_registered_at = False
        self.provider.mpesa_nominated_number = False
        with self.assertRaisesRegex(UserError, "nominated number"):
            self.provider.with_user(self.system).action_mpesa_register_pull()
        self.provider.mpesa_nominated_number = '0712 000 100'
        self.control.script('pull_register', error=[400, '400.001', 'Invalid ShortCode'])
        with self.assertRaisesRegex(UserError, "does not offer Pull"):
            self.provider.with_user(self.system).action_mpesa_register_pull()
        self.assertFalse(self.provider.mpesa_pull_registered_at)
        for button in ('action_mpesa_register_pull', 'action_mpesa_pull_now'):
            with self.assertRaises(AccessError):
                getattr(self.provider.sudo(False).with_user(self.bursar), button)()

    def test_the_office_fetches_payments_of_its_own_school(self):
        self.pay()
        Command = self.env['mpesa.command'].with_context(allowed_company_ids=self.school.ids)
        # As the button of the list calls it: with the ids of what is chosen, and nothing is.
        call_kw(Command.with_user(self.bursar), 'action_pull_now', [[]], {})
        self.send_questions()
        self.drain()
        self.assertEqual(Command.search([]).asked_by_id, self.bursar)
        self.assert_books(15_500)
        with self.assertRaises(AccessError):
            Command.with_user(self.cashier).action_pull_now()
        other = self.create_school("Other School")
        stranger = self.create_clerk('pull-stranger', 'school_fees.group_bursar', other)
        with self.assertRaisesRegex(UserError, "sets up Pull"):
            Command.with_user(stranger).with_context(
                allowed_company_ids=other.ids,
            ).action_pull_now()

    def test_another_shortcode_is_not_registered(self):
        self.provider.mpesa_shortcode = '600112'
        self.assertFalse(self.provider.mpesa_pull_registered_at)

    def test_the_nominated_number_is_sealed_and_shown_in_part(self):
        self.assertEqual(self.provider.mpesa_nominated_number, '0712 *** 100')
        self.provider.write({'mpesa_nominated_number': '0712 *** 100'})
        self.assertEqual(self.provider._mpesa_secret('mpesa_nominated_number'), '254712000100')

    def test_a_switch_that_is_off_asks_nothing(self):
        self.provider.mpesa_pull_enabled = False
        self.run_cron('school_mpesa.cron_pull')
        self.assertFalse(self.env['mpesa.command'].search([]))
        self.assertEqual(payment_provider_pull.REACH, timedelta(hours=48))
