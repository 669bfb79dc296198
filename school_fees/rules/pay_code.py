"""Pay codes: seven digits that name one student, the last of which proves the others.

A parent types the code on a phone. Damm's check digit catches every slip of one digit and every
swap of two neighbours, so that a slip never lands on another child.
"""

import re


LENGTH = 7
FIRST_SERIAL = 100_000  # No code begins with zero: nothing is lost where zeros are dropped.
LAST_SERIAL = 999_999

# A quasigroup of order ten that is totally anti-symmetric (H. M. Damm, 2004).
_TABLE = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def _check_digit(digits):
    interim = 0
    for digit in digits:
        interim = _TABLE[interim][int(digit)]
    return interim


def make_pay_code(serial):
    """Return the pay code of a serial number.

    :param int serial: A number from `FIRST_SERIAL` to `LAST_SERIAL`.
    :rtype: str
    :raise ValueError: If the number lies outside.
    """
    if not FIRST_SERIAL <= serial <= LAST_SERIAL:
        message = f"{serial} makes no pay code of {LENGTH} digits"
        raise ValueError(message)
    return f'{serial}{_check_digit(str(serial))}'


def is_pay_code(text):
    """Return whether a text is a pay code with the right check digit.

    :param str text: What somebody wrote; only the plain digits count as a code.
    :rtype: bool
    """
    # The length first: most of what is asked about has another one.
    return (
        len(text or '') == LENGTH
        and bool(re.fullmatch(r'[1-9][0-9]*', text))
        and _check_digit(text) == 0
    )
