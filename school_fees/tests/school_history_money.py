"""What happens to money in the generated histories."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from odoo.tests import Form

from odoo.addons.school_fees.tests.account_model import Receipt
from odoo.addons.school_fees.tests.school_history_world import (
    CHILDREN,
    FAMILIES,
    children,
    everybody,
    parts,
    shillings,
)


class MoneySteps:
    """Receipts, reversals, transfers and refunds, as people at the desk make them."""

    # === MONEY === #

    def take_note_of(self, record, shares, day):
        """Note a receipt: its number is the next of its school."""
        school = record.company_id
        self.numbers[school] += 1
        number = f'RCT/2026/{self.numbers[school]:06d}'
        self.case.assertEqual(record.number, number)
        receipt = Receipt(number, {
            child: self.accounts.pay(child, day, share) for child, share in shares.items()
        })
        self.receipts.append(receipt)
        self.records[receipt] = record

    @rule(child=everybody, how=st.sampled_from(['part', 'exact', 'over']), amount=shillings,
          kind=st.sampled_from(['cash', 'bank', 'cheque']), days=st.integers(0, 5))
    def receive(self, child, how, amount, kind, days):
        owed = self.accounts.balance(child)
        amount = self.odd(amount)
        if how == 'exact' and owed > 0:
            amount = owed
        elif how == 'over' and owed > 0:
            amount += owed
        day = self.today
        values = {'money_kind': kind}
        if kind != 'cash':
            day -= timedelta(days=days)
            values.update(external_ref=f'{kind}-{self.fine}', date=day)
        record = self.case.post_receipt(self.record(child), float(amount), **values)
        self.take_note_of(record, {child: amount}, day)

    @rule(family=st.sampled_from(list(FAMILIES)), amount=shillings, edit=st.booleans())
    def receive_for_a_family(self, family, amount, edit):
        active = [c for c in FAMILIES[family] if c not in self.fees.last_days]
        sharing = [c for c in FAMILIES[family] if c in active or self.accounts.balance(c) > 0]
        if not sharing:
            return
        amount = self.odd(amount)
        eldest = (active or sharing)[0]
        shares = self.accounts.split(amount, sharing, eldest)
        form = self.case.open_receipt(mode='family', family_id=self.case.families[family].id)
        form.amount = float(amount)
        wizard = form.save()
        self.case.assertEqual(
            {line.student_id: self.case.to_cents(line.amount)
             for line in wizard.line_ids if line.amount},
            {self.record(child): share for child, share in shares.items()},
        )
        if edit:  # The parent wants it all on the last child.
            shares = {sharing[-1]: amount}
            for line in wizard.line_ids:
                line.amount = float(shares.get(self.name_of(line.student_id), 0))
        self.take_note_of(self.case.press_post(wizard), shares, self.today)

    def name_of(self, student):
        return next(name for name, record in self.case.students.items() if record == student)

    @precondition(lambda self: any(r.state == 'posted' for r in self.receipts))
    @rule(data=st.data())
    def reverse_a_receipt(self, data):
        receipt = self.pick(data, [r for r in self.receipts if r.state == 'posted'])
        record = self.records[receipt]
        self.case.reverse(record)
        self.case.assertEqual((record.state, record.number), ('reversed', receipt.number))
        self.accounts.undo_receipt(receipt)
        self.refuse(lambda: self.case.ask_reversal(record))

    # === BETWEEN STUDENTS, AND BACK === #

    def ask_transfer(self, action, taker, amount):
        form = Form(self.as_bursar(action['res_model']).with_context(**action['context']))
        form.to_student_id = self.record(taker)
        form.amount = float(amount)
        form.reason = "Paid for the other one"
        return self.case.env['school.transfer'].browse(form.save().action_ask()['res_id'])

    def approve_transfer(self, transfer, giver, taker):
        self.case.as_user(self.case.head, transfer).action_approve()
        family = CHILDREN[giver][0]
        if not family or family != CHILDREN[taker][0]:
            self.case.assertEqual(transfer.state, 'approved')
            self.refuse(self.case.as_user(self.case.head, transfer).action_approve)
            self.case.as_user(self.case.deputy, transfer).action_approve()
        self.case.assertEqual(transfer.state, 'done')

    @precondition(lambda self: self.shares())
    @rule(data=st.data(), taker=children, part=parts)
    def move_a_share(self, data, taker, part):
        receipt, giver, movable = self.pick(data, self.shares())
        if giver == taker:
            return
        amount = self.part_of(movable, part)
        if not amount:
            return
        share = self.records[receipt].line_ids.filtered(
            lambda line: line.student_id == self.record(giver)
        )
        action = self.case.as_user(self.case.bursar, share).action_move()
        self.refuse(lambda: self.ask_transfer(action, taker, movable + Decimal('0.01')))
        record = self.ask_transfer(action, taker, amount)
        self.approve_transfer(record, giver, taker)
        transfer = self.accounts.move(giver, taker, self.today, amount, receipt)
        self.transfers.append(transfer)
        self.records[transfer] = record

    @precondition(lambda self: self.with_credit())
    @rule(data=st.data(), taker=children, part=parts)
    def move_credit(self, data, taker, part):
        giver = self.pick(data, self.with_credit())
        amount = self.part_of(-self.accounts.balance(giver), part)
        if giver == taker or not amount:
            return
        action = self.case.as_user(self.case.bursar, self.record(giver)).action_move_credit()
        record = self.ask_transfer(action, taker, amount)
        self.approve_transfer(record, giver, taker)
        transfer = self.accounts.move(giver, taker, self.today, amount)
        self.transfers.append(transfer)
        self.records[transfer] = record

    @precondition(lambda self: any(t.state == 'done' for t in self.transfers))
    @rule(data=st.data())
    def reverse_a_transfer(self, data):
        transfer = self.pick(data, [t for t in self.transfers if t.state == 'done'])
        self.case.reverse(self.records[transfer])
        self.accounts.undo_transfer(transfer)

    @precondition(lambda self: self.with_credit())
    @rule(data=st.data(), part=parts)
    def refund(self, data, part):
        child = self.pick(data, self.with_credit())
        credit = -self.accounts.balance(child)
        amount = self.part_of(credit, part)
        if not amount:
            return
        self.refuse(lambda: self.ask_refund(child, credit + Decimal('0.01')))
        record = self.ask_refund(child, amount)
        self.refuse(self.case.as_user(self.case.bursar, record).action_approve)
        self.case.as_user(self.case.head, record).action_approve()
        self.case.assertEqual(record.state, 'done')
        debit = self.accounts.add(child, self.today, amount)
        self.accounts.settle_student(child)
        self.refunds.append((record, debit))

    def ask_refund(self, child, amount):
        action = self.case.as_user(self.case.bursar, self.record(child)).action_new_refund()
        form = Form(self.as_bursar(action['res_model']).with_context(**action['context']))
        form.amount = float(amount)
        form.reason = "Left the school"
        return self.case.env['school.refund'].browse(form.save().action_ask()['res_id'])

    @precondition(lambda self: self.refunds)
    @rule(data=st.data())
    def reverse_a_refund(self, data):
        record, debit = self.refunds.pop(data.draw(st.integers(0, len(self.refunds) - 1)))
        self.case.reverse(record)
        self.accounts.strike(debit)
        self.accounts.settle_student(debit.student)

    @precondition(lambda self: any(debit in self.bills for debit, *_rest in self.accounts.settled))
    @rule(data=st.data())
    def take_a_settlement_apart(self, data):
        settlement = self.pick(data, [s for s in self.accounts.settled if s[0] in self.bills])
        debit, credit, taken = settlement
        bill = self.bills[debit]
        partial = self.case.env['account.partial.reconcile'].search([
            ('debit_move_id.move_id', '=', bill.id), ('amount', '=', float(taken)),
            ('credit_move_id.balance', '=', float(credit.amount)),
        ], limit=1)
        self.case.assertTrue(partial)
        self.case.as_user(self.case.accountant, bill).js_remove_outstanding_partial(partial.id)
        self.accounts.settled.remove(settlement)
        debit.left += taken
        credit.left -= taken
        self.by_hand = True
