from datetime import datetime, time, timedelta
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.school_mpesa.tests.booking_common import BookingCommon


@tagged('post_install', '-at_install')
class TestIdentify(BookingCommon):
    """Money whose account names nobody for certain: a person of the bursar's office decides."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar, cls.approver, cls.cashier = (
            new_test_user(
                cls.env, login=f'identify_{group}', groups=f'school_fees.group_{group}',
                company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
            )
            for group in ('bursar', 'approver', 'cashier')
        )
        cls.grace = cls.create_student("Grace Njeri", "ADM-10453")
        cls.hope = cls.create_student("Hope Njeri", "ADM-20117")

    def wait(self, account='ADM-10454', amount='3000.00', receipt='UIE4K7P2QX'):
        """ Return a movement that waits, in the bursar's hands. """
        self.drain_c2b(receipt, amount, account)
        movement = self.get_movements().filtered(lambda m: m.receipt == receipt)
        self.assertEqual(movement.booking_state, 'unidentified')
        return movement.with_user(self.bursar)

    def open_wizard(self, movement):
        action = movement.action_identify()
        return Form(self.env[action['res_model']].with_user(self.bursar).with_context(
            **action['context'],
        ))

    def reverse(self, receipt):
        receipt.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        receipt.with_user(self.approver).action_approve_reversal()

    # === ACCEPTING === #

    def test_one_button_accepts_the_one_suggestion(self):
        bill = self.create_term_bill(self.grace, self.term_1, 5_000)
        movement = self.wait()
        self.assert_books(3_000, suspense=3_000)
        self.assertIn("Grace Njeri", movement.suggestion)
        self.assertIn("One sign differs", movement.suggestion)
        action = movement.with_context(
            school_accepted=movement.only_suggestion,
        ).action_accept_suggestion()
        receipt = movement.receipt_id
        self.assertIn(receipt.number, action['params']['message'])
        self.assertEqual((receipt.channel, receipt.external_ref), ('paybill_manual', 'UIE4K7P2QX'))
        self.assertEqual(receipt.issued_by_id, self.bursar)
        self.assertEqual(receipt.line_ids.student_id, self.grace)
        self.assertEqual((bill.amount_residual, self.grace.balance), (2_000, 2_000))
        self.assertEqual(movement.booking_state, 'matched')
        self.assert_books(3_000)

    def test_it_is_one_entry_settled_on_both_sides(self):
        self.create_term_bill(self.grace, self.term_1, 5_000)
        movement = self.wait()
        movement._identify_as([(self.grace, Decimal(3_000))])
        waiting = movement.sudo().suspense_payment_id._get_counterpart_line()
        entry = movement.receipt_id.line_ids.move_line_id.move_id
        self.assertEqual(entry.move_type, 'entry')
        self.assertEqual(len(entry.line_ids), 2)
        self.assertTrue(waiting.reconciled)
        self.assertTrue(all(entry.line_ids.mapped('reconciled')))
        self.assertIn(movement.receipt_id.number, entry.ref)
        self.assertEqual(entry.date, waiting.date)
        self.assertFalse(movement.receipt_id.line_ids.payment_id)

    def test_another_suggestion_than_the_screen_showed_books_nothing(self):
        movement = self.wait()
        shown = movement.only_suggestion
        self.create_student("Peter Otieno", "ADM-10464")
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "Other students are suggested"):
            movement.with_context(school_accepted=shown).action_accept_suggestion()
        self.assert_books(3_000, suspense=3_000)

    def test_a_family_gets_it_by_its_own_rule(self):
        family = self.create_family("Njeri")
        (self.grace | self.hope).family_id = family
        self.create_term_bill(self.hope, self.term_1, 2_000)
        movement = self.wait(account='nobody')
        movement._identify_as(movement._propose_for(family))
        self.assertEqual((self.grace.balance, self.hope.balance), (-1_000, 0))
        self.assertEqual(movement.receipt_id.family_id, family)
        self.assert_books(3_000)

    # === CHOOSING === #

    def test_a_payment_is_split_over_several_students(self):
        movement = self.wait(account='school fees')
        form = self.open_wizard(movement)
        self.assertFalse(form.can_learn)
        for student, amount in ((self.grace, 1_800.50), (self.hope, 1_199.50)):
            with form.line_ids.new() as line:
                line.student_id = student
                line.amount = amount
        self.assertEqual(form.amount_left, 0)
        form.save().action_book()
        self.assertEqual((self.grace.balance, self.hope.balance), (-1_800.50, -1_199.50))
        self.assert_books(3_000)

    def test_the_one_suggestion_stands_in_the_form(self):
        movement = self.wait()
        form = self.open_wizard(movement)
        wizard = form.save()
        self.assertEqual(wizard.line_ids.student_id, self.grace)
        self.assertEqual(wizard.line_ids.amount, 3_000)
        wizard.action_book()
        self.assertEqual(self.grace.balance, -3_000)

    def test_taking_one_of_several(self):
        self.create_student("Peter Otieno", "ADM-10464")
        movement = self.wait()
        self.assertFalse(movement.only_suggestion)
        wizard = self.open_wizard(movement).save()
        self.assertFalse(wizard.line_ids)
        suggestion = wizard.suggestion_ids.filtered(lambda s: s.student_id == self.grace)
        action = suggestion.action_take()
        self.assertEqual(action['res_id'], wizard.id)
        wizard.action_book()
        self.assertEqual(self.grace.balance, -3_000)

    def test_what_does_not_add_up_books_nothing(self):
        movement = self.wait()
        refused = {
            "above zero": [],
            "is above zero": [(self.grace, Decimal(4_000)), (self.hope, Decimal(-1_000))],
            "make up KES 2,999.99": [(self.grace, Decimal('2999.99'))],
            "make up KES 3,000.01": [(self.grace, Decimal('3000.01'))],
            "listed twice": [(self.grace, Decimal(1_000)), (self.grace, Decimal(2_000))],
        }
        for text, shares in refused.items():
            with self.subTest(text=text), self.assertRaisesRegex(UserError, text):
                movement._identify_as(shares)
        self.assert_books(3_000, suspense=3_000)

    def test_money_is_booked_once(self):
        movement = self.wait()
        movement._identify_as([(self.grace, Decimal(3_000))])
        for press in (
            lambda: movement._identify_as([(self.hope, Decimal(3_000))]),
            movement.action_identify,
        ):
            with self.assertRaisesRegex(UserError, movement.receipt_id.number):
                press()
        self.assert_books(3_000)

    def test_the_same_message_again_changes_nothing(self):
        movement = self.wait()
        movement._identify_as([(self.hope, Decimal(3_000))])
        callback = self.drain_c2b(amount='3000.00', account='ADM-10454')
        self.assertEqual(callback.state, 'repeat')
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.hope)
        self.assert_books(3_000)

    # === UNDOING === #

    def test_reversing_the_receipt_lets_the_money_wait_again(self):
        bill = self.create_term_bill(self.grace, self.term_1, 5_000)
        movement = self.wait()
        first = movement._identify_as([(self.grace, Decimal(3_000))])
        payment = movement.sudo().suspense_payment_id
        self.reverse(first)
        self.assertEqual((first.state, movement.booking_state), ('reversed', 'unidentified'))
        self.assertEqual(bill.amount_residual, 5_000)
        self.assertEqual(movement.sudo().suspense_payment_id, payment)
        self.assert_books(3_000, suspense=3_000)
        self.env.invalidate_all()
        self.assertFalse(movement.only_suggestion, "It was taken from her.")
        second = movement._identify_as([(self.hope, Decimal(3_000))])
        self.assertNotEqual(first.number, second.number)
        self.assert_books(3_000)
        self.reverse(second)
        self.assert_books(3_000, suspense=3_000)

    def test_no_day_shows_the_money_on_two_students(self):
        movement = self.wait()
        first = movement._identify_as([(self.grace, Decimal(3_000))])
        paid_on = first.date
        # In Kenya the next day has begun.
        later = datetime.combine(paid_on + timedelta(days=2), time(22, 30))
        with freeze_time(later):
            self.reverse(first)
            second = movement._identify_as([(self.hope, Decimal(3_000))])
        for day, grace, hope in (
            (paid_on, -3_000, 0), (paid_on + timedelta(days=2), -3_000, 0),
            (paid_on + timedelta(days=3), 0, -3_000),
        ):
            listed = self.env['school.balance.report'].with_context(
                school_as_at=fields.Date.to_string(day),
            ).search([('student_id', 'in', (self.grace | self.hope).ids)])
            self.assertEqual(
                {row.student_id: row.balance for row in listed},
                {self.grace: grace, self.hope: hope}, f"on {day}",
            )
        self.assertEqual(second.date, paid_on + timedelta(days=3), "No counted day changes.")
        self.assertEqual(second.paid_at, first.paid_at)
        self.assert_books(3_000)

    def test_whoever_lost_it_is_not_offered_again(self):
        family = self.create_family("Njeri")
        (self.grace | self.hope).family_id = family
        for student in self.grace | self.hope:
            self.create_term_bill(student, self.term_1, 1_500)
        movement = self.wait(account=f'{family.code} Kwetu')
        self.assertEqual(movement.only_suggestion, f'school.family,{family.id}')
        self.reverse(movement._identify_as(movement._propose_for(family)))
        self.env.invalidate_all()
        self.assertFalse(movement.only_suggestion)

    def test_what_was_settled_by_hand_is_not_given_away(self):
        movement = self.wait()
        waiting = movement.sudo().suspense_payment_id._get_counterpart_line()
        entry = self.env['account.move'].create({
            'journal_id': self.school._get_fees_journal().id,
            'company_id': self.school.id,
            'line_ids': [
                Command.create({'account_id': account.id, 'debit': debit, 'credit': credit})
                for account, debit, credit in (
                    (waiting.account_id, 1_000, 0),
                    (self.provider.journal_id.default_account_id, 0, 1_000),
                )
            ],
        })
        entry.action_post()
        (waiting + entry.line_ids.filtered('debit')).reconcile()
        with self.assertRaisesRegex(UserError, "KES 2,000 is left"):
            movement._identify_as([(self.grace, Decimal(3_000))])
        entry.line_ids.remove_move_reconcile()
        entry.button_draft()
        entry.unlink()
        movement._identify_as([(self.grace, Decimal(3_000))])
        self.assert_books(3_000)

    def test_a_person_s_decision_stands_when_a_request_turns_out_unpaid(self):
        """ Guessed onto a request, reversed, given to another; then Daraja knows of no payment. """
        tx = self.prompt(amount=3_000)
        self.drain_c2b(amount='3000.00', account=tx.mpesa_account_reference)
        movement = self.get_movements().with_user(self.bursar)
        self.assertEqual(movement.payment_transaction_id, tx)
        self.reverse(movement.receipt_id)
        receipt = movement._identify_as([(self.hope, Decimal(3_000))])
        self.drain_stk(tx, receipt='UIE4K7P2QB')
        self.assertEqual((receipt.state, movement.receipt_id), ('posted', receipt))
        self.assertFalse(movement.payment_transaction_id)
        self.assert_paid(tx, receipt='UIE4K7P2QB')
        self.assert_books(6_000)

    def test_a_message_that_names_somebody_else_is_told(self):
        tx = self.prompt(amount=3_000)
        self.drain_stk(tx, amount=2_999)
        callback = self.env['mpesa.callback'].search([], order='id desc', limit=1)
        self.assertEqual(callback.state, 'new', "It waits for what Safaricom says of the prompt.")
        self.hear(tx, '0')
        movement = self.get_movements().with_user(self.bursar)
        movement._identify_as([(self.hope, Decimal(2_999))])
        told = self.drain_c2b(amount='2999.00', account='ADM-10453')
        self.assertEqual(told.state, 'conflict')
        self.assertIn("somebody else", told.reason)
        self.assertEqual(movement.receipt_id.line_ids.student_id, self.hope)
        self.assert_books(2_999)

    def test_what_was_taken_from_a_student_is_given_to_another(self):
        self.drain_c2b(account='ADM-10453', amount='3000.00')
        movement = self.get_movements().with_user(self.bursar)
        self.reverse(movement.receipt_id)
        self.assert_books(3_000, suspense=3_000)
        movement._identify_as([(self.hope, Decimal(3_000))])
        self.assertEqual((self.grace.balance, self.hope.balance), (0, -3_000))
        self.assert_books(3_000)

    def test_a_prompts_own_result_takes_it_to_its_request(self):
        """ The confirmation came without account, a person guessed, then the result came. """
        tx = self.prompt()
        movement = self.wait(account='', amount='15500.00')
        movement._identify_as([(self.hope, Decimal(15_500))])
        self.drain_stk(tx)
        self.assertEqual(self.hope.balance, 0)
        self.assert_paid(tx)
        self.assert_books(15_500)

    def test_the_entry_leaves_with_its_receipt_only(self):
        movement = self.wait()
        movement._identify_as([(self.grace, Decimal(3_000))])
        entry = movement.receipt_id.line_ids.move_line_id.move_id
        for undo in (entry.button_draft, entry.button_cancel, entry._reverse_moves):
            with self.assertRaisesRegex(UserError, movement.receipt_id.number):
                undo()

    # === LEARNING === #

    def test_a_tick_makes_it_the_students_reference(self):
        movement = self.wait()
        form = self.open_wizard(movement)
        self.assertTrue(form.can_learn)
        form.learn = True
        form.save().action_book()
        self.assertEqual(self.grace.alias_ids.mapped('name'), ['ADM-10454'])
        self.drain_c2b('UIE4K7P2QZ', '500.00', 'adm 10454')
        self.assertEqual(self.grace.balance, -3_500)
        self.assert_books(3_500)

    def test_without_the_tick_nothing_is_learnt(self):
        movement = self.wait()
        self.open_wizard(movement).save().action_book()
        self.assertFalse(self.grace.alias_ids)

    def test_what_other_parents_write_too_is_not_learnt(self):
        for number, account in enumerate(('fees', 'A12', '', '0712000111', 'school fees term')):
            with self.subTest(account=account):
                movement = self.wait(account, receipt=f'UIE4K7P2Q{number}')
                self.assertFalse(movement._can_learn())
                with self.assertRaisesRegex(UserError, "cannot name one student"):
                    movement._identify_as([(self.grace, Decimal(3_000))], learn=True)

    # === WHO MAY === #

    def test_only_the_bursars_office_decides(self):
        movement = self.wait()
        with self.assertRaises(AccessError):
            movement.with_user(self.cashier).action_identify()
        with self.assertRaisesRegex(UserError, "bursar's office"):
            movement.with_user(self.cashier)._identify_as([(self.grace, Decimal(3_000))])

    def test_no_student_of_another_school(self):
        other = self.create_school("Mwangaza School")
        stranger = self.env['school.student'].with_company(other).create({
            'name': "Neema Otieno", 'admission_no': "ADM-10454", 'company_id': other.id,
        })
        movement = self.wait()
        self.bursar.company_ids |= other
        with self.assertRaisesRegex(UserError, "students of one school"):
            movement.with_context(
                allowed_company_ids=[self.school.id, other.id],
            )._identify_as([(stranger.with_user(self.bursar), Decimal(3_000))])

    def test_the_form_reads_no_payment_of_another_school(self):
        movement = self.wait()
        other = self.create_school("Mwangaza School")
        stranger = new_test_user(
            self.env, login='identify_stranger', groups='school_fees.group_bursar',
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )
        with self.assertRaises(AccessError):
            self.env['mpesa.identify.wizard'].with_user(stranger).with_company(other).onchange(
                {'mpesa_transaction_id': movement.id}, ['mpesa_transaction_id'],
                {name: {} for name in ('amount', 'account_reference', 'payer_mask', 'paid_at')},
            )

    def test_a_branchs_student(self):
        branch = self.env['res.company'].create({
            'name': "Primary", 'parent_id': self.school.id,
            'country_id': self.school.country_id.id, 'currency_id': self.school.currency_id.id,
        })
        # Odoo gives a branch its accounts when the transaction ends.
        self.env['account.chart.template']._load(
            self.school.chart_template, branch, install_demo=False,
        )
        self.bursar.company_ids |= branch
        pupil = self.env['school.student'].with_company(branch).create({
            'name': "Amina Yusuf", 'admission_no': "P-77", 'company_id': branch.id,
        })
        movement = self.wait(account='nobody')
        movement.with_context(
            allowed_company_ids=[self.school.id, branch.id],
        )._identify_as([(pupil.with_user(self.bursar), Decimal(3_000))])
        self.assertEqual(movement.receipt_id.company_id, branch)
        self.assertEqual(pupil.balance, -3_000)
        waiting = movement.sudo().suspense_payment_id._get_counterpart_line()
        self.assertTrue(waiting.reconciled)
        self.approver.company_ids |= branch
        receipt = movement.receipt_id.with_context(
            allowed_company_ids=[self.school.id, branch.id],
        )
        receipt.with_user(self.bursar)._ask_reversal('mistake', "The wrong child")
        receipt.with_user(self.approver).action_approve_reversal()
        self.assertEqual((movement.booking_state, pupil.balance), ('unidentified', 0))
        self.assertEqual(movement.sudo().previous_receipt_id.company_id, branch)
