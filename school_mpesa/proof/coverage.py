"""Which times a source tells about."""
from datetime import datetime, time, timedelta


EAT = timedelta(hours=3)  # East Africa Time is UTC+3 the whole year.
# Safaricom writes the last second of a period, and the next period starts one second later.
STEP = timedelta(seconds=1)


def get_day_bounds(day):
    """ Return when a day in Kenya starts and when the next one does.

    :param date day: The day in Kenya.
    :return: Two naive UTC datetimes.
    :rtype: tuple[datetime, datetime]
    """
    start = datetime.combine(day, time.min) - EAT
    return start, start + timedelta(days=1)


def covers(windows, start, end):
    """ Tell whether windows leave no second of a time uncovered.

    :param Iterable windows: (start, end) pairs of naive UTC datetimes, in any order, both ends
                             included.
    :param datetime start: The first moment, naive UTC.
    :param datetime end: The moment after the last one, naive UTC.
    :rtype: bool
    """
    reached = start
    for window_start, window_end in sorted(windows):
        if window_start > reached:
            return False
        reached = max(reached, window_end + STEP)
        if reached >= end:
            return True
    return False


def covers_moment(windows, moment):
    """ Tell whether a moment lies in one of some windows.

    :param Iterable windows: As in :func:`covers`.
    :param datetime moment: Naive UTC.
    :rtype: bool
    """
    return any(start <= moment < end + STEP for start, end in windows)
