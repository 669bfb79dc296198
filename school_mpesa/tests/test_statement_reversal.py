from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.school_mpesa.tests.statement_common import StatementCommon


REVERSAL = "Pay Bill Reversal"


@tagged('post_install', '-at_install')
class TestStatementReversal(StatementCommon):
    """Reversals that the statement tells of: the money has left the wallet, so it leaves the
    books, and waits nowhere."""

    def pay(self, receipt='UIE4K7P2Q1', amount=500, account='ADM-012'):
        """ Let a parent pay by the paybill, as a confirmation tells.

        :rtype: mpesa.transaction
        """
        self.drain_c2b(receipt, amount=f'{amount}.00', account=account)
        return self.get_movements().filtered(lambda m: m.receipt == receipt)

    def reverse(self, amount=500, linked='UIE4K7P2Q1', receipt='UIE4K7P2R1', minute=30):
        """ Import a statement with one reversal.

        :return: The movement by which the money went back.
        :rtype: mpesa.transaction
        """
        self.upload_rows(
            self.row(receipt, -amount, REVERSAL, linked=linked, minute=minute),
            opening=amount,
        )
        return self.get_movements().filtered(lambda m: m.receipt == receipt)

    def sum_unidentified(self):
        return self.sum_account(self.school._get_unidentified_account())

    # === WHOLE === #

    def test_the_receipt_of_money_that_went_back_is_reversed(self):
        original = self.pay()
        receipt = original.receipt_id
        owed = self.student.balance
        reversal = self.reverse()
        self.assertEqual((reversal.kind, reversal.direction), ('reversal', 'out'))
        self.assertEqual((reversal.reverses_id, reversal.reversal_state), (original, 'receipt'))
        self.assertEqual(receipt.state, 'reversed')
        self.assertEqual(receipt.reversed_reason, "Reversed at M-PESA (UIE4K7P2R1)")
        reverse_entry = receipt.line_ids.move_line_id.move_id.reversal_move_ids
        self.assertEqual(reverse_entry.date, date(2026, 9, 14))
        self.assertEqual(self.student.balance, owed + 500)
        self.assertEqual((original.booking_state, original.is_returned), ('returned', True))
        self.assertEqual(original.previous_receipt_id, receipt)
        self.assertFalse(original.suspense_payment_id)
        self.assertEqual(self.sum_unidentified(), 0)
        self.assert_wallet(0)
        self.assertEqual(self.get_lines().mpesa_transaction_id, reversal)

    def test_money_in_the_queue_leaves_it(self):
        original = self.pay(account='nobody')
        self.assertEqual(self.sum_unidentified(), -500)
        reversal = self.reverse()
        self.assertEqual(reversal.reversal_state, 'suspense')
        self.assertEqual(original.booking_state, 'returned')
        self.assertEqual(self.sum_unidentified(), 0)
        self.assert_wallet(0)

    def test_money_that_a_person_had_identified_leaves_both(self):
        original = self.pay(account='nobody')
        original.with_user(self.bursar)._identify_as([
            (self.student.with_user(self.bursar), 500),
        ])
        receipt, owed = original.receipt_id, self.student.balance
        self.reverse()
        self.assertEqual(receipt.state, 'reversed')
        self.assertEqual(self.student.balance, owed + 500)
        self.assertEqual(self.sum_unidentified(), 0)
        self.assert_wallet(0)

    def test_other_credit_settles_the_bill_that_is_open_again(self):
        self.pay(amount=32_500)
        self.pay('UIE4K7P2Q2', amount=1_000)
        self.assertEqual(self.student.balance, -1_000)
        self.reverse(amount=32_500)
        self.assertEqual(self.student.balance, 31_500)
        self.assertEqual(self.bill.amount_residual, 31_500)

    def test_a_paid_request(self):
        tx = self.prompt(amount=500)
        self.drain_stk(tx, receipt='UIE4K7P2Q1')
        self.reverse()
        self.assertEqual(self.get_receipts('reversed').external_ref, 'UIE4K7P2Q1')
        self.drain_stk(tx, receipt='UIE4K7P2Q1')
        self.drain_c2b('UIE4K7P2Q1', amount='500.00')
        self.assertFalse(self.get_receipts())
        self.assert_wallet(0)

    def test_payment_and_reversal_in_one_file(self):
        statement = self.upload(self.write_older([
            self.row('UIE4K7P2Q1', 500),
            self.row('UIE4K7P2R1', -500, REVERSAL, linked='UIE4K7P2Q1', minute=30),
        ]))
        self.run_cron('school_mpesa.cron_book_statements')
        line = self.get_lines(kind='reversal')
        self.assertEqual(line.state, 'new')  # The payment is not booked yet.
        line.next_try_at = False
        self.book()
        self.assertEqual((line.state, statement.state), ('booked', 'done'))
        self.assertFalse(self.get_receipts())
        self.assert_wallet(0)

    def test_imported_again_it_reverses_nothing_again(self):
        self.pay()
        self.reverse()
        self.reverse()
        self.assertEqual(len(self.get_movements()), 2)
        self.assert_wallet(0)

    def test_messages_that_come_later_book_nothing(self):
        self.upload_rows(
            self.row('UIE4K7P2Q1', 500, account='nobody'),
        )
        self.reverse()
        callback = self.drain_c2b('UIE4K7P2Q1', amount='500.00', account='ADM-012')
        self.assertIn(callback.state, ('done', 'conflict'))
        self.assertFalse(self.get_receipts())
        self.assert_wallet(0)

    def test_a_guess_that_is_undone_later_books_nothing(self):
        tx = self.prompt(amount=500)
        self.drain_c2b('UIE4K7P2Q1', amount='500.00')
        self.assertEqual(self.get_movements().payment_transaction_id, tx)
        self.reverse()
        self.drain_stk(tx, receipt='UIE4K7P2Q2')
        self.assertEqual(self.get_receipts().external_ref, 'UIE4K7P2Q2')
        self.assert_wallet(500)

    def test_a_prompts_result_that_comes_after_the_reversal(self):
        tx = self.prompt(amount=500)
        self.upload_rows(self.row('UIE4K7P2Q1', 500, account='nobody'))
        self.reverse()
        self.drain_stk(tx, receipt='UIE4K7P2Q1')
        self.assertTrue(tx.mpesa_needs_person)
        self.assertFalse(self.get_receipts())
        self.assert_wallet(0)

    # === PARTIAL, UNKNOWN, TWICE === #

    def test_a_part_is_for_a_person(self):
        original = self.pay()
        owed = self.student.balance
        reversal = self.reverse(amount=200)
        self.assertEqual((reversal.reverses_id, reversal.reversal_state), (original, 'person'))
        self.assertEqual(original.receipt_id.state, 'posted')
        self.assertEqual(self.sum_unidentified(), 200)
        self.assert_wallet(300)
        with self.assertRaises(AccessError):  # The importer puts it on nobody, not on a student.
            reversal.with_user(self.bursar)._settle_reversal(None, "x", self.student)
        action = reversal.with_user(self.head).action_settle_reversal()
        form = Form(self.env[action['res_model']].with_user(self.head).with_context(
            **action['context']
        ))
        self.assertEqual(form.student_id, self.student)
        form.note = "The parent asked Safaricom"
        form.save().action_settle()
        self.assertEqual(reversal.reversal_state, 'settled')
        self.assertEqual(self.student.balance, owed + 200)
        self.assertEqual(self.sum_unidentified(), 0)
        self.assert_wallet(300)
        with self.assertRaisesRegex(UserError, "booked by now"):
            reversal.with_user(self.head)._settle_reversal(None, "x", self.student)

    def test_an_unknown_payment_is_for_a_person(self):
        reversal = self.reverse(linked='UIE4K7P2Q9')
        self.assertEqual((reversal.reversal_state, reversal.reverses_id.id), ('person', False))
        self.assertEqual(self.sum_unidentified(), 500)
        account = self.school._get_mpesa_charges_account()
        with self.assertRaises(AccessError):
            reversal.with_user(self.cashier)._settle_reversal(account, "x")
        reversal.with_user(self.head)._settle_reversal(account, "Of the old system")
        self.assertEqual((self.sum_unidentified(), self.sum_account(account)), (0, 500))
        self.assert_wallet(-500)

    def test_no_link_is_for_a_person(self):
        self.pay()
        reversal = self.reverse(linked='')
        self.assertEqual(reversal.reversal_state, 'person')
        self.assertEqual(len(self.get_receipts()), 1)

    def test_reversals_never_make_up_more_than_the_payment(self):
        original = self.pay()
        self.reverse(amount=500)
        again = self.reverse(amount=500, receipt='UIE4K7P2R2', minute=40)
        more = self.reverse(amount=1, receipt='UIE4K7P2R3', minute=50)
        self.assertFalse(again.reverses_id or more.reverses_id)
        self.assertEqual((again + more).mapped('reversal_state'), ['person', 'person'])
        self.assertEqual(sum(original.reversal_ids.mapped('amount')), 500)
        self.assertEqual(self.sum_unidentified(), 501)
        self.assert_wallet(-501)

    def test_parts_that_make_up_more_than_the_payment(self):
        original = self.pay()
        self.reverse(amount=400)
        more = self.reverse(amount=200, receipt='UIE4K7P2R2', minute=40)
        self.assertFalse(more.reverses_id)
        self.assertEqual(sum(original.reversal_ids.mapped('amount')), 400)
        self.assert_wallet(-100)

    # === THE PAYMENT BECOMES KNOWN LATER === #

    def settle(self, reversal, user, **values):
        form = Form(self.env['mpesa.reversal.settle'].with_user(user).with_context(
            **reversal.with_user(user).action_settle_reversal()['context']
        ))
        for name, value in values.items():
            form[name] = value
        form.save().action_settle()

    def test_a_person_names_the_payment_of_a_reversal_without_link(self):
        self.drain_c2b('UIE4K7P2Q1', amount='500.00', TransTime='20260914100000')
        original = self.get_movements()
        receipt = original.receipt_id
        reversal = self.reverse(linked='')
        self.assertEqual(reversal.reversal_state, 'person')
        with self.assertRaises(AccessError):
            self.settle(reversal, self.bursar, original_id=original, note="x")
        with self.refusal(UserError, "note is missing"):
            self.settle(reversal, self.head, original_id=original)
        self.settle(reversal, self.head, original_id=original, note="The parent asked for it")
        self.assertEqual((reversal.reversal_state, reversal.reverses_id), ('receipt', original))
        self.assertEqual((receipt.state, original.is_returned), ('reversed', True))
        self.assertEqual(self.sum_unidentified(), 0)
        self.assert_wallet(0)
        self.assertEqual(self.get_lines(kind='reversal').state, 'booked')
        for move in reversal.return_move_ids.sudo(False):
            with self.refusal(UserError, "statement says"):
                move.button_draft()

    def test_a_payment_of_another_amount_is_not_taken_back(self):
        original = self.pay(amount=600)
        reversal = self.reverse(linked='')
        with self.refusal(UserError, "not of the amount"):
            reversal.with_user(self.head)._settle_as_reversal_of(
                original.with_user(self.head), "x",
            )
        self.assert_wallet(100)

    def test_a_payment_that_comes_after_its_reversal_is_taken_back(self):
        reversal = self.reverse()
        self.assertEqual(reversal.reversal_state, 'person')
        self.assertEqual(self.get_lines().linked_receipt, 'UIE4K7P2Q1')
        original = self.pay()
        self.book()
        self.assertEqual((reversal.reversal_state, reversal.reverses_id), ('receipt', original))
        self.assertTrue(original.is_returned)
        self.assertEqual(self.sum_unidentified(), 0)
        self.assert_wallet(0)

    def test_a_request_that_was_given_back_is_not_called_paid(self):
        tx = self.prompt(amount=500)
        self.drain_stk(tx, receipt='UIE4K7P2Q1')
        self.assertFalse(tx._mpesa_payer_view()['given_back'])
        self.reverse()
        self.assertTrue(tx._mpesa_payer_view()['given_back'])
        self.assertIn("Given back by M-PESA", tx.mpesa_outcome)
        self.assertIn("Given back by M-PESA", tx._mpesa_describe_live()['heading'])

    # === WHAT PEOPLE SEE === #

    def test_today_says_whose_money_went_back(self):
        self.pay()
        reversal = self.reverse()
        dashboard = self.env['school.dashboard'].with_user(self.bursar)

        def get_need():
            return [n for n in dashboard.get_figures()['needs'] if n['key'] == 'mpesa_reversed']

        need, = get_need()
        self.assertIn(self.student.name, need['label'])
        self.assertIn(reversal.previous_receipt_id.number, need['label'])
        reversal.with_user(self.bursar).action_note_reversal()
        self.assertEqual(reversal.reversal_read_by_id, self.bursar)
        self.assertFalse(get_need())

    def test_what_waits_for_a_person_is_not_just_noted(self):
        reversal = self.reverse(linked='')
        reversal.with_user(self.bursar).action_note_reversal()
        self.assertFalse(reversal.reversal_read_by_id)

    def test_searches_by_booking(self):
        original = self.pay()
        reversal = self.reverse()
        person = self.reverse(linked='', receipt='UIE4K7P2R2', minute=40)
        Movement = self.env['mpesa.transaction']
        ours = [('company_id', '=', self.school.id)]
        for state, found in (
            ('returned', original + reversal), ('person', person), ('open', Movement),
            ('matched', Movement), ('unidentified', Movement),
        ):
            self.assertEqual(
                Movement.search([('booking_state', '=', state), *ours], order='id'),
                found.sorted('id'), state,
            )
        self.assertEqual(original.booked_as, f'{original.previous_receipt_id.number}, reversed')
