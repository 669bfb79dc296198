from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.school_mpesa import const
from odoo.addons.school_mpesa.tests.money_back_common import CODE, MoneyBackCommon


@tagged('post_install', '-at_install')
class TestMoneyBack(MoneyBackCommon):
    """Giving a payment back: who asks, who approves, within which limits."""

    # === ASKING === #

    def test_the_bursar_asks_and_nothing_moves(self):
        payment = self.pay_in()
        action = payment.with_user(self.bursar).action_give_back()
        form = Form(self.env[action['res_model']].with_user(self.bursar).with_context(
            **action['context']
        ))
        self.assertIn(self.student.name, form.whose)
        self.assertFalse(form.problem)
        form.reason = "Paid to the wrong school"
        order = self.env['mpesa.money.back'].browse(form.save().action_ask()['res_id'])
        self.assertEqual((order.state, order.amount), ('asked', 500))
        self.assertEqual(order.asked_by_id, self.bursar)
        self.assertIn(self.student.name, order.whose)
        self.assertIn("No money has moved", order.outcome)
        self.assertFalse(order.command_ids)
        self.assert_not_back(payment)

    def test_from_the_receipt(self):
        payment = self.pay_in()
        receipt = payment.receipt_id.with_user(self.bursar)
        action = receipt.action_mpesa_give_back()
        self.assertEqual(action['context']['default_mpesa_transaction_id'], payment.id)
        with self.assertRaises(AccessError):
            receipt.with_user(self.cashier).action_mpesa_give_back()

    def test_who_may_not_ask(self):
        payment = self.pay_in()
        for call in (
            lambda: self.ask_back(payment, self.cashier),
            lambda: payment.with_user(self.cashier).action_give_back(),
            lambda: self.env['mpesa.money.back'].with_user(self.bursar).create({
                'number': 'X', 'mpesa_transaction_id': payment.id, 'amount': 500, 'reason': "x",
                'provider_id': self.provider.id, 'company_id': self.school.id,
                'currency_id': payment.currency_id.id, 'asked_by_id': self.head.id,
                'expires_at': fields.Datetime.now(),
            }),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertFalse(self.env['mpesa.money.back'].search_count([]))

    def test_a_reason_is_needed(self):
        payment = self.pay_in()
        for reason in ('', '  ', False):
            with self.assertRaisesRegex(UserError, "reason is missing"):
                self.ask_back(payment, reason=reason)

    def test_a_payment_is_given_back_by_one_request_at_a_time(self):
        payment = self.pay_in()
        order = self.ask_back(payment)
        self.assertFalse(payment.can_give_back)
        with self.assertRaisesRegex(UserError, "being given back already"):
            self.ask_back(payment)
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            order.copy({'number': 'X'}).flush_recordset()  # Nor by any other road.
        order.with_user(self.bursar).action_refuse()
        self.assertTrue(payment.can_give_back)
        self.assertEqual(self.ask_back(payment).state, 'asked')

    def test_what_cannot_go_back(self):
        payment = self.pay_in(amount=500)
        provider = self.provider
        for values, words in (
            ({'mpesa_reversal_enabled': False}, "gives no payments back"),
            ({'mpesa_initiator_name': False}, "not complete"),
            ({'mpesa_initiator_refusal': '2001'}, "refuses the initiator"),
            ({'mpesa_money_back_most': 499}, "above KES 499"),
        ):
            before = {name: provider[name] for name in values}
            provider.write(values)
            with self.subTest(words), self.assertRaisesRegex(UserError, words) as caught:
                self.ask_back(payment)
            self.assertIn("No money was moved", str(caught.exception))
            provider.write(before)
        payment.paid_at -= timedelta(days=provider.mpesa_money_back_days + 1)
        with self.assertRaisesRegex(UserError, "more than 30 days ago"):
            self.ask_back(payment)

    def test_what_is_not_in_the_books_cannot_go_back(self):
        payment = self.pay_in()
        self.state_back(amount=200)
        with self.assertRaisesRegex(UserError, "some of it went back"):
            self.ask_back(payment)
        reversal = self.get_reversals()
        with self.assertRaisesRegex(UserError, "is no payment to shortcode"):
            self.ask_back(reversal)
        other = self.pay_in('UIE4K7P2Q2')
        other.with_user(self.bursar)._ask_denial("x")
        with self.assertRaisesRegex(UserError, "does not know it"):
            self.ask_back(other)

    def test_what_goes_back_is_not_denied_meanwhile(self):
        payment = self.pay_in()
        order = self.ask_back(payment)
        with self.assertRaisesRegex(UserError, "is being given back"):
            payment.with_user(self.bursar)._ask_denial("x")
        order.with_user(self.bursar).action_refuse()
        payment.with_user(self.bursar)._ask_denial("x")
        self.assertEqual(payment.denial_state, 'asked')

    def test_limits_make_sense(self):
        for values in (
            {'mpesa_money_back_most': 0}, {'mpesa_money_back_most': 250_001},
            {'mpesa_money_back_most': 5_000, 'mpesa_money_back_most_per_day': 4_999},
            {'mpesa_money_back_days': 0}, {'mpesa_money_back_days': 400},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.provider.write(values)

    # === APPROVING === #

    def test_another_person_approves_and_the_order_waits_to_go_out(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        self.assertEqual((order.state, order.decided_by_id), ('approved', self.head))
        self.assertEqual((command.kind, command.state), ('reversal', 'queued'))
        self.assertEqual(command.receipt, CODE)
        self.assertEqual(command.provider_id, self.provider)
        self.assert_not_back(order.mpesa_transaction_id)

    def test_nobody_approves_what_they_asked_for(self):
        for asker in (self.head, self.create_clerk('mb-boss', 'school_fees.group_administrator')):
            order = self.ask_back(self.pay_in(), asker)
            self.assertFalse(order.with_user(asker).can_approve)
            with self.assertRaisesRegex(UserError, "another person"):
                order.with_user(asker).action_approve()
            self.assertEqual(order.state, 'asked')
            self.assertFalse(order.command_ids)
            order.with_user(asker).action_refuse()

    def test_who_may_not_approve(self):
        order = self.ask_back(self.pay_in())
        other = self.create_clerk('mb-bursar', 'school_fees.group_bursar')
        for user in (self.bursar, other, self.cashier):
            with self.assertRaises(AccessError):
                order.with_user(user).action_approve()
        with self.assertRaises(AccessError):
            order.with_user(self.head).write({'state': 'approved'})
        with self.assertRaises(AccessError):
            order.with_user(self.head).unlink()
        self.assertFalse(order.command_ids)

    def test_a_head_of_another_school_sees_nothing(self):
        order = self.ask_back(self.pay_in())
        other = self.create_clerk(
            'mb-other', 'school_fees.group_approver', self.create_school("Other School"),
        )
        theirs = order.with_user(other).with_context(allowed_company_ids=other.company_ids.ids)
        self.assertFalse(theirs.search_count([]))
        with self.assertRaises(AccessError):
            theirs.action_approve()

    def test_it_is_approved_once(self):
        order = self.ask_back(self.pay_in())
        self.approve(order)
        with self.assertRaisesRegex(UserError, "waits for nobody"):
            self.approve(order, self.create_clerk('mb-head', 'school_fees.group_approver'))
        self.assertEqual(len(order.command_ids), 1)
        with self.assertRaises(UniqueViolation), mute_logger('odoo.sql_db'):
            self.env['mpesa.command']._queue(
                self.provider, 'reversal', money_back_id=order.id, receipt=CODE,
            ).flush_recordset()

    def test_who_asked_takes_it_back_and_an_approver_refuses(self):
        other = self.create_clerk('mb-bursar', 'school_fees.group_bursar')
        for user in (self.bursar, self.head):
            order = self.ask_back(self.pay_in())
            with self.assertRaises(AccessError):
                order.with_user(other).action_refuse()
            order.with_user(user).action_refuse()
            self.assertEqual((order.state, order.decided_by_id), ('refused', user))
            self.assertIn("No money has moved", order.outcome)
            with self.assertRaisesRegex(UserError, "waits for nobody"):
                self.approve(order)

    def test_the_limit_of_a_day_counts_what_may_have_moved(self):
        self.provider.write({'mpesa_money_back_most': 600, 'mpesa_money_back_most_per_day': 1_000})
        first, second = (
            self.ask_back(self.pay_in(f'UIE4K7P2Q{n}', amount=600)) for n in (1, 2)
        )
        self.approve(first)
        with self.assertRaisesRegex(UserError, "KES 600 of that are approved today"):
            self.approve(second)
        self.assertEqual(second.state, 'asked')
        # What is known not to have moved makes room again.
        self.acknowledge(first.command_ids)
        self.tell_back(first, '1')
        self.approve(second)
        self.assertEqual(second.state, 'approved')

    def test_what_changed_since_it_was_asked_is_seen_when_it_is_approved(self):
        order = self.ask_back(self.pay_in())
        self.provider.mpesa_money_back_most = 499
        with self.assertRaisesRegex(UserError, "above KES 499"):
            self.approve(order)
        self.assertEqual(order.state, 'asked')

    # === EXPIRY === #

    def test_what_nobody_approves_expires(self):
        order = self.ask_back(self.pay_in())
        self.run_cron('school_mpesa.cron_money_back')
        self.assertEqual(order.state, 'asked')
        order.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        with self.assertRaisesRegex(UserError, "waited too long"):
            self.approve(order)  # The scheduled action may be late.
        self.run_cron('school_mpesa.cron_money_back')
        self.assertEqual(order.state, 'expired')
        self.assertIn("No money has moved", order.outcome)
        with self.assertRaisesRegex(UserError, "waits for nobody"):
            self.approve(order)

    def test_what_was_approved_too_long_ago_does_not_go_out(self):
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        order.decided_at -= timedelta(minutes=const.MONEY_BACK_SENDING_MINUTES + 1)
        self.send_questions()
        self.assertEqual((command.state, command.finding), ('failed', 'not_sent'))
        self.assertEqual(order.state, 'failed')
        self.assertIn("approved too long ago", order.outcome)
        self.assertFalse(self.control.daraja_requests('reversal'))

    # === WHAT PEOPLE SEE === #

    def test_today_asks_the_right_person(self):
        self.ask_back(self.pay_in())

        def get_needs(user):
            figures = self.env['school.dashboard'].with_user(user).get_figures()
            return {need['key'] for need in figures['needs']}

        self.assertIn('money_back_asked', get_needs(self.head))
        self.assertNotIn('money_back_asked', get_needs(self.bursar))

    def test_no_payer_stands_in_it(self):
        order = self.ask_back(self.pay_in())
        told = ' '.join(filter(None, [
            order.whose, order.outcome, order.display_name, *order.message_ids.mapped('body'),
        ]))
        self.assertNotIn('WANJIKU', told)
        self.assertNotIn('712', told)
