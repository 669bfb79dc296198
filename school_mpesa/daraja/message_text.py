"""The text message that M-PESA sends to a payer, as people forward, paste or retype it.

It proves nothing: anybody can write one. What it says is read only to be compared with what
Safaricom itself told us.
"""
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from . import clean, receipt
from .eat import FIRST_YEAR


LONGEST = 2_000  # characters; a message of M-PESA has some four hundred
CODE_LENGTH = 10
MOST_VARIANTS = 243  # ways to read a code that is unclear in five places
# What people take for one another when they copy a code by hand (daraja.md, section 21).
_LOOK_ALIKE = {char: group for group in ('0O', '1IL') for char in group}
_WORD = re.compile(r'(?<![A-Za-z0-9])[A-Za-z0-9]{10}(?![A-Za-z0-9])')
_CONFIRMED = re.compile(r'[\s.:,;-]{0,9}(?:confirmed|imethibitishwa)', re.IGNORECASE)
_MONEY = re.compile(
    r'(?<![A-Za-z0-9])(?:kshs?|kes|sh)\.? {0,3}'
    r'([0-9][0-9,]{0,14}(?:\.[0-9]{1,2})?)(?![0-9]|[.,][0-9])',
    re.IGNORECASE,
)
# Amounts that a message names beside the one that was paid.
_OTHER_MONEY = re.compile(
    r'(?:balance|cost|salio|baki|gharama|limit)\b[^.]{0,25}$', re.IGNORECASE,
)
_DAY = re.compile(r'(?<![0-9/])([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})(?![0-9/])')
_INVISIBLE = {'Cc', 'Cf', 'Cs', 'Co', 'Cn'}
_FIRST_CODED_YEAR = 2006  # the letter A


@dataclass(frozen=True)
class MessageText:
    """What a message says, as far as it can be made out.

    :ivar str code: The M-PESA code in capitals, '' when there is none.
    :ivar Decimal | None amount: What was paid, KES.
    :ivar date | None day: The day of the payment in Kenya.
    :ivar bool several: Whether there are codes of several payments, so that none was chosen.
    :ivar int length: Of what was typed for a code and is none, the number of letters and digits.
    """

    code: str = ''
    amount: Decimal | None = None
    day: date | None = None
    several: bool = False
    length: int = 0


def read_message(text):
    """Read a message of M-PESA, or a code alone. Any text at all gives an answer.

    :param str text: English or Swahili, with whatever line breaks and blanks.
    :rtype: MessageText
    """
    text = _tidy(text)
    codes = _find_codes(text)
    if len(codes) > 1:
        return MessageText(several=True)
    if not codes:
        packed = re.sub(r'[^A-Za-z0-9]', '', text)
        is_code = len(packed) < 2 * CODE_LENGTH and len(text.split()) < 4
        return MessageText(length=len(packed) if is_code else 0)
    # A message begins with its code: what a sender wrote before it is no part of it.
    rest = text.upper().partition(codes[0])[2]
    return MessageText(code=codes[0], amount=_find_amount(rest), day=_find_day(rest))


def similar_codes(code):
    """Return the codes that people may mean by this one: 0 for O, 1 for I or L, and back.

    :param str code: A code in capitals.
    :return: The others, without the code itself; none when too much of it is unclear.
    :rtype: list[str]
    """
    readings = [_LOOK_ALIKE.get(char, char) for char in code]
    count = 1
    for reading in readings:
        count *= len(reading)
    if count > MOST_VARIANTS:
        return []
    return [other for other in map(''.join, product(*readings)) if other != code]


def day_of_code(code):
    """Return the day that a code stands for: a hint, since Safaricom promises nothing of it.

    :param str code: A code in capitals.
    :return: The day in Kenya, or None when its first three characters stand for none.
    :rtype: date | None
    """
    if not re.fullmatch('[A-Z][A-L][1-9A-V][A-Z0-9]{7}', code):
        return None
    year, month, day = code[:3]
    try:
        return date(
            _FIRST_CODED_YEAR + ord(year) - ord('A'), ord(month) - ord('A') + 1, int(day, 36),
        )
    except ValueError:
        return None


def _tidy(text):
    """Compatible forms, plain blanks, nothing invisible: what the eye sees of a pasted text."""
    text = unicodedata.normalize('NFKC', text[:LONGEST])[:LONGEST]
    return ''.join(
        ' ' if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in _INVISIBLE
    )


def _find_codes(text):
    """The codes of a text, the surest kind of sign first; several of one kind are all returned."""
    packed = re.sub(r'[^A-Za-z0-9]', '', text)
    if len(packed) == CODE_LENGTH and packed.isascii() and not packed.isdigit():
        return [receipt.canonical(packed)]  # a code alone, perhaps with blanks in it
    words = [match for match in _WORD.finditer(text) if not match.group().isdigit()]
    signs = (
        lambda word: _CONFIRMED.match(text, word.end()),
        lambda word: word.group().isupper() and _has_digit(word),
        lambda word: _has_digit(word) and day_of_code(receipt.canonical(word.group())),
        lambda word: word.group().isupper() and day_of_code(word.group()),
    )
    for sign in signs:
        codes = list(dict.fromkeys(
            receipt.canonical(word.group()) for word in words if sign(word)
        ))
        if codes:
            return codes
    return []


def _has_digit(word):
    return any(char.isdigit() for char in word.group())


def _find_amount(text):
    """The first amount that is no balance, cost or limit."""
    for match in _MONEY.finditer(text):
        if _OTHER_MONEY.search(text, max(0, match.start() - 40), match.start()):
            continue
        try:
            return clean.amount(match.group(1).replace(',', ''))
        except ValueError:
            return None  # Nobody paid nothing: what stands there is not an amount of M-PESA's.
    return None


def _find_day(text):
    """The first day that exists, written as in Kenya: day, month, year."""
    for match in _DAY.finditer(text):
        day, month, year = match.groups()
        try:
            found = date(int(year if len(year) == 4 else f'20{year}'), int(month), int(day))
        except ValueError:
            continue
        if found.year >= FIRST_YEAR:
            return found
    return None
