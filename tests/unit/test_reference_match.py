"""What a payer typed as account: the matcher against the catalogue, row by row."""
import csv
import json
import re
import unicodedata
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules import reference_match
from rules.admission_number import canonical_key
from rules.pay_code import make_pay_code
from rules.reference_match import Entry, ReferenceMatcher
from rules.reference_slips import one_slip_away
from rules.reference_style import read_style


SCHOOLS, ROWS = {}, []
# All but the first and the adversary's were written by people who did not know the matcher.
for folder in sorted((Path(__file__).parents[1] / 'references').iterdir()):
    SCHOOLS.update(json.loads((folder / 'schools.json').read_text()))
    with (folder / 'catalogue.csv').open(newline='') as file:
        ROWS += csv.DictReader(file)


def words_of(name):
    """ The words of a name, as the database splits them. """
    return re.findall(r'[^\W\d_]+', name.upper())


class Directory:
    """ The references of a school of the catalogue, in memory. """

    def __init__(self, students, code=''):
        self.codes = {code} - {''}
        self.entries = defaultdict(list)
        self.names = defaultdict(set)
        self.phones = defaultdict(set)
        for student in students:
            self._add_student(student)

    def _add_student(self, student):
        no, live = student['no'], student.get('live', True)
        references = [
            no, make_pay_code(student['serial']), student.get('upi'), *student.get('aliases', []),
        ]
        for text in filter(None, references):
            self._add(text, no, live)
        people = [student['name'], *student['guardians']]
        self.names[no].update(word for name in people for word in words_of(name))
        family = student.get('family')
        if family:
            if family not in self.names:
                self._add(family, family, True)
            self.names[family].update(
                [student['name'].upper().split()[-1]],
                *[words_of(name) for name in student['guardians']],
            )
        for phone in student.get('phones', []):
            self.phones[phone[-9:]].add(no)

    def _add(self, text, holder, live):
        key = canonical_key(text)
        self.entries[key].append(Entry(text, key, holder, live))

    def find_keys(self, keys):
        return {key: self.entries[key] for key in keys if key in self.entries}

    def find_numbers(self, numbers):
        return [
            entry for key, entries in self.entries.items() for entry in entries
            if numbers <= set(re.findall(r'\d+', key))
        ]

    def find_names(self, words):
        return {
            word: {
                holder for holder, names in self.names.items()
                if word in names and not holder.startswith('FAM')
            }
            for word in words
        }

    def find_phone(self, digits):
        return sorted(self.phones.get(digits, ()))

    def get_names(self, holder):
        return self.names[holder] | self.codes

    def get_class_words(self, _holder):
        return set()  # The catalogues know no classes.

    def get_code(self, _holder):
        code, = self.codes
        return code


def make_matcher(name):
    school = SCHOOLS[name]
    return read_school(school['students'], school['noise'], school['code'])


def read_school(students, noise=(), code=''):
    """ Return the matcher of a school. """
    keys = [canonical_key(student['no']) for student in students]
    return ReferenceMatcher(read_style(keys, noise=noise), Directory(students, code))


MATCHERS = {name: make_matcher(name) for name in SCHOOLS}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: f"{row['school']}: {row['reference']}")
def test_the_catalogue(row):
    match = MATCHERS[row['school']].match(row['reference'])
    found = [holder for holder, _reason in match.found]
    expected = [one for one in row['expected'].split(';') if one]
    assert match.outcome == row['outcome'], (match, row['why'])
    if match.posts or match.outcome == 'unmatched':
        assert found == expected, row['why']
    else:
        assert set(expected) <= set(found), row['why']
        assert len(found) <= reference_match.MOST_SUGGESTIONS


references = st.one_of(
    st.text(max_size=25),
    st.lists(st.sampled_from(sorted({
        word for row in ROWS for word in [row['reference'], *row['reference'].split()] if word
    })), min_size=1, max_size=4).map(' '.join),
)


