from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa import const, daraja
from odoo.addons.school_mpesa.models.mpesa_money_back import PATIENCE
from odoo.addons.school_mpesa.tests.money_back_common import BACK, CODE, MoneyBackCommon


@tagged('post_install', '-at_install')
class TestMoneyBackResult(MoneyBackCommon):
    """What Safaricom answers to the order, and what is booked: on its word, and once."""

    # === IT WENT BACK === #

    def test_money_that_went_back_leaves_the_books(self):
        payment = self.pay_in()
        receipt, owed = payment.receipt_id, self.student.balance
        order = self.order(payment)
        self.assert_not_back(payment)
        callback = self.tell_back(order)
        self.assert_back(order)
        self.assertEqual(callback.state, 'done')
        self.assertEqual(callback.mpesa_transaction_id, order.reversal_id)
        self.assertEqual(receipt.state, 'reversed')
        self.assertIn(BACK, receipt.reversed_reason)
        self.assertEqual(self.student.balance, owed + 500)
        self.assertEqual(order.reversal_id.source, 'reversal')
        self.assertEqual(order.command_ids.state, 'done')
        self.assertIn("It has left the books", order.outcome)
        self.assertTrue(self.provider.mpesa_initiator_proven)

    def test_the_guardian_is_told(self):
        self.school.write({
            'school_sms_gateway': 'africastalking', 'school_sms_environment': 'simulator',
            'school_sms_username': 'sandbox', 'school_sms_key': 'atsk_simulator',
        })
        payment = self.pay_in()
        receipt = payment.receipt_id
        receipt._tell_all()
        self.assertEqual(receipt.sms_ids.mapped('kind'), ['receipt'])
        receipt.sms_ids.state = 'sent'
        self.tell_back(self.order(payment))
        receipt._tell_all()
        told = receipt.sms_ids.filtered(lambda message: message.kind == 'reversal')
        self.assertEqual(told.partner_id, self.guardian)

    def test_unidentified_money_goes_back(self):
        payment = self.pay_in(account='nobody')
        order = self.order(payment)
        self.tell_back(order)
        self.assert_back(order)
        self.assertEqual(self.sum_account(self.school._get_unidentified_account()), 0)

    def test_a_paid_request_is_not_called_paid_any_more(self):
        tx = self.prompt(amount=500)
        self.drain_stk(tx, receipt=CODE, time=None)
        self.tell_back(self.order(self.get_movements()))
        self.assertTrue(tx._mpesa_payer_view()['given_back'])

    # === REPEATS, ORDER, CONTRADICTION === #

    def test_the_same_result_twice_books_once(self):
        order = self.order()
        body = self.reversal_body(order)
        first, second = (self.accept_bytes(self.result_url(), body) for _time in range(2))
        self.drain()
        self.assertEqual((first.state, second.state), ('done', 'repeat'))
        self.assert_back(order)

    def test_another_result_than_the_first_is_a_conflict(self):
        order = self.order()
        self.tell_back(order)
        for callback in (self.tell_back(order, '1'), self.tell_back(order, own='UIE4K7P2R9')):
            self.assertEqual(callback.state, 'conflict')
        self.assertTrue(order.command_ids.needs_person)
        self.assert_back(order)

    def test_a_result_before_the_acknowledgement_waits_for_it(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        self.env['mpesa.command']._claim_queued()
        names = (f'AG_{command.id}', f'o-{command.id}')
        callback = self.tell_back(order, names=names)
        self.assertEqual((callback.state, order.state), ('new', 'sent'))
        self.assert_not_back(order.mpesa_transaction_id)
        command._take_acknowledgement(daraja.Acknowledgement(*names, raw={}, exchange=None))
        self.drain()
        self.assertEqual(callback.state, 'done')
        self.assert_back(order)

    def test_one_name_of_two_is_a_conflict(self):
        order = self.order()
        names = order.command_ids.conversation_id, order.command_ids.originator_conversation_id
        for wrong in ((names[0], 'other'), ('other', names[1])):
            callback = self.tell_back(order, names=wrong)
            self.assertEqual((callback.state, order.state), ('conflict', 'sent'))
        self.assert_not_back(order.mpesa_transaction_id)

    def test_a_result_of_something_else_books_nothing(self):
        for values, finding in (
            ({'Amount': 499}, 'other'), ({'OriginalTransactionID': 'UIE4K7P2Q9'}, 'other'),
            ({'Amount': None}, 'unclear'), ({'own': 'UIE0000000'}, 'unclear'),
            ({'own': CODE}, 'unclear'), ({'Amount': 'much'}, 'unclear'),
        ):
            with self.subTest(values):
                order = self.order()
                callback = self.tell_back(order, **values)
                self.assertEqual((callback.state, order.state), ('conflict', 'unknown'))
                self.assertEqual(order.command_ids.finding, finding)
                self.assertTrue(order.command_ids.needs_person)
                self.assertIn("may have moved", order.outcome)
                self.assert_not_back(order.mpesa_transaction_id)
                order.state = 'failed'  # A person looked it up.

    def test_without_its_original_the_names_tell(self):
        order = self.order()
        self.tell_back(order, OriginalTransactionID=None)
        self.assert_back(order)

    # === THE STATEMENT === #

    def test_the_statement_that_comes_later_tells_nothing_new(self):
        order = self.order()
        self.tell_back(order)
        self.state_back()
        self.assert_back(order)
        line = self.get_lines(kind='reversal')
        self.assertEqual((line.state, line.mpesa_transaction_id), ('matched', order.reversal_id))
        self.assertFalse(line.move_id)
        self.assertTrue(order.reversal_id.stated_at)

    def test_the_statement_is_quicker_than_the_result(self):
        order = self.order()
        self.state_back()
        self.assert_back(order)
        self.assertEqual(order.reversal_id.source, 'statement')
        callback = self.tell_back(order)
        self.assertEqual(callback.state, 'done')
        self.assertEqual(callback.mpesa_transaction_id, order.reversal_id)
        self.assertEqual(order.reversal_id.verified_by, 'reversal')
        self.assertEqual(order.command_ids.state, 'done')
        self.assert_back(order)

    def test_the_result_comes_between_the_import_and_its_booking(self):
        order = self.order()
        statement = self.upload(self.write_older(
            [self.row(BACK, -500, "Pay Bill Reversal", linked=CODE, minute=30)], opening=500,
        ))
        self.tell_back(order)
        self.book()
        line = self.get_lines(kind='reversal')
        self.assertEqual((line.state, line.mpesa_transaction_id), ('matched', order.reversal_id))
        self.assertEqual(statement.state, 'done')
        self.assert_back(order)

    def test_the_proof_of_the_day_agrees(self):
        self.tell_back(self.order())
        close = self.env['mpesa.day.close'].sudo()._get_close(self.provider, self.kenyan_day())
        close._prove()
        # It is told to the bursar, and nobody has to act.
        self.assertEqual(
            close.difference_ids.mapped(lambda told: (told.kind, told.receipt, told.state)),
            [('reversed', BACK, 'settled')],
        )

    def test_a_statement_without_a_link_is_explained_by_the_result(self):
        order = self.order()
        self.state_back(linked='')
        reversal = self.get_reversals()
        self.assertEqual((reversal.reversal_state, order.state), ('person', 'sent'))
        self.assertEqual(self.sum_account(self.school._get_unidentified_account()), 500)
        self.tell_back(order)
        self.assert_back(order)
        self.assertEqual(self.sum_account(self.school._get_unidentified_account()), 0)

    def test_a_result_that_the_books_contradict_is_left_to_a_person(self):
        order = self.order()
        self.state_back(own='UIE4K7P2R2')
        self.assertEqual(order.state, 'done')
        callback = self.tell_back(order)
        self.assertEqual(callback.state, 'conflict')
        self.assertEqual(order.command_ids.finding, 'contradicts')
        self.assert_back(order, 'UIE4K7P2R2')

    def test_what_safaricom_gave_back_by_itself_is_not_ordered_back(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        self.state_back()
        self.assert_back(order)
        self.assertEqual((command.state, command.finding), ('failed', 'not_sent'))
        self.assertIn("without an order of ours", order.outcome)
        self.send_questions()
        self.assertFalse(self.control.daraja_requests('reversal'))

    def test_a_request_that_waits_is_answered_by_the_statement(self):
        order = self.ask_back(self.pay_in())
        self.state_back()
        self.assert_back(order)
        with self.assertRaisesRegex(UserError, "waits for nobody"):
            self.approve(order)

    # === IT DID NOT GO BACK, OR NOBODY KNOWS === #

    def test_each_refusal_says_that_no_money_moved_and_what_to_do(self):
        for code, words, refusal in (
            ('1', "too little money", False), ('11', "does not take it", False),
            ('21', "role for reversals", False), ('2001', "does not accept the initiator", '2001'),
            ('2006', "does not take it", False), ('2028', "Ask Safaricom", False),
            ('8006', "unlocks it", '8006'), ('R000001', "went back before", False),
            ('R000002', "can still give back", False), ('26', "too busy", False),
            ('TP40153', "role for reversals", False), ('4', "a limit is reached", False),
        ):
            with self.subTest(code):
                order = self.order()
                callback = self.tell_back(order, code)
                self.assertEqual((callback.state, order.state), ('done', 'failed'))
                self.assertIn(words, order.outcome)
                self.assertRegex(order.outcome, r"[Nn]o money has moved|moved no money")
                self.assertIn(code, order.outcome)
                self.assertEqual(order.command_ids.outcome, order.outcome)
                self.assertEqual(self.provider.mpesa_initiator_refusal, refusal)
                self.assert_not_back(order.mpesa_transaction_id)
                self.provider.write({
                    'mpesa_initiator_refusal': False, 'mpesa_initiator_proven': True,
                })

    def test_a_code_that_leaves_it_open_is_no_failure(self):
        for code in ('17', '15', '100000004', '31337'):
            with self.subTest(code):
                order = self.order()
                self.tell_back(order, code)
                self.assertEqual((order.state, order.command_ids.state), ('unknown', 'unknown'))
                self.assertIn("may have moved", order.outcome)
                with self.assertRaisesRegex(UserError, "being given back already"):
                    self.ask_back(order.mpesa_transaction_id)
                self.assert_not_back(order.mpesa_transaction_id)
                order.state = 'failed'

    def test_a_time_out_is_no_outcome_and_a_later_result_counts(self):
        order = self.order()
        callback = self.tell_back(order, end='timeout')
        self.assertEqual((callback.state, order.state), ('done', 'unknown'))
        self.assertIn("gave up on the order", order.outcome)
        self.assert_not_back(order.mpesa_transaction_id)
        self.tell_back(order)
        self.assert_back(order)

    def test_silence_is_unknown_and_nothing_is_sent_again(self):
        order = self.order()
        command = order.command_ids
        command.sent_at -= timedelta(seconds=const.STATUS_PATIENCE_SECONDS + 60)
        self.send_questions()
        self.assertEqual((command.state, order.state), ('unknown', 'unknown'))
        self.assertIn("No answer came", order.outcome)
        self.send_questions()
        self.assertEqual(command.state, 'unknown')
        self.assertFalse(self.control.daraja_requests('reversal'))
        self.tell_back(order)  # Hours later it still counts.
        self.assert_back(order)

    def test_a_worker_that_died_before_the_call_leaves_it_unknown(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        self.env['mpesa.command']._claim_queued()
        command.sent_at -= timedelta(hours=1)
        self.send_questions()
        self.assertEqual(order.state, 'unknown')
        self.assertFalse(self.control.daraja_requests('reversal'))

    def test_an_answer_without_the_names_is_not_believed(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        self.env['mpesa.command']._claim_queued()
        command._fail('silent', state='unknown')
        callback = self.tell_back(order, names=('AG_x', 'o-x'))
        self.assertEqual((callback.state, callback.mpesa_command_id), ('parked', command))
        self.assertEqual((order.state, command.finding), ('unknown', 'nameless'))
        self.assertTrue(command.needs_person)
        self.assert_not_back(order.mpesa_transaction_id)
        self.state_back()  # What the statement tells counts.
        self.assert_back(order)

    # === A PERSON LOOKS IT UP === #

    def test_a_person_says_after_a_day_that_it_never_went_back(self):
        order = self.order()
        self.tell_back(order, end='timeout')
        with self.assertRaisesRegex(UserError, "may still tell"):
            order.with_user(self.head).action_not_given_back()
        order.decided_at -= PATIENCE + timedelta(hours=1)
        with self.assertRaises(AccessError):
            order.with_user(self.bursar).action_not_given_back()
        order.with_user(self.head).action_not_given_back()
        self.assertEqual((order.state, order.closed_by_id), ('failed', self.head))
        self.assertIn("never went back", order.outcome)
        # Another order may be asked for; the result of the first one still counts, once.
        payment = order.mpesa_transaction_id
        again = self.ask_back(payment)
        self.acknowledge(self.approve(again))
        self.tell_back(again, 'R000001')
        self.assertEqual(again.state, 'failed')
        self.tell_back(order)
        # The other order moved nothing, and does not count as if it had.
        self.assertEqual((order.state, again.state), ('done', 'failed'))
        self.assertEqual(len(self.get_reversals()), 1)
        self.assert_wallet(0)

    def test_an_unclear_answer_opens_nothing_that_a_person_has_closed(self):
        order = self.order()
        self.tell_back(order, end='timeout')
        order.decided_at -= PATIENCE
        order.with_user(self.head).action_not_given_back()
        again = self.ask_back(order.mpesa_transaction_id)
        callback = self.tell_back(order, own='UIE0000000')
        self.assertEqual((callback.state, order.state), ('conflict', 'failed'))
        self.assertEqual(again.state, 'asked')

    def test_what_is_known_is_not_closed_by_a_person(self):
        order = self.order()
        order.decided_at -= PATIENCE + timedelta(hours=1)
        with self.assertRaisesRegex(UserError, "is known"):
            order.with_user(self.head).action_not_given_back()
