"""How much a payer may be offered: the same on every page and in the school's app."""

import math

from .. import daraja


def offer_amounts(provider_sudo, asked, may_change=True, may_exceed=True):
    """ Return the amounts that a payer may choose from.

    M-PESA prompts move whole shillings, at most so many at once. More than what is asked for only
    where the school allows credit.

    :param payment.provider provider_sudo: The shortcode, in sudo mode.
    :param int asked: What is asked for, whole KES.
    :param bool may_change: Whether the payer may choose another amount.
    :param bool may_exceed: Whether it may be more than what is asked for.
    :return: `full`, `half` (0: it is no choice), `least` and `most`, whole KES.
    :rtype: dict
    """
    full = most = min(asked, daraja.MOST_AMOUNT)
    if provider_sudo.mpesa_allow_credit and may_change and may_exceed:
        most = daraja.MOST_AMOUNT
    # The last shillings of a bill can always be paid, even below the school's least amount.
    least = min(provider_sudo.mpesa_least_amount or 1, asked, most)
    half = math.ceil(asked / 2)
    if not (may_change and least <= half < full):
        half = 0
    return {'full': full, 'half': half, 'least': least, 'most': most}
