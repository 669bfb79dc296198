from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.money_back_common import MoneyBackCommon


@tagged('post_install', '-at_install')
class TestMoneyBackRoad(MoneyBackCommon):
    """The order on its road to Safaricom and back, where money really moves, or does not."""

    def paid(self, amount=500):
        """ Pay by the paybill at the simulator, and book it.

        :rtype: mpesa.transaction
        """
        code = self.pay(amount)
        return self.pay_in(code, amount)

    def send_back(self, payment=None):
        """ Bring a payment back as far as the outbox is empty.

        :rtype: mpesa.money.back
        """
        order = self.ask_back(payment or self.paid())
        self.approve(order)
        self.send_questions()
        return order

    def count_orders(self):
        """ Return how many calls came to Safaricom; an old token is refused before. """
        return sum(
            call['error_code'] != '404.001.03' for call in self.control.daraja_requests('reversal')
        )

    def test_from_asking_to_the_books(self):
        before = self.control.balance('600111')
        payment = self.paid()
        order = self.send_back(payment)
        self.assertEqual(order.state, 'sent')
        self.hear_result()
        event, = (e for e in self.control.events('600111') if e['kind'] == 'reversal')
        self.assert_back(order, event['receipt'])
        self.assertEqual(self.control.balance('600111'), before)
        self.assertEqual(
            order.command_ids.exchange_ids.mapped(lambda e: (e.kind, e.outcome)),
            [('reversal', 'answered')],
        )

    def test_what_safaricom_refuses(self):
        for values, code in (
            ({'may': ['status']}, '21'), ({'wrong_passwords': 3}, '8006'),
        ):
            payment = self.paid()
            self.control.set_operator('600111', 'feesapi', **values)
            order = self.send_back(payment)
            self.hear_result()
            self.assertEqual((order.state, order.command_ids.result_code), ('failed', code))
            self.assertEqual(payment.receipt_id.state, 'posted')
            self.control.set_operator('600111', 'feesapi', may=None, wrong_passwords=0)
        # A locked initiator is asked nothing more until somebody has put it right.
        self.assertEqual(self.provider.mpesa_initiator_refusal, '8006')
        with self.refusal(UserError, "refuses the initiator"):
            self.ask_back(self.paid())
        self.assertFalse(self.get_reversals())

    def test_a_wrong_password_is_tried_once(self):
        payment = self.paid()
        self.provider.mpesa_initiator_password = 'wrong'
        order = self.send_back(payment)
        self.hear_result()
        self.assertEqual(order.command_ids.result_code, '2001')
        self.assertIn("does not accept the initiator", order.outcome)
        operator, = (o for o in self.control.operators() if o['shortcode'] == '600111')
        self.assertEqual(operator['wrong_passwords'], 1)

    def test_an_initiator_that_was_never_answered_orders_one_thing_at_a_time(self):
        orders = [self.ask_back(self.paid()) for _n in range(2)]
        self.provider.mpesa_initiator_proven = False
        question = self.ask_status('UIE4K7P2QX')
        for order in orders:
            self.approve(order)
        self.send_questions()
        commands = question | orders[0].command_ids | orders[1].command_ids
        self.assertEqual(sorted(commands.mapped('state')), ['queued', 'queued', 'sent'])

    def test_no_float_no_such_payment_window_passed(self):
        for outcome in ('1', 'R000002', 'R000001', '2028'):
            payment = self.paid()
            self.control.script('reversal', outcome=outcome)
            order = self.send_back(payment)
            self.hear_result()
            self.assertEqual((order.state, order.command_ids.result_code), ('failed', outcome))
            self.assertEqual(payment.receipt_id.state, 'posted')
        self.assertFalse(self.get_reversals())

    def test_a_payment_that_safaricom_does_not_know(self):
        order = self.send_back(self.pay_in('UIE4K7P2QX'))
        self.hear_result()
        self.assertEqual(order.command_ids.result_code, 'R000002')
        self.assert_not_back(order.mpesa_transaction_id)

    def test_given_back_by_safaricom_before_our_order(self):
        payment = self.paid()
        self.control.reverse(payment.receipt)
        order = self.send_back(payment)
        self.hear_result()
        self.assertEqual((order.state, order.command_ids.result_code), ('failed', 'R000001'))
        self.assertIn("went back before", order.outcome)
        self.assert_not_back(payment)  # Nobody has told by which code it went.

    def test_a_refusal_before_anything_is_no_money_and_not_tried_again(self):
        for fault, words in (
            ('busy', "No money has moved"), ('spike_arrest', "No money has moved"),
            ('reset_before', None),
        ):
            with self.subTest(fault):
                self.control.clear_scripts()
                self.control.script('reversal', fault=fault)
                payment = self.paid()
                before = self.count_orders()
                order = self.send_back(payment)
                self.send_questions()
                self.assertEqual(self.count_orders(), before + 1, "It went out once.")
                self.assertIn(order.state, ('failed', 'unknown'))
                if words:
                    self.assertEqual(order.state, 'failed')
                    self.assertIn(words, order.outcome)
                self.assertEqual(payment.receipt_id.state, 'posted')

    def test_after_an_answer_that_is_lost_nobody_knows_and_nothing_is_sent_again(self):
        for fault in ('reset_after_accept', 'http_500_after_accept', 'half_body'):
            with self.subTest(fault):
                self.control.script('reversal', fault=fault)
                payment = self.paid()
                before = self.count_orders()
                order = self.send_back(payment)
                self.send_questions()
                self.assertEqual((order.state, self.count_orders()), ('unknown', before + 1))
                self.assertEqual(payment.receipt_id.state, 'posted')
                # Money moved, and the result does not name an order of ours.
                self.hear_result(count=len(self.control.deliveries(kind='result')))
                self.assertEqual((order.state, order.command_ids.finding), ('unknown', 'nameless'))
                self.assertEqual(payment.receipt_id.state, 'posted')

    def test_a_time_out_in_place_of_a_result(self):
        for callback in ('timeout', 'timeout_done'):
            self.control.script('reversal', callback=callback)
            payment = self.paid()
            order = self.send_back(payment)
            self.hear_result(
                kind='timeout', count=len(self.control.deliveries(kind='timeout')) or 1,
            )
            self.assertEqual(order.state, 'unknown')
            self.assertEqual(payment.receipt_id.state, 'posted')

    def test_a_daraja_app_without_the_product(self):
        self.control.script('reversal', error=[
            401, '401.003.01',
            "Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found",
        ])
        order = self.send_back()
        self.assertEqual(order.state, 'failed')
        self.assertIn("lacks Reversal", order.outcome)
        self.assertIn("No money has moved", order.outcome)

    # === ASKING WHAT BECAME OF AN ORDER === #

    def silence(self, order):
        """ Let the time pass in which an answer comes as a rule; then Safaricom is asked. """
        order.command_ids.sent_at -= timedelta(seconds=const.STATUS_PATIENCE_SECONDS + 90)
        self.send_questions()

    def hear_status(self):
        """ Hear the answer to the newest question.

        :rtype: mpesa.callback
        """
        return self.hear_result(count=len(self.control.deliveries(kind='result')))

    def test_an_order_without_a_result_is_asked_about_by_its_name_and_booked(self):
        self.control.script('reversal', callback='missing')
        payment = self.paid()
        order = self.send_back(payment)
        self.silence(order)
        question = self.env['mpesa.command'].search([('order_id', '=', order.command_ids.id)])
        self.assertEqual((order.state, question.state), ('unknown', 'sent'))
        self.hear_status()
        event, = (e for e in self.control.events('600111') if e['kind'] == 'reversal')
        self.assert_back(order, event['receipt'])
        self.assertEqual(question.subject, payment.receipt)
        self.assertIn("It has left the books", question.outcome)
        # Its own result comes at last, and tells nothing new.
        self.accept(self.control.deliveries(kind='result')[0])
        self.drain()
        self.assert_back(order, event['receipt'])

    def test_an_order_that_was_not_carried_out(self):
        self.control.script('reversal', callback='timeout')
        payment = self.paid()
        order = self.send_back(payment)
        self.hear_result(kind='timeout')
        self.send_questions()
        self.hear_status()
        self.assertEqual(order.state, 'failed')
        self.assertIn("not carried out. No money has moved", order.outcome)
        self.assertEqual(payment.receipt_id.state, 'posted')
        self.assertEqual(self.ask_back(payment).state, 'asked')

    def test_a_time_out_of_what_was_carried_out_all_the_same(self):
        self.control.script('reversal', callback='timeout_done')
        order = self.send_back(self.paid())
        self.hear_result(kind='timeout')
        self.assertEqual(order.state, 'unknown')
        self.send_questions()
        self.hear_status()
        event, = (e for e in self.control.events('600111') if e['kind'] == 'reversal')
        self.assert_back(order, event['receipt'])

    def test_an_answer_that_leaves_it_open_is_asked_again_by_a_person(self):
        self.control.script('reversal', callback='missing')
        payment = self.paid()
        order = self.send_back(payment)
        for outcome in ('Pending Authorized', '2033', '26'):
            self.control.script('transaction_status', outcome=outcome)
            if order.state == 'sent':
                self.silence(order)
            else:
                action = order.with_user(self.bursar).action_ask_safaricom()
                self.assertEqual(action['res_model'], 'mpesa.command')
                with self.refusal(UserError, "is being asked"):
                    order.with_user(self.bursar).action_ask_safaricom()
                self.send_questions()
            self.hear_status()
            with self.subTest(outcome):
                self.assertEqual((order.state, order.can_ask_safaricom), ('unknown', True))
                self.assertEqual(payment.receipt_id.state, 'posted')
        with self.assertRaises(AccessError):
            order.with_user(self.cashier).action_ask_safaricom()

    def test_an_answer_about_other_money_books_nothing(self):
        self.control.script('reversal', callback='missing')
        payment = self.paid()
        order = self.send_back(payment)
        self.silence(order)
        question = self.env['mpesa.command'].search([('order_id', '=', order.command_ids.id)])
        ours, theirs = '600111 - Uhuru Academy', '254712000111 - WANJIKU PLANTED'
        for parties, values in (
            ([theirs, ours], {'Amount': 500}), ([ours, theirs], {'Amount': 499}),
            ([ours, theirs], {'Amount': 500, 'ReceiptNo': payment.receipt}),
            ([], {'Amount': 500}),
        ):
            with self.subTest(values):
                question.write({'result_digest': False, 'state': 'sent'})
                callback = self.tell_result(
                    question, parties=parties or ['x'], **{'ReceiptNo': 'UIE4K7P2R1', **values},
                )
                self.assertEqual((callback.state, order.state), ('conflict', 'unknown'))
                self.assertEqual(payment.receipt_id.state, 'posted')
