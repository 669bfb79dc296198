"""Whose money is it? What a payer typed as account, against the references of a school.

Exact and normalised matches post money by themselves; suggestions wait for a person, and names and
phones never post (school-fees section 2.9). Looked up are canonical keys only, so that each step is
one query of indexed columns; the slower steps come only when the quick ones found nobody.
"""

import re
from collections import Counter
from dataclasses import dataclass

from .admission_number import canonical_key
from .reference_reading import LEAST_BARE_DIGITS, SHORT, TERM, Reading
from .reference_words import numbers_of_terms, years_of_terms


EXACT, NORMALISED, SUGGEST, UNMATCHED = 'exact', 'normalised', 'suggest', 'unmatched'
POSTING = frozenset({EXACT, NORMALISED})
MOST_SUGGESTIONS = 5
M_PESA_SIGNS = 20  # It takes no more, and shows the payer what it took.
MOST_PLAIN_RUNS = 2  # Runs of a number that its digits alone find as well.
LONGEST = 60  # Signs of a text that is read at all.

# Why somebody is suggested.
LEFT = 'left'  # The reference is right; the student left with nothing due.
OTHER_WORDS = 'other_words'  # The number is right; a word or number beside it is not explained.
SEVERAL = 'several'  # Several numbers, each of a student.
IS_AMOUNT = 'is_amount'  # The reference is the amount, which many type by mistake.
ORDER = 'order'  # The parts are in another order, or glued together.
SERIAL = 'serial'  # A part of the number is missing.
SLIP = 'slip'  # One sign is wrong, missing, too many or swapped.
NAME = 'name'  # A name of the student or of a guardian.
PHONE = 'phone'  # The phone of a guardian.


@dataclass(frozen=True)
class Entry:
    """ A reference that the school knows.

    :param str text: As it is stored.
    :param str key: Its canonical form.
    :param holder: The student or family that it names; anything hashable.
    :param bool live: Whether money may be posted to them: not a leaver with nothing due.
    """

    text: str
    key: str
    holder: object
    live: bool = True


@dataclass(frozen=True)
class Match:
    """ What a reference says.

    :param str outcome: One of `EXACT`, `NORMALISED`, `SUGGEST`, `UNMATCHED`.
    :param tuple found: (holder, reason) pairs: one who gets the money, or up to five suggestions.
    :param frozenset named: All whose own reference was typed, however many they are.
    :param bool fits_many: Whether more may be meant than can be suggested.
    """

    outcome: str
    found: tuple = ()
    named: frozenset = frozenset()
    fits_many: bool = False

    @property
    def posts(self):
        """ Whether money may be posted without a person. """
        return self.outcome in POSTING


