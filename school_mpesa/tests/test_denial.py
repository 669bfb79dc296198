from datetime import timedelta
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.school_mpesa.models import pay_page_text
from odoo.addons.school_mpesa.tests.day_common import (
    DAY,
    END,
    LATER,
    NIGHT,
    NOON,
    DayCloseCommon,
)


@tagged('post_install', '-at_install')
class TestDenial(DayCloseCommon):
    """Money that Safaricom does not know: two people take it out of the books, and may return it.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = cls.create_staff('denial-head', 'school_fees.group_approver')

    # === MAKERS === #

    def deny(self, movement):
        """ Say as the bursar that Safaricom does not know it, and approve it as the head. """
        movement.with_user(self.bursar)._ask_denial("Safaricom, case 12: no such code")
        movement.with_user(self.head).action_approve_denial()
        return movement

    def tell_by_pull(self, movement, **values):
        """ Let Pull tell of the payment. """
        self.env['mpesa.callback']._append_found(self.provider, 'pull', [{
            'receipt': movement.receipt, 'amount': Decimal(str(movement.amount)),
            'paid_at': movement.paid_at, 'account_reference': movement.account_reference,
            'msisdn': '', 'name': '', **values,
        }])
        self.drain()

    def get_needs(self, user):
        dashboard = self.env['school.dashboard'].with_user(user).with_context(
            allowed_company_ids=self.school.ids,
        )
        return {need['key']: need['count'] for need in dashboard.get_figures()['needs']}

    def make_entry(self, account, amount):
        """ Take an amount out of the wallet by hand, against an account. """
        entry = self.env['account.move'].create({
            'journal_id': self.school._get_fees_journal().id, 'date': DAY,
            'line_ids': [
                Command.create({
                    'account_id': self.provider.journal_id.default_account_id.id,
                    'credit': amount,
                }),
                Command.create({'account_id': account.id, 'debit': amount}),
            ],
        })
        entry.action_post()
        return entry

    # === ASSERTIONS === #

    def assert_money(self, wallet, unidentified):
        """ Assert what stands in the wallet and on *Unidentified fee receipts*, KES. """
        account = self.school._get_unidentified_account()
        self.assertEqual(self.sum_account(self.provider.journal_id.default_account_id), wallet)
        self.assertEqual(-self.sum_account(account), unidentified)
        self.assert_accounts_sound()

    # === TWO PEOPLE === #

    def test_unidentified_money_leaves_the_wallet_and_the_queue(self):
        self.pay('UIE0000001', account='karo')
        movement = self.pay('UIE0000002', '300.50', 'karo')
        self.assert_money(800.50, 800.50)
        self.assertEqual(self.get_needs(self.bursar)['unidentified'], 2)
        movement.with_user(self.bursar)._ask_denial("Safaricom, case 12: no such code")
        self.assert_money(800.50, 800.50)
        self.assertEqual(movement.booking_state, 'unidentified')
        self.assertEqual(self.get_needs(self.head)['denial_asked'], 1)
        self.assertNotIn('denial_asked', self.get_needs(self.bursar))
        movement.with_user(self.head).action_approve_denial()
        self.assert_money(500, 500)
        self.assertRecordValues(movement, [{
            'denial_state': 'denied', 'denial_asked_by_id': self.bursar.id,
            'denial_note': "Safaricom, case 12: no such code", 'booking_state': 'denied',
            'denial_decided_by_id': self.head.id, 'booked_as': "Not any more",
        }])
        self.assertTrue(movement.denial_decided_on)
        needs = self.get_needs(self.head)
        self.assertEqual((needs['unidentified'], needs.get('denial_asked')), (1, None))
        self.assertNotIn('denial_told', needs)
        Movement = self.env['mpesa.transaction']
        ours = [('company_id', '=', self.school.id)]
        self.assertEqual(Movement.search([('booking_state', '=', 'denied'), *ours]), movement)
        self.assertFalse(Movement.search([('booking_state', '=', 'open'), *ours]))
        with self.assertRaises(UserError):
            movement.with_user(self.bursar)._identify_as([(self.student, Decimal('300.50'))])

    def test_the_student_owes_again_what_was_never_paid(self):
        balance = self.student.balance
        movement = self.pay('UIE0000001')
        receipt = movement.receipt_id
        self.assertEqual(self.student.balance, balance - 500)
        self.deny(movement)
        self.assertEqual((receipt.state, self.student.balance), ('reversed', balance))
        self.assertIn("does not know", receipt.reversed_reason)
        self.assert_money(0, 0)
        self.assertEqual(movement.previous_receipt_id, receipt)
        self.assertEqual(movement.booked_as, f'{receipt.number}, reversed')

    def test_what_a_person_had_identified_is_taken_out_too(self):
        movement = self.pay('UIE0000002', '300.50', 'karo')
        movement.with_user(self.bursar)._identify_as([(self.student, Decimal('300.50'))])
        self.assert_money(300.50, 0)
        self.deny(movement)
        self.assert_money(0, 0)

    def test_a_request_is_not_called_paid_any_more(self):
        tx = self.prompt(amount=500)
        self.drain_stk(tx, receipt='UIE0000001')
        movement = self.get_movements()
        version = tx._mpesa_payer_view()['version']
        self.deny(movement)
        view = tx._mpesa_payer_view()
        self.assertTrue(view['denied'])
        self.assertNotEqual(view['version'], version)
        self.assertIn("Not known to Safaricom", tx.mpesa_outcome)
        self.assertIn("Not known to Safaricom", tx._mpesa_describe_live()['heading'])
        self.assertEqual(pay_page_text.phases(view), [(0, pay_page_text.DENIED)])
        # The prompt's own result names the money that Safaricom knows: it is booked.
        self.drain_stk(tx, receipt='UIE0000009')
        self.assertFalse(tx.mpesa_is_denied)
        self.assert_paid(tx, 'UIE0000009')
        self.assert_money(500, 0)

    def test_another_person_approves(self):
        movement = self.pay('UIE0000001')
        movement.with_user(self.head)._ask_denial("No such code")
        with self.assertRaises(UserError):
            movement.with_user(self.head).action_approve_denial()
        with self.assertRaises(AccessError):
            movement.with_user(self.bursar).action_approve_denial()
        with self.assertRaises(UserError):
            movement.with_user(self.bursar)._ask_denial("Once more")
        self.assertTrue(movement.receipt_id)
        other = self.create_staff('denial-other', 'school_fees.group_approver')
        movement.with_user(other).action_approve_denial()
        self.assert_money(0, 0)
        with self.assertRaises(UserError):
            movement.with_user(other).action_approve_denial()

    def test_who_may_not(self):
        movement = self.pay('UIE0000001')
        cashier = self.create_staff('denial-cashier', 'school_fees.group_cashier')
        for button in ('action_deny', 'action_approve_denial', 'action_undo_denial'):
            with self.subTest(button), self.assertRaises(AccessError):
                getattr(movement.with_user(cashier), button)()
        with self.assertRaises(AccessError):
            movement.with_user(cashier)._ask_denial("No such code")

    def test_refused_it_stands(self):
        movement = self.pay('UIE0000001')
        movement.with_user(self.bursar)._ask_denial("No such code")
        colleague = self.create_staff('denial-clerk', 'school_fees.group_bursar')
        with self.assertRaises(AccessError):
            movement.with_user(colleague).action_refuse_denial()
        movement.with_user(self.head).action_refuse_denial()
        self.assertEqual((movement.denial_state, movement.booking_state), ('refused', 'matched'))
        self.assertEqual(movement.denial_decided_by_id, self.head)
        with self.assertRaises(UserError):
            movement.with_user(self.head).action_approve_denial()
        self.assert_money(500, 0)
        movement.with_user(self.bursar)._ask_denial("Asked once more")
        movement.with_user(self.bursar).action_refuse_denial()  # One's own may be withdrawn.
        self.assertEqual(movement.denial_state, 'refused')

    # === WHAT SAFARICOM KNOWS IS NOT DENIED === #

    def test_what_safaricom_told_when_asked_is_not_denied(self):
        movement = self.pay('UIE0000001')
        movement.with_user(self.bursar)._ask_denial("No such code")
        self.tell_by_pull(movement)
        for act in (
            lambda: movement.with_user(self.head).action_approve_denial(),
            lambda: movement.with_user(self.bursar)._ask_denial("No such code"),
        ):
            with self.assertRaises(UserError):
                act()
        self.assert_money(500, 0)

    def test_what_a_statement_has_is_not_denied(self):
        statement = self.clean_day()
        movement = self.get_movements().filtered(lambda m: m.receipt == 'UIE0000001')
        with self.assertRaises(UserError) as refusal:
            movement.with_user(self.bursar)._ask_denial("No such code")
        self.assertIn(statement.name, str(refusal.exception))

    def test_what_an_entry_by_hand_took_off_is_not_taken_twice(self):
        movement = self.pay('UIE0000002', '300.50', 'karo')
        waiting = movement.suspense_payment_id._get_counterpart_line()
        entry = self.make_entry(waiting.account_id, 300.50)
        (waiting + entry.line_ids.filtered('debit')).reconcile()
        with self.assertRaises(UserError) as refusal:
            movement.with_user(self.bursar)._ask_denial("No such code")
        self.assertIn("entry by hand", str(refusal.exception))
        entry._reverse_moves([{'date': entry.date}], cancel=True)
        self.deny(movement)
        self.assert_money(0, 0)

    def test_nobody_undoes_its_entries_by_hand(self):
        movement = self.deny(self.pay('UIE0000001'))
        self.assertEqual(len(movement.denial_move_ids), 2)
        for move in movement.denial_move_ids:
            with self.assertRaises(UserError):
                move.button_draft()

    # === WHAT COMES LATER === #

    def assert_needs_a_person(self, movement):
        self.assertTrue(movement.denial_is_told)
        self.assertEqual(self.get_needs(self.bursar)['denial_told'], 1)
        self.assert_money(0, 0)
        self.assertFalse(movement.receipt_id or movement.suspense_payment_id)

    def test_what_tells_of_it_later_books_nothing(self):
        for name, tell in (
            ('the same confirmation', lambda movement: self.pay(movement.receipt)),
            ('Pull', self.tell_by_pull),
            ('the statement', lambda movement: self.add_line(
                self.create_statement(), movement.receipt,
            )),
        ):
            with self.subTest(name), self.env.cr.savepoint() as point:
                movement = self.deny(self.pay('UIE0000001'))
                self.assertNotIn('denial_told', self.get_needs(self.bursar))
                tell(movement)
                self.env.flush_all()
                self.assert_needs_a_person(movement)
                point.rollback()
            self.env.invalidate_all()

    def test_another_amount_is_a_contradiction_as_before(self):
        movement = self.deny(self.pay('UIE0000001'))
        callback = self.drain_c2b('UIE0000001', '600.00')
        self.assertEqual(callback.state, 'conflict')
        self.assertFalse(movement.denial_is_told)
        self.assert_money(0, 0)

    def test_a_denial_is_taken_back(self):
        movement = self.deny(self.pay('UIE0000001'))
        self.tell_by_pull(movement)
        with self.assertRaises(AccessError):
            movement.with_user(self.bursar)._undo_denial("Pull tells of it")
        movement.with_user(self.head)._undo_denial("Pull tells of it")
        self.assert_money(500, 500)
        self.assertRecordValues(movement, [{
            'denial_state': 'undone', 'booking_state': 'unidentified', 'denial_is_told': False,
            'denial_undone_by_id': self.head.id, 'denial_undo_note': "Pull tells of it",
        }])
        self.assertEqual(movement.suspense_payment_id.date, DAY)
        # Whose it was is suggested, since nothing was wrong with that.
        self.assertEqual(
            movement.with_user(self.bursar).only_suggestion, f'school.student,{self.student.id}',
        )
        movement.with_user(self.bursar)._identify_as([(self.student, Decimal(500))])
        self.assert_money(500, 0)
        with self.assertRaises(UserError):
            movement.with_user(self.head)._undo_denial("Once more")

    def test_who_imported_the_file_does_not_take_the_denial_back(self):
        movement = self.deny(self.pay('UIE0000001'))
        statement = self.create_statement()
        self.add_line(statement, 'UIE0000001')
        self.env.cr.execute(
            'UPDATE mpesa_statement SET create_uid = %s WHERE id = %s',
            [self.head.id, statement.id],
        )
        statement.invalidate_recordset()
        with self.assertRaises(AccessError):
            movement.with_user(self.head)._undo_denial("The statement has it")
        other = self.create_staff('denial-other', 'school_fees.group_approver')
        movement.with_user(other)._undo_denial("The statement has it")
        self.assert_money(500, 500)

    def test_a_message_alone_brings_nothing_back_by_who_denied_it(self):
        """ Who knows the address sends the forged message once more: that proves nothing. """
        movement = self.deny(self.pay('UIE0000001'))
        self.pay(movement.receipt)
        self.assertTrue(movement.denial_is_told)
        with self.assertRaises(UserError):
            movement.with_user(self.head)._undo_denial("It came again")
        self.assert_money(0, 0)
        other = self.create_staff('denial-other', 'school_fees.group_approver')
        movement.with_user(other)._undo_denial("The parent showed the SMS")
        self.assert_money(500, 500)

    # === THE PROOF OF THE DAY === #

    def test_the_difference_is_settled_by_it(self):
        self.clean_day()
        movement = self.pay('UIE0000003')
        close = self.prove()
        self.assert_differences(close, ('missing_there', 'UIE0000003'))
        self.assertIn("Not known to Safaricom", close.difference_ids.explanation)
        action = close.difference_ids.with_user(self.bursar).action_deny()
        self.assertEqual(action['context']['default_mpesa_transaction_id'], movement.id)
        wizard = Form(self.env['mpesa.denial'].with_user(self.bursar).with_context(
            **action['context'],
        ))
        wizard.note = "Safaricom, case 12: no such code"
        wizard.save().action_confirm()
        movement.with_user(self.head).action_approve_denial()
        close._prove()
        self.assert_differences(close, ('missing_there', 'UIE0000003', 'settled'))
        self.assertIn("two people", close.difference_ids.explanation)
        self.assertRecordValues(close, [{
            'state': 'proven', 'movement_total': 800.50, 'statement_difference': 0,
            'denied_total': 500, 'unaccounted': 0, 'ledger_total': 800.50,
            'wallet_balance': 800.50, 'balance_difference': 0, 'student_total': 500,
        }])
        self.sign(close)

    def test_a_signed_day_gets_amendments(self):
        self.clean_day()
        movement = self.pay('UIE0000003')
        close = self.prove()
        self.explain_all(close)
        self.sign(close)
        self.deny(movement)
        close._prove()
        self.assertIn(
            ('settled', 'missing_there'),
            [(row.what, row.kind) for row in close.amendment_ids],
        )
        settled = close.amendment_ids.filtered(lambda row: row.what == 'settled')
        self.assertIn("two people", settled.explanation)

    def test_a_denial_hides_nothing_of_a_later_day(self):
        """ What it changed of an earlier day is no reason for the same amount on a later one. """
        self.clean_day()
        movement = self.pay('UIE0000003')
        self.prove()

        def state_day(number, receipt, balance):
            at = NOON + timedelta(days=number)
            self.pay(receipt, at=at)
            statement = self.create_statement(
                END + timedelta(days=number - 1), END + timedelta(days=number, seconds=-1),
            )
            self.add_line(statement, receipt, at=at, has_balance=True, balance=balance)
            return self.prove(DAY + timedelta(days=number))

        second = state_day(1, 'UIF0000001', 1300.50)
        self.assert_differences(second)
        self.assertEqual(second.balance_difference, -500)
        self.deny(movement)
        with self.subTest("an honest day"), self.env.cr.savepoint() as point:
            self.assert_differences(state_day(2, 'UIG0000001', 1800.50))
            point.rollback()
        self.env.invalidate_all()
        self.assert_differences(state_day(2, 'UIG0000001', 1300.50), ('amount', ''))

    def test_a_reversal_of_a_denied_payment_waits_for_it(self):
        statement = self.clean_day()
        movement = self.deny(self.pay('UIE0000003'))
        line = self.add_line(
            statement, 'UIR0000001', 500, 'reversal', linked_receipt='UIE0000003', at=LATER,
        )
        line._book()
        reversal = line.mpesa_transaction_id
        self.assertEqual((reversal.reversal_state, bool(reversal.reverses_id)), ('person', False))
        self.assertTrue(movement.denial_is_told)
        other = self.create_staff('denial-other', 'school_fees.group_approver')
        movement.with_user(other)._undo_denial("M-PESA gave it back, so it was paid")
        self.env['mpesa.transaction']._give_back_late_originals()
        self.assertEqual((reversal.reverses_id, movement.is_returned), (movement, True))
        self.assert_money(800.50, 300.50)

    def test_what_is_told_again_is_open(self):
        statement = self.clean_day()
        movement = self.deny(self.pay('UIE0000003'))
        self.tell_by_pull(movement)
        close = self.prove()
        self.assert_differences(close, ('missing_here', 'UIE0000003'))
        self.assertIn("takes the denial back", close.difference_ids.explanation)
        self.add_line(statement, 'UIE0000003', at=LATER, has_balance=True, balance=1300.50)
        close._prove()
        self.assert_differences(close, ('missing_here', 'UIE0000003'))
        self.assertEqual((close.statement_difference, close.state), (500, 'different'))
        movement.with_user(self.head)._undo_denial("It is real")
        close._prove()
        self.assert_differences(close, ('missing_here', 'UIE0000003', 'settled'))
        self.assertRecordValues(close, [{
            'state': 'proven', 'statement_difference': 0, 'balance_difference': 0,
            'unaccounted': 0, 'denied_total': 0,
        }])

    def test_money_that_waited_from_another_day_on_explains_both_days(self):
        """ A receipt reversed by a person moved it to another day; the ledger of both is right. """
        self.clean_day()
        movement = self.pay('UIE0000003')
        receipt = movement.receipt_id
        receipt.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        receipt.with_user(self.head).action_approve_reversal()
        other_day = movement.suspense_payment_id.date
        self.assertNotEqual(other_day, DAY)
        self.deny(movement)
        for day in (DAY, other_day):
            close = self.prove(day)
            self.assertNotIn('ledger', close.difference_ids.mapped('line_kind'))
        other = self.create_staff('denial-other', 'school_fees.group_approver')
        movement.with_user(other)._undo_denial("It is real")
        for day in (DAY, other_day):
            close = self.prove(day)
            self.assertNotIn('ledger', close.difference_ids.mapped('line_kind'))
        self.assert_money(1300.50, 800.50)

    def test_in_a_locked_period_the_ledger_of_each_day_is_explained(self):
        movement = self.pay('UIE0000003')
        self.school.fiscalyear_lock_date = '2026-09-30'
        self.deny(movement)
        self.assert_money(0, 0)
        days = set(movement.denial_move_ids.mapped('date'))
        self.assertEqual(len(days), 2)
        for day in days:
            self.assertNotIn('ledger', self.prove(day).difference_ids.mapped('line_kind'))
        other = self.create_staff('denial-other', 'school_fees.group_approver')
        movement.with_user(other)._undo_denial("It is real")
        self.assert_money(500, 500)
        for day in days:
            self.assertNotIn('ledger', self.prove(day).difference_ids.mapped('line_kind'))

    def test_denied_is_no_answer_to_give_a_receipt_for(self):
        self.deny(self.pay('UIE0000001'))
        check = self.env['mpesa.message.check'].with_user(self.bursar).create({
            'message': 'UIE0000001 Confirmed. Ksh500.00 sent to SCHOOL on 14/9/26 at 3:00 PM',
        })
        check.action_check()
        self.assertEqual(check.finding, 'not_known')
        self.assertIn("does not know this payment", check.answer)

    def test_pulled_time_is_after_the_denial(self):
        """ Pull marks what it knows without a message: that is telling, too. """
        movement = self.deny(self.pay('UIE0000001'))
        movement.pulled_at = NIGHT
        self.assert_needs_a_person(movement)
