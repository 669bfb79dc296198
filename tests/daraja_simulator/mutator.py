"""Plants discrepancies on a statement, and says which: what a proof of the day has to find.

Rows are those of `statement.statement` or of the control call `statement_rows`, of the utility
account and oldest first. Everybody else still tells the truth: notifications, Pull, the books. So
each planted row is what it is called here, and nothing else on the statement is odd: balances run
through, and receipts carry their day.
"""

import random
import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .receipts import ALPHABET, date_prefix


# missing_here: on the statement, and nobody ever told us. missing_there: ours, and not on the
# statement. amount, account, time: a payment that the statement tells otherwise. duplicate: a
# receipt twice. reversed: taken back without a notification. unknown_kind: words nobody knows.
# charge, sweep: rows that Safaricom's own ledger does not have.
CLASSES = (
    'missing_here', 'missing_there', 'amount', 'account', 'time', 'duplicate', 'reversed',
    'unknown_kind', 'charge', 'sweep',
)
UNKNOWN = (
    'Dormancy Levy', 'Promotional Float Adjustment', 'Excise Duty Correction',
    'Settlement of Dispute 4471', 'Imprest Recovery',
)
_STAMP = '%Y%m%d%H%M%S'


class TooFewRows(ValueError):
    """The statement has not enough payments to plant so much on."""


@dataclass
class Mutated:
    """A spoilt statement.

    :param facts: those of the statement, with the closing balance that follows
    :param rows: its rows, oldest first
    :param planted: dicts with ``class``, ``receipt``, ``day`` (``2026-09-14``, EAT), ``amount``
        (KES as text) and, where something was changed, ``was`` and ``now``
    :param seed: plants the same again
    """

    facts: dict
    rows: list
    planted: list
    seed: str

    def counts(self):
        """:return: how many of each class were planted"""
        return Counter(one['class'] for one in self.planted)


def fresh_seed():
    """:return: a seed nobody has used; print it, so that a failure can be replayed"""
    return secrets.token_hex(8)


def mutate(facts, rows, count=200, seed=None, classes=CLASSES):
    """Plant discrepancies, as many of each class as of any other.

    :param facts: of the statement
    :param rows: of the statement; left as they are
    :param count: how many to plant
    :param seed: any text; None for a fresh one
    :param classes: which to plant
    :return: the :class:`Mutated` statement
    :raise TooFewRows: each needs a payment of its own
    """
    seed = fresh_seed() if seed is None else str(seed)
    return _Mutator(facts, rows, seed).plant(count, classes)