@given(school=st.sampled_from(sorted(SCHOOLS)), reference=references)
def test_any_text_gets_an_answer_and_posts_to_one_live_holder(school, reference):
    matcher = MATCHERS[school]
    match = matcher.match(reference)
    assert len(match.found) <= reference_match.MOST_SUGGESTIONS
    assert bool(match.found) == (match.outcome != 'unmatched')
    assert len({holder for holder, _reason in match.found}) == len(match.found)
    if match.posts:
        ((holder, _reason),) = match.found
        entries = [
            entry for entries in matcher.directory.entries.values() for entry in entries
            if entry.holder == holder
        ]
        assert any(entry.live for entry in entries)
        # Every digit group of one of its references stands in the text, which no name can do.
        typed = {digits.lstrip('0') for digits in re.findall(r'\d+', _plain(reference))}
        joined = re.sub(r'\D', '', _plain(reference))
        assert any(
            all(
                number in typed or number[-2:].lstrip('0') in typed or number in joined
                for number in re.findall(r'[1-9]\d*', entry.key)
            )
            for entry in entries
        )


def _plain(text):
    """ Return a text with other scripts' digits as ours, and letters that stand for digits. """
    text = unicodedata.normalize('NFKC', text).translate(str.maketrans('OoIl', '0011'))
    return ''.join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text
    )


@given(data=st.data(), school=st.sampled_from(sorted(SCHOOLS)))
def test_a_slip_in_a_pay_code_never_posts_to_another_child(data, school):
    """ Its check digit catches every wrong digit and every swap of neighbours. """
    student = data.draw(st.sampled_from(SCHOOLS[school]['students']))
    code = make_pay_code(student['serial'])
    place = data.draw(st.integers(0, len(code) - 1))
    if data.draw(st.booleans()):
        slip = code[:place] + data.draw(st.sampled_from('0123456789')) + code[place + 1:]
    else:
        slip = code[:place] + code[place:place + 2][::-1] + code[place + 2:]
    match = MATCHERS[school].match(slip)
    if match.posts:
        assert match.found[0][0] == student['no']


def test_the_amount_as_account_is_asked_about():
    matcher = MATCHERS['serial']
    assert matcher.match("10453", Decimal(10000)).posts
    for text in ("10453", "10,453", "10 453"):
        assert matcher.match(text, Decimal(10453)).outcome == 'suggest'


def test_slips_are_all_of_distance_one():
    assert one_slip_away('AB') >= {'A', 'B', 'BA', 'AX', 'XB', 'ABX', 'A1B', '-AB'}
    assert not {'AB', ''} & one_slip_away('AB')


def of_numbers(*numbers, noise=()):
    """ Return the matcher of a school of nameless students. """
    return read_school([
        {'no': number, 'serial': 700_000 + place, 'name': "Hop" + 'e' * place, 'guardians': []}
        for place, number in enumerate(numbers)
    ], noise)


@pytest.mark.parametrize(('numbers', 'noise', 'reference', 'expected'), [
    # A letter of a number may be the name of a stream too, or a word that else says nothing.
    (["045", "E/045"], ["E"], "fees E/045", "E/045"),
    (["045", "E/045"], ["E"], "E045 term 1", "E/045"),
    (["045", "DAY/045"], (), "fees DAY/045", "DAY/045"),
    (["045", "REG/045"], (), "karo REG 045", "REG/045"),
    (["054", "E/045"], ["E"], "E/054", None),
    (["054", "E/045"], ["E"], "fees E/054", None),
    # A second child's number that looks like the year of a term.
    (["1998", "2031"], (), "1998 T1 2031", None),
    (["1998", "2031"], (), "1998 TERM 1 2031", None),
    (["1998", "2031"], (), "term 1 2031 1998", None),
    (["1998", "2031"], (), "1998 term 1 2026", "1998"),
])
def test_words_and_numbers_that_tell_children_apart(numbers, noise, reference, expected):
    match = of_numbers(*numbers, noise=noise).match(reference)
    if expected is None:
        assert match.outcome == 'suggest', match
    else:
        assert match.posts, match
        assert match.found[0][0] == expected


@pytest.mark.parametrize(('before', 'count', 'posts'), [
    ('12.4.', 20, True), ('012/', 20, False), ('123/', 20, True),
    ('12.4.', 19, False),  # Too few children to know.
    ('4/', 20, False),  # One class was imported so far.
    ('26/', 20, False), ('2026/1/', 20, False),  # A child of the next year may be meant.
])
def test_numbers_that_all_children_share_may_be_left_out(before, count, posts):
    matcher = of_numbers(*(f'{before}{number}' for number in range(118, 118 + count)))
    assert matcher.match('karo 121').posts is posts
    assert matcher.match(f'{before}121').outcome == 'exact'


