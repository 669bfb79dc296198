from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestReceiptReversal(DeskCommon):

    def setUp(self):
        super().setUp()
        self.receipt = self.post_receipt(self.faith, 4_000)

    def test_asked_by_one_approved_by_another(self):
        number = self.receipt.number
        self.ask_reversal(self.receipt)
        self.assertEqual(self.receipt.state, 'posted')
        self.assertEqual(self.faith.balance, 6_000)
        self.as_user(self.head, self.receipt).action_approve_reversal()
        self.assertRecordValues(self.receipt, [{
            'state': 'reversed', 'number': number, 'reversal_asked_by_id': self.bursar.id,
            'reversal_approved_by_id': self.head.id,
            'reversed_reason': "Entered by mistake: Entered twice",
        }])
        self.assertEqual(self.faith.balance, 10_000)
        self.assertEqual(self.bill.amount_residual, 10_000)
        self.assertTrue(self.receipt._get_print_values()['cancelled'])

    def test_nobody_approves_the_own_request(self):
        administrator = self.create_staff('desk_admin', 'administrator')
        for user in (self.head, administrator):
            self.ask_reversal(self.receipt, user=user)
            with self.subTest(user=user.login), self.refusal(UserError, "needs another person"):
                self.as_user(user, self.receipt).action_approve_reversal()
            self.as_user(self.deputy, self.receipt).action_refuse_reversal()
        self.assertEqual(self.receipt.state, 'posted')

    def test_a_bursar_approves_nothing(self):
        self.ask_reversal(self.receipt)
        other = self.create_staff('desk_bursar_2', 'bursar')
        for user in (self.bursar, other, self.cashier):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.as_user(user, self.receipt).action_approve_reversal()
        self.assertEqual(self.receipt.state, 'posted')

    def test_nobody_writes_the_request_by_hand(self):
        self.ask_reversal(self.receipt, user=self.head)
        with self.assertRaises(AccessError):
            self.as_user(self.head, self.receipt).reversal_asked_by_id = self.bursar

    def test_a_refusal_lets_it_stand(self):
        self.ask_reversal(self.receipt)
        with self.assertRaises(AccessError):
            self.as_user(self.cashier, self.receipt).action_refuse_reversal()
        self.as_user(self.head, self.receipt).action_refuse_reversal()
        self.assertFalse(self.receipt.reversal_asked_by_id)
        with self.refusal(UserError, "No reversal .* is waiting"):
            self.as_user(self.head, self.receipt).action_approve_reversal()
        self.assertEqual(self.faith.balance, 6_000)
        self.assertIn("Entered twice", str(self.receipt.message_ids.mapped('body')))

    def test_the_reason_is_needed(self):
        with self.refusal(UserError, "reason is missing"):
            self.ask_reversal(self.receipt, reason="  ")

    def test_asked_once_and_reversed_once(self):
        self.ask_reversal(self.receipt)
        with self.refusal(UserError, "has asked for this reversal already"):
            self.ask_reversal(self.receipt, user=self.deputy)
        self.as_user(self.head, self.receipt).action_approve_reversal()
        for user in (self.head, self.deputy):
            with self.refusal(UserError, "No reversal .* is waiting"):
                self.as_user(user, self.receipt).action_approve_reversal()
        with self.refusal(UserError, "nothing to reverse"):
            self.ask_reversal(self.receipt)
        self.assertEqual(self.faith.balance, 10_000)

    def test_a_bounced_cheque(self):
        cheque = self.post_receipt(
            self.faith, 3_000, money_kind='cheque', external_ref="CHQ 5",
        )
        self.reverse(cheque, kind='bounced', reason="")
        self.assertEqual((cheque.state, cheque.reversed_reason), ('reversed', "Cheque bounced"))
        self.assertEqual(self.faith.balance, 6_000)

    def test_cash_does_not_bounce(self):
        with self.refusal(UserError, "not paid by cheque"):
            self.ask_reversal(self.receipt, kind='bounced')

    def test_the_other_credit_settles_what_is_open_again(self):
        second = self.post_receipt(self.faith, 9_000)
        self.assertEqual(self.get_open(self.faith), [-3_000])
        self.reverse(self.receipt)
        self.assertEqual(self.get_open(self.faith), [1_000])
        self.assertEqual(second.line_ids.move_line_id.amount_residual, 0)

    def test_a_family_receipt_is_reversed_whole(self):
        receipt = self.create_receipt({self.faith: 1_000, self.brian: 2_000})
        self.reverse(receipt)
        self.assertEqual((self.faith.balance, self.brian.balance), (6_000, 0))
