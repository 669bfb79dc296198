"""What payments cost (daraja.md 24, figures of 2024, of payouts 2023)."""

from decimal import Decimal


# Up to this amount, the whole charge, and the share of it that the business pays under Mgao. KES.
BANDS = (
    (100, 0, 0),
    (500, 5, 0),
    (1_000, 10, 0),
    (1_500, 15, 5),
    (2_500, 20, 7),
    (3_500, 25, 9),
    (5_000, 34, 18),
    (7_500, 42, 25),
    (10_000, 48, 30),
    (15_000, 57, 39),
    (20_000, 62, 43),
    (25_000, 67, 47),
    (30_000, 72, 52),
    (35_000, 83, 62),
    (40_000, 99, 76),
    (45_000, 103, 80),
)
ABOVE = (108, 84)
# Paying out to a person: up to this amount, what the business pays. KES.
PAYOUT_BANDS = ((100, 0), (1_500, 5), (5_000, 9), (20_000, 11))
PAYOUT_ABOVE = 13


def business_share(amount, plan):
    """What the business pays for a payment.

    :param Decimal amount: KES
    :param plan: ``mgao`` shares the charge, ``customer`` (Customer Bouquet) leaves all of it to the
        business
    :return: KES, Decimal
    """
    whole, share = next((costs for most, *costs in BANDS if amount <= most), ABOVE)
    return Decimal(whole if plan == 'customer' else share)


def payout_share(amount):
    """:return: KES that the business pays for paying so much to a person, Decimal"""
    return Decimal(next((cost for most, cost in PAYOUT_BANDS if amount <= most), PAYOUT_ABOVE))
