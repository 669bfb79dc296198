"""Why the parts that make a number may be something else: a term, a class, a stream, a year, money.

A payer who means something else has no part in which child gets the money: so these ask a person.
"""

import itertools
import re

from .reference_words import (
    LEVEL,
    OF,
    SPELLED_LEVEL,
    TERM,
    is_level_number,
    is_term_number,
    is_year,
)


LEAST_BARE_DIGITS = 3  # Without its prefix a shorter number fits too much.
LAST_DAY, LAST_MONTH = 31, 12
_STREAM = re.compile(r'[^\W\d]|[IVX]+')
# Words that announce an admission number, and those that announce money or the paybill.
_NUMBER_WORDS = {'NO', 'NAMBA', 'NUM', 'NUMBER'}
_ANNOUNCING = {
    *_NUMBER_WORDS, 'ADM', 'ADMN', 'ADMNO', 'ACC', 'ACCOUNT',
}
_MONEY = {
    'ARREARS', 'BAL', 'BALANCE', 'DEPOSIT', 'DOH', 'DOO', 'GANJI', 'PAID', 'PAYBILL', 'PESA',
}
_AND_END = re.compile(r'(?:[&+]|\b(?:and|na))\W*$', re.IGNORECASE)
_AND_LEVEL = re.compile(
    r'(?:[&+]|\b(?:and|na)\b)\s*(?:(?:' + '|'.join(sorted(OF)) + r')\s+)?'
    r'(?:' + '|'.join(sorted(LEVEL - {'YEAR'})) + r')[\W_]*\d',
    re.IGNORECASE,
)
_CHILDREN = {
    'BOY', 'CHILD', 'DADA', 'DAUGHTER', 'GIRL', 'KAKA', 'MTOTO', 'MWANAFUNZI', 'MWANANGU', 'PUPIL',
    'SON', 'STUDENT',
}


def is_cut_in_two(parts, all_parts, silent):
    """Return whether something stood between parts, so that they may be no number together.

    The year in "0123 fees 2026" is that of the fees, the B in "1234 form 2 B" a stream, and the 26
    in "T1 26 0123" the year of the term. Only words that say nothing may part letters and number,
    as in "CDF bursary 442".

    :param list[Part] parts: What makes a number.
    :param list[Part] all_parts: All parts of the text.
    :param silent: Words that say nothing.
    :rtype: bool
    """
    for before, part in itertools.pairwise(parts):
        between = all_parts[before.place + 1:part.place]
        if before.is_number and is_year(part.text) and [one.text for one in between] == ['OF']:
            continue  # "321 of 2022"
        if between and (
            before.is_number or not part.is_number or is_year(part.text)
            or len(part.text) < LEAST_BARE_DIGITS
            or any(one.text in _MONEY or one.text not in silent for one in between)
        ):
            return True
    return _follows_money(parts, all_parts) or _follows_count(parts, all_parts) or (
        _begins_with_stream(parts, all_parts)
    )


def _follows_money(parts, all_parts):
    """ Return whether numbers are an amount or a date: "balance 500 2026", "paid 25/11/26". """
    before = all_parts[:parts[0].place][-1:]
    return bool(before) and before[0].text in _MONEY and len(parts) > 1 and (
        not _is_one(parts) or _is_date(parts)
    )


def _is_date(parts):
    """ Return whether three numbers are a day and a month, in either order, and a year. """
    texts = [part.text for part in parts]
    if len(texts) != 3 or not all(text.isdecimal() and len(text) in {1, 2, 4} for text in texts):
        return False
    smaller, larger = sorted(map(int, texts[:2]))
    return 1 <= smaller <= LAST_MONTH and larger <= LAST_DAY


def _is_day(day, month):
    """ Return whether two texts are a day and its month: 25 and 11. """
    return all(text.isdecimal() and len(text) <= 2 for text in (day, month)) and (
        1 <= int(day) <= LAST_DAY and 1 <= int(month) <= LAST_MONTH
    )


def _follows_count(parts, all_parts):
    """ Return whether the first number counts: "T1 26 0123", "T1&2 0419", "child 1 0419". """
    if len(parts) < 2 or not parts[0].is_number:
        return False
    before = all_parts[:parts[0].place][-1:]
    if parts[0].apart:
        return parts[0].joined or not _is_one(parts[:2])
    return bool(before) and before[0].text in _CHILDREN and not _is_one(parts[:2])


def _is_one(parts):
    """ Return whether signs or nothing join parts to each other. """
    return all(part.glued or part.joined for part in parts[1:])


def _begins_with_stream(parts, all_parts):
    """ Return whether the first letter is that of a class: "form 3 B 318", "form iii 042". """
    first = parts[0]
    if len(parts) < 2 or first.is_number or not _STREAM.fullmatch(first.text):
        return False
    before = [part.text for part in all_parts[:first.place]]
    if before and before[-1].isdecimal():
        before.pop()
    if before and before[-1] in OF:
        before.pop()
    is_behind_level = bool(before) and before[-1] in {*LEVEL, 'STREAM'}
    return is_behind_level and not (parts[1].glued or parts[1].joined)


