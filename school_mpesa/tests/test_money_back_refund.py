from decimal import Decimal

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.school_mpesa.tests.money_back_common import MoneyBackCommon


@tagged('post_install', '-at_install')
class TestMoneyBackRefund(MoneyBackCommon):
    """The same shillings leave the school once, whichever way somebody chose first."""

    def refund(self, amount, student=None):
        """ Ask for a refund in cash, as the bursar does.

        :rtype: school.refund
        """
        return self.env['school.refund'].with_user(self.bursar)._ask(
            student=(student or self.student).with_user(self.bursar),
            payee=self.guardian, amount=amount, money_kind='cash', external_ref='',
            reason="Left the school",
        ).with_env(self.env)

    def test_what_is_going_back_is_no_credit(self):
        self.pay_in('UIE4K7P2QA', amount=33_000)  # 500 more than is due.
        order = self.order(self.pay_in())
        self.assertEqual(self.student.balance, -1_000)
        with self.refusal(UserError, "may be going back by M-PESA"):
            self.refund(501)
        refund = self.refund(500)
        self.tell_back(order)
        refund.with_user(self.head).action_approve()
        self.assertEqual((refund.state, self.student.balance), ('done', 0))

    def test_a_refund_that_waits_is_not_approved_meanwhile(self):
        payment = self.pay_in(amount=33_000)
        refund = self.refund(500)
        refund.with_user(self.bursar).action_refuse()
        self.ask_back(payment)
        refund.state = 'asked'
        with self.refusal(UserError, "may be going back by M-PESA"):
            refund.with_user(self.head).action_approve()

    def test_money_that_was_moved_is_the_other_childs(self):
        payment = self.pay_in()
        other = self.create_student("Hope Planted", "ADM-099", family_id=self.family.id)
        self.create_guardian(other, phone='+254712000112')
        transfer = self.env['school.transfer'].with_user(self.bursar)._ask(
            from_student=self.student, to_student=other, amount=500, reason="The wrong child",
            receipt_line=payment.receipt_id.line_ids,
        )
        transfer.sudo(False).with_user(self.head).action_approve()
        self.assertEqual(payment.receipt_id._get_shares_now(), {other: 500})
        self.ask_back(payment)
        with self.refusal(UserError, "may be going back by M-PESA"):
            self.env['school.refund'].with_user(self.bursar)._ask(
                student=other.with_user(self.bursar), amount=500, money_kind='cash',
                payee=other.guardian_link_ids.partner_id, external_ref='', reason="x",
            )

    def test_what_is_refunded_does_not_go_back(self):
        payment = self.pay_in(amount=33_000)
        refund = self.refund(500)
        with self.refusal(UserError, refund.number):
            self.ask_back(payment)
        refund.with_user(self.head).action_approve()
        with self.refusal(UserError, refund.number):
            self.ask_back(payment)
        refund.date = payment.paid_at.date().replace(day=1).replace(year=2025)
        self.assertEqual(self.ask_back(payment).state, 'asked')  # It was before this payment.

    def test_a_refund_after_the_approval_stops_the_order(self):
        self.pay_in('UIE4K7P2QA', amount=33_000)
        order = self.ask_back(self.pay_in())
        command = self.approve(order)
        self.refund(500)  # Out of the other payment.
        self.send_questions()
        self.assertEqual((command.finding, order.state), ('not_sent', 'failed'))
        self.assertIn("the same money would go back twice", order.outcome)
        self.assertFalse(self.control.daraja_requests('reversal'))


@tagged('post_install', '-at_install')
class TestMoneyBackChecks(MoneyBackCommon):
    """What has changed since somebody asked is looked at when it is approved, and when it goes."""

    def test_what_was_moved_by_hand_does_not_go_back(self):
        payment = self.pay_in(account='nobody')
        order = self.ask_back(payment)
        waiting = payment.suspense_payment_id._get_counterpart_line()
        entry = self.env['account.move'].create({
            'journal_id': self.school._get_fees_journal().id, 'date': waiting.date,
            'line_ids': [
                Command.create({
                    'account_id': self.provider.journal_id.default_account_id.id, 'credit': 500,
                }),
                Command.create({'account_id': waiting.account_id.id, 'debit': 500}),
            ],
        })
        entry.action_post()
        (waiting + entry.line_ids.filtered('debit')).reconcile()
        with self.refusal(UserError, "entry by hand"):
            self.approve(order)
        order.with_user(self.bursar).action_refuse()
        with self.refusal(UserError, "entry by hand"):
            self.ask_back(payment)
        entry._reverse_moves([{'date': entry.date}], cancel=True)
        self.assertEqual(self.ask_back(payment).state, 'asked')

    def test_whose_it_is_is_what_was_approved(self):
        payment = self.pay_in(account='nobody')
        order = self.ask_back(payment)
        payment.with_user(self.bursar)._identify_as([(self.student, Decimal(500))])
        with self.refusal(UserError, "another student or another receipt"):
            self.approve(order)
        self.assertEqual(order.state, 'asked')
        order.with_user(self.bursar).action_refuse()
        again = self.ask_back(payment)
        command = self.approve(again)
        again.whose = "Somebody Else"
        self.send_questions()
        self.assertEqual((command.finding, again.state), ('not_sent', 'failed'))
        self.assertFalse(self.control.daraja_requests('reversal'))

    def test_a_shortcode_that_is_switched_off_orders_nothing(self):
        payment, other = self.pay_in(), self.pay_in('UIE4K7P2QA')
        waiting, order = self.ask_back(payment), self.ask_back(other)
        command = self.approve(order)
        self.provider.state = 'disabled'
        with self.refusal(UserError, "switched off"):
            self.approve(waiting)
        self.send_questions()
        self.assertEqual((command.finding, order.state), ('not_sent', 'failed'))
        self.assertFalse(self.control.daraja_requests('reversal'))
