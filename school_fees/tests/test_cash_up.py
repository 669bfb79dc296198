from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestCashUp(DeskCommon):

    def setUp(self):
        super().setUp()
        self.post_receipt(self.faith, 4_000)
        self.post_receipt(self.brian, 500)
        self.post_receipt(self.faith, 700, money_kind='cheque', external_ref="CHQ 1")
        self.post_receipt(self.grace, 9_999, user=self.bursar)

    def _open(self, user=None):
        action = self.as_user(user or self.cashier, self.env['school.cash.up']).action_open_mine()
        return self.as_user(user or self.cashier, self.env['school.cash.up']).browse(
            action['res_id']
        )

    def _count(self, cash_up, cash=0, bank=0, cheque=0):
        form = Form(cash_up)
        for index, counted in enumerate((cash, bank, cheque)):
            with form.line_ids.edit(index) as line:
                line.counted = counted
        form.save()

    def test_expected_counted_difference_close(self):
        cash_up = self._open()
        self.assertRecordValues(cash_up.line_ids, [
            {'money_kind': 'cash', 'expected': 4_500, 'difference': -4_500},
            {'money_kind': 'bank', 'expected': 0, 'difference': 0},
            {'money_kind': 'cheque', 'expected': 700, 'difference': -700},
        ])
        self._count(cash_up, cash=4_500, cheque=700)
        self.assertEqual((cash_up.expected, cash_up.counted, cash_up.difference), (5_200, 5_200, 0))
        cash_up.action_close()
        self.assertEqual((cash_up.state, cash_up.closed_by_id), ('closed', self.cashier))

    def test_each_receipt_is_counted_once(self):
        first = self._open()
        self._count(first, cash=4_500, cheque=700)
        first.action_close()
        self.post_receipt(self.faith, 250)
        second = self._open()
        self.assertNotEqual(first, second)
        self.assertEqual(second.expected, 250)
        self.assertEqual(first.line_ids.mapped('expected'), [4_500, 0, 700])

    def test_the_same_day_is_one_cash_up(self):
        self.assertEqual(self._open(), self._open())

    @freeze_time('2026-03-04 08:00:00')
    def test_its_name_says_the_day_in_words(self):
        self.assertEqual(self._open().display_name, f"{self.cashier.name}, 4 Mar 2026")

    def test_a_difference_needs_a_note(self):
        cash_up = self._open()
        self._count(cash_up, cash=4_400, cheque=700)
        with self.refusal(UserError, "the note is empty"):
            cash_up.action_close()
        cash_up.note = "One note was torn"
        cash_up.action_close()
        self.assertEqual(cash_up.difference, -100)

    def test_a_reversed_receipt_is_not_expected_and_a_refund_is_taken_off(self):
        receipt = self.post_receipt(self.brian, 1_000)
        self.reverse(receipt)
        self.assertEqual(self._open().expected, 5_200)
        self.post_receipt(self.brian, 2_000, user=self.bursar)
        refund = self.as_user(self.bursar, self.env['school.refund'])._ask(
            student=self.brian, payee=self.mary, amount=300, money_kind='cash', external_ref='',
            reason="Overpaid",
        )
        self.as_user(self.head, refund).action_approve()
        self.assertEqual(self._open(self.bursar).line_ids[0].expected, 9_999 + 2_000 - 300)

    def test_what_is_reversed_after_its_count_is_a_correction_of_the_next_one(self):
        with freeze_time('2026-01-20 09:00:00'):
            wrong = self.post_receipt(self.brian, 1_000)
            cheque = self.post_receipt(self.grace, 300, money_kind='cheque', external_ref="CHQ 2")
            first = self._open()
            self._count(first, cash=5_500, cheque=1_000)
            first.action_close()
        with freeze_time('2026-01-21 09:00:00'):
            self.reverse(wrong)
            self.ask_reversal(cheque)  # It is not approved yet: nothing is corrected.
            self.post_receipt(self.faith, 1_200)
            second = self._open()
            self.assertEqual(second.correction_ids.mapped('number'), [wrong.number])
            self.assertEqual(second.line_ids.mapped('correction'), [-1_000, 0, 0])
            self.assertEqual(second.line_ids.mapped('expected'), [1_200, 0, 0])
            self._count(second, cash=1_200)
            second.action_close()
        self.assertEqual(first.line_ids.mapped('expected'), [5_500, 0, 1_000])
        self.assertEqual(wrong.cash_up_id, first)
        with freeze_time('2026-01-22 09:00:00'):
            self.as_user(self.head, cheque).action_approve_reversal()
            third = self._open()
            self.assertEqual(third.correction_ids.mapped('number'), [cheque.number])
            self.assertEqual(third.line_ids.mapped('correction'), [0, 0, -300])
            self.assertEqual(third.line_ids.mapped('expected'), [0, 0, 0])
        self.assertEqual(second.correction_ids.mapped('number'), [wrong.number])
        self.assertEqual(second.line_ids.mapped('correction'), [-1_000, 0, 0])
        # What was counted, less what was put right later, is what the ledger holds.
        self.assertEqual(
            sum((first | second | third).line_ids.mapped(
                lambda line: line.expected + line.correction,
            )),
            4_500 + 700 + 1_200,
        )

    def test_a_refund_reversed_after_its_count_comes_back(self):
        self.post_receipt(self.brian, 2_000, user=self.bursar)
        refund = self.as_user(self.bursar, self.env['school.refund'])._ask(
            student=self.brian, payee=self.mary, amount=300, money_kind='cash', external_ref='',
            reason="Overpaid",
        )
        self.as_user(self.head, refund).action_approve()
        first = self._open(self.bursar)
        self._count(first, cash=9_999 + 1_700)
        first.action_close()
        self.reverse(self.env['school.refund'].browse(refund.id))
        second = self._open(self.bursar)
        self.assertEqual(second.refund_correction_ids.mapped('number'), [refund.number])
        self.assertEqual(second.line_ids.mapped('correction'), [300, 0, 0])
        self.assertEqual(second.line_ids.mapped('expected'), [0, 0, 0])

    def test_only_count_and_note_are_written(self):
        cash_up = self._open()
        for values in ({'state': 'closed'}, {'user_id': self.head.id}, {'date': '2026-01-01'}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                cash_up.write(values)
        with self.assertRaises(AccessError):
            cash_up.line_ids[0].closed_expected = 1
        with self.assertRaises(AccessError):
            cash_up.line_ids[0].money_kind = 'bank'
        self._count(cash_up, cash=4_500, cheque=700)
        cash_up.action_close()
        with self.assertRaises(AccessError):
            cash_up.line_ids[0].counted = 1
        with self.assertRaises(AccessError):
            cash_up.note = "later"
        with self.refusal(UserError, "closed already"):
            cash_up.action_close()

    def test_a_cashier_sees_the_own_only(self):
        other = self._open(self.bursar)
        mine = self._open()
        CashUp = self.as_user(self.cashier, self.env['school.cash.up'])
        self.assertEqual(CashUp.search([]), mine)
        with self.assertRaises(AccessError):
            other.with_env(CashUp.env).action_close()
        self.assertLessEqual(
            mine | other, self.as_user(self.bursar, self.env['school.cash.up']).search([]),
        )
