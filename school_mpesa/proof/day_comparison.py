"""Compare one day: what reached us, what Pull and the statement say, and what the ledger holds.

Ten classes of differences (:data:`.difference.CLASSES`):

missing_here   Safaricom has it, and no callback told us of it. Settled once the money is booked.
               Also a movement that we know of and that stands nowhere in the books.
missing_there  We have it, and the statement that covers its time has not; Pull likewise where no
               statement covers it, and always for what only a statement tells of, which vouches
               for nothing by itself. Also a line that another file of its time has not.
amount         Both have it, with other amounts; or the books hold another amount.
account        The account differs from what the payer typed as we were told.
time           More than :data:`CLOSE` apart, or on another day in Kenya.
duplicate      The same receipt twice, or the same line with two amounts.
reversed       Safaricom took the money back. Settled once the books have followed.
unknown_kind   A line of a kind that nobody has decided on.
charge, sweep  A charge, or money on its way to the bank, that is not booked.
"""
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from .coverage import EAT, covers_moment, get_day_bounds
from .difference import Difference
from .reference import is_same_reference


CLOSE = timedelta(minutes=5)  # Clocks of callback and statement differ by seconds, not minutes.
MONEY_KINDS = ('payment', 'reversal')
# Lines that are booked from the statement alone, and the class of those that are not.
UNBOOKED_CLASSES = {
    'charge': 'charge', 'sweep': 'sweep', 'withdrawal': 'sweep', 'other': 'unknown_kind',
}


def compare_day(day, ours, stated, *, stated_windows=(), pulled_windows=(), ledger=None):
    """ Compare what the sources say about one day in Kenya.

    :param date day: The day in Kenya.
    :param Iterable ours: :class:`OurMovement` of that day, and of any day those whose receipt
                          stands on a line of that day.
    :param Iterable stated: :class:`StatedLine` of that day, and of any day those of the receipts of
                            our movements of that day.
    :param Iterable stated_windows: What the statements cover, as in :func:`.coverage.covers`.
    :param Iterable pulled_windows: What Pull covers.
    :param LedgerDay ledger: The wallet's account on that day, or None to leave it out.
    :return: The differences, each once, in the order of their receipts.
    :rtype: list[Difference]
    """
    bounds = get_day_bounds(day)
    comparison = _Comparison(bounds, ours, stated, list(stated_windows), list(pulled_windows))
    found = [
        *comparison.compare_ours(), *comparison.compare_stated(), *comparison.compare_pairs(),
    ]
    if ledger and ledger.total != ledger.expected:
        found.append(Difference(
            'amount', '', 'ledger', '', our_amount=ledger.total, their_amount=ledger.expected,
            sources=frozenset({'ledger'}),
        ))
    unique = {difference.key: difference for difference in found}
    return sorted(unique.values(), key=lambda difference: (difference.receipt, difference.key))


