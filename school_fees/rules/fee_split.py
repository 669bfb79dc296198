"""How an annual fee is cut into terms (school-fees sections 1.1 and 2.4).

Nothing here knows Odoo. Amounts are `Decimal` in the school's currency. The annual amount is
computed once and cut; nothing is multiplied by rounded ratios, so the parts always add up.
"""

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal


WHOLE = Decimal(1)  # Schools charge whole shillings.

EQUAL = (1, 1, 1)  # Equal thirds.
PUBLIC_BOARDING = (50, 30, 20)  # As the ministry releases capitation.


def split_terms(annual, weights=EQUAL):
    """Cut an annual amount into terms, in whole shillings; the last term takes the remainder.

    :param Decimal annual: The amount of the year, not below zero.
    :param weights: The weight of each term, in order; they need not add up to 100.
    :return: One amount for each term; they add up to the annual amount.
    :rtype: list[Decimal]
    :raise ValueError: If the amount or a weight is below zero, or no weight is above it.
    """
    total = sum(weights)
    if annual < 0 or min(weights, default=0) < 0 or total <= 0:
        message = "An amount and weights of zero or more are needed, and one weight above zero."
        raise ValueError(message)
    parts = [
        (annual * weight / total).quantize(WHOLE, rounding=ROUND_DOWN)
        for weight in map(Decimal, weights)
    ]
    last = max(position for position, weight in enumerate(weights) if weight)
    parts[last] += annual - sum(parts)
    return parts


def raise_by(amount, percent):
    """Return an amount raised by a percentage, in whole shillings; half a shilling counts up.

    :param Decimal amount: The amount of this year.
    :param Decimal percent: By how much it rises; below zero, it falls.
    :rtype: Decimal
    """
    if not percent:
        return amount
    return (amount * (100 + percent) / 100).quantize(WHOLE, rounding=ROUND_HALF_UP)
