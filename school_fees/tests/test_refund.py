from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestRefund(DeskCommon):

    def setUp(self):
        super().setUp()
        self.receipt = self.post_receipt(self.faith, 13_000)  # 3,000 more than is due.

    def _ask(self, amount=None, user=None, **values):
        form = Form(self.as_user(user or self.bursar, self.env['school.refund.wizard'])
                    .with_context(default_student_id=self.faith.id))
        if amount is not None:
            form.amount = amount
        for name, value in {'reason': "Left the school", **values}.items():
            form[name] = value
        return self.env['school.refund'].browse(form.save().action_ask()['res_id'])

    def _approve(self, refund, user=None):
        self.as_user(user or self.head, refund).action_approve()

    def test_the_credit_goes_to_the_named_guardian(self):
        refund = self._ask()
        self.assertRecordValues(refund, [{
            'state': 'asked', 'amount': 3_000, 'payee_partner_id': self.mary.id,
            'payment_id': False,
        }])
        self.assertEqual(self.faith.balance, -3_000)
        self._approve(refund)
        self.assertEqual(refund.state, 'done')
        self.assertRecordValues(refund.payment_id, [{
            'payment_type': 'outbound', 'partner_id': self.faith.partner_id.id, 'amount': 3_000,
            'state': 'paid', 'journal_id': self.school._get_desk_journal('cash').id,
        }])
        self.assertEqual((self.faith.balance, self.get_open(self.faith)), (0, []))
        self.assertEqual(self.bill.amount_residual, 0)
        for line in refund.payment_id.move_id.line_ids:
            self.assertNotIn("Mary", line.name)

    def test_no_more_than_the_credit(self):
        with self.refusal(UserError, "KES 3,000 of credit"):
            self._ask(3_001)
        with self.refusal(UserError, "above zero"):
            self._ask(0)
        first, second = self._ask(2_000), self._ask(2_000)
        self._approve(first)
        with self.refusal(UserError, "KES 1,000 of credit"):
            self._approve(second)
        self.as_user(self.bursar, second).action_refuse()
        self.assertEqual((second.state, self.faith.balance), ('refused', -1_000))

    def test_nobody_approves_the_own_refund(self):
        refund = self._ask(user=self.head)
        self.assertFalse(self.as_user(self.head, refund).can_approve)
        with self.refusal(UserError, "needs another person"):
            self._approve(refund, self.head)
        for user in (self.bursar, self.cashier):
            with self.assertRaises(AccessError):
                self._approve(refund, user)
        self._approve(refund, self.deputy)
        with self.refusal(UserError, "waits for nobody"):
            self._approve(refund, self.head)

    def test_nobody_makes_or_edits_a_refund_by_hand(self):
        refund = self._ask()
        administrator = self.create_staff('desk_admin', 'administrator')
        for user in (self.bursar, self.head, administrator):
            for operation in ('write', 'create', 'unlink'):
                self.assertFalse(self.as_user(user, refund).has_access(operation))
        with self.refusal(UserError, "never deleted"):
            refund.unlink()

    def test_only_a_guardian_is_paid(self):
        with self.refusal(UserError, "guardian of the student only"):
            self.as_user(self.bursar, self.env['school.refund'])._ask(
                student=self.faith, payee=self.bursar.partner_id, amount=10, money_kind='cash',
                external_ref='', reason="x",
            )

    def test_a_cheque_has_a_number_that_is_used_once(self):
        with self.refusal(UserError, "number of the cheque .* is missing"):
            self.as_user(self.bursar, self.env['school.refund'])._ask(
                student=self.faith, payee=self.mary, amount=10, money_kind='cheque',
                external_ref='', reason="x",
            )
        refund = self._ask(10, money_kind='cheque', external_ref="chq 9")
        self.assertEqual(refund.external_ref, "CHQ 9")
        with self.refusal(UserError, "has this reference already"):
            self._ask(10, money_kind='cheque', external_ref="CHQ 9")

    def test_a_refund_is_reversed_by_two(self):
        refund = self._ask()
        self._approve(refund)
        self.reverse(refund, reason="The cheque was never cashed")
        self.assertEqual((refund.state, refund.payment_id.state), ('reversed', 'canceled'))
        self.assertEqual((self.faith.balance, self.get_open(self.faith)), (-3_000, [-3_000]))

    def test_nobody_takes_it_out_behind_its_back(self):
        refund = self._ask()
        self._approve(refund)
        for name in ('action_draft', 'action_cancel', 'action_reject'):
            with self.subTest(name=name), self.refusal(UserError, "vouches for this money"):
                getattr(refund.payment_id, name)()

    def test_a_receipt_reversed_after_the_refund_is_owed_again(self):
        self._approve(self._ask())
        self.reverse(self.receipt)
        self.assertEqual(self.faith.balance, 13_000)