def may_be_term_or_level(all_parts, place):
    """Return whether a number is that of a term or level: the 7 of "g7", the 2 of "T 2".

    A number with zeros in front is none: G-007.

    :param list[Part] all_parts: All parts of the text.
    :param int place: Where the number stands.
    :rtype: bool
    """
    number = all_parts[place]
    word = all_parts[place - 1].text if place else ''
    return not number.text.startswith('0') and (
        (word in LEVEL and is_level_number(number))
        or (word == 'T' and is_term_number(number.text))
        # "form 4118" may be form 4 and 118, and "term 118" term 1 and 18.
        or (word in SPELLED_LEVEL and len(number.text) > LEAST_BARE_DIGITS)
        or (word in TERM - {'T', 'TM'} and is_term_number(number.text[0]) and len(number.text) > 1)
    )


def may_be_class(parts):
    """Return whether parts are a class and its stream, as in "5A": not where a zero is in front.

    :param list[Part] parts: Parts of a text.
    :rtype: bool
    """
    return (
        len(parts) == 2 and is_level_number(parts[0]) and not parts[0].text.startswith('0')
        and len(parts[1].text) == 1 and not parts[1].is_number
    )


def may_be_year_or_money(parts, all_parts, lacks_letters):
    """Return whether a bare number is a year or an amount: "fees 2026", "2026/1", "bal 500".

    :param list[Part] parts: What makes a number.
    :param list[Part] all_parts: All parts of the text.
    :param bool lacks_letters: Whether all numbers of the school have letters that these lack.
    :rtype: bool
    """
    words = [part.text for part in all_parts[:parts[0].place]]
    is_announced = bool(words) and words[-1] in _ANNOUNCING
    while words and words[-1] in _NUMBER_WORDS:
        words.pop()
    is_year_alone = len(parts) == 1 and is_year(parts[0].text) and not is_announced
    is_term_of_year = (
        len(parts) == 2 and is_year(parts[0].text) and is_term_number(parts[1].text)
        and not is_announced
    )
    may_be_time = is_term_of_year or (_is_date(parts) and not is_announced)
    if len(all_parts) == len(parts):
        return lacks_letters and (is_year_alone or may_be_time)
    return is_year_alone or (lacks_letters and may_be_time) or (
        len(parts) == 1 and bool(words) and words[-1] in _MONEY
    )


def may_be_month(parts, all_parts):
    """Return whether two numbers behind a word are a term or month and its year: "fees 1/2026".

    :param list[Part] parts: What makes a number.
    :param list[Part] all_parts: All parts of the text.
    :rtype: bool
    """
    before = [part for part in all_parts[:parts[0].place] if part.text not in OF][-1:]
    if len(parts) != 2 or not before or before[0].is_number or before[0].text in _ANNOUNCING:
        return False
    month, year = (part.text for part in parts)
    if before[0].text in TERM and year.isdecimal() and is_term_number(year):
        return is_year(month) or (len(month) == 2 and month.isdecimal())  # "term 2026/1"
    if before[0].text in _MONEY and parts[1].joined and _is_day(month, year):
        return True  # "paid 25/11"
    return (
        len(month) <= 2 and month.isdecimal() and 1 <= int(month) <= LAST_MONTH
        and (is_year(year) or (len(year) == 2 and year.isdecimal() and parts[1].joined))
    )


def is_school_year(parts):
    """Return whether two numbers are years that follow each other: "2025/26", "2025/2026".

    :param list[Part] parts: What makes a number.
    :rtype: bool
    """
    if len(parts) != 2 or not is_year(parts[0].text):
        return False
    following = str(int(parts[0].text) + 1)
    return parts[1].text in {following, following[2:]}


def may_name_another(text, all_parts):
    """Return whether another child may be meant too: "4501 na kaka", "4501 & grade 3".

    Or the text was cut off behind the sign: "fees 4501 &".

    :param str text: What the payer typed.
    :param list[Part] all_parts: All parts of it.
    :rtype: bool
    """
    return bool(_AND_LEVEL.search(text) or _AND_END.search(text)) or any(
        part.added and part.text in _CHILDREN for part in all_parts
    )


def is_written_as_amount(text):
    """Return whether a number is written as money or a time is.

    Such as "24,500/-", "1234/=", "24,500", "5k", "500 sh", "@500" and "10:24".

    :param str text: What the payer typed.
    :rtype: bool
    """
    return bool(re.search(
        r"""\d\s*/\s*[-=]
          | (?<![\d,])\d{1,3}(,\d{3})*,\d[05]0(?!\d)(?<=[05]0)
          | (?<![\w/-])[1-9]\d{0,2}\s*k\b
          | \d\s*(sh|shs|ksh|kes)\b
          | @\s*\d
          | (?<!\d)\d{1,2}:\d\d(?!\d)""",
        text, re.IGNORECASE | re.VERBOSE,
    ))
