"""The parts of a reference that a payer typed, without the words that say nothing."""

import itertools
import re
import unicodedata
from dataclasses import dataclass, replace


# What people write around a number, in English and Swahili (school-fees section 2.9).
_NOISE = """
    ACC ACCOUNT ADA ADM ADMISSION ADMN ADMNO AND ANNUAL ARREARS ASANTE AUNT AUNTIE BABA BAL BALANCE
    BOARDER BOARDING BOY CHA CHILD CLASS CODE DAD DADA DADDY DARASA DAUGHTER DAY DEPOSIT DOH DOO
    EXAM FEE FEES FOR FORM FROM GANJI GIRL GRADE JINA JUNIOR KAKA KARO KIDATO KWA LA LIPA LUNCH
    MALIPO MAMA MPESA MTOTO MUHULA MUM MWANAFUNZI MWANANGU NA NAMBA NAME NO NUM NUMBER OF PAID
    PAY PAYBILL PAYCODE PAYMENT PESA PUPIL REF REG REGISTRATION SCHOOL SENIOR SHULE SON STANDARD
    STD STREAM STUDENT TERM THE TO TRANSPORT TRIP TUITION UNCLE UNIFORM WA WANGU YA YANGU ZA
"""
NOISE = frozenset(_NOISE.split())
NAMES_IN_NOISE = frozenset({'JUNIOR'})  # Children are called so, too.
TERM = {'T', 'TERM', 'TRM', 'TM', 'MUHULA'}
ORDINALS = {
    'ONE', 'TWO', 'THREE', 'FIRST', 'SECOND', 'THIRD', 'I', 'II', 'III', 'KWANZA', 'PILI', 'TATU',
}
LEVEL = {
    'GRADE', 'GD', 'GR', 'G', 'CLASS', 'CLS', 'STD', 'STANDARD', 'FORM', 'F', 'DARASA', 'KIDATO',
    'YEAR', 'PP',
}
# Written out, a word of them announces a level, however it goes on.
SPELLED_LEVEL = {'GRADE', 'CLASS', 'STD', 'STANDARD', 'FORM', 'DARASA', 'KIDATO'}
AND = {'AND', 'NA'}
OF = {'WA', 'YA', 'LA', 'CHA'}  # As in "muhula wa pili" and "kidato cha tatu".
LAST_TERM, LAST_LEVEL = 3, 12


@dataclass(frozen=True)
class Part:
    """ A run of letters or of digits.

    :param str text: Upper-case letters, or digits as typed.
    :param bool glued: Whether it follows the part before it without a sign or space.
    :param bool joined: Whether a sign such as a slash joins it to the part before it.
    :param bool added: Whether "and" or a sign that sets it apart stands before it, as between two
                       children.
    :param bool apart: Whether a term or level that was left out stood before it.
    :param int place: Which of all parts it is, from zero.
    """

    text: str
    glued: bool = False
    joined: bool = False
    added: bool = False
    apart: bool = False
    place: int = 0

    @property
    def is_number(self):
        """ Whether it is a run of digits. """
        return self.text[0].isdecimal()


def split_parts(text, letters=False):
    """Return the letters and digits of a reference, part by part.

    O stands for 0, and I and l for 1, where they touch a digit, but not in "no112".

    :param str text: What the payer typed.
    :param bool letters: Whether O, I and l stay the letters that were typed.
    :rtype: list[Part]
    """
    unified = unicodedata.normalize('NFKC', text or '')
    if not letters:
        unified = re.sub(
            r'(?<=\d)[OoIl]+|[^\W\d_]*[OoIl](?=\d)',
            lambda found: _read_as_digits(found.group()), unified,
        )
    unified = unicodedata.normalize('NFKC', unified.upper())
    unified = re.sub(r'\bM\W{1,2}PESA\b', 'MPESA', unified)  # Else its M is a house or a prefix.
    parts = []
    follows = None
    for match in re.finditer(r'\d+|[^\W\d_]+', unified):
        word = match.group()
        if word[0].isdecimal():
            word = ''.join(str(unicodedata.decimal(digit)) for digit in word)
        between = unified[follows or 0:match.start()]
        parts.append(Part(
            word, glued=match.start() == follows,
            joined=bool(parts and re.fullmatch(r'\s*[/.\\_-]\s*', between)),
            added=bool(parts and (
                parts[-1].text in AND or _is_added(parts[-1], between, word)
            )),
            place=len(parts),
        ))
        follows = match.end()
    return parts


def _is_added(before, between, word):
    """ Return whether signs set a part apart from the one before: "3, 26", "3 (2)", "318, B". """
    if word[0].isdecimal():
        signs = r'[&+;@=()]|,\s' + (r'|[.:]\s' if before.is_number else '')
    else:
        signs = "[&+;@=(),'’]"
    return bool(re.search(signs, between))


