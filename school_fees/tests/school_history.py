"""A small school in which Hypothesis makes things happen, beside a model of its accounts."""

import base64
from datetime import timedelta
from decimal import Decimal

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import Form

from odoo.addons.school_fees.tests.account_model import Accounts, Fees
from odoo.addons.school_fees.tests.school_history_money import MoneySteps
from odoo.addons.school_fees.tests.school_history_world import (
    CHILDREN,
    FAMILIES,
    FIRST_DAY,
    LAST_DAY,
    LEVY,
    LUNCH,
    NEXT_DOOR,
    TERMS,
    TUITION,
    children,
    parts,
    shillings,
    terms,
)


class History(MoneySteps, RuleBasedStateMachine):
    """What people do in a school, in any order; after each step the books are compared."""

    case = None  # The Odoo test in which the history is played.

    def __init__(self):
        super().__init__()
        case = self.case
        # One savepoint for each history, which is rolled back at its end.
        self.savepoint = case.env.cr.savepoint()
        self.today = FIRST_DAY
        case.clock.move_to(f'{self.today} 09:00:00')
        case.env.invalidate_all()
        self.accounts = Accounts()
        self.fees = Fees(CHILDREN, TUITION, LUNCH, LEVY, Decimal(10))
        self.bills = {}  # The Odoo bill of each item that is one.
        self.runs = []  # Documents of each run.
        self.billed_terms = set()
        self.receipts = []
        self.records = {}  # The Odoo record of each receipt and transfer of the model.
        self.transfers = []
        self.refunds = []
        self.numbers = dict.fromkeys((case.school, case.next_door), 0)
        self.openings = set()
        self.fine = 0  # Cents that tell amounts apart.
        self.by_hand = False  # Whether an accountant took settlements apart.
        self.looks = 0
        self.bills[self.accounts.add('faith', TERMS[1][1], Decimal(10000))] = case.bill
        self.accounts.add(NEXT_DOOR, TERMS[1][1], Decimal('7000.70'))

    def teardown(self):
        case = self.case
        self.savepoint.close(rollback=True)
        case.env.cr.precommit.clear()
        case.env.cr.postcommit.clear()
        case.env.transaction.clear()
        case.env.invalidate_all(flush=False)
        case.env.registry.clear_all_caches()

    # === HELPERS === #

    def odd(self, amount):
        """Return an amount that no other one equals, so that no two items are mistaken."""
        self.fine += 1
        return amount + Decimal(self.fine) / 100

    def part_of(self, amount, part):
        """Return a part of an amount in whole cents."""
        return (amount * part).quantize(Decimal('0.01'))

    def record(self, child):
        return self.case.students[child]

    def as_bursar(self, model):
        return self.case.as_user(self.case.bursar, self.case.env[model])

    def first_day(self, term):
        return TERMS[term][0]

    def pick(self, data, values):
        return data.draw(st.sampled_from(values))

    def refuse(self, action):
        """Expect a refusal; the request is rolled back as Odoo does."""
        with self.case.refusal(UserError, "."):
            action()
        self.case.env.invalidate_all()

    def shares(self):
        """Return (receipt, child, what can be moved) of all shares that stand."""
        found = []
        for receipt in self.receipts:
            if receipt.state != 'posted':
                continue
            for child, credit in receipt.shares.items():
                moved = sum(
                    t.debit.amount for t in receipt.transfers
                    if t.state == 'done' and t.debit.student == child
                )
                if child != NEXT_DOOR and -credit.amount > moved:
                    found.append((receipt, child, -credit.amount - moved))
        return found

    def with_credit(self):
        return [child for child in CHILDREN if self.accounts.balance(child) < 0]

    # === BILLS === #

    @initialize()
    def bill_the_first_term(self):
        self.bill_a_term(1, None, give_back=False)

    @rule(term=terms, only=st.one_of(st.none(), st.none(), children), give_back=st.booleans())
    def bill_a_term(self, term, only, give_back):
        scope = [only] if only else list(CHILDREN)
        first_day = self.first_day(term)
        changes = {c: self.fees.differences(c, term, first_day) for c in scope}
        changes = {c: change for c, change in changes.items() if any(change)}
        run = self.preview(term, only)
        proposed = {
            row.student_id: self.case.to_cents(row.amount)
            for row in run.run_student_ids if row.status not in {'same', 'none'}
        }
        expected = {
            self.record(c): sum(sum(lines.values()) for lines in change)
            for c, change in changes.items()
        }
        self.case.assertEqual(proposed, expected)
        if not changes:
            self.refuse(run.action_post)
            return
        bill_date = self.today if term in self.billed_terms else first_day
        due = max(TERMS[term][1], bill_date)
        run.action_post()
        self.case.work_off(run.sudo())
        self.case.assertEqual(set(run.run_student_ids.mapped('state')) - {'preview'}, {'posted'})
        self.billed_terms.add(term)
        documents = []
        for child, change in changes.items():
            for kind, lines in zip(('bill', 'note'), change, strict=True):
                if not lines:
                    continue
                self.fees.charge(child, term, lines)
                document = {'kind': kind, 'child': child, 'term': term, 'lines': lines, 'due': due,
                            'state': 'draft', 'item': None}
                document['record'] = run.move_ids.filtered(lambda move, c=child, k=kind: (
                    move.student_id == self.record(c)
                    and move.move_type == ('out_invoice' if k == 'bill' else 'out_refund')
                ))
                self.case.assertEqual(len(document['record']), 1)
                if kind == 'bill':
                    document['state'] = 'posted'
                    document['item'] = self.accounts.add(child, due, sum(lines.values()))
                    self.bills[document['item']] = document['record']
                documents.append(document)
                if kind == 'bill':
                    self.accounts.settle_student(child)
        self.runs.append({'record': run, 'documents': documents, 'state': 'done'})
        # Running it again changes nothing.
        again = self.preview(term, only)
        self.case.assertEqual((again.changed_count, again.amount), (0, 0))
        self.refuse(again.action_post)
        if give_back:
            self.post_the_credit_notes()

    def preview(self, term, only):
        run = self.as_bursar('school.bill.run').create({
            'term_id': self.case.terms[term].id,
            'student_ids': [Command.set(self.record(only).ids if only else [])],
        })
        run.action_preview()
        return run

    @precondition(lambda self: any(
        d['state'] == 'draft' for run in self.runs for d in run['documents']
    ))
    @rule()
    def post_the_credit_notes(self):
        for run in self.runs:
            for document in run['documents']:
                if document['state'] == 'draft':
                    credit_note = document['record']
                    self.refuse(self.case.as_user(self.case.bursar, credit_note).action_post)
                    self.case.as_user(self.case.head, credit_note).action_post()
                    document['state'] = 'posted'
                    self.accounts.add(
                        document['child'], document['due'], sum(document['lines'].values()),
                    )
                    self.accounts.settle_student(document['child'])

    @precondition(lambda self: any(run['state'] == 'done' for run in self.runs))
    @rule(data=st.data())
    def undo_a_run(self, data):
        run = self.pick(data, [run for run in self.runs if run['state'] == 'done'])
        run['record'].action_undo()
        self.case.work_off(run['record'].sudo())
        kept = False
        for document in run['documents']:
            item = document['item']
            if document['state'] == 'gone':
                continue
            if document['state'] == 'posted' and (not item or item.left != item.amount):
                kept = True
                continue
            document['state'] = 'gone'
            self.fees.charge(document['child'], document['term'], document['lines'], sign=-1)
            if item:
                self.accounts.strike(item)
                self.bills.pop(item)
                self.accounts.settle_student(document['child'])
        run['state'] = 'done' if kept else 'undone'
        self.case.assertEqual(run['record'].state, run['state'])

    @rule(child=children, term=terms, bill=st.booleans())
    def choose_lunch(self, child, term, bill):
        self.change_lunch(child, term)
        if bill:
            self.bill_a_term(term, None, give_back=True)

    def change_lunch(self, child, term):
        if (child, term) in self.fees.lunches:
            self.as_bursar('school.student.fee').search([
                ('student_id', '=', self.record(child).id),
                ('term_from_id', '=', self.case.terms[term].id),
            ]).unlink()
            self.fees.lunches.remove((child, term))
            return
        self.as_bursar('school.student.fee').create({
            'student_id': self.record(child).id, 'product_id': self.case.lunch.id,
            'term_from_id': self.case.terms[term].id, 'term_to_id': self.case.terms[term].id,
        })
        self.fees.lunches.add((child, term))

    @rule(child=children, percent=st.sampled_from([25, 50, 100]), approve=st.booleans(),
          bill=st.booleans())
    def grant_a_concession(self, child, percent, approve, bill):
        grant = self.as_bursar('school.concession.grant').create({
            'student_id': self.record(child).id, 'concession_id': self.case.scholarship.id,
            'value': percent, 'term_from_id': self.case.term_1.id, 'reason': "Best of the county",
        })
        self.refuse(grant.action_approve)
        if approve:
            self.case.as_user(self.case.head, grant).action_approve()
            self.fees.grants.setdefault(child, []).append((grant.id, percent))
        if bill:
            self.bill_a_term(1, None, give_back=approve)

    @rule(level=st.sampled_from(list(TUITION)), amount=shillings, days=st.integers(0, 60))
    def charge_a_class(self, level, amount, days):
        charged = [
            c for c in CHILDREN if CHILDREN[c][1] == level and c not in self.fees.last_days
        ]
        if not charged:
            return
        amount = self.odd(amount)
        due = self.today + timedelta(days=days)
        form = Form(self.as_bursar('school.charge.wizard'))
        form.class_ids = self.case.classes[level]
        form.product_id = self.case.trip
        form.amount = float(amount)
        form.term_id = self.case.term_1
        form.due_date = due
        bills = self.case.env['account.move'].search(form.save().action_post()['domain'])
        self.case.assertEqual(bills.student_id, self.case.env['school.student'].union(
            *(self.record(child) for child in charged)
        ))
        for child in charged:
            item = self.accounts.add(child, due, amount)
            self.bills[item] = bills.filtered(
                lambda bill, c=child: bill.student_id == self.record(c)
            )
            self.accounts.settle_student(child)

    @precondition(lambda self: any(bill.invoice_line_ids.product_id == self.case.trip
                                   for bill in self.bills.values()))
    @rule(data=st.data(), part=parts)
    def give_back_a_charge(self, data, part):
        item = self.pick(data, [
            item for item, bill in self.bills.items()
            if bill.invoice_line_ids.product_id == self.case.trip
        ])
        amount = self.part_of(item.amount, part)
        bill = self.case.as_user(self.case.accountant, self.bills[item])
        wizard = self.case.as_user(
            self.case.accountant, self.case.env['account.move.reversal'],
        ).with_context(active_model='account.move', active_ids=bill.ids).create({
            'journal_id': bill.journal_id.id, 'reason': "It rained",
        })
        credit_note = bill.browse(wizard.refund_moves()['res_id'])
        credit_note.invoice_line_ids.price_unit = float(amount)
        self.refuse(credit_note.action_post)
        self.case.as_user(self.case.head, credit_note).action_post()
        credit = self.accounts.add(item.student, self.today, -amount)
        self.accounts.settle([item, credit])
        self.accounts.settle_student(item.student)

    @rule(child=children, amount=shillings, sign=st.sampled_from([1, 1, -1]),
          days=st.integers(0, 400))
    def import_an_opening_balance(self, child, amount, sign, days):
        if child in self.openings:
            return
        amount, as_at = self.odd(amount) * sign, self.today - timedelta(days=days)
        rows = ["Adm No,Name,Balance", f"{CHILDREN[child][2]},{self.record(child).name},{amount}"]
        wizard = self.as_bursar('school.import').create({
            'kind': 'openings', 'as_at': as_at, 'file_name': "school.csv",
            'file': base64.b64encode('\n'.join(rows).encode()), 'company_id': self.case.school.id,
        })
        wizard.action_preview()
        wizard.accept_warnings = True
        wizard.control_total = str(amount)
        wizard.action_import()
        self.openings.add(child)
        self.accounts.add(child, as_at, amount)
        self.accounts.settle_student(child)

    # === LIFE === #

    @rule(child=children, days=st.integers(0, 90), bill=st.booleans())
    def leave(self, child, days, bill):
        if child in self.fees.last_days:
            return
        last_day = self.today + timedelta(days=days)
        self.as_bursar('school.leave.wizard').create({
            'student_ids': [Command.set(self.record(child).ids)], 'date': last_day,
            'reason': "The family moves",
        }).action_leave()
        self.fees.last_days[child] = last_day
        if bill:
            self.bill_a_term(max(self.billed_terms), None, give_back=True)

    @rule(days=st.integers(1, 80))
    def days_go_by(self, days):
        self.today = min(self.today + timedelta(days=days), LAST_DAY)
        self.case.clock.move_to(f'{self.today} 09:00:00')
        self.case.env.invalidate_all()

    # === THE LOOK AT THE BOOKS === #

    @invariant()
    def the_books_are_as_the_model_says(self):
        case = self.case
        ledger, items = case.read_ledger(), case.read_open_items()
        for child, student in case.students.items():
            note(f'{child}: {self.accounts.balance(child)}')
            case.assertEqual(ledger[student.id], self.accounts.balance(child), child)
            case.assertEqual(
                items.get(student.id, []), self.accounts.open_figures(child),
                f"What is open of {child}, by due date",
            )

    @invariant()
    def the_books_are_sound(self):
        self.case.assert_receipts_sound()
        self.case.assert_accounts_sound()
        self.case.assert_second_person_entries_sound()
        self.case.assert_one_figure()
        if not self.by_hand:
            self.case.assert_settled()

    @invariant()
    def guardians_read_the_same_figures(self):
        self.looks += 1
        if self.looks % 4:
            return  # It is the slowest look.
        case = self.case
        for guardian, wards in case.wards.items():
            portal = case.env(user=guardian, context={})['school.statement']
            home = portal._get_portal_home(portal._get_portal_children())
            cards = {card['id']: card for school in home['schools'] for card in school['cards']}
            case.assertEqual(
                {name: (cards[case.students[name].id]['balance'],
                        cards[case.students[name].id]['is_credit']) for name in wards},
                {name: self.words(self.accounts.balance(name)) for name in wards},
            )
        Report = case.env['report.school_fees.report_school_statement']
        for family, members in FAMILIES.items():
            [document] = Report._get_documents(
                case.families[family].student_ids.filtered(
                    lambda student: student.company_id == case.school
                ), None, None, together=True,
            )
            total = sum(self.accounts.balance(name) for name in members)
            case.assertEqual(
                (document['total']['balance'], document['total']['is_credit']), self.words(total),
            )

    def words(self, owed):
        """Return a balance as a guardian reads it, and whether it is credit."""
        amount = abs(owed)
        whole = amount == amount.to_integral_value()
        return f'KES {amount:,.0f}' if whole else f'KES {amount:,.2f}', owed < 0