def test_an_old_number_with_a_word_that_says_nothing():
    """ BOY is a word of parents, and the mark of an older register. """
    matcher = read_school([
        {'no': "045", 'serial': 700_000, 'name': "Hope", 'guardians': []},
        {'no': "046", 'serial': 700_001, 'name': "Joy", 'guardians': [], 'aliases': ["BOY 045"]},
    ])
    assert matcher.match("BOY 045").found[0][0] == "046"
    assert matcher.match("fees boy 045").outcome == 'suggest'


@pytest.mark.parametrize('reference', ["5000", "fees 5000", "karo 5,000", "5000/=", "5000.00"])
def test_an_amount_with_words_around_it_is_asked_about(reference):
    matcher = of_numbers("5000", "5001")
    assert not matcher.match(reference, Decimal(5000)).posts
    assert matcher.match("fees 5000", Decimal(4000)).posts
    assert matcher.match("5000 Hop", Decimal(5000)).posts, "the name makes it certain"


def test_a_small_schools_year_is_told_from_its_serials():
    numbers = [f'{number:03}/24' for number in range(1, 30)] + ['001/25', '002/25']
    matcher = of_numbers(*numbers)
    assert matcher.match("5/2024").found == (('005/24', 'normalised'),)
    assert not matcher.match("2005/24").posts


def test_a_long_text_is_not_read():
    matcher = MATCHERS['adm']
    assert matcher.match("S5 " * 2000).outcome == 'unmatched'
    assert matcher.match("9" * 5000).outcome == 'unmatched'
    assert not matcher.quick_keys("012 " * 2000)


def test_the_deciding_asks_nothing_but_keys():
    """ What books money has no time for suggestions, which only a screen shows. """
    directory = MATCHERS['adm'].directory
    asked = []

    class Watched:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(directory, name)

    matcher = ReferenceMatcher(MATCHERS['adm'].style, Watched())
    for reference in ("ADM-012", "fees 012", "ADM-999", "Mary", "0722000101", "1000123", "12"):
        decided = matcher.decide(reference)
        full = MATCHERS['adm'].match(reference)
        assert decided.posts == full.posts
        assert not decided.posts or decided == full
    assert set(asked) - {'codes'} == {'find_keys'}  # The codes are a setting, at hand.


def test_all_who_have_the_number_are_told_also_when_there_are_many():
    students = [
        {'no': "045", 'serial': 700_000 + place, 'name': f'Child{place}', 'guardians': []}
        for place in range(7)
    ]
    matcher = read_school(students[:1])
    entries = [Entry("045", '45', f'branch {place}') for place in range(7)]
    matcher.directory.entries['45'] = entries
    decided = matcher.decide("045")
    assert not decided.posts
    assert decided.named == {entry.holder for entry in entries}


@pytest.mark.parametrize('reference', [
    "fees", "school fees", "FEES", "karo ya shule", "bus", "fees please", "S", "lunch bus",
])
def test_words_alone_are_no_numbers_with_a_slip(reference):
    """ The S of "fees" looks like a 5, and there is a fifth child. """
    matcher = of_numbers(*(f'ADM-{number:03}' for number in range(1, 90)))
    assert matcher.match(reference).outcome == 'unmatched'


def test_a_number_with_a_wrong_word_means_no_family():
    students = [
        {'no': f'ADM-{number:03}', 'serial': 700_000 + number, 'name': f"Hop{'e' * number}",
         'guardians': [], 'family': f'FAM-{number:04}'}
        for number in range(1, 30)
    ]
    matcher = read_school(students)
    assert matcher.match("AMD-016").found == (('ADM-016', 'other_words'),)
    assert matcher.match("FAM 16").found == (('FAM-0016', 'normalised'),)


def test_more_than_can_be_suggested_is_told_from_nobody():
    matcher = read_school([
        {'no': f'ADM-{number:03}', 'serial': 700_000 + number, 'name': "Brian Otieno",
         'guardians': []}
        for number in range(1, 10)
    ])
    match = matcher.match("BRIAN OTIENO")
    assert (match.outcome, match.fits_many) == ('unmatched', True)
    assert not matcher.match("karo ya shule").fits_many
    assert not matcher.match("ADM-004").fits_many
