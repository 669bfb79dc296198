"""What can be read out of a text that a payer typed as account: the keys that it may mean."""

import itertools
import re
import string
from dataclasses import dataclass

from .admission_number import canonical_key
from .pay_code import LENGTH as PAY_CODE_LENGTH
from .pay_code import is_pay_code
from .reference_doubts import (
    LEAST_BARE_DIGITS,
    is_cut_in_two,
    is_school_year,
    is_written_as_amount,
    may_be_class,
    may_be_month,
    may_be_term_or_level,
    may_be_year_or_money,
    may_name_another,
)
from .reference_slips import one_slip_away
from .reference_words import (
    LEVEL,
    NAMES_IN_NOISE,
    NOISE,
    SPELLED_LEVEL,
    drop_terms_and_levels,
    is_year,
    may_be_term,
    split_parts,
)


LEAST_CODE = 3  # Letters that a word can be told to stand for.
LEAST_NAME = 3  # Letters of a word that may be a name.
MOST_SLIP = 24  # Signs of a key beyond which it is no number; M-PESA takes twenty.
MOST_REORDERED = 4  # Parts that may stand in any order.
LEAST_SLIP = 4  # Signs of a key in which one slip can be told from another number.
LOOK_ALIKE = {'S': '5', 'B': '8', 'Z': '2', 'G': '6', '5': 'S', '8': 'B', '2': 'Z', '6': 'G'}

_JOINING = re.compile(r'[&+,]|\b(?:and|na)\b', re.IGNORECASE)

# Why a key that was read may not be meant.
TERM = 'term'  # A part of the number may be a term instead.
SHORT = 'short'  # The number is too short to stand alone.


@dataclass(frozen=True)
class Candidate:
    """ A key that the text may mean, the words that it leaves unexplained, and why it may not. """

    key: str
    words: tuple = ()
    doubt: str = ''


