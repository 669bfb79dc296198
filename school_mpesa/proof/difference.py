"""One thing in which the sources of a day do not agree."""
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


CLASSES = (
    'missing_here', 'missing_there', 'amount', 'account', 'time', 'duplicate', 'reversed',
    'unknown_kind', 'charge', 'sweep',
)


@dataclass(frozen=True)
class Difference:
    """A difference of one class about one receipt.

    :ivar str kind: One of :data:`CLASSES`.
    :ivar str receipt: The M-PESA code; '' when it is about the books of the whole day.
    :ivar str line_kind: What moved: 'payment', 'reversal', 'charge', 'sweep', 'withdrawal',
                         'other', 'ledger' for the books of the whole day, or 'balance' for what
                         the wallet holds at its end.
    :ivar str direction: 'in' or 'out', '' for the books and the balance.
    :ivar Decimal our_amount: KES in our books, None when we have none.
    :ivar Decimal their_amount: KES as Safaricom says, None when it says nothing.
    :ivar str our_text: What we have of it when that is no amount: the account.
    :ivar str their_text: What Safaricom says of it.
    :ivar datetime our_time: When it moved, as we have it (naive UTC), or None.
    :ivar datetime their_time: When it moved, as Safaricom says (naive UTC), or None.
    :ivar frozenset sources: Who has it: 'inbox', 'pull', 'status', 'statement', 'ledger'.
    :ivar frozenset lacking: Who covers the time and has it not; 'person' when it waits for one,
                             'denied' when people said that Safaricom does not know it.
    :ivar bool settled: Whether the books have followed already, so that nobody has to act.
    """

    kind: str
    receipt: str
    line_kind: str
    direction: str = 'in'
    our_amount: Decimal | None = None
    their_amount: Decimal | None = None
    our_text: str = field(default='', repr=False)  # Somebody may have typed a number of one's own.
    their_text: str = field(default='', repr=False)
    our_time: datetime | None = None
    their_time: datetime | None = None
    sources: frozenset = frozenset()
    lacking: frozenset = frozenset()
    settled: bool = False

    @property
    def key(self):
        """ By what a difference is known again when the day is compared once more.

        :rtype: tuple[str, str, str, str]
        """
        return (self.kind, self.receipt, self.line_kind, self.direction)
