"""What was in the wallet when a day ended, and whether the books follow it."""
from collections import Counter

from .difference import Difference


def find_closing_balance(lines):
    """ Return the balance after the last line.

    Several lines may carry the same second, and files list them in either order: then the last is
    the one from whose balance no other goes on.

    :param list lines: (completed_at, direction, amount, balance) of each line, amounts Decimal KES;
                       a balance may be None.
    :return: The balance in KES, or None when it cannot be told.
    :rtype: Decimal | None
    """
    if not lines:
        return None
    last = max(line[0] for line in lines)
    group = [line[1:] for line in lines if line[0] == last]
    if any(balance is None for _direction, _amount, balance in group):
        return None
    ends = Counter(balance for _direction, _amount, balance in group)
    ends -= Counter(
        balance - amount if direction == 'in' else balance + amount
        for direction, amount, balance in group
    )
    if len(ends) == 1:
        return next(iter(ends))
    # The group ends where it began (in and out again): all of its balances are gone on from.
    return None


def compare_balances(ours, theirs, *, before, explained):
    """ Return that the statement's balance moved away from the books, unless that is accounted for.

    What was otherwise from the first day on is said once, on that day; what the lines of a day make
    otherwise is said of each of them.

    :param Decimal ours: What the wallet holds at the end of the day by the books, KES.
    :param Decimal theirs: The same by the statement, or None when none tells.
    :param Decimal before: What the statement had more at the end of the last day that one tells of,
                           KES; 0 when there is none.
    :param Iterable explained: What the statement's lines of the day may make more than the books,
                               KES: without and with lines that it has twice.
    :return: The difference, or None.
    :rtype: Difference | None
    """
    if theirs is None:
        return None
    if theirs - ours - before in explained:
        return None
    return Difference(
        'amount', '', 'balance', '', our_amount=ours, their_amount=theirs,
        sources=frozenset({'ledger', 'statement'}),
    )
