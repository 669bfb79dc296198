"""What the school gives back on charges (school-fees section 2.4).

A concession is its own negative line under the charge, never a percentage hidden in a price.
Nothing here knows Odoo. Amounts are `Decimal` in the school's currency.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any


WHOLE = Decimal(1)  # Schools charge whole shillings.

PERCENT = 'percent'  # Of each charge in scope.
AMOUNT = 'amount'  # Per term, over the charges in scope in their order.


@dataclass(frozen=True)
class Concession:
    """What is given to one student for one term.

    :param key: What identifies it, such as a rule and its grant.
    :param kind: `PERCENT` or `AMOUNT`.
    :param value: The percentage, or the amount for the term.
    :param items: What identifies the fee items that it covers.
    :param cap: The most that it gives in a term, if there is a limit.
    """

    key: Any
    kind: str
    value: Decimal
    items: frozenset
    cap: Decimal | None = None


def apply_concessions(charges, concessions):
    """Return what each concession takes off each charge.

    They are worked out in their order, each on the full charge; together they never exceed it.

    :param charges: (item, Decimal amount) pairs in the order of the bill.
    :param concessions: The concessions in their order.
    :return: (item, key, amount) triples, the amounts above zero.
    :rtype: list[tuple[Any, Any, Decimal]]
    """
    left = {}
    for item, amount in charges:
        left[item] = left.get(item, Decimal(0)) + amount
    full = dict(left)
    given = []
    for concession in concessions:
        budget = concession.value if concession.kind == AMOUNT else None
        if concession.cap is not None:
            budget = min(concession.cap, budget) if budget is not None else concession.cap
        for item, amount in full.items():
            if item not in concession.items:
                continue
            wanted = amount
            if concession.kind == PERCENT:
                wanted = (amount * concession.value / 100).quantize(WHOLE, ROUND_HALF_UP)
            taken = min(wanted, left[item], *(() if budget is None else (budget,)))
            if taken > 0:
                given.append((item, concession.key, taken))
                left[item] -= taken
                budget = None if budget is None else budget - taken
    return given


def sibling_ranks(children):
    """Return the rank of each child in its family: the first is the one furthest on in school.

    :param children: (child, level order, admission key) triples of one family's active children.
    :return: The rank of each child, counted from one.
    :rtype: dict[Any, int]
    """
    ordered = sorted(children, key=lambda child: (-child[1], child[2]))
    return {child: rank for rank, (child, _level, _key) in enumerate(ordered, start=1)}


def percent_for_rank(table, rank):
    """Return what a sibling table gives to a rank: the row with the highest rank not above it.

    :param table: (rank from which the row holds, Decimal percentage) pairs.
    :param int rank: The rank, counted from one.
    :rtype: Decimal
    """
    rows = [row for row in table if row[0] <= rank]
    return max(rows, key=lambda row: row[0])[1] if rows else Decimal(0)
