"""When pulled payments were made: Pull marks its times as UTC, and nobody knows whether they are.

What is known from elsewhere tells: a payment whose time another message gave; a time that lies
ahead; and the day that begins each M-PESA code. Where nothing tells, the mark is believed, and the
caller says so. The day comes out right either way: the two readings of a time are of different
days only where the code tells which.
"""
from collections import Counter
from datetime import timedelta

from .message_text import day_of_code


UTC, KENYAN = 'utc', 'eat'
EAT_LEAD = timedelta(hours=3)
# Clocks and the moments that two messages call the time of a payment differ by less than this.
SLACK = timedelta(minutes=10)


def read_zone(payments, known, latest):
    """Find out in which zone the times of some pulled payments are.

    :param payments: `PulledPayment`s.
    :param dict known: When payments were made, naive UTC, by M-PESA code, as others told.
    :param datetime latest: Naive UTC; no payment was made after it.
    :return: "utc", "eat" or None where nothing tells, or what tells contradicts itself.
    :rtype: str | None
    """
    votes = Counter()
    for payment in payments:
        told = payment.paid_at_utc
        if told is None:
            continue
        made = known.get(payment.receipt)
        if made is not None:
            near = [zone for zone in (UTC, KENYAN) if abs(_read(told, zone) - made) <= SLACK]
            votes.update(near)
        elif told > latest + SLACK:
            # Further ahead than that, the time is of no zone.
            votes[KENYAN] += _read(told, KENYAN) <= latest + SLACK
        elif zone := _zone_by_day(payment):
            votes[zone] += 1
    (first, most), second = (*(+votes).most_common(2), (None, 0), (None, 0))[:2]
    return first if most > second[1] else None


def moment_of(payment, zone):
    """When a pulled payment was made.

    :param PulledPayment payment: The payment.
    :param str | None zone: As :func:`read_zone` tells; None believes the mark.
    :return: Naive UTC, or None when Pull gave no time that can be read.
    :rtype: datetime | None
    """
    if payment.paid_at_utc is None:
        return None
    return _read(payment.paid_at_utc, _zone_by_day(payment) or zone or UTC)


def _read(told, zone):
    return told - EAT_LEAD if zone == KENYAN else told


def _zone_by_day(payment):
    """The zone in which the payment is of the day that its code begins with; None if both are."""
    day = day_of_code(payment.receipt)
    if day is None:
        return None
    fitting = [
        zone for zone in (UTC, KENYAN)
        if (_read(payment.paid_at_utc, zone) + EAT_LEAD).date() == day
    ]
    return fitting[0] if len(fitting) == 1 else None
