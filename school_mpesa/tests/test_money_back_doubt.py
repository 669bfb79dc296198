from datetime import datetime, timedelta

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa import daraja
from odoo.addons.school_mpesa.models.mpesa_money_back import PATIENCE
from odoo.addons.school_mpesa.tests.money_back_common import BACK, MoneyBackCommon


@tagged('post_install', '-at_install')
class TestMoneyBackDoubt(MoneyBackCommon):
    """Where Safaricom says two things of an order: that money went back wins."""

    def close(self, order):
        """ Let a day pass, and a person say that it never went back. """
        order.decided_at -= PATIENCE
        order.with_user(self.head).action_not_given_back()

    def ask_about(self, order):
        """ Let Safaricom be asked about an order by its name; the answer is the test's.

        :rtype: mpesa.command
        """
        command = order.command_ids
        question = self.env['mpesa.command'].search([('order_id', '=', command.id)], limit=1)
        question = question or command._ask_about_order()
        self.acknowledge_question(question)
        return question

    def acknowledge_question(self, question):
        self.env['mpesa.command'].sudo()._claim_queued()
        question._take_acknowledgement(daraja.Acknowledgement(
            f'AG_{question.id}', f'o-{question.id}', raw={}, exchange=None,
        ))

    # === ONE RESULT AFTER ANOTHER === #

    def test_that_it_went_back_wins_over_what_was_said_before(self):
        for number, code in enumerate(('1', '26', '21', 'R000001', '17', '100000000')):
            with self.subTest(code):
                order = self.order(self.pay_in(f'UIE4K7P2Q{number}'))
                own = f'UIE4K7P2S{number}'
                self.tell_back(order, code)
                self.assertIn(order.state, ('failed', 'unknown'))
                body = self.reversal_body(order, own=own)
                callback, again = (
                    self.accept_bytes(self.result_url(), body) for _time in range(2)
                )
                self.drain()
                self.assertEqual((callback.state, order.state), ('done', 'done'))
                self.assertEqual(again.state, 'repeat')
                self.assertEqual(order.reversal_id.receipt, own)
                self.assertEqual(order.command_ids.state, 'done')
                self.assertTrue(order.mpesa_transaction_id.is_returned)
                self.assert_wallet(0)
                self.provider.write({
                    'mpesa_initiator_refusal': False, 'mpesa_initiator_proven': True,
                })

    def test_it_wins_also_after_a_success_that_did_not_fit(self):
        order = self.order()
        self.tell_back(order, Amount=499)
        self.assertEqual(order.state, 'unknown')
        self.tell_back(order)
        self.assert_back(order)

    def test_a_refusal_after_an_answer_that_told_nothing_counts(self):
        order = self.order()
        self.tell_back(order, '17')
        self.tell_back(order, '1')
        self.assertEqual(order.state, 'failed')
        self.assertFalse(order.command_ids.needs_person)
        self.assert_not_back(order.mpesa_transaction_id)

    def test_two_things_said_are_not_known_and_not_closed_by_hand(self):
        order = self.order()
        self.tell_back(order, '1')
        self.assertEqual(order.state, 'failed')
        callback = self.tell_back(order, '17')
        self.assertEqual((callback.state, order.state), ('conflict', 'unknown'))
        self.assertIn("two different things", order.outcome)
        self.assertIn("may have moved", order.outcome)
        with self.refusal(UserError, "Import the statement"):
            self.close(order)
        with self.refusal(UserError, "being given back already"):
            self.ask_back(order.mpesa_transaction_id)

    def test_a_refusal_does_not_undo_that_it_went_back(self):
        order = self.order()
        self.tell_back(order, Amount=499)
        callback = self.tell_back(order, '1')
        self.assertEqual((callback.state, order.state), ('conflict', 'unknown'))
        self.assertEqual(order.command_ids.finding, 'other')

    # === THE QUESTION ABOUT THE ORDER === #

    def test_not_carried_out_does_not_undo_that_it_went_back(self):
        order = self.order()
        self.tell_back(order, Amount=None)
        question = self.ask_about(order)
        self.tell_result(question, TransactionStatus='Declined', ReceiptNo=None)
        self.assertEqual(question.finding, 'not_carried_out')
        self.assertEqual((order.state, order.command_ids.finding), ('unknown', 'unclear'))
        self.assertTrue(order.command_ids.needs_person)

    def test_its_refusal_does_not_undo_that_it_went_back(self):
        order = self.order()
        self.tell_back(order, end='timeout')
        question = self.ask_about(order)
        ours, theirs = '600111 - Uhuru Academy', '254712000111 - WANJIKU PLANTED'
        self.tell_result(question, parties=[ours, theirs], Amount=499, ReceiptNo=BACK)
        self.assertEqual(order.command_ids.finding, 'other')
        callback = self.tell_back(order, '1')
        self.assertEqual((callback.state, order.state), ('conflict', 'unknown'))

    def test_carried_out_wins_over_a_refusal(self):
        order = self.order()
        self.tell_back(order, end='timeout')
        question = self.ask_about(order)
        self.tell_back(order, '1')
        self.assertEqual(order.state, 'failed')
        ours, theirs = '600111 - Uhuru Academy', '254712000111 - WANJIKU PLANTED'
        self.tell_result(question, parties=[ours, theirs], Amount=500, ReceiptNo=BACK)
        self.assert_back(order)

    def test_a_missing_role_for_questions_stops_nothing_else(self):
        for code in ('21', 'TP40153'):
            order = self.order()
            self.tell_back(order, end='timeout')
            question = self.ask_about(order)
            self.tell_result(question, code)
            self.assertEqual(question.finding, 'refused')
            self.assertFalse(self.provider.mpesa_initiator_refusal)
            self.assertEqual(order.state, 'unknown')
            order.state = 'failed'  # A person looked it up.

    # === A PERSON LOOKS IT UP === #

    def test_what_safaricom_says_went_back_is_closed_after_a_statement_only(self):
        order = self.order()
        self.tell_back(order, Amount=499)
        with self.refusal(UserError, "Import the statement"):
            self.close(order)
        self.assertFalse(order.with_user(self.head).can_close)
        # Statements of these tests are of 14 September.
        order.command_ids.sent_at = datetime(2026, 9, 14, 6, 0)
        for hour, is_stated in ((20, False), (23, True)):
            self.upload(self.write_older(
                [self.row(f'UIE4K7P2T{hour % 10}', 10, minute=5)],
                start=datetime(2026, 9, 14), end=datetime(2026, 9, 14, hour, 59, 59),
            ))
            self.assertEqual(order._is_stated(), is_stated)
        self.close(order)
        self.assertEqual((order.state, order.closed_by_id), ('failed', self.head))
        self.assertIn("never went back", order.outcome)

    def test_what_was_closed_says_what_safaricom_has_said_since(self):
        order = self.order()
        self.tell_back(order, end='timeout')
        self.close(order)
        self.tell_back(order, own='UIE0000000')
        self.assertEqual(order.state, 'failed')
        self.assertIn("has since said otherwise", order.outcome)
        self.assertNotIn("No money has moved", order.outcome)

    # === WHICH ORDER IT WAS === #

    def test_an_order_that_failed_before_is_not_called_given_back(self):
        payment = self.pay_in()
        first = self.order(payment)
        self.tell_back(first, '1')
        second = self.order(payment)
        self.tell_back(second)
        self.assertEqual((first.state, second.state), ('failed', 'done'))
        self.assert_back(second)

    def test_a_statement_names_one_order_of_those_that_failed(self):
        payment = self.pay_in()
        orders = self.env['mpesa.money.back']
        for _n in range(2):
            orders |= self.order(payment)
            self.tell_back(orders[-1], '1')
        self.state_back()
        self.assertEqual(orders.mapped('state'), ['failed', 'done'])
        self.assert_back(orders[-1])

    def test_what_the_books_say_of_it_stands_in_its_words(self):
        order = self.order(self.pay_in(account='nobody'))
        self.tell_back(order)
        self.assertIn("waits under Unidentified no more", order.outcome)
        order.reversal_id.reversal_state = 'person'
        self.assertIn("a person says", order.outcome)
        self.assertNotIn("is reversed", order.outcome)
        order.reversal_id.reversal_state = 'suspense'  # As the books have it.


@tagged('post_install', '-at_install')
class TestMoneyBackSending(MoneyBackCommon):
    """Only what was never called, or what Daraja says was not taken, is known not to be sent."""

    def test_an_error_out_of_the_call_leaves_it_unknown(self):
        for error in (ValueError("x"), UserError("x"), KeyError("x")):
            order = self.ask_back(self.pay_in())
            command = self.approve(order)
            self.env['mpesa.command']._claim_queued()
            command._write_answer(error)
            self.assertEqual((command.state, order.state), ('unknown', 'unknown'))
            self.assertIn("may have moved", order.outcome)
            order.state = 'failed'  # A person looked it up.

    def test_what_could_not_be_put_together_was_not_sent(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        order.decided_at -= timedelta(hours=2)
        self.send_questions()
        self.assertEqual((command.finding, order.state), ('not_sent', 'failed'))
