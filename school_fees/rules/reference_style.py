"""How the admission numbers of one school are built, read off the numbers themselves."""

import re
from collections import defaultdict
from dataclasses import dataclass, field


FIRST_YEAR, LAST_YEAR = 1990, 2049
LEAST_SHORT_YEAR = 10
LEAST_CENTRE = 5  # Digits.
# Students who must share number parts before these say nothing, and how many digits: of a school
# that has imported one class so far, all have the 4 of 4/118.
LEAST_SHARING, LEAST_SHARED = 20, 3
# Nobody at school today was admitted before it.
LEAST_YEAR_OF_TODAY = 15


@dataclass(frozen=True)
class ReferenceStyle:
    """What a reader may add or leave out without guessing.

    :param str prefix: The letters with which every number of the school begins, or numbers that
                       are no year, as of an examination centre; they say nothing.
    :param str suffix: The letters with which every number ends; they say nothing either.
    :param frozenset letters: The letters that tell its numbers apart, such as B and D of B/231 and
                              D/231; they are never noise.
    :param frozenset noise: Words that say nothing: streams, vote heads; upper case.
    :param dict years: For numbers of so many number parts, which of them is a year, and of how
                       many digits, as (position, digits).
    :param int length: Of how many runs of letters or digits the longest number consists.
    """

    prefix: str = ''
    suffix: str = ''
    letters: frozenset = frozenset()
    noise: frozenset = frozenset()
    years: dict = field(default_factory=dict)
    length: int = 1

    def year_forms(self, numbers):
        """ Return the number parts with their year as the school writes it.

        :param list[str] numbers: The number parts that somebody wrote.
        :rtype: list[str]
        """
        position, digits = self.years.get(len(numbers), (None, None))
        if position is None:
            return numbers
        year = numbers[position]
        if digits == 4 and len(year) == 2:
            year = f'20{year}'
        elif digits == 2 and re.fullmatch(r'20[0-4]\d', year):
            year = year[2:]
        return [*numbers[:position], year, *numbers[position + 1:]]

    def has_serial(self, key, serial):
        """ Return whether a key has this number in a place that tells students apart.

        :param str key: A canonical key.
        :param str serial: Digits without leading zeros.
        :rtype: bool
        """
        numbers = re.findall(r'\d+', key)
        year_position, _digits = self.years.get(len(numbers), (None, None))
        return any(
            number == serial and position != year_position
            for position, number in enumerate(numbers)
        )


def read_style(keys, noise=()):
    """Return the style of a school.

    :param keys: The canonical admission numbers of its students.
    :param noise: Further words that say nothing.
    :rtype: ReferenceStyle
    """
    keys = list(keys)
    starts = {re.match(r'\D*', key).group() for key in keys}
    prefix = _common_start(starts)
    if len(starts) > 1 and prefix in starts:
        prefix = ''  # Of I, II and III the I says who is meant.
    if starts == {''}:
        numbers = {re.match(r'\d*', key).group() for key in keys}
        if len(keys) > 1 and len(numbers) == 1 and len(min(numbers)) >= LEAST_CENTRE:
            prefix = min(numbers)
        elif len(keys) >= LEAST_SHARING:
            prefix = _find_shared_numbers(keys)
    ends = {re.search(r'[^\W\d]*$', key).group() for key in keys}
    suffix = ends.pop() if len(ends) == 1 else ''
    letters = {
        run for key in keys
        for run in re.findall(r'[^\W\d]+', key[len(prefix):].removesuffix(suffix))
    }
    parts = defaultdict(list)
    for key in keys:
        numbers = re.findall(r'\d+', key)
        parts[len(numbers)].append([int(number) for number in numbers])
    return ReferenceStyle(
        length=max((len(re.findall(r'\d+|[^\W\d]+', key)) for key in keys), default=1),
        prefix=prefix,
        suffix=suffix,
        letters=frozenset(letters),
        noise=noise_words(noise),
        years={
            count: year for count, numbers in parts.items()
            if count > 1 and (year := _find_year(list(zip(*numbers, strict=True))))
        },
    )


def _find_year(columns):
    """ Return which of the number parts is a year, and of how many digits, or None.

    :param list columns: For each part the numbers of all students.
    :rtype: tuple[int, int] | None
    """
    long = [
        place for place, values in enumerate(columns)
        if all(FIRST_YEAR <= value <= LAST_YEAR for value in values)
    ]
    short = [
        place for place, values in enumerate(columns)
        if all(value <= LAST_YEAR % 100 for value in values)
    ]
    # Terms and classes look like years as well, but not like those of the children of today.
    of_today = [place for place in short if min(columns[place]) >= LEAST_SHORT_YEAR]
    digits, places = (4, long) if long else (2, of_today if len(of_today) == 1 else short)
    # In a small school the serials look like years too: they are the part with more values.
    variety = [len(set(columns[place])) for place in places]
    if variety.count(min(variety, default=0)) != 1:
        return None
    return places[variety.index(min(variety))], digits


def _find_shared_numbers(keys):
    """ Return the number parts with which all keys of numbers begin: 12-4 of 12.4.0118.

    Not a year: a child of the next may not be on the list yet.

    :param list keys: Canonical keys.
    :rtype: str
    """
    if not all(re.fullmatch(r'\d+(-\d+)+', key) for key in keys):
        return ''
    heads = [key.split('-')[:-1] for key in keys]
    shared = []
    for values in zip(*heads, strict=False):
        number = int(values[0])
        if len(set(values)) > 1 or (
            LEAST_YEAR_OF_TODAY <= number <= LAST_YEAR % 100 or FIRST_YEAR <= number <= LAST_YEAR
        ):
            break
        shared.append(values[0])
    return '-'.join(shared) if len(''.join(shared)) >= LEAST_SHARED else ''


def _common_start(texts):
    """ Return the longest text with which all of some texts begin. """
    first, last = min(texts, default=''), max(texts, default='')
    return next(
        first[:length] for length in range(len(first), -1, -1) if last.startswith(first[:length])
    )


def noise_words(texts):
    """Return the words of streams, vote heads and the like, as a reference is compared with them.

    :param texts: Names.
    :rtype: frozenset[str]
    """
    return frozenset(word for text in texts for word in re.findall(r'[^\W\d_]+', text.upper()))
