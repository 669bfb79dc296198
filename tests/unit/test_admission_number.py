"""The canonical form of admission numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.admission_number import canonical_key


@pytest.mark.parametrize(('written', 'key'), [
    ('ADM-012', 'ADM12'),
    ('adm 12', 'ADM12'),
    ('Adm/0012', 'ADM12'),
    ('ADM12', 'ADM12'),
    ('００12', '12'),  # Full-width digits.
    ('٠١٢', '12'),  # Arabic digits.
    ('2027/001', '2027-1'),
    ('2027 - 1', '2027-1'),
    ('2027001', '2027001'),
    ('ADM2027/001', 'ADM2027-1'),
    ('000', '0'),
    ('A0B', 'A0B'),
    ('A00B07', 'A0B7'),
    ('straße 1', 'STRASSE1'),
    ('', ''),
    (None, ''),
    (' /-. ', ''),
])
def test_known_numbers(written, key):
    assert canonical_key(written) == key


def test_numbers_that_differ_by_where_the_sign_stands_stay_apart():
    assert canonical_key('1/12') != canonical_key('11/2')


@given(st.text(max_size=20))
def test_key_of_a_key_is_itself(text):
    key = canonical_key(text)
    assert canonical_key(key) == key


@given(st.integers(0, 10**6), st.integers(0, 5), st.sampled_from(['', ' ', '-', '/', '.', ' - ']))
def test_leading_zeros_and_signs_never_matter(number, zeros, sign):
    assert canonical_key(f'adm{sign}{"0" * zeros}{number}') == canonical_key(f'ADM{number}')


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_numbers_never_share_a_key(one, other):
    keys_equal = canonical_key(f'ADM-{one:03}') == canonical_key(f'ADM-{other:03}')
    assert keys_equal == (one == other)


@given(st.text(max_size=20))
def test_key_holds_letters_and_digits_and_dashes_only(text):
    assert all(sign.isalnum() or sign == '-' for sign in canonical_key(text))