class _Mutator:
    def __init__(self, facts, rows, seed):
        self.facts = facts
        self.seed = seed
        self.source = random.Random(f'{seed}:mutator')  # noqa: S311 - must be replayable
        self.receipts = {row['receipt'] for row in rows}
        self.accounts = {row['account_no'] for row in rows}
        self.planted = []
        # Each row with the place it has, so that rows can be put between.
        self.rows = [
            [(row['at_eat'], float(place)), dict(row)]
            for place, row in enumerate(rows) if row['account'] == 'balance'
        ]
        reversed_before = {row['linked'] for row in rows if row['kind'] == 'reversal'}
        self.charged = {row['receipt'] for row in rows if row['kind'] == 'charge'}
        once = Counter(row['receipt'] for row in rows if row['kind'] == 'payment')
        # One discrepancy for a payment, so that each can be told from the others.
        self.free = [
            entry for entry in self.rows
            if entry[1]['kind'] == 'payment' and entry[1]['receipt'] not in reversed_before
            and once[entry[1]['receipt']] == 1
        ]
        self.source.shuffle(self.free)

    def plant(self, count, classes):
        for number in range(count):
            name = classes[number % len(classes)]
            getattr(self, f'_{name}')(name)
        self.rows.sort(key=lambda entry: entry[0])
        balance = Decimal(self.facts['opening'])
        for _place, row in self.rows:
            balance += Decimal(row['amount'])
            row['balance'] = f'{balance:.2f}'
        facts = {**self.facts, 'closing': f'{balance:.2f}'}
        return Mutated(facts, [row for _place, row in self.rows], self.planted, self.seed)

    # One method for each class

    def _missing_here(self, name):
        like = self._take()
        account = self._new_account()
        row = self._new_row(like, _whole(self.source.randint(50, 50_000)), account_no=account)
        row['details'] = _with_account(like[1], account)
        self._insert(like, row)
        self._note(name, row)

    def _missing_there(self, name):
        entry = self._take()
        # With its charge, which would have nothing to belong to.
        receipt = entry[1]['receipt']
        self.rows = [one for one in self.rows if one[1]['receipt'] != receipt]
        self._note(name, entry[1])

    def _amount(self, name):
        row = self._take()[1]
        was = Decimal(row['amount'])
        now = was + self.source.choice((1, 10, 100, 1000)) * self.source.choice((1, -1))
        if now <= 0:
            now = was + 10
        row['amount'] = f'{now:.2f}'
        self._note(name, row, f'{was:.2f}', row['amount'])

    def _account(self, name):
        row = self._take(lambda row: ' Acc. ' in row['details'])[1]
        was, now = row['account_no'], self._new_account()
        row['details'] = _with_account(row, now)
        row['account_no'] = now
        self._note(name, row, was, now)

    def _time(self, name):
        # Within the day and the period: another day would be another discrepancy there, too.
        entry = self._take(lambda row: bool(self._other_times(row['at_eat'])))
        row = entry[1]
        was, now = row['at_eat'], self.source.choice(self._other_times(row['at_eat']))
        for one in self.rows:
            if one[1]['receipt'] == row['receipt']:
                one[1]['at_eat'] = now
                one[0] = (now, one[0][1])
        self._note(name, row, was, now)

    def _duplicate(self, name):
        entry = self._take()
        row = dict(entry[1])
        if self.source.random() < 0.5:
            # Not the same row once more, but another under its receipt.
            row['amount'] = f"{Decimal(row['amount']) + self.source.randint(1, 500):.2f}"
        self._insert(entry, row)
        self._note(name, row, entry[1]['amount'], row['amount'])

    def _reversed(self, name):
        entry = self._take()
        paid = entry[1]
        row = self._new_row(
            entry, -Decimal(paid['amount']), kind='reversal', reason='Transaction Reversal',
            details=f"Pay Bill Reversal of {paid['receipt']} to {paid['other_party']}",
            linked=paid['receipt'], account_no='',
        )
        self._insert(entry, row)
        self._note(name, row, paid['receipt'])

    def _unknown_kind(self, name):
        like = self._take()
        words = self.source.choice(UNKNOWN)
        amount = _whole(self.source.randint(1, 500)) * self.source.choice((1, -1))
        row = self._new_row(
            like, amount, kind='unknown', details=words, reason=words, other_party='',
            account_no='',
        )
        self._insert(like, row)
        self._note(name, row)

    def _charge(self, name):
        # Where the tariff charges for all, a second time for one of them.
        uncharged = any(row['receipt'] not in self.charged for _place, row in self.free)
        entry = self._take(lambda row: not uncharged or row['receipt'] not in self.charged)
        row = {
            **entry[1], 'kind': 'charge', 'details': 'Pay Bill Charge', 'other_party': 'SP',
            'account_no': '', 'amount': f'{-self.source.randint(5, 84):.2f}',
        }
        self._insert(entry, row)
        self._note(name, row)

    def _sweep(self, name):
        like = self._take()
        words = 'Utility Account to Organization Settlement Account'
        row = self._new_row(
            like, -_whole(self.source.randint(100, 2_000)), kind='sweep', details=words,
            reason=words, other_party='', account_no='',
        )
        self._insert(like, row)
        self._note(name, row)

    # What they share

    def _take(self, fits=lambda row: True):
        """:return: a payment nothing was planted on, as [place, row]"""
        for position in range(len(self.free) - 1, -1, -1):
            if fits(self.free[position][1]):
                return self.free.pop(position)
        raise TooFewRows(f'no payment is left to plant on (seed {self.seed})')

    def _insert(self, after, row):
        """Put a row behind another of its second."""
        (at_eat, place), _row = after
        self.rows.append([(at_eat, place + self.source.uniform(0.1, 0.9)), row])

    def _new_row(self, like, amount, **changes):
        """A row of the second of another one, with a receipt of its own."""
        return {
            **like[1], 'linked': '', **changes, 'amount': f'{amount:.2f}',
            'receipt': self._new_receipt(like[1]['at_eat']),
        }

    def _new_receipt(self, at_eat):
        prefix = date_prefix(datetime.strptime(at_eat, _STAMP))
        while True:
            serial = ''.join(self.source.choice(ALPHABET) for _place in range(7))
            receipt = prefix + serial
            if receipt not in self.receipts and serial.strip('0'):
                self.receipts.add(receipt)
                return receipt

    def _new_account(self):
        while True:
            account = f'ZZ-{self.source.randrange(10**6):06}'
            if account not in self.accounts:
                self.accounts.add(account)
                return account

    def _other_times(self, at_eat):
        at = datetime.strptime(at_eat, _STAMP)
        moved = [
            (at + timedelta(minutes=minutes)).strftime(_STAMP)
            for minutes in (-180, -121, -67, 67, 121, 180)
        ]
        return [
            stamp for stamp in moved if stamp[:8] == at_eat[:8]
            and self.facts['start_eat'] <= stamp <= self.facts['end_eat']
        ]

    def _note(self, name, row, was='', now=''):
        at_eat = row['at_eat']
        self.planted.append({
            'class': name,
            'receipt': row['receipt'],
            'day': f'{at_eat[:4]}-{at_eat[4:6]}-{at_eat[6:8]}',
            'amount': row['amount'],
            'was': was,
            'now': now,
        })


def _whole(amount):
    return Decimal(amount)


def _with_account(row, account):
    """The Details of a payment, as if the payer had typed another account."""
    words, separator, typed = row['details'].partition(' Acc. ')
    if not separator:
        return words
    # What a bank adds behind the account stays.
    _typed, teller, by = typed.partition(' via WEB by ')
    return f'{words} Acc. {account}{teller}{by}'
