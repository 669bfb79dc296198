"""What is still to be charged: a proposal beside what is posted (school-fees section 2.4).

Nothing here knows Odoo. Amounts are `Decimal` in the school's currency.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .bill_proposal import Line


NEW, MORE, LESS, GONE, SAME = 'new', 'more', 'less', 'gone', 'same'


@dataclass(frozen=True)
class Difference:
    """A line as it should be, beside what is posted.

    :param fee: What identifies the fee.
    :param concession: What identifies the concession; `None` for a charge.
    :param proposed: What should be charged; below zero for a concession.
    :param posted: What is charged now.
    :param line: The proposed line, if there is one.
    """

    fee: Any
    concession: Any
    proposed: Decimal
    posted: Decimal
    line: Line | None = None

    @property
    def amount(self):
        """Return what is still to be charged; below zero, to be given back.

        :rtype: Decimal
        """
        return self.proposed - self.posted

    @property
    def status(self):
        """Return how the line changes: more of a concession is a larger concession.

        :rtype: str
        """
        if self.proposed == self.posted:
            return SAME
        if not self.posted:
            return NEW
        if not self.proposed:
            return GONE
        return MORE if abs(self.proposed) > abs(self.posted) else LESS


def compare(lines, posted):
    """Set what should be charged beside what is posted.

    :param lines: The proposed lines of one student.
    :param dict posted: The amount posted for each (fee, concession), credit notes taken off.
    :return: One difference for each line that is proposed or posted, in the order of the bill.
    :rtype: list[Difference]
    """
    proposed = {}
    first = {}
    for line in lines:
        proposed[line.key] = proposed.get(line.key, Decimal(0)) + line.amount
        first.setdefault(line.key, line)
    keys = [*proposed, *(key for key, amount in posted.items() if amount and key not in proposed)]
    return [
        Difference(
            *key, proposed.get(key, Decimal(0)), posted.get(key, Decimal(0)), first.get(key),
        )
        for key in keys
    ]


def documents(differences):
    """Cut the differences of one student into what is charged and what is given back.

    A charge and its concessions stay together, on the side that their sum says, so that neither
    document is ever below zero.

    :return: The differences of the bill or supplement, and those of the credit note.
    :rtype: tuple[list[Difference], list[Difference]]
    """
    totals = {}
    for difference in differences:
        totals[difference.fee] = totals.get(difference.fee, Decimal(0)) + difference.amount
    changed = [difference for difference in differences if difference.amount]
    return (
        [difference for difference in changed if totals[difference.fee] >= 0],
        [difference for difference in changed if totals[difference.fee] < 0],
    )
