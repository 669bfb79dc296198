from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .desk_common import DeskCommon


@tagged('post_install', '-at_install')
class TestTransfer(DeskCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bill_brian = cls.create_term_bill(cls.brian, cls.term_2, 8_000)

    def setUp(self):
        super().setUp()
        self.receipt = self.post_receipt(self.faith, 4_000)

    def _move_share(self, to_student, amount=None, user=None):
        action = self.as_user(user or self.bursar, self.receipt.line_ids).action_move()
        form = Form(self.as_user(user or self.bursar, self.env[action['res_model']])
                    .with_context(**action['context']))
        form.to_student_id = to_student
        if amount is not None:
            form.amount = amount
        form.reason = "Paid for the brother"
        return self.env['school.transfer'].browse(form.save().action_ask()['res_id'])

    def _approve(self, transfer, user=None):
        self.as_user(user or self.head, transfer).action_approve()

    # === PAID TO THE WRONG CHILD === #

    def test_the_share_moves_and_the_bills_follow(self):
        transfer = self._move_share(self.brian)
        self.assertEqual((transfer.state, transfer.amount), ('asked', 4_000))
        self.assertEqual(self.faith.balance, 6_000)
        self._approve(transfer)
        self.assertEqual(transfer.state, 'done')
        self.assertEqual((self.faith.balance, self.brian.balance), (10_000, 4_000))
        self.assertEqual(self.bill.amount_residual, 10_000, "The wrong child's bill is open again.")
        self.assertEqual(self.bill_brian.amount_residual, 4_000)
        self.assertEqual(self.get_open(self.faith), [10_000])
        self.assertEqual(self.get_open(self.brian), [4_000])

    def test_it_is_one_entry_in_the_fees_journal_that_names_nobody(self):
        transfer = self._move_share(self.brian)
        self._approve(transfer)
        move = transfer.move_id
        self.assertEqual(move.journal_id, self.school.school_fees_journal_id)
        self.assertEqual(move.journal_id.type, 'general')
        self.assertRecordValues(move.line_ids.sorted('debit', reverse=True), [
            {'partner_id': self.faith.partner_id.id, 'debit': 4_000, 'credit': 0},
            {'partner_id': self.brian.partner_id.id, 'debit': 0, 'credit': 4_000},
        ])
        for line in move.line_ids:
            for name in ("Faith", "Brian", "ADM-012", "ADM-013"):
                self.assertNotIn(name, f'{line.name} {move.ref}')

    def test_both_statements_say_so(self):
        transfer = self._move_share(self.brian)
        self._approve(transfer)
        statements = self.env['school.statement']._get_statements(self.faith | self.brian)
        kinds = {
            student: [(row['kind'], row['amount']) for row in statement['rows']]
            for student, statement in statements.items()
        }
        self.assertIn(('transfer_out', 4_000), kinds[self.faith])
        self.assertIn(('transfer_in', -4_000), kinds[self.brian])
        for student in (self.faith, self.brian):
            self.assertEqual(statements[student]['closing'], student.balance)

    def test_a_part_moves(self):
        transfer = self._move_share(self.brian, 1_500)
        self._approve(transfer)
        self.assertEqual((self.faith.balance, self.brian.balance), (7_500, 6_500))
        self.assertEqual(self.bill.amount_residual, 7_500)
        with self.refusal(UserError, "At most .*2,500 "):
            self._move_share(self.brian, 2_501)

    def test_two_requests_do_not_move_one_share_twice(self):
        first, second = self._move_share(self.brian), self._move_share(self.brian)
        self._approve(first)
        with self.refusal(UserError, "At most"):
            self._approve(second)
        self.as_user(self.head, second).action_refuse()
        self.assertEqual(second.state, 'refused')

    # === WHO APPROVES === #

    def test_nobody_approves_the_own_transfer(self):
        transfer = self._move_share(self.brian, user=self.head)
        self.assertFalse(self.as_user(self.head, transfer).can_approve)
        with self.refusal(UserError, "needs another person"):
            self._approve(transfer, self.head)
        for user in (self.bursar, self.cashier):
            with self.assertRaises(AccessError):
                self._approve(transfer, user)
        self.assertTrue(self.as_user(self.deputy, transfer).can_approve)
        self._approve(transfer, self.deputy)

    def test_across_families_two_approve(self):
        transfer = self._move_share(self.grace)
        self.assertTrue(transfer.is_across_families)
        self._approve(transfer)
        self.assertEqual((transfer.state, transfer.move_id.ids), ('approved', []))
        with self.refusal(UserError, "needs another person"):
            self._approve(transfer)
        self._approve(transfer, self.deputy)
        self.assertEqual(transfer.state, 'done')
        self.assertRecordValues(transfer, [{
            'first_approved_by_id': self.head.id, 'approved_by_id': self.deputy.id,
        }])
        self.assertEqual((self.faith.balance, self.grace.balance), (10_000, -4_000))

    def test_the_two_are_not_the_one_who_asked(self):
        transfer = self._move_share(self.grace, user=self.head)
        self._approve(transfer, self.deputy)
        with self.refusal(UserError, "needs another person"):
            self._approve(transfer, self.head)

    def test_a_child_that_changed_family_needs_two(self):
        transfer = self._move_share(self.brian)
        self.brian.family_id = False
        self._approve(transfer)
        self.assertEqual(transfer.state, 'approved')

    def test_nobody_makes_or_edits_a_transfer_by_hand(self):
        transfer = self._move_share(self.brian)
        administrator = self.create_staff('desk_admin', 'administrator')
        for user in (self.bursar, self.head, administrator):
            mine = self.as_user(user, transfer)
            for operation in ('write', 'create', 'unlink'):
                self.assertFalse(mine.has_access(operation))
        with self.refusal(UserError, "never deleted"):
            transfer.unlink()

    def test_a_context_makes_no_other_asker(self):
        Transfer = self.as_user(self.head, self.env['school.transfer']).with_context(
            default_asked_by_id=self.bursar.id, default_state='done',
            default_first_approved_by_id=self.bursar.id,
        )
        transfer = Transfer._ask(
            from_student=self.faith, to_student=self.grace, amount=10, reason="x",
            receipt_line=self.receipt.line_ids,
        )
        self.assertRecordValues(transfer, [{
            'asked_by_id': self.head.id, 'state': 'asked', 'first_approved_by_id': False,
        }])

    # === CREDIT === #

    def test_credit_moves_and_no_more_than_there_is(self):
        self.post_receipt(self.faith, 9_000)  # 3,000 more than is due.
        form = Form(self.as_user(self.bursar, self.env['school.transfer.wizard']))
        form.from_student_id = self.faith
        self.assertEqual((form.movable, form.amount), (3_000, 3_000))
        form.to_student_id = self.brian
        form.reason = "Credit of the sister"
        form.amount = 3_001
        self.assertIn("At most", form.amount_warning)
        wizard = form.save()
        with self.refusal(UserError, "At most"):
            wizard.action_ask()
        form.amount = 3_000
        transfer = self.env['school.transfer'].browse(form.save().action_ask()['res_id'])
        self._approve(transfer)
        self.assertEqual((self.faith.balance, self.brian.balance), (0, 5_000))
        self.assertEqual(self.get_open(self.faith), [])
        self.assertEqual(self.bill.amount_residual, 0)

    def test_bad_input_is_refused_in_words(self):
        for values, message in (
            ({'to_student': self.faith}, "between two students"),
            ({'amount': 0}, "above zero"),
            ({'amount': -5}, "above zero"),
            ({'from_student': self.grace}, "another student's"),
        ):
            with self.subTest(message=message), self.refusal(UserError, message):
                self.as_user(self.bursar, self.env['school.transfer'])._ask(**{
                    'from_student': self.faith, 'to_student': self.brian, 'amount': 10,
                    'reason': "x", 'receipt_line': self.receipt.line_ids, **values,
                })

    # === BACK AGAIN === #

    def test_a_transfer_is_reversed_by_two(self):
        transfer = self._move_share(self.brian)
        self._approve(transfer)
        self.ask_reversal(transfer, user=self.head, reason="It was right before")
        with self.refusal(UserError, "needs another person"):
            self.as_user(self.head, transfer).action_approve_reversal()
        self.as_user(self.deputy, transfer).action_approve_reversal()
        self.assertEqual(transfer.state, 'reversed')
        self.assertEqual((self.faith.balance, self.brian.balance), (6_000, 8_000))
        self.assertEqual(self.get_open(self.faith), [6_000])
        self._approve(self._move_share(self.brian))
        self.assertEqual(self.faith.balance, 10_000)

    def test_a_reversed_receipt_takes_its_transfers_back(self):
        """ A cheque bounces after it was moved to the brother: the brother owes again. """
        done, waiting = self._move_share(self.brian, 3_000), self._move_share(self.brian, 500)
        self._approve(done)
        self.reverse(self.receipt)
        self.assertEqual((done.state, waiting.state), ('reversed', 'refused'))
        self.assertEqual((self.faith.balance, self.brian.balance), (10_000, 8_000))
        self.assertEqual(self.get_open(self.faith), [10_000])
        self.assertEqual(self.get_open(self.brian), [8_000])

    def test_nobody_takes_the_entry_out_behind_its_back(self):
        transfer = self._move_share(self.brian)
        self._approve(transfer)
        accountant = new_test_user(
            self.env, 'desk_accountant', groups='account.group_account_manager',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        for name in ('button_draft', 'button_cancel', '_reverse_moves'):
            with self.subTest(name=name), self.refusal(UserError, "reversing the transfer"):
                getattr(self.as_user(accountant, transfer.move_id), name)()