class ReferenceMatcher:
    """Reads the references of one school.

    :param ReferenceStyle style: How its admission numbers are built.
    :param directory: Its references: `find_keys(keys)`, `find_numbers(numbers)`,
                      `find_names(words)`, `find_phone(digits)`, `get_names(holder)`,
                      `get_class_words(holder)`, `get_code(holder)`, which a bank asks for in front
                      of the number, and `codes`, those of all.
    """

    def __init__(self, style, directory):
        self.style = style
        self.directory = directory

    def quick_keys(self, text):
        """ Return the keys that decide whether a reference posts, to look up many at once.

        :param str text: What the payer typed.
        :rtype: set[str]
        """
        reading = self._read(text)
        return {
            key for one in (reading, *self._read_behind_code(reading).values())
            for key in (one.key, *(candidate.key for candidate in one.all_candidates()))
        } - {''}

    def decide(self, text, amount=None):
        """ Return whose money a reference means for certain, without looking for suggestions.

        :param str text: What the payer typed; anything, also nothing.
        :param Decimal amount: What was paid, KES, if known.
        :return: A match that posts; else who was typed by number, which decides nothing.
        :rtype: Match
        """
        return self._decide(self._read(text), amount)

    def match(self, text, amount=None):
        """ Return whose money a reference means, or may mean.

        :param str text: What the payer typed; anything, also nothing.
        :param Decimal amount: What was paid, KES, if known.
        :rtype: Match
        """
        reading = self._read(text)
        match = self._decide(reading, amount)
        if match.posts or not reading.key:
            return match
        return self._suggest(reading, match)

    def suggest(self, text, match):
        """ Return what a decision of :meth:`decide` becomes with suggestions for a person.

        :param str text: What the payer typed; anything, also nothing.
        :param Match match: The decision.
        :rtype: Match
        """
        reading = self._read(text)
        return self._suggest(reading, match) if reading.key and not match.posts else match

    def read_names(self, text, holder):
        """ Return the words of a reference that are names of a student or family.

        :param str text: What the payer typed.
        :param holder: The student or family.
        :rtype: set[str]
        """
        words = self._read(text).words()
        return words and words & self.directory.get_names(holder)

    def _read(self, text):
        text = (text or '').strip()
        # Nobody types more than M-PESA's twenty signs, and a bank's text is not much longer.
        return Reading(text if len(text) <= LONGEST else '', self.style)

    # --- what posts ---

    def _decide(self, reading, amount):
        if not reading.key:
            return Match(UNMATCHED)
        match = self._match_whole(reading) or self._match_parts(reading) or Match(UNMATCHED)
        if not match.posts:
            match = self._match_behind_code(reading) or match
        if match.posts:
            ((holder, _reason),) = match.found
            others = self._find_other_child(reading, holder) | self._find_uncut(reading, holder)
            if match.outcome == NORMALISED:
                others |= self._find_other_reading(reading, holder)
                others |= self._find_silently_named(reading, holder)
            if others:
                return _undecided([(one, SEVERAL) for one in (holder, *others)])
            if match.outcome == NORMALISED and (
                reading.may_name_another() or reading.names_other_letters()
                or _is_cut_off(reading.text)
            ):
                return _undecided([(holder, SEVERAL)])
            if (match.outcome == NORMALISED and reading.is_written_as_amount()) or (
                amount is not None and reading.may_be_amount(amount)
            ):
                return _undecided([(holder, IS_AMOUNT)])
        return match

    def _match_whole(self, reading):
        """ Match the text as it stands, in its canonical form. """
        if any(part.added for part in reading.all_parts):
            return None  # "318 & B" are two children, and not 318B.
        entries = self.directory.find_keys({reading.key}).get(reading.key, [])
        holders = {entry.holder for entry in entries}
        if not holders:
            return None
        if len(holders) > 1 or not all(entry.live for entry in entries):
            return _undecided([
                (entry.holder, LEFT if not entry.live else SEVERAL) for entry in entries
            ])
        outcome = EXACT if any(entry.text == reading.text for entry in entries) else NORMALISED
        digits = re.sub(r'\W', '', reading.text)
        if outcome == NORMALISED and digits.isdecimal() and len(digits) < LEAST_BARE_DIGITS:
            return _undecided([(entry.holder, SHORT) for entry in entries])
        if outcome == NORMALISED and reading.may_be_term():
            return _undecided([(entry.holder, TERM) for entry in entries])
        return _decided(holders.pop(), outcome)

    def _match_parts(self, reading):
        """ Match the number among the words, all of which must be explained. """
        candidates = reading.all_candidates()
        known = self.directory.find_keys({candidate.key for candidate in candidates})
        hits = [
            (entry, candidate) for candidate in candidates
            for entry in known.get(candidate.key, [])
        ]
        # Where one reading explains every word, another that does not is none.
        explained = [
            (entry, candidate) for entry, candidate in hits
            if not candidate.words
            or set(candidate.words) <= self.directory.get_names(entry.holder)
        ]
        hits = explained or hits
        if not hits:
            return None
        entry = hits[0][0]
        if len({entry.holder for entry, _candidate in hits}) > 1:
            reason = SEVERAL
        elif not entry.live:
            reason = LEFT
        elif not explained:
            reason = OTHER_WORDS
        elif all(candidate.doubt for _entry, candidate in hits):
            reason = hits[0][1].doubt
        else:
            return _decided(entry.holder, NORMALISED)
        return _undecided([(entry.holder, reason) for entry, _candidate in hits])

    def _match_behind_code(self, reading):
        """ Match what stands behind the code that a bank asks for, such as 57797K.

        A code of letters alone is a word like any other; one with digits would be a number more.

        :rtype: Match | None
        """
        for code, rest in self._read_behind_code(reading).items():
            match = self._match_whole(rest) or self._match_parts(rest)
            if match and match.posts and self.directory.get_code(match.found[0][0]) == code:
                return _decided(match.found[0][0], NORMALISED)
        return None

    def _read_behind_code(self, reading):
        """ Return what is left of a text behind each code with digits that it begins with.

        :rtype: dict[str, Reading]
        """
        rests = {}
        for code in self.directory.codes:
            signs = re.findall(r'[^\W_]', code)
            begins = re.match(r'\W*'.join(map(re.escape, signs)), reading.text, re.IGNORECASE)
            if begins and any(sign.isdecimal() for sign in signs):
                rests[code] = self._read(reading.text[begins.end():])
        return rests

    def _find_other_child(self, reading, holder):
        """ Return who has the number that was taken for a term, its year, or a level. """
        parts = reading.all_parts
        return self._find_others(holder, {
            key for year in years_of_terms(parts) for key in reading.keys_of([year])
        } | {
            canonical_key(number) for number in numbers_of_terms(parts)
        } | reading.keys_of_levels())

    def _find_other_reading(self, reading, holder):
        """ Return who has the number with other digits, or the pay code that they make. """
        others = self._find_others(holder, reading.letter_keys() | reading.joined_code())
        return others | self._find_lettered(reading) - {holder}

    def _find_others(self, holder, keys):
        found = self.directory.find_keys(keys)
        return {entry.holder for entries in found.values() for entry in entries} - {holder}

    def _find_lettered(self, reading):
        """ Return who has a number with the O, I or L that was read as a digit, one sign away. """
        if self.directory.find_keys({reading.key}):
            return set()  # The letters were meant.
        found = self.directory.find_keys(reading.lettered_slips())
        return {
            entry.holder for key, entries in found.items() if re.search('[OIL]', key)
            for entry in entries
        }

    def _find_silently_named(self, reading, holder):
        """ Return who has a near number, and as a name a word that is a stream's: "402 Amani".

        The holder's own stream or name says that the number is right.
        """
        words = reading.silent_names()
        words -= words and self.directory.get_names(holder)
        words -= words and self.directory.get_class_words(holder)
        if not words:
            return set()
        near = self.directory.find_keys(reading.slips())
        named = self.directory.find_names(words)
        return (
            {entry.holder for entries in near.values() for entry in entries}
            & {other for others in named.values() for other in others}
        ) - {holder}

    def _find_uncut(self, reading, holder):
        """ Return whose number it may have been before M-PESA cut it off at its last sign. """
        if len(reading.text) != M_PESA_SIGNS or not reading.text[-1].isdecimal():
            return set()
        found = self.directory.find_keys(reading.uncut_keys())
        last = re.search(r'\d*$', reading.text).group()
        return {
            entry.holder for entries in found.values() for entry in entries
            if re.search(rf'(?<!\d){last}[\W_]*[^\W_]+$', entry.text)
        } - {holder}

    # --- what asks a person ---

    def _suggest(self, reading, match):
        """ Suggest who was typed by number; else by the first step that finds somebody. """
        steps = (
            self._find_several, self._find_look_alikes, self._find_reordered,
            self._find_serials, self._find_phone, self._find_slips, self._find_together,
        )
        found = list(match.found)
        fits_many = match.fits_many
        by_number = bool(found)
        if not by_number:  # All steps ask for keys: together they are one question.
            self.directory.find_keys({
                *reading.windows(), *reading.mixed_windows(), *reading.look_alikes(),
                *reading.reordered(), *reading.slips(),
            })
        for step in () if by_number else steps:
            some = _first_ones(step(reading))
            fits_many |= len(some) > MOST_SUGGESTIONS
            if 0 < len(some) <= MOST_SUGGESTIONS:
                found = some
                break
        named = self._find_by_names(reading, found)
        fits_many |= len(named) > MOST_SUGGESTIONS
        found = self._add(found, named)
        # A name, or a number that is right and belongs to who left, needs no more guesses.
        if found and found[0][1] not in {NAME, LEFT, IS_AMOUNT}:
            last = self._find_own_serials if by_number else self._find_slips
            is_turned = found[0][1] == ORDER  # "031 7B" may be 031 of another class too.
            for step in (self._find_phone, *([self._find_serials] if is_turned else []), last):
                if len(found) < MOST_SUGGESTIONS:
                    found = self._add(found, step(reading))
        if not found:
            return Match(UNMATCHED, fits_many=fits_many)
        return Match(SUGGEST, tuple(found), fits_many=fits_many)

    @staticmethod
    def _add(found, more):
        """ Return both groups, or the first alone where they would be too many. """
        both = _first_ones([*found, *more])
        return both if len(both) <= MOST_SUGGESTIONS else list(found)

    def _find_several(self, reading):
        """ Find each number that stands for itself, or what is left out of the second of two. """
        plain = self._look_up(reading.windows(), SEVERAL)
        mixed = self._look_up(reading.mixed_windows(), SEVERAL)
        if plain:
            return self._add(_first_ones(plain), mixed)
        # One of few runs is found by its digits as well, with others that have them.
        is_one = len({holder for holder, _reason in mixed}) == 1
        return [] if is_one and self.style.length <= MOST_PLAIN_RUNS else mixed

    def _find_look_alikes(self, reading):
        return self._look_up(reading.look_alikes(), SLIP)

    def _find_reordered(self, reading):
        return self._look_up(reading.reordered(), ORDER)

    def _find_together(self, reading):
        """ Find numbers with letters left out, of which no part would do by itself: 29.07. """
        return [
            (entry.holder, SERIAL) for numbers in reading.number_sets()
            for entry in self.directory.find_numbers(numbers)
        ]

    def _find_serials(self, reading, prefix=''):
        entries = [
            entry for serial in reading.serials()
            for entry in self.directory.find_numbers({serial})
            if self.style.has_serial(entry.key, serial) and entry.key.startswith(prefix)
        ]
        if len({entry.holder for entry in entries}) > MOST_SUGGESTIONS:
            # The same serial in many classes or years: those with most else of what was typed.
            shared = [reading.count_shared(entry.key) for entry in entries]
            entries = [
                entry for entry, count in zip(entries, shared, strict=True) if count == max(shared)
            ]
        return [(entry.holder, SERIAL) for entry in entries]

    def _find_own_serials(self, reading):
        """ Find the serial in numbers that begin as those of all students: not in family codes. """
        return self._find_serials(reading, self.style.prefix)

    def _find_phone(self, reading):
        digits = reading.phone()
        return [(holder, PHONE) for holder in self.directory.find_phone(digits)] if digits else []

    def _find_slips(self, reading):
        return self._look_up(reading.slips(), SLIP)

    def _look_up(self, keys, reason):
        if not keys:
            return []
        known = self.directory.find_keys(set(keys))
        # In the order in which the keys were read, where they have one.
        return [
            (entry.holder, reason) for key in keys if key in known for entry in known[key]
        ]

    def _find_by_names(self, reading, found):
        """ Return who has most of the words as a name, unless they belong to who was found. """
        words = reading.words()
        if not words:
            return []
        named = self.directory.find_names(words)
        if not any(named.values()):
            return []
        for holder, _reason in found:
            words -= self.directory.get_names(holder)
        counts = Counter(holder for word in words for holder in named[word])
        most = max(counts.values(), default=0)
        return [(holder, NAME) for holder, count in counts.items() if count == most]


def _is_cut_off(text):
    """ Return whether M-PESA cut off how a number went on: "school fees for 118/". """
    return len(text) == M_PESA_SIGNS and text[-1] in '/-.' and text[-2].isdecimal()


def _first_ones(found):
    """ Return each holder once, with the first reason. """
    return list(dict(reversed(found)).items())[::-1] if found else []


def _decided(holder, outcome):
    """ Return the match that gives money to somebody. """
    return Match(outcome, ((holder, outcome),), frozenset({holder}))


def _undecided(found):
    """ Return the match of those who were typed by number, which leaves them to a person. """
    named = frozenset(holder for holder, _reason in found)
    if len(named) > MOST_SUGGESTIONS:
        return Match(UNMATCHED, (), named, fits_many=True)
    return Match(SUGGEST, tuple(_first_ones(found)), named)