def _read_as_digits(word):
    """ Return a word before a digit with its last letters as digits, but for those of a noise. """
    last = len(word) - len(word.rstrip('OoIl'))
    noise = next((
        end for end in range(len(word), len(word) - last, -1) if word[:end].upper() in NOISE
    ), len(word) - last)
    return word[:noise] + re.sub('[Il]', '1', re.sub('[Oo]', '0', word[noise:]))


def years_of_terms(parts):
    """Return the four digits that stand behind a term like a year.

    :param list[Part] parts: All parts.
    :rtype: set[str]
    """
    found = set()
    for position in range(len(parts)):
        length = _length_of_term(parts, position)
        last = parts[position + length - 1] if length else None
        if last and len(last.text) == 4 and last.is_number:
            found.add(last.text)
    return found


def numbers_of_terms(parts):
    """Return what names a term and is written as one word, as a number is: TM01 in "TM01/LM01".

    :param list[Part] parts: All parts.
    :rtype: set[str]
    """
    return {
        word.text + number.text
        for place, (word, number) in enumerate(itertools.pairwise(parts))
        if word.text in TERM and number.glued and _length_of_term(parts, place)
    }


def may_be_term(parts):
    """Return whether what reads as one number may be a number and a term, or a term and its year.

    Such as "G7KW T2", where G7KWT2 is a number, and "1/2026", where 1-2026 is one.

    :param list[Part] parts: All parts.
    :rtype: bool
    """
    words = [part.text for part in parts]
    if len(words) == 2 and is_term_number(words[0]) and is_year(words[1]):
        return True
    return any(
        _length_of_term(parts, place) and not (parts[place].glued or parts[place].joined)
        for place in range(1, len(parts))
    )


def drop_terms_and_levels(parts, levels=True, own=frozenset()):
    """Return the parts without 'term 2', '2nd term', 'grade 8' and the like.

    :param list[Part] parts: All parts.
    :param bool levels: Whether levels are dropped too.
    :param frozenset own: Letters of the school's numbers, which announce no level: G of G4-118.
    :rtype: list[Part]
    """
    kept = []
    position = 0
    apart = False
    while position < len(parts):
        length = _length_of_term(parts, position)
        if levels and not length and parts[position].text not in own:
            length = _length_of_level(parts, position)
        if not length:
            kept.append(replace(parts[position], apart=True) if apart else parts[position])
        apart = bool(length)
        position += length or 1
    return kept


def _length_of_term(parts, start):
    """ Return how many parts from here name a term and its year, 0 when none do. """
    words = [part.text for part in parts[start:start + 5]]
    length = 0
    if words[0] in TERM:
        length = 2 if OF.intersection(words[1:2]) else 1
        if not (length < len(words) and is_term_number(words[length])):
            return 0
        length += 1
    elif is_term_number(words[0]) and not parts[start].joined:
        length = 2 if words[1:2] and words[1] in {'ST', 'ND', 'RD', 'TH'} else 1
        if not (length < len(words) and words[length] in TERM - {'T'}):
            return 0
        length += 1
        if length == 2 and words[0].isdecimal() and any(map(is_term_number, words[2:3])):
            return 0  # "105 3 term 1": the term is the first.
    if length and words[0] == 'T' and _goes_on(parts[start + length:]):
        return 0
    if length and length < len(words) and is_year(words[length]):
        length += 1
    return length


def _goes_on(parts):
    """ Return whether a number stands in what is glued to what was read: T2Y6RC is no term 2. """
    glued = itertools.takewhile(lambda part: part.glued, parts)
    return any(part.is_number for part in glued)


def is_year(word):
    """Return whether a word may be the year of a term or level.

    :param str word: A part.
    :rtype: bool
    """
    return bool(re.fullmatch(r'20[0-4]\d', word))


def is_term_number(word):
    """Return whether a word may number a term.

    :param str word: A part.
    :rtype: bool
    """
    return word in ORDINALS or (word.isdecimal() and 1 <= int(word) <= LAST_TERM)


def _length_of_level(parts, start):
    """ Return how many parts from here name a level such as grade 8 or form 3B, 0 when none do. """
    word, *others = parts[start:start + 4]
    length = 1
    if others and others[0].text in OF:
        length += 1
    numbers = others[length - 1:length]
    if word.text not in LEVEL or not numbers or not is_level_number(numbers[0]):
        return 0
    if len(word.text) == 1 and not numbers[0].glued:
        return 0
    length += 1
    # The letter of the stream, which is none of the admission number.
    stream = others[length - 1:length]
    if stream and stream[0].glued and not stream[0].is_number and len(stream[0].text) == 1:
        length += 1
    return length


def is_level_number(part):
    """Return whether a part may number a level.

    :param Part part: A part.
    :rtype: bool
    """
    return part.is_number and len(part.text) <= 2 and 1 <= int(part.text) <= LAST_LEVEL
