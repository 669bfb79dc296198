import json
from datetime import datetime, time, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.school_mpesa import const, daraja, vault
from odoo.addons.school_mpesa.tests.question_common import PAYER, QuestionCommon


CODE = 'UIE4K7P2QX'


@tagged('post_install', '-at_install')
class TestStatusQuestion(QuestionCommon):
    """Asking what became of one payment: what is booked from the answer, and what never is."""

    def sent(self, code=CODE):
        """ Ask, and let Safaricom take the question; its answer is the test's.

        :rtype: mpesa.command
        """
        command = self.ask_status(code)
        self.send_questions()
        self.assertEqual(command.state, 'sent')
        self.assertTrue(command.conversation_id and command.originator_conversation_id)
        return command

    # === WHAT IS BOOKED === #

    def test_a_payment_without_a_message_is_found_and_waits_for_its_owner(self):
        code = self.pay()
        command = self.question(code)
        self.assertEqual((command.state, command.finding), ('done', 'completed'))
        self.assertIn("KES 15,500", command.outcome)
        movement = self.get_movements()
        self.assertEqual(command.mpesa_transaction_id, movement)
        self.assertEqual((movement.receipt, movement.source), (code, 'status'))
        self.assertEqual(movement.payer_mask, '0712 *** 111')
        # It names no account: nobody guesses whose it is.
        self.assertEqual(movement.booking_state, 'unidentified')
        self.assert_books(15_500, suspense=15_500)

    def test_the_late_confirmation_says_whose_it_is_and_books_nothing_twice(self):
        code = self.pay()
        self.question(code)
        self.drain_c2b(code)
        self.assertEqual(len(self.get_movements()), 1)
        self.assert_books(15_500)
        self.assertEqual(self.get_movements().verified_by, 'confirmation')

    def test_a_known_payment_is_only_verified(self):
        code = self.pay()
        self.drain_c2b(code)
        command = self.question(code)
        self.assertEqual(command.finding, 'completed')
        self.assertEqual(self.get_movements().verified_by, 'status')
        self.assertNotIn('conflict', self.get_movements().callback_ids.mapped('state'))
        self.assert_books(15_500)

    def test_another_amount_than_ours_is_a_conflict_and_the_first_stands(self):
        self.drain_c2b(CODE, amount='900.00')
        self.tell_result(self.sent())
        conflict = self.env['mpesa.callback'].search([('state', '=', 'conflict')])
        self.assertEqual(conflict.endpoint, 'status')
        self.assert_books(900)

    # === WHAT IS NOT === #

    def test_an_unknown_code_books_nothing(self):
        command = self.question(CODE)
        self.assertEqual((command.state, command.finding), ('done', 'not_found'))
        self.assertIn("finds no payment", command.outcome)
        self.assert_nothing_booked()

    def test_money_that_is_not_ours_is_not_booked(self):
        for parties, finding in (
            ([f'{PAYER} - A', '600222 - Other School'], 'elsewhere'),
            ([f'{PAYER} - A', '6001112 - Longer'], 'elsewhere'),
            ([f'{PAYER} - A', '254600111000 - A phone'], 'elsewhere'),
            (['600111 - Uhuru Academy', f'{PAYER} - A'], 'elsewhere'),  # We paid.
            (['600111 - Uhuru Academy', '600111 - Uhuru Academy'], 'elsewhere'),  # A sweep.
            (['Uhuru Academy 600111', 'Uhuru Academy 600111'], 'elsewhere'),
            ([f'{PAYER} - A'], 'unclear'),
        ):
            with self.subTest(parties):
                command = self.sent()
                self.tell_result(command, parties=parties)
                self.assertEqual(command.finding, finding)
                self.assert_nothing_booked()

    def test_an_answer_with_parts_missing_is_not_booked(self):
        for values, finding in (
            ({'Amount': None}, 'unclear'), ({'Amount': 0}, 'unclear'), ({'Amount': -5}, 'unclear'),
            ({'Amount': 'much'}, 'unclear'), ({'ReceiptNo': None}, 'unclear'),
            ({'ReceiptNo': 'UIE0000000'}, 'unclear'), ({'ReceiptNo': 'UIF9AAAAAA'}, 'other'),
            ({'TransactionStatus': 'Declined'}, 'not_paid'),
            ({'TransactionStatus': 'Cancelled'}, 'not_paid'),
            ({'TransactionStatus': 'Pending Authorized'}, 'pending'),
            ({'TransactionStatus': 'Whatever'}, 'pending'),
            ({'TransactionStatus': None}, 'no_answer'),
        ):
            with self.subTest(values):
                command = self.sent()
                self.tell_result(command, **values)
                self.assertEqual(command.finding, finding)
                self.assertTrue(command.outcome)
                self.assertEqual(command.needs_person, finding in {'unclear', 'other'})
                self.assert_nothing_booked()

    # === WHOSE ANSWER IT IS === #

    def test_foreign_ids_are_no_answer(self):
        command = self.sent()
        callback = self.tell_result(command, names=('AG_20260914_x', 'other-1'))
        self.assertEqual(callback.state, 'parked')
        self.assertIn("answers no request of ours", callback.reason)
        self.assertEqual(command.state, 'sent')
        self.assert_nothing_booked()

    def test_one_id_of_two_is_a_conflict(self):
        command = self.sent()
        for names in (
            (command.conversation_id, 'other-1'), ('AG_1', command.originator_conversation_id),
            (command.conversation_id, ''),
        ):
            with self.subTest(names):
                self.assertEqual(self.tell_result(command, names=names).state, 'conflict')
                self.assertEqual(command.state, 'sent')
        self.assertTrue(command.needs_person)
        self.assert_nothing_booked()

    def test_empty_ids_answer_nothing(self):
        command = self.sent()
        self.ask_status('UIF9AAAAAA')  # It has no names yet.
        self.assertEqual(self.tell_result(command, names=('', '')).state, 'parked')
        self.assert_nothing_booked()

    def test_another_schools_address_answers_nothing(self):
        other = self.create_provider(self.create_school("Other School"), '600222')
        command = self.sent()
        token = self.env['mpesa.callback.token']._get(other, 'result')
        callback = self.accept_bytes(
            f'https://x.example/collect/{token}/result', self.result_body(command),
        )
        self.drain()
        self.assertEqual(callback.state, 'parked')
        self.assertEqual(command.state, 'sent')
        self.assert_nothing_booked()

    def test_the_same_result_twice_books_once_and_another_one_is_a_conflict(self):
        command = self.sent()
        body = self.result_body(command)
        first, second = (self.accept_bytes(self.result_url(), body) for _time in range(2))
        self.drain()
        self.assertEqual((first.state, second.state), ('done', 'repeat'))
        third = self.tell_result(command, Amount=99_000)
        self.assertEqual(third.state, 'conflict')
        self.assertTrue(command.needs_person)
        self.assert_books(15_500, suspense=15_500)

    def test_a_result_before_the_acknowledgement_is_written_waits_for_it(self):
        command = self.ask_status(self.pay())
        command.write({'state': 'sent', 'sent_at': fields.Datetime.now()})
        callback = self.tell_result(command, names=('AG_1', 'o-1'))
        self.assertEqual(callback.state, 'new')
        self.assertTrue(callback.next_try_at)
        command._take_acknowledgement(self.make_acknowledgement('AG_1', 'o-1'))
        self.drain()
        self.assertEqual((callback.state, command.finding), ('done', 'completed'))
        self.assert_books(15_500, suspense=15_500)

    def make_acknowledgement(self, conversation, originator):
        return daraja.Acknowledgement(conversation, originator, raw={}, exchange=None)

    # === AN ANSWER THAT NAMES NO QUESTION === #

    def lose_names(self, code):
        """ Ask, and lose the names of the question on the way.

        :rtype: mpesa.command
        """
        self.control.script('transaction_status', fault='reset_after_accept')
        command = self.ask_status(code)
        self.send_questions()
        self.assertEqual((command.state, command.finding), ('unknown', 'silent'))
        self.assertEqual(command.tries, 1, "It may have been asked: it is not asked again.")
        return command

    def test_an_answer_without_the_names_books_nothing_and_is_asked_for_again(self):
        code = self.pay()
        lost = self.lose_names(code)
        callback = self.hear_result()
        self.assertEqual((callback.state, callback.mpesa_command_id), ('done', lost))
        self.assertEqual((lost.state, lost.finding), ('unknown', 'nameless'))
        self.assertIn("nothing is booked from it", lost.outcome)
        self.assert_nothing_booked()
        again = self.env['mpesa.command'].search([('repeats_id', '=', lost.id)])
        self.assertEqual((again.state, again.receipt), ('queued', code))
        # The same again, as Safaricom does at times, causes no further question.
        repeat = self.accept_bytes(self.result_url(), self.result_body(
            lost, names=('AG_other', 'other-1'),
        ))
        self.drain()
        self.assertEqual(repeat.state, 'repeat')
        self.assertEqual(self.env['mpesa.command'].search_count([]), 2)
        self.send_questions()
        self.hear_result(count=2)
        self.assertEqual((again.state, again.finding), ('done', 'completed'))
        self.assert_books(15_500, suspense=15_500)

    def test_names_that_are_lost_twice_are_left_to_a_person(self):
        code = self.pay()
        lost = self.lose_names(code)
        self.hear_result()
        self.control.script('transaction_status', fault='reset_after_accept')
        self.send_questions()
        callback = self.hear_result(count=2)
        again = self.env['mpesa.command'].search([('repeats_id', '=', lost.id)])
        self.assertEqual((again.finding, callback.state), ('nameless', 'parked'))
        self.assertTrue(again.needs_person)
        self.assertFalse(lost.needs_person)
        self.assertEqual(self.env['mpesa.command'].search_count([]), 2)
        self.assert_nothing_booked()

    def test_a_nameless_answer_that_cannot_be_asked_for_again_is_left_to_a_person(self):
        lost = self.lose_names(self.pay())
        self.provider.mpesa_status_enabled = False
        callback = self.hear_result()
        self.assertEqual((callback.state, lost.needs_person), ('parked', True))
        self.assert_nothing_booked()

    # === WHEN IT WAS PAID === #

    def test_without_a_time_the_day_of_the_code_counts(self):
        day = self.kenyan_day(3)
        for n, told in enumerate((None, 'noon', 20991231120000)):
            command = self.sent(self.code_of(day, f'K7P2QX{n}'))
            self.tell_result(command, FinalisedTime=told)
            with self.subTest(told):
                self.assertEqual((command.finding, command.dated_by_code), ('completed', 1))
                self.assertIn("by its M-PESA code", command.outcome)
                movement = command.mpesa_transaction_id
                # Noon in Kenya.
                self.assertEqual(movement.paid_at, datetime.combine(day, time(9)))
                self.assertEqual(movement.suspense_payment_id.date, day)

    def test_without_a_time_and_a_day_nothing_is_booked(self):
        for code in ('ZZZ4K7P2QX', self.code_of(self.kenyan_day(-2))):
            command = self.sent(code)
            self.tell_result(command, FinalisedTime=None)
            with self.subTest(code):
                self.assertEqual((command.finding, command.needs_person), ('unclear', True))
                self.assertIn("when", command.outcome)
        self.assert_nothing_booked()

    def test_without_a_time_a_known_payment_keeps_its_own(self):
        code = 'ZZZ4K7P2QX'
        self.drain_c2b(code, amount='15500.00')
        paid_at = self.get_movements().paid_at
        command = self.sent(code)
        self.tell_result(command, FinalisedTime=None)
        self.assertEqual((command.finding, command.paid_at), ('completed', paid_at))
        self.assertEqual(self.get_movements().verified_by, 'status')
        self.assert_books(15_500)

    # === SILENCE === #

    def test_a_time_out_is_no_outcome_and_a_later_result_counts(self):
        self.control.script('transaction_status', callback='timeout')
        command = self.ask_status(self.pay())
        self.send_questions()
        callback = self.hear_result(kind='timeout')
        self.assertEqual(callback.state, 'done')
        self.assertEqual((command.state, command.finding), ('unknown', 'timed_out'))
        self.assertTrue(command.can_ask_again)
        self.tell_result(command)
        self.assertEqual((command.state, command.finding), ('done', 'completed'))
        self.assert_books(15_500, suspense=15_500)

    def test_without_a_result_a_person_may_ask_again_and_hours_later_it_still_counts(self):
        command = self.sent()
        command.sent_at -= timedelta(seconds=const.STATUS_PATIENCE_SECONDS + 60)
        self.send_questions()
        self.assertEqual((command.state, command.finding), ('unknown', 'silent'))
        again = self.ask_status(CODE)
        self.assertNotEqual(again, command)
        self.tell_result(command)
        self.assertEqual(command.finding, 'completed')
        self.assert_books(15_500, suspense=15_500)

    def test_garbage_at_the_addresses_is_kept_and_harms_nothing(self):
        command = self.sent()
        for end in ('result', 'timeout'):
            for body in (b'', b'[]', b'{"Result": 5}', b'\xff', b'{"Result": {"ResultCode": {}}}'):
                callback = self.accept_bytes(self.result_url(end), body)
                self.drain()
                self.assertEqual(callback.state, 'unreadable')
        self.assertEqual(command.state, 'sent')

    # === THE INITIATOR === #

    def test_after_a_wrong_password_nothing_is_asked_any_more(self):
        self.provider.mpesa_initiator_password = 'wrong'
        first, second = self.ask_status(CODE), self.ask_status('UIF9AAAAAA')
        self.send_questions()
        self.assertEqual((first.state, second.state), ('sent', 'queued'),
                         "An initiator that was never answered asks one thing at a time.")
        self.hear_result()
        self.assertEqual((first.state, first.finding), ('failed', 'refused'))
        self.assertEqual(self.provider.mpesa_initiator_refusal, '2001')
        self.send_questions()
        self.assertEqual((second.state, second.finding), ('failed', 'not_sent'))
        with self.assertRaisesRegex(UserError, "refuses the initiator"):
            self.ask_status(CODE)
        asked = [
            c for c in self.control.daraja_requests('transaction_status') if c['status'] == 200
        ]
        self.assertEqual(len(asked), 1)
        operator, = (o for o in self.control.operators() if o['shortcode'] == '600111')
        self.assertEqual(operator['wrong_passwords'], 1, "Three would lock it.")
        note = self.env['mail.message'].search([
            ('model', '=', 'payment.provider'), ('res_id', '=', self.provider.id),
            ('message_type', '=', 'user_notification'),
        ])
        self.assertIn(self.system.partner_id, note.notified_partner_ids)
        self.assertNotIn('wrong', note.body.replace('three wrong', ''))
        self.assertIn("does not accept the initiator", self.provider.mpesa_status_message)

    def test_what_waits_for_an_initiator_that_was_never_answered_fails_with_its_first_silence(self):
        self.control.script('transaction_status', callback='missing')
        first = self.sent(CODE)
        waiting = [self.ask_status(f'UIE4K7P2Q{n}') for n in range(3)]
        self.send_questions()
        self.assertEqual({command.state for command in waiting}, {'queued'})
        first.sent_at -= timedelta(seconds=const.STATUS_PATIENCE_SECONDS + 90)
        self.send_questions()
        self.assertEqual((first.state, first.finding), ('unknown', 'silent'))
        for command in waiting:
            self.assertEqual((command.state, command.finding), ('failed', 'not_sent'))
            self.assertIn("has never answered this initiator", command.outcome)
        asked = [
            c for c in self.control.daraja_requests('transaction_status') if c['status'] == 200
        ]
        self.assertEqual(len(asked), 1)

    def test_silence_of_an_initiator_that_was_answered_before_fails_no_other(self):
        self.question(CODE)
        self.assertTrue(self.provider.mpesa_initiator_proven)
        silent = self.sent('UIE4K7P2QA')
        waiting = self.ask_status('UIE4K7P2QB')
        waiting.next_try_at = fields.Datetime.now() + timedelta(hours=1)
        silent.sent_at -= timedelta(seconds=const.STATUS_PATIENCE_SECONDS + 90)
        self.send_questions()
        self.assertEqual((silent.state, waiting.state), ('unknown', 'queued'))

    def test_a_new_password_makes_questions_possible_again(self):
        from daraja_simulator import defaults
        self.provider.mpesa_initiator_password = 'wrong'
        self.question(CODE)
        self.provider.write({'mpesa_initiator_password': defaults.SCHOOL_OPERATOR_PASSWORD})
        self.assertFalse(self.provider.mpesa_initiator_refusal)
        self.assertEqual(self.question(CODE).finding, 'not_found')
        self.assertTrue(self.provider.mpesa_initiator_proven)

    def test_a_message_that_fails_stops_no_question(self):
        self.provider.mpesa_initiator_untold = True
        self.provider.mpesa_initiator_refusal = False
        failing = patch.object(
            type(self.env['mail.thread']), 'message_notify', side_effect=ValueError("no mail"),
        )
        with failing, self.assertLogs('odoo.addons.school_mpesa', 'WARNING') as log:
            command = self.sent()
        self.assertIn("Nobody was told", log.output[0])
        self.assertEqual(command.state, 'sent')
        self.assertTrue(self.provider.mpesa_initiator_untold, "It is told at the next run.")

    def test_a_busy_safaricom_proves_no_initiator(self):
        command = self.sent()
        self.tell_result(command, '26')
        self.assertEqual((command.state, command.finding), ('failed', 'no_answer'))
        self.assertFalse(self.provider.mpesa_initiator_proven)
        self.assertFalse(self.provider.mpesa_initiator_refusal)
        self.assertIn("could not tell (26)", command.outcome)

    def test_a_locked_initiator_and_one_without_the_role_stop_too(self):
        for changes, code in (({'wrong_passwords': 3}, '8006'), ({'may': ['pull']}, '21')):
            self.control.set_operator('600111', 'feesapi', **changes)
            self.assertEqual(self.question(CODE).finding, 'refused')
            self.assertEqual(self.provider.mpesa_initiator_refusal, code)
            with self.assertRaises(UserError):
                self.ask_status(CODE)
            self.provider.with_user(self.system).action_mpesa_forgive_refusal()
            self.control.set_operator('600111', 'feesapi', wrong_passwords=0, may=None)
        self.assertEqual(self.question(CODE).finding, 'not_found')

    def test_a_ready_made_credential_serves_instead_of_password_and_certificate(self):
        from daraja_simulator import defaults
        ready = daraja.security_credential(
            defaults.SCHOOL_OPERATOR_PASSWORD, self.control.certificate(),
        )
        self.provider.write({
            'mpesa_initiator_password': False, 'mpesa_certificate': False,
            'mpesa_security_credential': f'{ready[:100]}\n{ready[100:]}',
        })
        self.assertNotIn("Missing", self.provider.mpesa_status_message)
        self.assertEqual(self.question(CODE).finding, 'not_found')

    def test_what_is_missing_is_said(self):
        self.provider.write({
            'mpesa_initiator_name': False, 'mpesa_initiator_password': False,
            'mpesa_certificate': False,
        })
        message = self.provider.mpesa_status_message
        for part in ("initiator's name", "password", "certificate"):
            self.assertIn(part, message)
        with self.assertRaisesRegex(UserError, "not complete"):
            self.ask_status(CODE)
        self.provider.mpesa_status_enabled = False
        with self.assertRaisesRegex(UserError, "does not ask about payments"):
            self.ask_status(CODE)

    def test_what_cannot_be_used_is_refused_when_it_is_saved(self):
        for values in (
            {'mpesa_certificate': 'not a certificate'}, {'mpesa_initiator_name': 'two words'},
            {'mpesa_security_credential': 'short'}, {'mpesa_nominated_number': '12'},
        ):
            with self.subTest(values), self.assertRaises(UserError), self.env.cr.savepoint():
                self.provider.write(values)

    # === WHO MAY, HOW OFTEN === #

    def test_one_open_question_for_each_code(self):
        first = self.ask_status(CODE)
        self.assertEqual(self.ask_status(f' {CODE.lower()} ', self.cashier), first)
        self.assertNotEqual(self.ask_status('UIF9AAAAAA'), first)

    def test_one_person_does_not_walk_through_codes(self):
        most = const.STATUS_QUESTION_LIMITS[0][0]
        user = self.create_clerk('question-walker', 'school_fees.group_bursar')
        for n in range(most):
            self.ask_status(f'UIE4K7P{n:03d}', user)
        with self.assertRaisesRegex(UserError, "most that one person may"):
            self.ask_status('UIE4K7P999', user)

    def test_no_code_no_question(self):
        for text in ('', 'UIE4', 'UIE4K7P2QXX', 'UIE0000000', None):
            with self.subTest(text), self.assertRaises(UserError):
                self.ask_status(text)
        self.assertFalse(self.env['mpesa.command'].search([('kind', '=', 'status')]))

    # === FROM THE SCREENS === #

    def test_the_movement_the_message_and_the_request_ask(self):
        code = self.pay()
        self.drain_c2b(code)
        movement = self.get_movements().with_user(self.bursar)
        self.assertTrue(movement.can_ask_safaricom)
        action = movement.action_ask_safaricom()
        command = self.env['mpesa.command'].with_user(self.bursar).browse(action['res_id'])
        self.assertEqual((action['res_model'], command.receipt), ('mpesa.command', code))
        self.assertEqual(command.asked_by_id, self.bursar)
        self.assertEqual(movement.command_ids, command)
        conflict = self.drain_c2b('UIF9AAAAAA', amount='10.00')
        conflict = self.drain_c2b('UIF9AAAAAA', amount='20.00').with_user(self.bursar)
        self.assertEqual(conflict.state, 'conflict')
        self.assertTrue(conflict.can_ask_safaricom)
        asked = self.env['mpesa.command'].browse(conflict.action_ask_safaricom()['res_id'])
        self.assertEqual(asked.receipt, 'UIF9AAAAAA')

    def test_a_request_is_asked_about_by_the_code_on_the_payers_phone(self):
        tx = self.prompt(amount=100).with_user(self.bursar)
        self.assertTrue(tx.mpesa_can_ask_safaricom)
        action = tx.action_mpesa_ask_safaricom()
        self.assertFalse(action['context']['default_code'])
        wizard = self.env['mpesa.ask.wizard'].with_user(self.bursar).with_context(
            **action['context']
        ).create({})
        with self.assertRaisesRegex(UserError, "10 letters and digits"):
            wizard.action_ask()
        wizard.code = 'uie4 k7p2 qx'
        command = self.env['mpesa.command'].browse(wizard.action_ask()['res_id'])
        self.assertEqual((command.receipt, command.payment_transaction_id), (CODE, tx.sudo()))

    def test_a_request_in_conflict_names_the_code_itself(self):
        tx = self.prompt(amount=100)
        self.drain_stk(tx, amount=5_000)
        self.assertEqual(
            tx.with_user(self.bursar).action_mpesa_ask_safaricom()['context']['default_code'], CODE,
        )

    def test_only_the_office_asks_and_looks(self):
        self.drain_c2b()
        movement = self.get_movements()
        command = self.ask_status(CODE)
        for login in ('cashier', 'system'):
            user = self.create_clerk(f'question-no-{login}', (
                'school_fees.group_cashier' if login == 'cashier' else 'base.group_system'
            ))
            with self.subTest(login):
                for call in (
                    lambda user=user: movement.with_user(user).action_ask_safaricom(),
                    lambda user=user: command.with_user(user).action_ask_again(),
                    lambda user=user: command.with_user(user).action_mark_seen(),
                    lambda user=user: command.with_user(user).read(['outcome']),
                    lambda user=user: self.env['mpesa.ask.wizard'].with_user(user).create({}),
                ):
                    with self.assertRaises(AccessError):
                        call()
        stranger = self.create_clerk(
            'question-stranger', 'school_fees.group_bursar', self.create_school("Other School"),
        )
        for name in ('action_ask_again', 'action_mark_seen'):
            with self.assertRaises(AccessError):
                getattr(command.with_user(stranger), name)()
        with self.assertRaises(AccessError):
            movement.with_user(stranger).action_ask_safaricom()

    # === TROUBLE, EVIDENCE, PRIVACY === #

    def test_a_busy_safaricom_is_asked_again_and_then_given_up(self):
        self.control.script('transaction_status', fault='busy', times=None)
        command = self.ask_status(CODE)
        for tries in (1, 2):
            self.send_questions()
            self.assertEqual((command.state, command.tries), ('queued', tries))
            command.next_try_at = fields.Datetime.now() - timedelta(seconds=1)
        self.send_questions()
        self.assertEqual((command.state, command.finding), ('failed', 'not_sent'))
        self.assertIn("busy", command.outcome)

    def test_a_missing_product_is_explained(self):
        app = self.control.add_app(products=['stk'])
        self.provider.write({
            'mpesa_consumer_key': app['consumer_key'],
            'mpesa_consumer_secret': app['consumer_secret'],
        })
        command = self.ask_status(CODE)
        self.send_questions()
        self.assertIn("lacks Transaction Status", command.outcome)

    def test_the_evidence_is_sealed_and_holds_no_credential(self):
        command = self.question(CODE)
        exchange = command.exchange_ids
        self.assertEqual((exchange.kind, exchange.outcome), ('status', 'answered'))
        text = vault.unseal(command._mpesa_seal_context('status'), exchange.sealed)
        request = json.loads(text)['request']
        self.assertEqual(request['SecurityCredential'], '***')
        self.assertNotIn('/collect/', text)
        self.assertEqual(request['TransactionID'], CODE)
        self.env.flush_all()
        self.env.cr.execute('SELECT * FROM payment_provider WHERE id = %s', [self.provider.id])
        row = json.dumps(self.env.cr.dictfetchone(), default=str)
        for secret in ('Simulator#2026', '712000100'):
            self.assertNotIn(secret, row)

    def test_the_payer_is_nowhere_in_clear(self):
        self.question(self.pay())
        self.env.flush_all()
        for table in ('mpesa_command', 'mpesa_transaction', 'mpesa_exchange', 'account_move',
                      'account_move_line', 'account_payment'):
            self.env.cr.execute(SQL('SELECT * FROM %s', SQL.identifier(table)))
            rows = json.dumps(self.env.cr.dictfetchall(), default=str)
            with self.subTest(table):
                self.assertNotIn(PAYER[3:], rows)
                name = self.control.wallet(PAYER)['name']
                self.assertNotIn(name.upper(), rows.upper())
