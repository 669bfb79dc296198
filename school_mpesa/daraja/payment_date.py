"""When a payment was made, also where Safaricom tells no time that can be read.

The moment of asking is none: it would put money into another day, or another year.
"""
from datetime import datetime, time, timezone

from .eat import EAT
from .message_text import day_of_code
from .pull_times import SLACK


_NOON = time(12)


def date_payment(told, code, latest):
    """When a payment was made: the time told, else noon of the day that begins its M-PESA code.

    :param datetime | None told: Naive UTC; one that lies ahead is no time.
    :param str code: The M-PESA code, in capitals.
    :param datetime latest: Naive UTC; no payment was made after it.
    :return: Naive UTC, never after `latest` by more than clocks differ; None when neither tells.
    :rtype: datetime | None
    """
    if told is not None and told <= latest + SLACK:
        return told
    day = day_of_code(code)
    if day is None:
        return None
    begin, noon = (
        datetime.combine(day, hour, EAT).astimezone(timezone.utc).replace(tzinfo=None)
        for hour in (time(), _NOON)
    )
    if begin > latest + SLACK:
        return None
    return min(noon, max(begin, latest))
