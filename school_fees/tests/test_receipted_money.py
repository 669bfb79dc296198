from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestReceiptedMoney(SchoolFeesCommon):
    """What has a receipt leaves the books by the receipt's reversal only."""

    def test_nobody_takes_it_out_behind_the_receipt(self):
        student = self.create_student()
        self.create_term_bill(student, self.term_1, 10_000)
        receipt = self.create_receipt({student: 4_000})
        accountant = new_test_user(
            self.env, 'receipted', groups='account.group_account_manager',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        for env in (self.env, self.env(user=accountant)):
            payment = receipt.line_ids.payment_id.with_env(env)
            for name in ('action_draft', 'action_cancel', 'action_reject'):
                with self.subTest(name=name), self.assertRaises(UserError):
                    getattr(payment, name)()
            for name in ('button_draft', 'button_cancel', '_reverse_moves'):
                with self.subTest(name=name), self.assertRaises(UserError):
                    getattr(payment.move_id, name)()
        self.assertEqual(receipt.line_ids.payment_id.move_id.state, 'posted')
        self.assertEqual(student.balance, 6_000)

    def test_nobody_rewrites_it_over_rpc(self):
        student, other = self.create_student(), self.create_student("Ali", "ADM-013")
        self.create_term_bill(student, self.term_1, 10_000)
        receipt = self.create_receipt({student: 4_000})
        clerk = new_test_user(
            self.env, 'rewriter', groups='school_fees.group_bursar,account.group_account_user',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        payment = receipt.line_ids.payment_id.with_user(clerk)
        move, credit = payment.move_id, receipt.line_ids.move_line_id.with_user(clerk)
        partner = other.partner_id
        for name, change in {
            'payment state': lambda: payment.write({'state': 'canceled'}),
            'payment partner': lambda: payment.write({'partner_id': partner.id}),
            'payment amount': lambda: payment.write({'amount': 1}),
            'payment date': lambda: payment.write({'date': '2026-01-01'}),
            'payment deletion': payment.unlink,
            'entry state': lambda: move.write({'state': 'draft'}),
            'entry lines': lambda: move.write(
                {'line_ids': [Command.update(credit.id, {'partner_id': partner.id})]}
            ),
            'entry deletion': move.with_context(force_delete=True).unlink,
            'line partner': lambda: credit.write({'partner_id': partner.id}),
            'line account': lambda: credit.write(
                {'account_id': move.journal_id.default_account_id.id}
            ),
            'line deletion': move.line_ids.with_context(
                force_delete=True, dynamic_unlink=True,
            ).unlink,
            'more lines': lambda: credit.create([
                {'move_id': move.id, 'account_id': credit.account_id.id, 'partner_id': who.id,
                 'balance': balance}
                for who, balance in ((partner, -10), (student.partner_id, 10))
            ]),
        }.items():
            with self.subTest(name=name), self.refusal(UserError, "vouches for this money"):
                change()
        self.assertEqual(student.balance, 6_000)
        self.assertEqual(other.balance, 0)

    def test_a_client_cannot_say_that_the_receipt_is_being_reversed(self):
        student = self.create_student()
        self.create_term_bill(student, self.term_1, 10_000)
        receipt = self.create_receipt({student: 4_000})
        clerk = new_test_user(
            self.env, 'reverser', groups='school_fees.group_bursar,account.group_account_user',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        move = receipt.line_ids.payment_id.move_id
        wizard = self.env['account.move.reversal'].with_user(clerk).with_context(
            active_model='account.move', active_ids=move.ids, school_receipt_reversal=True,
        ).create({'journal_id': move.journal_id.id})
        with self.refusal(UserError, "vouches for this money"):
            wizard.reverse_moves()
        self.assertEqual(student.balance, 6_000)

    def test_other_entries_stay_the_accountants(self):
        student = self.create_student()
        receipt = self.create_receipt({student: 4_000})
        clerk = new_test_user(
            self.env, 'keeper', groups='account.group_account_user',
            company_id=self.school.id, company_ids=[(6, 0, self.school.ids)],
        )
        payment = self.env['account.payment'].with_user(clerk).create({
            'partner_id': student.partner_id.id, 'amount': 10, 'payment_type': 'inbound',
            'journal_id': receipt.line_ids.payment_id.journal_id.id,
        })
        payment.action_post()
        payment.action_draft()
        payment.amount = 20
        payment.action_post()
        payment.move_id.line_ids.write({'partner_id': student.partner_id.id})
        self.assertEqual(payment.move_id.amount_total, 20)
        receipt._reverse("typed twice")
        entry = receipt.line_ids.payment_id.move_id.with_user(clerk)
        self.expect_unsound_books("An accountant takes one half of a reversal back.")
        entry.button_draft()
        self.assertEqual(entry.state, 'draft')

    def test_the_reversal_opens_the_debt_again(self):
        student = self.create_student()
        self.create_term_bill(student, self.term_1, 10_000)
        receipt = self.create_receipt({student: 4_000})
        receipt._reverse("typed twice")
        self.assertEqual(receipt.state, 'reversed')
        self.assertEqual(student.balance, 10_000)
