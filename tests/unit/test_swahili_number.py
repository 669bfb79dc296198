"""Amounts in Swahili words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.swahili_number import LIMIT, spell_out


@pytest.mark.parametrize(('number', 'words'), [
    (0, 'sifuri'),
    (1, 'moja'),
    (10, 'kumi'),
    (11, 'kumi na moja'),
    (99, 'tisini na tisa'),
    (100, 'mia moja'),
    (105, 'mia moja na tano'),
    (567, 'mia tano na sitini na saba'),
    (1000, 'elfu moja'),
    (20_004, 'elfu ishirini, na nne'),
    (24_000, 'elfu ishirini na nne'),
    (24_500, 'elfu ishirini na nne, mia tano'),
    (250_000, 'laki mbili, elfu hamsini'),
    (1_234_567, 'milioni moja, laki mbili, elfu thelathini na nne, mia tano na sitini na saba'),
    (3_000_000_000, 'bilioni tatu'),
])
def test_known_numbers(number, words):
    assert spell_out(number) == words


def test_no_two_numbers_share_their_words():
    numbers = [*range(30_000), *range(99_000, 130_000), *range(999_000, 1_130_000)]
    assert len({spell_out(number) for number in numbers}) == len(numbers)


@given(st.integers(min_value=1, max_value=999), st.integers(min_value=1, max_value=999))
def test_thousands_and_the_rest_are_told_apart(thousands, rest):
    assert spell_out(thousands * 1000 + rest) != spell_out((thousands + rest) * 1000)


@pytest.mark.parametrize('number', [-1, LIMIT])
def test_what_cannot_be_spelt_is_refused(number):
    with pytest.raises(ValueError, match='cannot be spelt'):
        spell_out(number)
