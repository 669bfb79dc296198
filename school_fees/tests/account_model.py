"""What students owe, worked out anew in Decimal: the oracle of the generated histories.

Nothing here knows Odoo, nor the rules of the add-on. It is the specification (school-fees sections
2.4 and 2.5) written a second time, as plainly as possible.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal


ZERO = Decimal(0)


@dataclass(eq=False)
class Item:
    """A debt (above zero) or a credit (below zero) of a student, and what of it is open."""

    student: str
    due: date
    amount: Decimal
    left: Decimal = ZERO

    def __post_init__(self):
        self.left = self.amount


@dataclass(eq=False)
class Receipt:
    """A receipt: the credit of each child, and its state."""

    number: str
    shares: dict
    transfers: list = field(default_factory=list)
    state: str = 'posted'


@dataclass(eq=False)
class Transfer:
    """Money that moved from one child to another, and the receipt whose share it was, if any."""

    debit: Item
    credit: Item
    receipt: Receipt | None = None
    state: str = 'done'


class Accounts:
    """The accounts of all students: items, and which credit settled which debt."""

    def __init__(self):
        self.items = []
        self.settled = []  # [debit, credit, amount]

    # === READING === #

    def balance(self, student):
        """Return what a student owes; below zero it is credit."""
        return sum((item.amount for item in self.items if item.student == student), ZERO)

    def open(self, student):
        """Return the open items of a student, the oldest due first."""
        found = [item for item in self.items if item.student == student and item.left]
        return sorted(found, key=lambda item: (item.due, item.amount))

    def debts(self, student):
        """Return the open debts of a student, the oldest due first."""
        return [item for item in self.open(student) if item.left > 0]

    def open_figures(self, student):
        """Return what is open as (due, amount, open) triples, in an order of their own."""
        return sorted((item.due, item.amount, item.left) for item in self.open(student))

    # === BOOKING === #

    def add(self, student, due, amount):
        """Book a debt or a credit and return it; nothing is settled by it yet."""
        item = Item(student, due, amount)
        if amount:
            self.items.append(item)
        return item

    def pay(self, student, due, amount):
        """Book money: it settles the oldest debts, and what is left is credit."""
        credit = self.add(student, due, -amount)
        self.settle([credit, *self.debts(student)])
        return credit

    def settle(self, items):
        """Settle debts with credits, both the oldest due first."""
        in_order = sorted(items, key=lambda item: (item.due, item.amount))
        for debit in (item for item in in_order if item.left > 0):
            for credit in (item for item in in_order if item.left < 0):
                taken = min(debit.left, -credit.left)
                if taken > 0:
                    debit.left -= taken
                    credit.left += taken
                    self.settled.append([debit, credit, taken])

    def settle_student(self, student):
        """Settle whatever of a student can be settled."""
        self.settle(self.open(student))

    def release(self, *items):
        """Undo every settlement in which one of the items has a part."""
        for settlement in list(self.settled):
            debit, credit, taken = settlement
            if debit in items or credit in items:
                self.settled.remove(settlement)
                debit.left += taken
                credit.left -= taken

    def strike(self, item):
        """Take an item out of the books: what it had settled is open again."""
        self.release(item)
        if item in self.items:
            self.items.remove(item)

    # === TRANSFERS === #

    def move(self, giver, taker, day, amount, receipt=None):
        """Move money; that of a receipt first leaves what it had settled."""
        transfer = Transfer(self.add(giver, day, amount), self.add(taker, day, -amount), receipt)
        if receipt:
            receipt.transfers.append(transfer)
            share = receipt.shares[giver]
            moved = [
                t.debit for t in receipt.transfers
                if t.state == 'done' and t.debit.student == giver
            ]
            self.release(share, *moved)
            self.settle([share, *moved])
        self.settle_student(giver)
        self.settle_student(taker)
        return transfer

    def undo_transfer(self, transfer):
        """Give moved money back."""
        transfer.state = 'reversed'
        self.strike(transfer.debit)
        self.strike(transfer.credit)
        self.settle_student(transfer.debit.student)
        self.settle_student(transfer.credit.student)

    def undo_receipt(self, receipt):
        """Take a receipt out of the books, and first what was moved on out of it."""
        receipt.state = 'reversed'
        students = {credit.student for credit in receipt.shares.values()}
        for transfer in receipt.transfers:
            if transfer.state == 'done':
                transfer.state = 'reversed'
                students.add(transfer.credit.student)
                self.strike(transfer.debit)
                self.strike(transfer.credit)
        for credit in receipt.shares.values():
            self.strike(credit)
        for student in students:
            self.settle_student(student)

    # === FAMILIES === #

    def split(self, amount, children, eldest):
        """Split money over children: all their debts in one pool, the oldest due first.

        :param list children: The children in their order, by which debts of one day are paid.
        :param str eldest: Who takes what nobody owes.
        """
        shares = dict.fromkeys(children, ZERO)
        pool = [item for child in children for item in self.debts(child)]
        for item in sorted(pool, key=lambda item: item.due):
            taken = min(amount, item.left)
            shares[item.student] += taken
            amount -= taken
        shares[eldest] += amount
        return {child: share for child, share in shares.items() if share}


class Fees:
    """What each child should be charged for a term: tuition, lunch, the family's levy, and what
    the school gives back on tuition.
    """

    def __init__(self, children, tuition, lunch, levy, sibling_percent):
        """
        :param dict children: For each child its (family, how far on in school, admission number).
        :param dict tuition: The tuition of each level, by how far on it is.
        """
        self.children = children
        self.tuition = tuition
        self.lunch = lunch
        self.levy = levy
        self.sibling_percent = sibling_percent
        self.lunches = set()  # (child, term number)
        self.grants = {}  # child: list of (key, percent)
        self.last_days = {}  # child: the last day of who left
        self.charged = {}  # (child, term number): {(fee, concession): amount}

    def is_there(self, child, first_day):
        """Tell whether a child is there in a term, if for one day: then all of it is charged."""
        last = self.last_days.get(child)
        return last is None or last >= first_day

    def siblings(self, child, first_day):
        """Return the children of the family who are there, furthest on in school first."""
        family = self.children[child][0]
        found = [
            other for other in self.children
            if (other == child or (family and self.children[other][0] == family))
            and self.is_there(other, first_day)
        ]
        return sorted(found, key=lambda c: (-self.children[c][1], self.children[c][2]))

    def expected(self, child, term, first_day):
        """Return the amount of each (fee, concession) of a child in a term."""
        if not self.is_there(child, first_day):
            return {}
        siblings = self.siblings(child, first_day)
        tuition = self.tuition[self.children[child][1]]
        amounts = {('tuition', None): tuition}
        left = tuition
        given = [('sibling', self.sibling_percent)] if siblings.index(child) else []
        for key, percent in given + self.grants.get(child, []):
            off = min((tuition * percent / 100).quantize(Decimal(1), ROUND_HALF_UP), left)
            if off:
                amounts['tuition', key] = -off
                left -= off
        if (child, term) in self.lunches:
            amounts['lunch', None] = self.lunch
        payers = [c for c in siblings if self.charged.get((c, term), {}).get(('levy', None))]
        if child == (payers or siblings)[0]:
            amounts['levy', None] = self.levy
        return amounts

    def differences(self, child, term, first_day):
        """Return what is to be charged still, as the lines of a bill and of a credit note."""
        expected = self.expected(child, term, first_day)
        charged = self.charged.get((child, term), {})
        change = {
            key: expected.get(key, ZERO) - charged.get(key, ZERO) for key in {**expected, **charged}
        }
        change = {key: amount for key, amount in change.items() if amount}
        totals = {}
        for (fee, _concession), amount in change.items():
            totals[fee] = totals.get(fee, ZERO) + amount
        return (
            {key: amount for key, amount in change.items() if totals[key[0]] >= 0},
            {key: amount for key, amount in change.items() if totals[key[0]] < 0},
        )

    def charge(self, child, term, lines, sign=1):
        """Note what was charged, or taken back."""
        charged = self.charged.setdefault((child, term), {})
        for key, amount in lines.items():
            charged[key] = charged.get(key, ZERO) + sign * amount
