"""How one payment is split over students (design section 3, step 4; school-fees section 2.5).

Nothing here knows Odoo. Amounts are KES as `Decimal`; students and keys are whatever the caller
uses to tell them apart.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any


CENT = Decimal('0.01')

OLDEST_DUE = 'oldest_due'  # All debts of the children in one pool, the oldest first.
NAMED_CHILD_FIRST = 'named_child_first'  # The named child, then the others' oldest debts.
EQUAL = 'equal'  # The same for each child, never above what the child owes.
BY_BALANCE = 'by_balance'  # In proportion to what each child owes.
POLICIES = (OLDEST_DUE, NAMED_CHILD_FIRST, EQUAL, BY_BALANCE)


@dataclass(frozen=True)
class OpenItem:
    """A debt that is still open.

    :param key: What identifies the debt, such as the id of a journal item.
    :param student: What identifies the student who owes it.
    :param due: The day on which it falls due.
    :param amount: What is still open, KES.
    :param chosen: Whether the payer chose the bill of this debt.
    """

    key: Any
    student: Any
    due: date
    amount: Decimal
    chosen: bool = False


def settle_order(items, students=()):
    """Return the debts in the order in which money settles them.

    Chosen bills come first, then the oldest due; debts of one day follow the students' order.

    :param items: The open items.
    :param students: The students in their order; without it, ties keep the order of the items.
    :rtype: list[OpenItem]
    """
    rank = {student: position for position, student in enumerate(students)}
    return sorted(
        items, key=lambda item: (not item.chosen, item.due, rank.get(item.student, len(rank))),
    )


def allocate(amount, items, named_student, students, policy=OLDEST_DUE, *, whole_family=False):
    """Split a payment over students.

    Chosen bills are settled first. The rest goes to the named student's debts, the oldest first,
    then to the siblings by the family's policy. What is then left is credit of the named student.

    :param Decimal amount: The money received, KES.
    :param items: The open items of the students; those of nobody in `students` are left out.
    :param named_student: The student whom the payment names, who also takes the credit.
    :param students: All students who may share the payment, in their order.
    :param str policy: One of :data:`POLICIES`.
    :param bool whole_family: Whether the payment names the family and not one child: the policy
                              then rules over all children, and the named student is only the
                              first of them.
    :return: The students who get something with their share, in the order of `students`.
    :rtype: list[tuple[Any, Decimal]]
    :raise ValueError: If the amount is below zero, the policy unknown, or the named student is
                       not among the students.
    """
    students = list(students)
    if amount < 0:
        message = "An amount below zero cannot be split."
        raise ValueError(message)
    if policy not in POLICIES:
        message = "This is no known policy."
        raise ValueError(message)
    if named_student not in students:
        message = "The named student is not among the students."
        raise ValueError(message)

    shares = dict.fromkeys(students, Decimal(0))
    ordered = [item for item in settle_order(items, students) if item.student in shares]

    left = _settle(amount, [item for item in ordered if item.chosen], shares)
    others = [item for item in ordered if not item.chosen]
    if not whole_family or policy == NAMED_CHILD_FIRST:
        left = _settle(left, [item for item in others if item.student == named_student], shares)
        others = [item for item in others if item.student != named_student]
    if policy in (EQUAL, BY_BALANCE):
        left = _spread(left, others, students, shares, policy)
    else:
        left = _settle(left, others, shares)

    shares[named_student] += left  # Nobody owes any more: credit.
    return [(student, share) for student, share in shares.items() if share]


def _settle(left, items, shares):
    """Settle debts one after the other.

    :param Decimal left: The money at hand, KES.
    :param items: The debts in order.
    :param dict shares: The share of each student, changed in place.
    :return: What is left of the money.
    :rtype: Decimal
    """
    for item in items:
        taken = min(left, max(item.amount, Decimal(0)))
        shares[item.student] += taken
        left -= taken
    return left


def _spread(left, items, students, shares, policy):
    """Spread money over the students who owe, in whole cents and never above what each owes.

    :param Decimal left: The money at hand, KES.
    :param items: The debts.
    :param students: The students in their order.
    :param dict shares: The share of each student, changed in place.
    :param str policy: `EQUAL` or `BY_BALANCE`.
    :return: What is left of the money.
    :rtype: Decimal
    """
    owed = {}
    for student in students:
        total = sum((max(i.amount, Decimal(0)) for i in items if i.student == student), Decimal(0))
        if total:
            owed[student] = total
    # Each round gives every student who still owes a part rounded down. It ends when nobody owes,
    # or when the parts round to nothing and the last cents go to the first who can take them.
    while owed and left:
        weights = owed.copy() if policy == BY_BALANCE else dict.fromkeys(owed, Decimal(1))
        pot, total_weight = left, sum(weights.values())
        given = Decimal(0)
        for student, weight in weights.items():
            part = (pot * weight / total_weight).quantize(CENT, rounding=ROUND_DOWN)
            given += _give(student, min(part, left), owed, shares)
            left = pot - given
        if not given:
            break
    for student in list(owed):
        left -= _give(student, left, owed, shares)
    return left


def _give(student, part, owed, shares):
    """Give a student at most what the student owes.

    :return: What was given, KES.
    :rtype: Decimal
    """
    part = min(part, owed[student])
    shares[student] += part
    owed[student] -= part
    if not owed[student]:
        del owed[student]
    return part
