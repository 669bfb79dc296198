from odoo.exceptions import UserError
from odoo.tests import tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestDeskFamilyReceipt(DeskCommon):

    def _open(self, amount):
        form = self.open_receipt(mode='family')
        form.family_id = self.family
        form.amount = amount
        return form

    def _shares(self, form):
        lines = [form.line_ids.edit(index) for index in range(len(form.line_ids))]
        return {line.student_id.admission_no: line.amount for line in lines}

    def test_the_proposed_split_is_shown_and_booked(self):
        self.create_term_bill(self.brian, self.term_2, 8_000)
        form = self._open(12_000)
        self.assertEqual(self._shares(form), {'ADM-012': 10_000, 'ADM-013': 2_000})
        receipt = self.press_post(form.save())
        self.assertEqual(receipt.family_id, self.family)
        self.assertEqual((self.faith.balance, self.brian.balance), (0, 6_000))
        self.assertEqual(len(receipt.line_ids.payment_id), 2)

    def test_the_familys_rule_decides(self):
        self.family.allocation_policy = 'equal'
        self.create_term_bill(self.brian, self.term_2, 8_000)
        self.assertEqual(
            self._shares(self._open(12_000)), {'ADM-012': 6_000, 'ADM-013': 6_000},
        )

    def test_what_nobody_owes_is_credit_of_the_first(self):
        self.assertEqual(self._shares(self._open(11_000)), {'ADM-012': 11_000, 'ADM-013': 0})

    def test_an_edited_split_is_booked(self):
        self.create_term_bill(self.brian, self.term_2, 8_000)
        form = self._open(12_000)
        with form.line_ids.edit(0) as line:
            line.amount = 5_000
        self.assertIn("KES 5,000 is not given", form.lines_warning)
        with form.line_ids.edit(1) as line:
            line.amount = 7_000
        self.assertFalse(form.lines_warning)
        self.press_post(form.save())
        self.assertEqual((self.faith.balance, self.brian.balance), (5_000, 1_000))

    def test_a_split_that_does_not_add_up_is_refused(self):
        for share, message in ((9_000, "not given to a child yet"), (11_000, "more than was")):
            form = self._open(10_000)
            with form.line_ids.edit(0) as line:
                line.amount = share
            with self.subTest(share=share), self.refusal(UserError, message):
                form.save().action_post()
        form = self._open(10_000)
        with form.line_ids.edit(0) as line:
            line.amount = 11_000
        with form.line_ids.edit(1) as line:
            line.amount = -1_000
        with self.refusal(UserError, "below zero"):
            form.save().action_post()
        self.assertEqual(self.faith.balance, 10_000)

    def test_a_child_of_another_family_gets_no_share(self):
        wizard = self._open(10_000).save()
        wizard.line_ids[0].student_id = self.grace
        with self.refusal(UserError, "another family"):
            wizard.action_post()

    def test_a_leaver_without_debt_gets_nothing(self):
        self.brian.state = 'left'
        self.assertEqual(self._shares(self._open(11_000)), {'ADM-012': 11_000})

    def test_shares_print_their_own_numbers(self):
        self.create_term_bill(self.brian, self.term_2, 8_000)
        receipt = self.press_post(self._open(12_000).save())
        numbers = [line['number'] for line in receipt._get_print_values(full=True)['lines']]
        self.assertEqual(numbers, [f'{receipt.number}/1', f'{receipt.number}/2'])
        single = self.post_receipt(self.faith, 10)
        self.assertEqual(single._get_print_values(full=True)['lines'][0]['number'], '')
