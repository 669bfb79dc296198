"""What each student should be charged for a term (school-fees section 2.4).

Nothing here knows Odoo. Amounts are `Decimal` in the school's currency; keys are whatever the
caller uses to tell things apart. What becomes of a proposal is in :mod:`bill_comparison`.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from .concession import apply_concessions
from .proration import FULL, NONE, Share, prorate, share_of_term


TERM = 'term'  # Charged every term.
YEAR = 'year'  # Once a year.
ONCE = 'once'  # Once ever.
FAMILY = 'family'  # Every term, to one child of each family.
DEPOSIT = 'deposit'  # Once ever, held for the parents.
ONE_TIME = (YEAR, ONCE, DEPOSIT)

NO_STRUCTURE = 'no_structure'  # No structure fits the student.
TWO_STRUCTURES = 'two_structures'  # Two fit equally well: nobody can say which is meant.
NO_PRICE = 'no_price'  # The student chose something that the structure has no price for.
OVER_CEILING = 'over_ceiling'  # A vote head rises above what may be charged.

WHOLE_TERM = Share(1)


@dataclass(frozen=True)
class Fee:
    """One thing that is charged.

    :param key: What identifies it.
    :param basis: How often it is charged.
    :param head: What identifies its vote head.
    :param order: Where it stands on a bill.
    :param prorata: The policy for who is not there all term.
    :param day_limit: The last day on which joining is charged, for that policy.
    :param optional: Whether only those pay it who have chosen it.
    """

    key: Any
    basis: str = TERM
    head: Any = None
    order: tuple = ()
    prorata: str = 'full'
    day_limit: int = 0
    optional: bool = False


@dataclass(frozen=True)
class Price:
    """What a structure asks for a fee.

    :param fee: The fee.
    :param amounts: The amount of each term.
    :param zone: The transport zone that it is for, if for one.
    :param new_only: Whether it is for students who joined this year.
    """

    fee: Fee
    amounts: tuple
    zone: Any = None
    new_only: bool = False


@dataclass(frozen=True)
class Structure:
    """A published fee structure: empty conditions fit everybody."""

    key: Any
    levels: frozenset
    prices: tuple
    boarding: str | None = None
    category: Any = None

    def fits(self, stay, category):
        """Tell whether the structure is for a student during a stay.

        :rtype: bool
        """
        return (
            stay.level in self.levels
            and self.boarding in (None, stay.boarding)
            and self.category in (None, category)
        )

    @property
    def closeness(self):
        """Return how many conditions the structure makes."""
        return (self.boarding is not None) + (self.category is not None)


@dataclass(frozen=True)
class Stay:
    """A time in one class, within the term.

    :param key: What identifies the enrolment.
    :param level: The level of the class.
    :param boarding: Day or boarding.
    :param first: The first day, not before the term.
    :param last: The last day, not after the term.
    """

    key: Any
    level: Any
    boarding: str
    first: date
    last: date


@dataclass
class Student:
    """A student as the proposal needs it.

    :param key: What identifies the student.
    :param stays: The stays in the term, in order.
    :param category: The category, if any.
    :param is_new: Whether the student joined in this year.
    :param choices: For each chosen fee its (zone, quantity).
    :param concessions: What the student is given, in order.
    :param had: The fees charged once that were charged in another term.
    :param bears: The fees per family that this child of the family pays.
    :param head_totals: What was charged under each vote head in the year's other terms.
    """

    key: Any
    stays: list
    category: Any = None
    is_new: bool = False
    choices: dict = field(default_factory=dict)
    concessions: list = field(default_factory=list)
    had: frozenset = frozenset()
    bears: frozenset = frozenset()
    head_totals: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A proposed line of a bill.

    :param fee: What identifies the fee.
    :param concession: What identifies the concession; `None` for a charge.
    :param amount: Above zero for a charge, below for a concession.
    :param share: The part of the term that is charged.
    :param quantity: How many times it was chosen.
    """

    fee: Any
    concession: Any
    amount: Decimal
    share: Share = WHOLE_TERM
    quantity: int = 1

    @property
    def key(self):
        """Return what tells the line from the others of the student.

        :rtype: tuple
        """
        return self.fee, self.concession


@dataclass
class Proposal:
    """What one student should be charged.

    :param lines: The lines, each concession under its charge.
    :param warnings: (kind, detail) pairs.
    :param complete: Whether the structure is known, so that what is missing here is really gone.
    """

    lines: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    complete: bool = True


def propose(student, structures, term, number, ceilings=None):
    """Work out what a student should be charged for a term.

    :param Student student: The student.
    :param structures: The published structures of the year.
    :param proration.Term term: The days of the term.
    :param int number: Which term of the year it is, counted from one.
    :param dict ceilings: For each vote head the most per term and per year, zero for no limit.
    :rtype: Proposal
    """
    proposal = Proposal()
    priced = []
    for stay in student.stays:
        structure = _choose_structure(structures, stay, student.category, proposal)
        if structure is None:
            proposal.complete = False
            return proposal
        priced.append((stay, _prices(structure, student)))
    by_fee = {}
    for stay, prices in priced:
        for price, quantity in prices:
            by_fee.setdefault(price.fee, []).append((stay, price, quantity))
    last_stay = student.stays[-1] if student.stays else None
    charges = []
    for fee in sorted(by_fee, key=lambda fee: fee.order):
        charge = _charge(student, fee, by_fee[fee], term, number, last_stay)
        if charge is not None and charge.amount:
            charges.append(charge)
    priced_keys = {fee.key for fee in by_fee}
    if student.stays:
        proposal.warnings += [(NO_PRICE, fee) for fee in student.choices if fee not in priced_keys]
    heads = {fee.key: fee.head for fee in by_fee}
    proposal.warnings += _ceiling_warnings(student, charges, heads, ceilings or {})
    taken = apply_concessions(
        [(charge.fee, charge.amount) for charge in charges], student.concessions,
    )
    for charge in charges:
        proposal.lines.append(charge)
        proposal.lines += [
            Line(fee, key, -amount) for fee, key, amount in taken if fee == charge.fee
        ]
    return proposal