class _Comparison:
    """The facts of one day, by receipt."""

    def __init__(self, bounds, ours, stated, stated_windows, pulled_windows):
        self.start, self.end = bounds
        self.stated_windows = stated_windows
        self.pulled_windows = pulled_windows
        self.ours = {movement.key: movement for movement in ours}
        self.stated = defaultdict(list)
        self.disputed = []
        self.undecided = set()
        for line in stated:
            if line.disputed or line.refused:
                self.disputed.append(line)
                continue
            self.stated[line.key].append(line)
            if line.kind == 'other' and not line.booked:
                self.undecided.add(line.receipt)

    def is_of_day(self, moment):
        """ Tell whether a moment lies on the day.

        :param datetime moment: Naive UTC.
        :rtype: bool
        """
        return self.start <= moment < self.end

    def compare_ours(self):
        """ Yield what our own movements of the day show.

        :rtype: Iterator[Difference]
        """
        for key, movement in self.ours.items():
            if not self.is_of_day(movement.moved_at):
                continue
            if movement.denied:
                yield self.describe_denied(movement)
                continue
            yield from self.compare_with_books(movement)
            if key in self.stated or movement.receipt in self.undecided:
                if movement.is_only_stated and self.is_lacking_in_pull(movement):
                    yield self.describe(
                        movement, 'missing_there', self.get_line(movement),
                        lacking=frozenset({'pull'}),
                    )
                continue
            lacking = self.find_lacking(movement)
            if lacking:
                yield self.describe(movement, 'missing_there', lacking=frozenset({lacking}))
            elif movement.kind == 'reversal':
                yield self.describe_reversal(movement)

    def is_lacking_in_pull(self, movement):
        """ Tell whether Pull should have a movement and has it not.

        :param OurMovement movement: Ours.
        :rtype: bool
        """
        return (
            movement.kind == 'payment' and not movement.pulled
            and covers_moment(self.pulled_windows, movement.moved_at)
        )

    def find_lacking(self, movement):
        """ Return which source should have a movement and has it not.

        :param OurMovement movement: One that no line of a statement tells of.
        :return: 'statement', 'pull' or None.
        :rtype: str | None
        """
        if covers_moment(self.stated_windows, movement.moved_at):
            return 'statement'
        return 'pull' if self.is_lacking_in_pull(movement) else None

    def compare_with_books(self, movement):
        """ Yield in what the ledger does not follow a movement.

        :param OurMovement movement: Ours.
        :rtype: Iterator[Difference]
        """
        line = self.get_line(movement)
        if movement.booked is None:
            kind = 'reversed' if movement.kind == 'reversal' else 'missing_here'
            yield self.describe(
                movement, kind, line, our_amount=None, their_amount=movement.amount,
                lacking=frozenset({'ledger'}),
            )
        elif movement.booked != movement.amount:
            yield self.describe(
                movement, 'amount', line, our_amount=movement.booked,
                their_amount=movement.amount,
                lacking=frozenset({'entry'} if movement.cleared else ()),
            )
        if movement.other_amount is not None:
            yield self.describe(movement, 'amount', line, their_amount=movement.other_amount)

    def get_line(self, movement):
        """ Return the statement's line of a movement.

        :param OurMovement movement: Ours.
        :rtype: StatedLine | None
        """
        return next(iter(self.stated.get(movement.key, ())), None)

    def compare_stated(self):
        """ Yield what the statement's lines of the day show by themselves.

        :rtype: Iterator[Difference]
        """
        for line in self.disputed:
            # Of a movement it is said as of one that no line tells of.
            if self.is_of_day(line.completed_at) and line.key not in self.ours:
                yield self.describe_line(
                    line, 'missing_there', lacking=frozenset({'statement'}), settled=line.refused,
                )
        for key, lines in self.stated.items():
            of_day = [line for line in lines if self.is_of_day(line.completed_at)]
            if not of_day:
                continue
            line = of_day[0]
            if line.kind == 'charge':  # One payment may be charged several times.
                for number in sorted({one.occurrence for one in lines}):
                    yield from self.find_twice([one for one in lines if one.occurrence == number])
            else:
                yield from self.find_twice(lines)
            if line.kind in MONEY_KINDS:
                yield from self.compare_money(self.ours.get(key), line)
            else:
                unbooked = [one for one in of_day if not one.booked]
                if unbooked:
                    yield self.describe_line(
                        unbooked[0], UNBOOKED_CLASSES[line.kind],
                        their_amount=sum((one.amount for one in unbooked), Decimal(0)),
                    )

    def find_twice(self, lines):
        """ Yield that the statement tells of one line twice.

        :param list[StatedLine] lines: The lines that are the same one.
        :rtype: Iterator[Difference]
        """
        first = lines[0]
        if len(lines) > 1:
            yield self.describe_line(
                first, 'duplicate', our_amount=first.amount,
                their_amount=sum((line.amount for line in lines), Decimal(0)),
            )
        elif first.other_amount is not None:
            yield self.describe_line(
                first, 'duplicate', our_amount=first.amount, their_amount=first.other_amount,
            )

    def compare_money(self, movement, line):
        """ Yield whether we were told of a payment or a reversal.

        :param OurMovement movement: Ours, or None.
        :param StatedLine line: The statement's.
        :rtype: Iterator[Difference]
        """
        if not movement:
            yield self.describe_line(
                line, 'missing_here' if line.kind == 'payment' else 'reversed',
                settled=line.kind == 'reversal' and line.booked,
                lacking=frozenset({'person'} if line.waits else ()),
            )
            return
        if movement.booked is None:
            return  # Said of our movement already, on its own day.
        if line.kind == 'reversal':
            yield self.describe_reversal(movement, line)
        elif 'inbox' not in movement.told_by:
            yield self.describe(
                movement, 'missing_here', line, lacking=frozenset({'inbox'}), settled=True,
            )

    def compare_pairs(self):
        """ Yield in what a movement and its line differ, when either of them is of the day.

        :rtype: Iterator[Difference]
        """
        for movement in self.ours.values():
            line = self.get_line(movement)
            if not line or movement.denied:
                continue
            if self.is_of_day(movement.moved_at) or self.is_of_day(line.completed_at):
                yield from self.compare_pair(movement, line)

    def compare_pair(self, movement, line):
        """ Yield in what a movement and its line differ.

        :param OurMovement movement: Ours.
        :param StatedLine line: The statement's.
        :rtype: Iterator[Difference]
        """
        if movement.amount != line.amount:
            yield self.describe(movement, 'amount', line)
        if line.kind == 'payment' and not is_same_reference(
            movement.account_reference, line.account_reference,
        ):
            yield self.describe(movement, 'account', line)
        apart = abs(movement.moved_at - line.completed_at)
        other_day = (movement.moved_at + EAT).date() != (line.completed_at + EAT).date()
        if apart > CLOSE or other_day:
            yield self.describe(movement, 'time', line)

    def describe(self, movement, kind, line=None, **values):
        """ Return a difference about a movement of ours.

        :param OurMovement movement: Ours.
        :param str kind: The class.
        :param StatedLine line: The statement's line of it, if it has one.
        :param values: Other values of the difference.
        :rtype: Difference
        """
        sources = {*movement.told_by}
        if movement.pulled:
            sources.add('pull')
        if movement.booked is not None:
            sources.add('ledger')
        if line:
            sources.add('statement')
        return Difference(**{
            'kind': kind, 'receipt': movement.receipt, 'line_kind': movement.kind,
            'direction': movement.direction, 'our_amount': movement.amount,
            'their_amount': line and line.amount,
            'our_text': movement.account_reference,
            'their_text': line.account_reference if line else '',
            'our_time': movement.moved_at, 'their_time': line and line.completed_at,
            'sources': frozenset(sources), **values,
        })

    def describe_reversal(self, movement, line=None):
        """ Return the difference about a reversal of ours, settled once nobody has to act.

        :param OurMovement movement: Ours.
        :param StatedLine line: The statement's line of it, if it has one.
        :rtype: Difference
        """
        return self.describe(
            movement, 'reversed', line,
            settled=movement.booked == movement.amount and not movement.waits,
            lacking=frozenset({'person'} if movement.waits else ()),
        )

    def describe_denied(self, movement):
        """ Return the difference about a payment that people said Safaricom does not know.

        Settled, since it is out of the books, until Safaricom tells of it all the same.

        :param OurMovement movement: Ours.
        :rtype: Difference
        """
        line = self.get_line(movement)
        lacking = frozenset({'denied'})
        if line or movement.told_again:
            return self.describe(
                movement, 'missing_here', line, our_amount=None,
                their_amount=line.amount if line else movement.amount, lacking=lacking,
            )
        return self.describe(movement, 'missing_there', lacking=lacking, settled=True)

    def describe_line(self, line, kind, **values):
        """ Return a difference about a line of the statement.

        :param StatedLine line: The statement's.
        :param str kind: The class.
        :param values: Other values of the difference.
        :rtype: Difference
        """
        return Difference(**{
            'kind': kind, 'receipt': line.receipt, 'line_kind': line.kind,
            'direction': line.direction, 'their_amount': line.amount,
            'their_text': line.account_reference, 'their_time': line.completed_at,
            'sources': frozenset({'statement'}), **values,
        })
