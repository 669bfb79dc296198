"""What was in the wallet when the last of some lines was written."""
from collections import Counter


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
