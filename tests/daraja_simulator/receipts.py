"""M-PESA receipt numbers: ten characters, the first three the date (daraja.md 21)."""

import random


ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'
SERIALS = 36**7


def date_prefix(day):
    """:param day: a date in EAT; :return: year letter, month letter, day character"""
    return (
        chr(ord('A') + (day.year - 2006) % 26)
        + chr(ord('A') + day.month - 1)
        + (str(day.day) if day.day < 10 else chr(ord('A') + day.day - 10))
    )


class Receipts:
    """Gives each movement its receipt: never twice the same, in no order, replayed by its seed."""

    def __init__(self, clock, seed):
        source = random.Random(f'{seed}:receipts')  # noqa: S311 - must be replayable
        self.clock = clock
        self.given = 0
        self._start = source.randrange(SERIALS)
        # A step without a common factor with 36**7 visits every serial once.
        self._step = source.randrange(SERIALS // 6) * 6 + 1

    def next(self):
        """:return: the receipt of a movement made now"""
        # Serial 0 is left out: `UIE0000000` is Safaricom's placeholder of a failed transaction.
        serial = (self._start + self.given * self._step) % SERIALS or self._step
        self.given += 1
        text = ''
        for _place in range(7):
            serial, digit = divmod(serial, 36)
            text = ALPHABET[digit] + text
        return date_prefix(self.clock.eat()) + text
