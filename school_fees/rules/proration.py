"""What a student pays who was not there for the whole term (school-fees section 2.4).

Joining, leaving and moving between structures use the same functions. Nothing here knows Odoo.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction


FULL = 'full'  # Whoever was there one day pays all.
WEEKS = 'weeks'  # By the weeks that the student is there; a week begun counts.
HALF = 'half'  # Half for who joins after half-term, or leaves before it.
NONE = 'none'  # Nothing for who joins after a certain day of the term.
POLICIES = (FULL, WEEKS, HALF, NONE)

ONE_DAY = timedelta(days=1)
WHOLE = Decimal(1)  # Schools charge whole shillings.


@dataclass(frozen=True)
class Term:
    """The days of a term.

    :param first: The first day.
    :param last: The last day.
    :param half: The first day after half-term; the middle of the term when left out.
    """

    first: date
    last: date
    half: date | None = None

    @property
    def weeks(self):
        """Return the weeks of the term; a week begun counts.

        :rtype: int
        """
        return -(-((self.last - self.first).days + 1) // 7)

    @property
    def half_day(self):
        """Return the first day of the second half.

        :rtype: date
        """
        return self.half or self.first + (self.last - self.first + ONE_DAY) / 2

    def clip(self, first, last):
        """Return the part of a stay that lies in the term.

        :param date first: The first day of the stay.
        :param date | None last: Its last day, if one is known.
        :return: The first and last day, or `None` when the student is not there at all.
        :rtype: tuple[date, date] | None
        """
        start, end = max(first, self.first), min(last or self.last, self.last)
        return (start, end) if start <= end else None


@dataclass(frozen=True)
class Share:
    """The part of a term that is charged.

    :param part: From zero to one.
    :param weeks: The weeks charged, where the part is counted in weeks.
    :param of_weeks: The weeks of the term, likewise.
    """

    part: Fraction
    weeks: int = 0
    of_weeks: int = 0


def share_of_term(term, policy, first, last, *, moves_on=False, day_limit=0):
    """Return the part of a term that a stay is charged for.

    :param Term term: The term.
    :param str policy: One of :data:`POLICIES`.
    :param date first: The first day of the stay, not before the term.
    :param date last: Its last day, not after the term.
    :param bool moves_on: Whether the student goes on under another structure the next day, which
                          charges the week that the move falls into.
    :param int day_limit: The last day of the term, counted from one, on which joining is charged;
                          for :data:`NONE`.
    :rtype: Share
    :raise ValueError: If the policy is unknown.
    """
    if policy not in POLICIES:
        message = "This is no known policy."
        raise ValueError(message)
    if policy == WEEKS:
        begun = (first - term.first).days // 7
        days = (last - term.first).days + 1
        ended = days // 7 if moves_on else -(-days // 7)
        weeks = max(ended - begun, 0)
        return Share(Fraction(weeks, term.weeks), weeks, term.weeks)
    if policy == HALF:
        # The half that a move falls into belongs to the structure that the student moves to.
        ended = last + ONE_DAY if moves_on else term.last
        first_half = first < term.half_day <= ended
        second_half = last >= term.half_day and not moves_on
        return Share(Fraction(first_half + second_half, 2))
    joined_late = policy == NONE and (first - term.first).days >= day_limit
    # A full charge is made once, by the structure under which the student ends the term.
    return Share(Fraction(0 if joined_late or moves_on else 1))


def prorate(amount, part):
    """Return a part of an amount, in whole shillings; half a shilling counts up.

    :param Decimal amount: The charge of the whole term.
    :param Fraction part: From zero to one.
    :rtype: Decimal
    """
    if part == 1:
        return amount
    return (amount * part.numerator / part.denominator).quantize(WHOLE, rounding=ROUND_HALF_UP)
