"""What a pay bill payment costs (daraja.md 24, figures of 2024)."""

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


def business_share(amount, plan):
    """What the business pays for a payment.

    :param Decimal amount: KES
    :param plan: ``mgao`` shares the charge, ``customer`` (Customer Bouquet) leaves all of it to the
        business
    :return: KES, Decimal
    """
    whole, share = next((costs for most, *costs in BANDS if amount <= most), ABOVE)
    return Decimal(whole if plan == 'customer' else share)