def share_family_fees(children, structures, held):
    """Say which child of a family pays what is charged once per family.

    The child who was charged already keeps the fee; otherwise it is the first whose structure has
    it.

    :param children: The :class:`Student` of one family who are there, in their order.
    :param structures: The published structures of the year.
    :param dict held: For each student's key the fees already charged in this term.
    :return: The fees of each student's key.
    :rtype: dict[Any, frozenset]
    """
    bearers = {}
    for child in children:
        for stay in child.stays:
            structure = _choose_structure(structures, stay, child.category, Proposal())
            for price, _quantity in _prices(structure, child) if structure else ():
                if price.fee.basis == FAMILY:
                    bearers.setdefault(price.fee.key, child.key)
    for child in reversed(children):
        bearers.update(dict.fromkeys(bearers.keys() & held.get(child.key, ()), child.key))
    return {
        child.key: frozenset(fee for fee, bearer in bearers.items() if bearer == child.key)
        for child in children
    }


def _choose_structure(structures, stay, category, proposal):
    """Return the structure that fits a stay most closely, or `None` with a warning."""
    fitting = [structure for structure in structures if structure.fits(stay, category)]
    if not fitting:
        proposal.warnings.append((NO_STRUCTURE, stay.key))
        return None
    closest = max(structure.closeness for structure in fitting)
    best = [structure for structure in fitting if structure.closeness == closest]
    if len(best) > 1:
        proposal.warnings.append((TWO_STRUCTURES, tuple(s.key for s in best[:2])))
        return None
    return best[0]


def _prices(structure, student):
    """Return the (price, quantity) pairs of a structure that are for a student, one per fee."""
    chosen = {}
    for price in structure.prices:
        zone, quantity = student.choices.get(price.fee.key, (None, 0))
        asked_for = price.fee.optional or price.zone is not None
        if (
            (price.new_only and not student.is_new)
            or (asked_for and not quantity)
            or (price.zone is not None and price.zone != zone)
        ):
            continue
        # The zone's own price goes before that for all, and that for new students likewise.
        closeness = (price.zone is not None, price.new_only)
        if price.fee not in chosen or closeness > chosen[price.fee][0]:
            chosen[price.fee] = (closeness, price, quantity if asked_for else 1)
    return [(price, quantity) for _closeness, price, quantity in chosen.values()]


def _charge(student, fee, stays, term, number, last_stay):
    """Return the line that charges a fee, or `None`.

    :param stays: (stay, price, quantity) triples of the stays in whose structure the fee stands.
    :param last_stay: The last stay of the student, whatever it charges.
    """
    if fee.basis == FAMILY and fee.key not in student.bears:
        return None
    _stay, price, quantity = stays[-1]
    if fee.basis in ONE_TIME:
        first = next((n for n, amount in enumerate(price.amounts, start=1) if amount), None)
        if fee.key in student.had or first is None or number < first:
            return None
        return Line(fee.key, None, sum(price.amounts) * quantity, quantity=quantity)
    amount, parts, weeks, of_weeks = Decimal(0), 0, 0, 0
    for first, last, price, quantity, moves_on in _merge(stays, number, last_stay):
        share = share_of_term(
            term, fee.prorata, first, last, moves_on=moves_on, day_limit=fee.day_limit,
        )
        amount += prorate(_amount_of(price, number) * quantity, share.part)
        parts += share.part
        weeks += share.weeks
        of_weeks = share.of_weeks
    return Line(fee.key, None, amount, Share(parts, weeks, of_weeks), quantity)


def _amount_of(price, number):
    """Return what a price asks for a term; nothing for a term that it does not know."""
    return price.amounts[number - 1] if number <= len(price.amounts) else Decimal(0)


def _merge(stays, number, last_stay):
    """Join stays that follow each other at one price: a change of class alone changes no fee.

    :param stays: (stay, price, quantity) triples of one fee.
    :return: (first day, last day, price, quantity, whether the student moves on) of each time.
    :rtype: list[tuple]
    """
    times = []
    for stay, price, quantity in stays:
        moves_on = stay is not last_stay
        if times:
            first, last, other, other_quantity, _moves = times[-1]
            same = _amount_of(other, number) == _amount_of(price, number)
            if same and quantity == other_quantity and (stay.first - last).days == 1:
                times[-1] = (first, stay.last, price, quantity, moves_on)
                continue
        times.append((stay.first, stay.last, price, quantity, moves_on))
    if stays[-1][1].fee.prorata in (FULL, NONE):
        # Charged once, at the last price, and by the day of joining the first time.
        return [(times[0][0], *times[-1][1:])]
    return times


def _ceiling_warnings(student, charges, heads, ceilings):
    """Return a warning for each vote head that is charged above its ceiling."""
    totals = {}
    for charge in charges:
        head = heads[charge.fee]
        totals[head] = totals.get(head, Decimal(0)) + charge.amount
    warnings = []
    for head, total in totals.items():
        per_term, per_year = ceilings.get(head, (0, 0))
        year_total = total + student.head_totals.get(head, Decimal(0))
        if (per_term and total > per_term) or (per_year and year_total > per_year):
            warnings.append((OVER_CEILING, head))
    return warnings
