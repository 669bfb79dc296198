"""Pay codes and their check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.pay_code import FIRST_SERIAL, LAST_SERIAL, is_pay_code, make_pay_code


codes = st.integers(FIRST_SERIAL, LAST_SERIAL).map(make_pay_code)


def test_known_codes():
    # Printed on cards: these never change.
    assert make_pay_code(100_000) == '1000002'
    assert make_pay_code(700_191) == '7001919'
    assert is_pay_code('7001919')
    assert not is_pay_code('7001910')


@pytest.mark.parametrize('text', [
    '', None, '100000', '10000020', '0000000', '100 0002', '1000002 ', '1000002\n', 'ADM0002',
    '١٠٠٠٠٠٢',
])
def test_what_is_no_code(text):
    assert not is_pay_code(text)


@pytest.mark.parametrize('serial', [-1, 0, FIRST_SERIAL - 1, LAST_SERIAL + 1])
def test_serials_outside_make_no_code(serial):
    with pytest.raises(ValueError, match='no pay code'):
        make_pay_code(serial)


@given(codes)
def test_every_code_proves_itself(code):
    assert len(code) == 7
    assert code[0] != '0'
    assert is_pay_code(code)


@given(codes, st.integers(0, 6), st.integers(1, 9))
def test_every_slip_of_one_digit_is_caught(code, position, step):
    digit = str((int(code[position]) + step) % 10)
    assert not is_pay_code(code[:position] + digit + code[position + 1:])


@given(codes, st.integers(0, 5))
def test_every_swap_of_neighbours_is_caught(code, position):
    left, right = code[position], code[position + 1]
    swapped = code[:position] + right + left + code[position + 2:]
    assert is_pay_code(swapped) == (left == right)


@given(st.integers(FIRST_SERIAL, LAST_SERIAL), st.integers(FIRST_SERIAL, LAST_SERIAL))
def test_two_serials_never_share_a_code(one, other):
    assert (make_pay_code(one) == make_pay_code(other)) == (one == other)
