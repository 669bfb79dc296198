from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .desk_common import DeskCommon


REFUSED = "neither a bill nor money that came in"
KEPT = "it stays in the books"
REWRITTEN = "it is not rewritten"


@tagged('post_install', '-at_install')
class TestSecondPersonLedger(DeskCommon):
    """Odoo's own entries, payments and credit notes lead nobody past the second person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = cls._create_user('ledger_accountant', 'account.group_account_invoice')
        cls.chief = cls._create_user('ledger_chief', 'account.group_account_manager')
        cls.bank = cls.env['account.journal'].search([
            ('type', '=', 'bank'), ('company_id', '=', cls.school.id),
        ], limit=1)
        cls.general = cls.env['account.journal'].search([
            ('type', '=', 'general'), ('company_id', '=', cls.school.id),
        ], limit=1)
        cls.receivable = cls.faith.partner_id.property_account_receivable_id
        cls.expense = cls.env['account.account'].search([
            ('account_type', '=', 'expense'), ('company_ids', 'in', cls.school.ids),
        ], limit=1)
        cls.people = cls.bursar | cls.accountant | cls.head  # The head made the entry.

    @classmethod
    def _create_user(cls, login, groups):
        return new_test_user(
            cls.env, login=login, groups=groups, company_id=cls.school.id,
            company_ids=[Command.set(cls.school.ids)],
        )

    def _entry(self, user, lines, **values):
        """ Draft a plain entry of (partner, account, amount) lines. """
        return self.as_user(user, self.env['account.move']).create({
            'move_type': 'entry', 'journal_id': self.general.id, 'date': '2026-01-20',
            'line_ids': [
                Command.create({
                    'partner_id': partner and partner.id, 'account_id': account.id,
                    'balance': amount,
                }) for partner, account, amount in lines
            ],
            **values,
        })

    def _between_students(self, user, **values):
        return self._entry(user, [
            (self.grace.partner_id, self.receivable, 100),
            (self.faith.partner_id, self.receivable, -100),
        ], **values)

    def _document(self, user, move_type='out_refund', amount=100, account=None, **values):
        return self.as_user(user, self.env['account.move']).create({
            'move_type': move_type, 'partner_id': self.faith.partner_id.id,
            'invoice_date': '2026-01-20',
            'invoice_line_ids': [Command.create({
                'name': "Fees", 'price_unit': amount, 'tax_ids': [],
                **({'account_id': account.id} if account else {}),
            })],
            **values,
        })

    def _payment(self, user, kind='inbound', **values):
        return self.as_user(user, self.env['account.payment']).create({
            'payment_type': kind, 'partner_type': 'customer', 'amount': 100, 'date': '2026-01-20',
            'partner_id': self.faith.partner_id.id, 'journal_id': self.bank.id, **values,
        })

    def _register(self, user, **values):
        return self.as_user(user, self.env['account.payment.register']).with_context(
            active_model='account.move', active_ids=self.bill.ids,
        ).create({'journal_id': self.bank.id, **values})

    def _balances(self):
        self.env.invalidate_all()
        return [self.faith.balance, self.brian.balance, self.grace.balance]

    # === POSTING === #

    def test_nobody_posts_alone_what_moves_money(self):
        before = self._balances()
        money = self.bank.default_account_id
        for user in self.people:
            env = self.as_user(user, self.env['account.move'])
            for name, act in {
                'entry between students': lambda u=user: self._between_students(u).action_post(),
                'entry by status': lambda u=user: self._between_students(u).write(
                    {'state': 'posted'},
                ),
                'entry by a payment': lambda u=user: self._between_students(
                    u, journal_id=self.bank.id,
                    origin_payment_id=self._payment(u).id,
                ).action_post(),
                'called an opening balance': lambda u=user: self._between_students(
                    u, school_doc_type='opening',
                ).action_post(),
                'write-off': lambda u=user: self._entry(u, [
                    (False, self.expense, 100), (self.faith.partner_id, self.receivable, -100),
                ]).action_post(),
                'credit note': lambda u=user: self._document(u).action_post(),
                'bill paid out of the bank': lambda u=user: self._document(
                    u, 'out_invoice', account=money,
                ).action_post(),
                'refund by payment': lambda u=user: self._payment(u, 'outbound').action_post(),
                'payment with write-off': lambda u=user: self._register(
                    u, amount=100, payment_difference_handling='reconcile',
                    writeoff_account_id=self.expense.id,
                ).action_create_payments(),
                'reversal of a bill': lambda u=user: self.as_user(
                    u, self.env['account.move.reversal'],
                ).with_context(active_model='account.move', active_ids=self.bill.ids).create({
                    'journal_id': self.bill.journal_id.id, 'reason': "x",
                }).modify_moves(),
                'reversal by a method': lambda e=env: e.browse(self.bill.id)._reverse_moves(
                    cancel=True,
                ),
            }.items():
                with self.subTest(user=user.login, name=name), self.refusal(UserError, REFUSED):
                    act()
        self.assertEqual(self._balances(), before)

    @mute_logger('odoo.models.unlink')
    def test_nobody_takes_a_debt_out_alone(self):
        for user in self.people:
            bill = self.as_user(user, self.bill)
            line = bill.line_ids.filtered(lambda item: item.account_id == self.receivable)
            for name, message, act in (
                ('draft', KEPT, bill.button_draft),
                ('cancel', KEPT, lambda b=bill: b.write({'state': 'cancel'})),
                ('status', KEPT, lambda b=bill: b.write({'state': 'draft'})),
                ('partner', REWRITTEN, lambda o=line: o.write(
                    {'partner_id': self.grace.partner_id.id},
                )),
                ('account', REWRITTEN, lambda o=line: o.write({'account_id': self.expense.id})),
                ('residual', REWRITTEN, lambda o=line: o.write({'amount_residual': 0})),
                ('settled', REWRITTEN, lambda o=line: o.write({'reconciled': True})),
                ('deletion', REWRITTEN, bill.with_context(force_delete=True).unlink),
                ('lines', REWRITTEN, lambda b=bill: b.with_context(skip_readonly_check=True).write({
                    'line_ids': [Command.create({
                        'partner_id': self.faith.partner_id.id, 'account_id': account.id,
                        'balance': amount,
                    }) for account, amount in ((self.receivable, -100), (self.expense, 100))],
                })),
            ):
                with self.subTest(user=user.login, name=name), self.refusal(UserError, message):
                    act()
        self.assertEqual(self.bill.amount_residual, 10_000)

    def test_a_draft_that_the_clock_posts_is_judged_by_its_maker(self):
        entry = self._between_students(self.bursar, auto_post='at_date')
        with self.refusal(UserError, REFUSED):
            entry.with_env(self.env)._post()
        for_chief = self._between_students(self.chief, auto_post='at_date')
        for_chief.with_env(self.env)._post()
        self.assertEqual(for_chief.state, 'posted')

    # === SETTLING === #

    def test_nobodys_money_settles_another_students_bill(self):
        credit = self.create_receipt({self.grace: 5_000}).line_ids.move_line_id
        debit = self.bill.line_ids.filtered(lambda line: line.account_id == self.receivable)
        other = self._entry(self.chief, [
            (self.mary, self.receivable, -70), (False, self.expense, 70),
        ])
        other.action_post()
        message = "do not settle each other"
        for user in self.people | self.chief:
            bill, lines = self.as_user(user, self.bill), self.as_user(user, credit | debit)
            Partial = self.as_user(user, self.env['account.partial.reconcile'])
            values = {'amount': 50, 'debit_amount_currency': 50, 'credit_amount_currency': 50}
            for name, act in {
                'suggestion': lambda b=bill: b.js_assign_outstanding_line(credit.id),
                'reconcile': lines.reconcile,
                'partial': lambda p=Partial, v=values: p.create(
                    {**v, 'debit_move_id': debit.id, 'credit_move_id': credit.id},
                ),
                'another account': lambda p=Partial, v=values: p.create({
                    **v, 'debit_move_id': debit.id,
                    'credit_move_id': self.bill.line_ids.filtered('credit')[:1].id,
                }),
                "a guardian's": lambda b=bill: b.js_assign_outstanding_line(
                    other.line_ids.filtered('credit').id,
                ),
            }.items():
                with self.subTest(user=user.login, name=name), self.refusal(UserError, message):
                    act()
        self.assertEqual(self._balances(), [10_000, 0, -5_000])

    def test_a_settlement_does_not_change_hands(self):
        self.create_receipt({self.faith: 1_000})
        credit = self.create_receipt({self.grace: 5_000}).line_ids.move_line_id
        partial = self.bill.line_ids.matched_credit_ids
        with self.refusal(UserError, "do not settle each other"):
            self.as_user(self.bursar, partial).write({'credit_move_id': credit.id})

    # === WHAT STAYS FREE === #

    def test_accountants_go_on_working(self):
        customer = self.env['res.partner'].create({'name': "Canteen"})
        for user in (self.bursar, self.accountant):
            with self.subTest(user=user.login):
                entry = self._entry(user, [
                    (customer, self.receivable, -50), (False, self.expense, 50),
                ])
                entry.action_post()
                entry.button_draft()
                note = self._document(user, partner_id=customer.id)
                note.action_post()
                self._payment(user, 'outbound', partner_id=customer.id).action_post()
                bill = self._document(user, 'out_invoice', amount=70)
                bill.action_post()
                self._payment(user).action_post()
                self._register(user, amount=30).action_create_payments()
                self.assertEqual(
                    (entry.state, note.state, bill.state), ('draft', 'posted', 'posted'),
                )
        self.assertEqual(self.faith.balance, 10_000 + 2 * (70 - 100 - 30))

    def test_own_credit_is_used_and_freed(self):
        credit = self.create_receipt({self.faith: 4_000}).line_ids.move_line_id
        for user in (self.bursar, self.accountant):
            self.as_user(user, credit).remove_move_reconcile()
            self.assertEqual(self.bill.amount_residual, 10_000)
            self.as_user(user, self.bill).js_assign_outstanding_line(credit.id)
            self.assertEqual(self.bill.amount_residual, 6_000)
        self.assertEqual(self.faith.balance, 6_000)

    def test_an_approver_posts_what_another_made(self):
        note = self._document(self.bursar)
        entry = self._between_students(self.bursar)
        with self.refusal(UserError, REFUSED):
            self.as_user(self.bursar, note).action_post()
        for document in (note, entry):
            self.as_user(self.head, document).action_post()
            self.assertEqual(document.state, 'posted')
        self.assertEqual(self._balances(), [9_800, 0, 100])

    def test_an_approver_does_not_post_what_they_changed(self):
        note = self._document(self.bursar)
        self.as_user(self.head, note).invoice_line_ids.price_unit = 9_000
        self.env.flush_all()
        with self.refusal(UserError, REFUSED):
            self.as_user(self.head, note).action_post()
        self.as_user(self.deputy, note).action_post()
        self.assertEqual(self.faith.balance, 1_000)

    def test_the_accounting_administrator_corrects_the_books(self):
        self._between_students(self.chief).action_post()
        self._document(self.chief).action_post()
        self.as_user(self.chief, self.bill).button_draft()
        self.assertEqual(self.bill.state, 'draft')
        self.assertEqual(self._balances(), [-200, 0, 100])

    def test_posting_asks_once_for_all(self):
        self.env.invalidate_all()
        drafts = self.env['account.move'].browse([
            self._document(self.bursar, 'out_invoice').id for _number in range(5)
        ])
        drafts = self.as_user(self.bursar, drafts)
        drafts.line_ids.mapped('partner_id.is_school_student')
        self.env.flush_all()
        with self.assertQueryCount(1):
            drafts._check_student_accounts()
        with self.assertQueryCount(0):
            drafts.with_env(self.env)._check_student_accounts()

    # === BILL RUNS === #

    def test_nobody_puts_a_bill_into_a_run_to_undo_it(self):
        run = self.run_bills(self.term_1)
        bill = self._document(self.bursar, 'out_invoice')
        for who in (self.bursar, self.accountant, self.head, self.chief):
            with self.subTest(who=who.login):
                with self.refusal(UserError, "Only a bill run makes"):
                    bill.with_user(who).write({'bill_run_id': run.id})
                with self.refusal(UserError, "Only a bill run makes"):
                    self._document(who, 'out_invoice', bill_run_id=run.id)
        self.assertFalse(bill.bill_run_id)
