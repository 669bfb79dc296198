"""Rows that are missing from a statement, told by its running balance (daraja.md, section 22.5)."""
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from .statement_details import IN


@dataclass(frozen=True)
class Gap:
    """A place where the balance does not follow from the row before.

    :ivar int | None row: The row in the file before which something is missing or was altered;
        None for the end of the statement.
    :ivar datetime | None completed_at_utc: When it was, naive UTC.
    :ivar Decimal missing: KES that came in between the rows and is not there, below zero for money
        that went out.
    """

    row: int | None
    completed_at_utc: datetime | None
    missing: Decimal


def oldest_first(lines):
    """Return lines of a statement in the order of time, whichever way the file has them.

    :param lines: The lines, in the order of the file.
    :rtype: list[StatementLine]
    """
    ordered = list(lines)
    if ordered and _is_newest_first(ordered):
        ordered.reverse()
    return sorted(ordered, key=lambda line: line.completed_at_utc)


def _is_newest_first(lines):
    first, last = lines[0].completed_at_utc, lines[-1].completed_at_utc
    if first != last:
        return first > last
    # All within a second: the balances tell.
    wallet = [line for line in lines if line.moves_wallet and line.balance is not None]
    pairs = list(pairwise(wallet))
    forward = sum(_before(later) == line.balance for line, later in pairs)
    return sum(_before(line) == later.balance for line, later in pairs) > forward


def _before(line):
    """Return the balance that a line started from."""
    return line.balance - _moved(line)


def _moved(line):
    return line.amount if line.direction == IN else -line.amount


def find_gaps(lines, opening=None, closing=None):
    """Tell where running balances do not follow.

    Within a second, rows stand in any order. So nothing is said of the order: each row leads from
    one balance to another, and each balance that a row starts from must be where another ended.

    :param lines: The lines of one statement. Those of accounts behind the wallet are left out.
    :param Decimal | None opening: The balance before the first row, where the statement says it.
    :param Decimal | None closing: The balance after the last row, where the statement says it.
    :return: The gaps, oldest first; none when every row has its place.
    :rtype: tuple[Gap, ...]
    """
    steps = _steps(lines)
    if steps:
        # Where nothing is stated, the statement begins and ends as its outer rows do.
        opening = _outer(steps[0], steps, 1, 2) if opening is None else opening
        closing = _outer(steps[-1], steps, 2, 1) if closing is None else closing
    if opening is None or closing is None:
        return ()
    ends = [(opening, None), *((after, line) for line, _before, after in steps)]
    starts = [*((before, line) for line, before, _after in steps), (closing, None)]
    return tuple(
        Gap(line and line.row, line and line.completed_at_utc, start - end)
        for (end, _line), (start, line) in zip(
            _without_partner(ends, starts), _without_partner(starts, ends), strict=True,
        )
    )


def _steps(lines):
    """Return each line with the balance before and after it, oldest first."""
    steps, carried = [], Decimal(0)
    for line in oldest_first(line for line in lines if line.moves_wallet):
        if line.balance is None:
            carried += _moved(line)  # Nothing is printed here: the next balance holds it, too.
            continue
        steps.append((line, _before(line) - carried, line.balance))
        carried = Decimal(0)
    return steps


def _outer(step, steps, place, other):
    """Return the balance at the outer end of the steps, of which `step` is the first or last.

    Among those of its second it is the one to which no other leads, or from which none goes on.
    """
    at_once = [one for one in steps if one[0].completed_at_utc == step[0].completed_at_utc]
    inner = {one[other] for one in at_once}
    return next((one[place] for one in at_once if one[place] not in inner), step[place])


def _without_partner(balances, partners):
    """Return the balances, with their lines, that no partner has."""
    counts = Counter(balance for balance, _line in partners)
    alone = []
    for balance, line in balances:
        if counts[balance]:
            counts[balance] -= 1
        else:
            alone.append((balance, line))
    return alone
