"""Texts that name another child than the number in them seems to say: a person is asked."""
import pytest
from test_reference_match import of_numbers, read_school


def numbered(*patterns):
    """ Return admission numbers of (pattern, first, last) triples. """
    return [pattern.format(number) for pattern, first, last in patterns
            for number in range(first, last + 1)]


SHARED = numbered(('123/{:03}', 1, 150))
LETTERED = numbered(('SM/{:03}', 1, 120), ('SM/I{:02}', 1, 25))
OLD = numbered(('{:03}/24', 1, 30), ('O{:03}/24', 1, 15))
DOTTED = numbered(('KT.{:03}', 1, 40), ('KT.O/{:03}', 1, 25))
ENDING = numbered(('{:03}L/24', 10, 24), ('{:04}/24', 100, 249))
PLAIN = numbered(('{}', 100, 135))
LONG = [f'{before}{number}' for before in ('', 1, 2, 4, 7) for number in range(100, 132)]
GENDERED = numbered(('B/{:03}', 1, 130), ('G/{:03}', 1, 130))
FORMS = numbered(('F{:03}', 1, 130))
NURSERY = numbered(('PP{:03}', 1, 59))
STANDARDS = numbered(('STD/{:03}', 1, 130))
YEARS = numbered(('{}', 1990, 2034))
OF_YEAR = [f'{year}/{number:03}' for year in (2024, 2025, 2026) for number in range(1, 30)]
SHORT_YEAR = [f'{year}/{number:03}' for year in (23, 24, 25, 26) for number in range(1, 40)]
LATE_YEAR = [f'{number:03}/{year}' for year in (2024, 2025, 2026) for number in range(90, 111)]
CODED = numbered(('{}', 1001, 1040), ('{}', 200, 260))
BOTH = numbered(('{}', 100, 140), ('{}/2024', 100, 140))


@pytest.mark.parametrize(('numbers', 'text'), [
    (numbers, text) for numbers, texts in (
        (SHARED, ('118 na 123', '118/123', 'fees 118 and 123', '123/118 123/123',
                  '123 form 2', '123 fees', '123/ fees')),
        (LETTERED, ('SM/I18 fees', 'fees sm I18', 'karo SM/I12')),
        (OLD, ('O012/24 fees', 'o12/2024', 'fees O12/2024')),
        (DOTTED, ('fees kt o12', 'kt.o12 karo', 'fees kt.O012')),
        (ENDING, ('fees 18l/24', '018l/24 karo')),
        (LONG, ('form4118', 'grade7118', 'form 4118', 'darasa 7118')),
        (PLAIN, ('118 na wa grade 2', '118 & grade 3', '118 and class 7', '118+G4', '118 F2 & F4')),
        (GENDERED, ('B118 & G4', 'B118 na G4')),
        (FORMS, ('F2 & F118', 'F118 & F2', 'F2, F118')),
        (NURSERY, ('PP2 & PP018',)),
        (STANDARDS, ('STD/7 na STD/118',)),
        (YEARS, ('admission 2026', 'registration 2026', 'reg 2026')),
        (OF_YEAR, ('term 2026/1', 'muhula wa 2026/1')),
        (SHORT_YEAR, ('term 26/1', 'karo ya muhula 26/1', 'paid 25/11', 'bal 25/11', 'paid 25-11')),
        (LATE_YEAR, ('101/2008',)),
        (CODED, ('1012 fees 202', '1012 term 1 202')),
        (BOTH, ('school fees for 118/',)),
    ) for text in texts
])
def test_a_person_is_asked(numbers, text):
    match = of_numbers(*numbers).match(text)
    assert not match.posts, match


@pytest.mark.parametrize(('numbers', 'text', 'child'), [
    (SHARED, '123 118', '123/118'),
    (SHARED, 'fees 118', '123/118'),
    (SHARED, '123/118 term 2', '123/118'),
    (SHARED, '123 123', '123/123'),
    (DOTTED, 'fees kt O30', 'KT.030'),
    (OLD, 'O25/24 fees', '025/24'),
    (PLAIN, 'class 118', '118'),
    (PLAIN, 'form 2 118', '118'),
    (PLAIN, '118 na lunch', '118'),
    (PLAIN, '118, grade 3', '118'),
    (PLAIN, '118 grade 3', '118'),
    (YEARS, 'adm 2026', '2026'),
    (YEARS, 'admission no 2026', '2026'),
    (OF_YEAR, 'fees term 2026/012', '2026/012'),
    (SHORT_YEAR, 'fees 25/11', '25/011'),
    (OF_YEAR, '2026/022 school fee.', '2026/022'),  # All 20 signs, and nothing cut off
])
def test_what_is_said_otherwise_still_posts(numbers, text, child):
    match = of_numbers(*numbers).match(text, None)
    assert match.posts, match
    assert match.found[0][0] == child


def test_a_surname_beside_a_class_is_no_number():
    matcher = read_school([
        {'no': f'{number:03}{"BA"[number % 2]}', 'serial': 700_000 + number, 'guardians': [],
         'name': {5: "Joy Wanjiku", 41: "Ann Wanjiku"}.get(number, f"Hop{'e' * number}")}
        for number in range(1, 45)
    ], ['LUNCH'])
    for text in ('5A Wanjiku', 'Wanjiku 5A', '5 A Wanjiku'):
        assert not matcher.match(text).posts, text
    assert matcher.match('005A Wanjiku').posts