class Reading:
    """ What can be read out of a text, given how the school writes its numbers. """

    def __init__(self, text, style, levels=True, silence=True, own=frozenset(), letters=False):
        self.style = style
        self._letters = letters
        self.text = text
        self.key = canonical_key(text)
        self.all_parts = split_parts(text, letters)
        affixes = {style.prefix, style.suffix} - {''}
        # The 123 of 123/118 may be the child 123/123 elsewhere.
        silent = {affix for affix in affixes if not affix.isdecimal()}
        self._silent = (NOISE | style.noise | silent) - style.letters
        if not levels:
            self._silent -= LEVEL  # A number takes the 2 of "grade 2" with its word, or not at all.
        parts = drop_terms_and_levels(self.all_parts, levels=levels, own=own)
        self._has_numbers = _begins_with_numbers(style.prefix, parts)
        self.has_prefix = self._has_numbers or any(
            _stands_at_number(affix, parts) for affix in affixes
        )
        self.parts = [part for part in parts if not silence or part.text not in self._silent]
        self._candidates = None  # Asked for by several steps.
        self.places = [place for place, part in enumerate(self.parts) if part.is_number]

    def all_candidates(self):
        """ Return the keys that the text may mean, read in every way.

        What looks like a level may belong to a number, as in PP1/017; so may a word that else says
        nothing, as in an old number BOY/12.

        :rtype: list[Candidate]
        """
        if self._candidates is not None:
            return self._candidates
        own = LEVEL & (self.style.letters | {self.style.prefix})
        readings = {
            tuple(part.text for part in reading.parts): reading for reading in (
                self, *(
                    Reading(
                        self.text, self.style, levels=levels, silence=silence,
                        letters=self._letters,
                    )
                    for levels, silence in ((False, True), (True, False), (False, False))
                ),
                # Of "G4-118 grade 5" only grade 5 is a level.
                *([
                    Reading(self.text, self.style, own=own, letters=self._letters),
                ] if own else []),
            )
        }
        self._candidates = [
            candidate for reading in readings.values() for candidate in reading.candidates()
        ]
        return self._candidates

    def words(self):
        """ Return the words that may be names. """
        return {
            part.text for part in self.parts
            if not part.is_number and len(part.text) >= LEAST_NAME
        }

    def silent_names(self):
        """ Return the words that say nothing by themselves, and that somebody may be called. """
        names = self.style.noise | NAMES_IN_NOISE
        return {
            part.text for part in self.all_parts
            if part.text in names and len(part.text) >= LEAST_NAME
        }

    def candidates(self):
        """ Return the keys that use every number of the text, with what is left over. """
        if not self.places:
            return []
        first, last = self.places[0], self.places[-1] + 1
        found = []
        for start in range(max(first - 2, 0), first + 1):
            for end in range(last, min(last + 1, len(self.parts)) + 1):
                words = tuple(
                    part.text for part in self.parts[:start] + self.parts[end:]
                    if part.text not in self._silent
                )
                found += self._candidates_of(self.parts[start:end], words)
        return found

    def _candidates_of(self, parts, words):
        if any(part.added for part in parts):
            return []  # "318 & B" are two children.
        texts = [part.text for part in parts]
        numbers = [text for text in texts if text.isdecimal()]
        is_bare = not self.has_prefix and (
            numbers == texts or (len(numbers) == 1 and bool(self.style.prefix or self.style.suffix))
        )
        doubt = SHORT if is_bare and len(''.join(numbers)) < LEAST_BARE_DIGITS else ''
        if is_cut_in_two(parts, self.all_parts, self._silent) or (
            not words and self._may_be_else(parts)  # A name makes it certain.
        ) or may_be_class(parts) or self._is_shared(texts):
            doubt = TERM
        found = [Candidate(key, words, doubt) for key in self.keys_of(texts)]
        is_dated = len(texts) > 1 and is_year(texts[-1]) and (
            len(texts) == 3 or len(texts) in self.style.years
        )
        if not is_dated and doubt != TERM:
            found += [Candidate(code, words) for code in _joined_code(texts)]
        return found

    def _is_shared(self, texts):
        """ Return whether a number is but the one with which all of the school's begin. """
        return len(texts) == 1 and texts[0].isdecimal() and (
            texts[0].lstrip('0') == self.style.prefix
        )

    def _may_be_else(self, parts):
        """ Return whether a number may be a term, level, year or amount where no name is. """
        numbers = [part for part in parts if part.is_number]
        return (
            (len(numbers) == 1 and may_be_term_or_level(self.all_parts, numbers[0].place))
            or (not self.has_prefix and may_be_year_or_money(
                parts, self.all_parts, bool(self.style.prefix or self.style.suffix),
            ))
            or may_be_month(parts, self.all_parts)
            or is_school_year(parts)
        )

    def may_be_term(self):
        """ Return whether the text as it stands may be a term, class or school year instead.

        :rtype: bool
        """
        parts = self.all_parts
        return may_be_term(parts) or is_school_year(parts) or may_be_class(parts) or (
            len(parts) == 2 and parts[1].is_number and may_be_term_or_level(parts, 1)
        )

    def may_name_another(self):
        """ Return whether another child may be meant too.

        :rtype: bool
        """
        return may_name_another(self.text, self.all_parts)

    def names_other_letters(self):
        """ Return whether a word of the school stands for other letters than those typed.

        In "23-KTL-118 Bungoma" the word is the campus of BGM, where 118 may be a child as well.

        :rtype: bool
        """
        typed = {part.text for part in self.all_parts} & self.style.letters
        others = {letters for letters in self.style.letters - typed if len(letters) >= LEAST_CODE}
        words = {part.text for part in self.all_parts} & self.style.noise
        return any(
            _abbreviates(other, word) and not any(_abbreviates(one, word) for one in typed)
            for word in words for other in others
        )

    def keys_of(self, texts):
        """ Return the keys that some parts make: as they are, and with what all numbers have. """
        numbers = [text for text in texts if text.isdecimal()]
        years = iter(self.style.year_forms(numbers))
        forms = {' '.join(texts)}
        forms.add(' '.join(next(years) if text.isdecimal() else text for text in texts))
        forms |= {f'{self.style.prefix} {form} {self.style.suffix}' for form in forms}
        return sorted({canonical_key(form) for form in forms})

    def windows(self):
        """ Return the keys of each number, or run of numbers, for itself. """
        longest = max([1, *self.style.years])
        keys = []
        for index, place in enumerate(self.places):
            for length in range(longest, 0, -1):
                run = self.places[index:index + length]
                if len(run) < length or run[-1] - run[0] != length - 1:
                    continue
                texts = [self.parts[one].text for one in run]
                if length == 1 and len(texts[0]) < LEAST_BARE_DIGITS and (
                    self._has_numbers or not self.has_prefix  # 12.4 of 12.4.118 is no 12.4.4.
                ):
                    continue
                before = self.parts[place - 1:place]
                if before and not before[0].is_number:
                    keys += self.keys_of([before[0].text, *texts])
                keys += self.keys_of(texts)
        return list(dict.fromkeys(keys))

    def mixed_windows(self):
        """ Return the keys of runs of letters and numbers in turn, such as 26A047.

        What a second child's number has in common with the first is often left out: 26A047/048.

        :rtype: list[str]
        """
        texts = [part.text for part in self.parts]
        keys = []
        for length in range(self.style.length, 1, -1):
            for start in range(len(texts) - length + 1):
                keys += self.keys_of(texts[start:start + length])
            for own in range(1, length):
                for start in range(length - own + 1, len(texts) - own + 1):
                    keys += self.keys_of(texts[:length - own] + texts[start:start + own])
        return list(dict.fromkeys(keys))

    def letter_keys(self):
        """ Return the keys of words with an O, I or l at a digit, read as a letter and as one. """
        words = re.findall(r'[^\W_]*(?:[OoIl]\d|\d[OoIl])[^\W_]*', self.text)
        if not words:
            return set()
        as_typed = Reading(self.text, self.style, letters=True).all_candidates()
        return {
            *map(canonical_key, words), *self._plain_keys(),
            *(candidate.key for candidate in as_typed if not candidate.words),
        }

    def keys_of_levels(self):
        """ Return the keys of own letters that were read as a level, beside others of another
        child: G4 of "B118 & G4".

        :rtype: set[str]
        """
        own = self.style.letters | {self.style.prefix}
        if sum(part.text in own for part in self.all_parts) <= 1 or not _JOINING.search(self.text):
            return set()
        return {
            canonical_key(f'{word.text}{number.text}')
            for word, number in itertools.pairwise(self.all_parts)
            if word.text in own & LEVEL and number.is_number
            and (number.glued or word.text in SPELLED_LEVEL)
        }

    def joined_code(self):
        """ Return the pay code that the digits make together: 1501262 of 150126-2.

        :rtype: set[str]
        """
        return _joined_code([part.text for part in self.all_parts])

    def lettered_slips(self):
        """ Return the keys one slip from a number whose O, I or L was read as a digit: 430I0. """
        key = canonical_key(self.text)
        is_one = LEAST_SLIP <= len(key) <= MOST_SLIP and re.fullmatch(r'[\dOIL]+', key)
        return one_slip_away(key) if is_one and re.search('[OIL]', key) else set()

    def uncut_keys(self):
        """ Return the keys that may have gone on behind the last sign: 0123/20 with 0123/2024. """
        ends = {*string.digits, *string.ascii_uppercase, *map('{:02}'.format, range(100))}
        return {f'{candidate.key}{end}' for candidate in self.all_candidates() for end in ends}

    def look_alikes(self):
        """ Return the keys with one sign replaced by its look-alike; words alone are no number. """
        if not any(part.text.isdecimal() for part in self.all_parts):
            return []
        compact = ' '.join(part.text for part in self.all_parts)
        found = []
        for place, sign in enumerate(compact):
            if sign in LOOK_ALIKE:
                form = f'{compact[:place]}{LOOK_ALIKE[sign]}{compact[place + 1:]}'
                joined = canonical_key(form.replace(' ', '') if len(self.all_parts) > 1 else form)
                found += [canonical_key(form), joined, *Reading(joined, self.style)._plain_keys()]
        return [key for key in dict.fromkeys(found) if key]

    def _plain_keys(self):
        return [candidate.key for candidate in self.candidates() if not candidate.words]

    def reordered(self):
        """ Return the keys with the numbers the other way round, or cut in two. """
        numbers = [self.parts[place].text for place in self.places]
        keys = []
        if 2 < len(self.parts) <= min(self.style.length, MOST_REORDERED):
            for texts in itertools.permutations([part.text for part in self.parts]):
                keys += self.keys_of(texts)
        if len(numbers) > 1:
            keys += self.keys_of(numbers[::-1])
            keys.append(''.join(numbers))
        elif numbers and len(numbers[0]) > 4:
            (number,) = numbers
            letters = [part.text for part in self.parts[:self.places[0]]][-1:]
            for cut in (2, 4, -2, -4):
                halves = [number[:cut], number[cut:]]
                keys += self.keys_of(halves) + self.keys_of([*letters, *halves])
                keys += self.keys_of([halves[0], *letters, halves[1]])
        return list(dict.fromkeys(keys))

    def serials(self):
        """ Return the numbers that may be a part of somebody's. """
        numbers = [self.parts[place].text for place in self.places]
        return [
            number.lstrip('0') for number in numbers
            if number.strip('0') and (len(numbers) == 1 or len(number) >= LEAST_BARE_DIGITS)
            and len(number) > 1
        ]

    def number_sets(self):
        """ Return the numbers that stand together, as they are and with the year of the school.

        :rtype: list[set[str]]
        """
        numbers = [self.parts[place].text for place in self.places]
        most = max(self.style.years, default=1)
        if self.words() or not 1 < len(set(numbers)) == len(numbers) <= most:
            return []
        forms = [numbers, self.style.year_forms(numbers)]
        sets = [{number.lstrip('0') or '0' for number in form} for form in forms]
        return sets[:1] if sets[0] == sets[1] else sets

    def count_shared(self, key):
        """ Return how many parts of the text a key has too.

        :param str key: A canonical key.
        :rtype: int
        """
        parts = {canonical_key(part.text) for part in self.parts}
        return len(parts.intersection(re.findall(r'\d+|[^\W\d]+', key)))

    def phone(self):
        """ Return the nine digits of a Kenyan number, '' when the text holds none. """
        joined = re.sub(r'(?<=\d)[ -]+(?=\d)', '', self.text)
        for text in (self.text, joined):
            found = re.search(r'(?:^|\D)(?:\+?254|0)?([17]\d{8})(?:\D|$)', text)
            if found:
                return found.group(1)
        return ''

    def slips(self):
        """ Return the keys that one slip may have made the keys that were typed of. """
        slips = set()
        for key in {self.key, *self._plain_keys()}:
            # A bank's whole text is nobody's number with a slip, and each slip of it is a key more.
            if LEAST_SLIP <= len(key) <= MOST_SLIP and any(sign.isdecimal() for sign in key):
                slips |= one_slip_away(key)
        return slips

    def is_written_as_amount(self):
        """ Return whether a number is written as shillings or a time are.

        :rtype: bool
        """
        return is_written_as_amount(self.text)

    def may_be_amount(self, amount):
        """ Return whether the number is what was paid, which many type by mistake.

        :param Decimal amount: KES.
        :rtype: bool
        """
        digits = ''.join(self.parts[place].text for place in self.places)
        return (
            not self.has_prefix and not self.words() and bool(digits) and int(digits) == amount
        )


def _abbreviates(letters, word):
    """ Return whether letters are those of a word in their order, from its first: BGM, BUNGOMA. """
    signs = iter(word[1:])
    return letters[0] == word[0] and all(letter in signs for letter in letters[1:])


def _joined_code(texts):
    """ Return the pay code that some parts make together, if they make one. """
    joined = ''.join(texts)
    return {joined} if len(joined) == PAY_CODE_LENGTH and is_pay_code(joined) else set()


def _begins_with_numbers(prefix, parts):
    """ Return whether the first numbers are those that all of the school share: 12.4 in 12.4.118.

    :rtype: bool
    """
    shared = prefix.split('-')
    texts = [part.text.lstrip('0') for part in parts if part.is_number]
    return prefix.replace('-', '').isdecimal() and (
        texts[:len(shared)] == shared and len(texts) > len(shared)
    )


def _stands_at_number(prefix, parts):
    """ Return whether a prefix stands before a number, or is glued behind one: 0815SMG. """
    return any(
        other.place == one.place + 1 and (
            (one.text == prefix and other.is_number)
            or (other.text == prefix and one.is_number and other.glued)
        )
        for one, other in itertools.pairwise(parts)
    )
