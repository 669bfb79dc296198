"""What is compared: a movement in our books, a line of the statement, the wallet's account."""
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class OurMovement:
    """Money that we say has moved.

    :ivar str receipt: The M-PESA code.
    :ivar datetime moved_at: Naive UTC.
    :ivar Decimal amount: KES, above zero.
    :ivar Decimal booked: What the ledger holds of it, KES; None when it is not booked at all.
    :ivar str kind: 'payment' or 'reversal'.
    :ivar str direction: 'in' or 'out'.
    :ivar str account_reference: What the payer typed, numbers in it masked.
    :ivar frozenset told_by: Who told us: 'inbox' (a callback), 'pull', 'status', 'statement'.
    :ivar bool pulled: Whether Pull tells of it.
    :ivar Decimal other_amount: What another message told of it, KES, or None.
    :ivar bool waits: Whether a person still has to say what it is about.
    :ivar Decimal cleared: What of it an entry by hand took off *Unidentified*, KES.
    :ivar bool denied: Whether two people said that Safaricom does not know it: it is in the books
                       no more.
    :ivar bool told_again: Whether Safaricom told of it after that.
    """

    receipt: str
    moved_at: datetime
    amount: Decimal
    booked: Decimal | None
    kind: str = 'payment'
    direction: str = 'in'
    account_reference: str = field(default='', repr=False)
    told_by: frozenset = frozenset({'inbox'})
    pulled: bool = False
    other_amount: Decimal | None = None
    waits: bool = False
    cleared: Decimal = Decimal(0)
    denied: bool = False
    told_again: bool = False

    @property
    def is_only_stated(self):
        """ Whether nothing but a file that a person imported tells of it.

        :rtype: bool
        """
        return self.told_by <= {'statement'} and not self.pulled

    @property
    def key(self):
        """ By what the statement's line of it is found.

        :rtype: tuple[str, str, str]
        """
        return (self.receipt, self.kind, self.direction)


@dataclass(frozen=True)
class StatedLine:
    """A line of the organisation statement.

    :ivar str receipt: The M-PESA code.
    :ivar datetime completed_at: Naive UTC.
    :ivar Decimal amount: KES, above zero.
    :ivar str kind: 'payment', 'reversal', 'charge', 'sweep', 'withdrawal' or 'other'.
    :ivar str direction: 'in' or 'out'.
    :ivar str account_reference: As the statement shows it, numbers in it masked.
    :ivar str linked_receipt: The code that it belongs to, '' when none is told.
    :ivar bool booked: Whether a charge, sweep or the like is in our ledger, or needs no entry.
    :ivar Decimal other_amount: What another file said of the same line, KES, or None.
    :ivar int occurrence: Which of several lines of the same key in one file.
    :ivar bool disputed: Whether another file that covers its time has it not.
    :ivar bool waits: Whether it waits for a second person to release it.
    :ivar bool refused: Whether a second person said that it is not real.
    """

    receipt: str
    completed_at: datetime
    amount: Decimal
    kind: str = 'payment'
    direction: str = 'in'
    account_reference: str = field(default='', repr=False)
    linked_receipt: str = ''
    booked: bool = False
    other_amount: Decimal | None = None
    occurrence: int = 1
    disputed: bool = False
    waits: bool = False
    refused: bool = False

    @property
    def key(self):
        """ By what our movement is found.

        :rtype: tuple[str, str, str]
        """
        return (self.receipt, self.kind, self.direction)


@dataclass(frozen=True)
class LedgerDay:
    """The wallet's account on one day.

    :ivar Decimal total: Debit less credit of its posted lines, KES.
    :ivar Decimal expected: What the day's booked movements, charges and sweeps make, KES.
    """

    total: Decimal
    expected: Decimal
