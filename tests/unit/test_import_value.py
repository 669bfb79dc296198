"""Amounts, dates and names of an import file."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules.import_value import (
    DIFFERENT,
    FORMULA,
    NO_AMOUNT,
    NO_DATE,
    NO_SUCH_DAY,
    SAME,
    SERIAL,
    SHORT_YEAR,
    SIMILAR,
    TOO_FINE,
    TOO_LARGE,
    US_ORDER,
    ValueRefusedError,
    compare_names,
    could_be_us_date,
    parse_amount,
    parse_date,
)


amounts = st.decimals(
    min_value=-999_999_999, max_value=999_999_999, places=2, allow_nan=False, allow_infinity=False,
)


def refused(function, value):
    with pytest.raises(ValueRefusedError) as caught:
        function(value)
    return caught.value.reason


@pytest.mark.parametrize(('value', 'amount'), [
    ("1250", '1250'), ("1,250.50", '1250.50'), ("(500)", '-500'), ("(KES 500)", '-500'),
    ("KES 3,000/=", '3000'), ("KSh. 3,000/-", '3000'), ("3000/=", '3000'), ("Kshs 12.5", '12.5'),
    ("-500", '-500'), ("500-", '-500'), ("- 500", '-500'), ("+500", '500'), ("500 CR", '-500'),
    ("500DR", '500'), ("KES -500", '-500'), ("-KES 500", '-500'), ("1 250 000", '1250000'),
    ("\N{MINUS SIGN}500", '-500'), (" 1,250\N{NO-BREAK SPACE}", '1250'), ("-", '0'), (" - ", '0'),
    ("0.00", '0'), ("-0", '0'), ("007", '7'), (12, '12'), (12.0, '12'),
    (1250.4999999999998, '1250.5'),
    (-0.0, '0'), ("\N{FULLWIDTH DIGIT FIVE}00", '500'), ("999999999999", '999999999999'),
])
def test_amounts(value, amount):
    parsed = parse_amount(value)
    assert parsed == Decimal(amount)
    assert str(parsed) == str(Decimal(amount).quantize(Decimal('0.01')))


@pytest.mark.parametrize('value', ['', '  ', None, '\N{NO-BREAK SPACE}'])
def test_no_amount_is_not_zero(value):
    assert parse_amount(value) is None


@pytest.mark.parametrize(('value', 'reason'), [
    ("=SUM(B2:B9)", FORMULA), ('=HYPERLINK("http://x","500")', FORMULA), ("@SUM(1)", FORMULA),
    ("+A1", NO_AMOUNT), ("-1+1", NO_AMOUNT), ("nil", NO_AMOUNT), ("NaN", NO_AMOUNT),
    ("Infinity", NO_AMOUNT), ("1e5", NO_AMOUNT), (float('nan'), NO_AMOUNT),
    (float('inf'), NO_AMOUNT), (True, NO_AMOUNT), ("1.250,50", NO_AMOUNT), ("1,25", NO_AMOUNT),
    ("12,50.00", NO_AMOUNT), ("5 00", NO_AMOUNT), ("(500", NO_AMOUNT), ("-(500)", NO_AMOUNT),
    ("-500 CR", NO_AMOUNT), ("+-500", NO_AMOUNT), ("USD 500", NO_AMOUNT), ("500.", NO_AMOUNT),
    ("KES", NO_AMOUNT), ("#REF!", NO_AMOUNT), ("12.345", TOO_FINE), (0.001, TOO_FINE),
    ("1000000000000", TOO_LARGE), ("9" * 5000, TOO_LARGE), (10 ** 400, TOO_LARGE),
    (1e300, TOO_LARGE),
])
def test_amounts_that_are_refused(value, reason):
    assert refused(parse_amount, value) == reason


@given(amounts)
def test_an_amount_reads_the_same_however_it_is_written(amount):
    plain, size = f'{amount:.2f}', f'{abs(amount):,.2f}'
    ways = [plain, amount, float(amount), f'{amount:,.2f}', f'KES {plain}']
    ways += [f'({size})', f'{size} CR', f'{size}-'] if amount < 0 else [f'{size}/=', f'{size} DR']
    assert {parse_amount(way) for way in ways} == {amount}


@given(st.text())
def test_any_text_is_an_amount_of_cents_or_refused(text):
    try:
        amount = parse_amount(text)
    except ValueRefusedError:
        return
    assert amount is None or (amount.as_tuple().exponent == -2 and abs(amount) < 10 ** 12)


@pytest.mark.parametrize(('value', 'day'), [
    ("2026-01-31", date(2026, 1, 31)), ("31/01/2026", date(2026, 1, 31)),
    ("1.2.2026", date(2026, 2, 1)), ("31-Jan-2026", date(2026, 1, 31)),
    ("1st January, 2026", date(2026, 1, 1)), ("2026-01-31 00:00:00", date(2026, 1, 31)),
    (datetime(2026, 1, 31, 8, 30), date(2026, 1, 31)), (date(2026, 1, 31), date(2026, 1, 31)),
    ("29/02/2024", date(2024, 2, 29)), ("", None), (None, None),
])
def test_dates(value, day):
    assert parse_date(value) == day


@pytest.mark.parametrize(('value', 'reason'), [
    ("31/02/2026", NO_SUCH_DAY), ("29/02/2026", NO_SUCH_DAY), ("0/1/2026", NO_SUCH_DAY),
    ("12/31/2026", US_ORDER), ("01/13/2026", US_ORDER), ("46022", SERIAL), (46022, SERIAL),
    (46022.0, SERIAL), ("2026", SERIAL), ("last term", NO_DATE), ("31 Foo 2026", NO_DATE),
    ("=TODAY()", NO_DATE), (True, NO_DATE), ("01/02/26", SHORT_YEAR), ("31-Jan-26", SHORT_YEAR),
    ("31/01/202", SHORT_YEAR), ("٠١/٠١/2026", NO_DATE),
])
def test_dates_that_are_refused(value, reason):
    assert refused(parse_date, value) == reason


def test_a_serial_number_says_what_it_may_mean():
    with pytest.raises(ValueRefusedError) as caught:
        parse_date(46022)
    assert caught.value.hint == date(2025, 12, 31)


@given(st.dates(date(1900, 3, 1), date(2100, 1, 1)))
def test_every_serial_of_excel_stands_for_its_day(day):
    with pytest.raises(ValueRefusedError) as caught:
        parse_date((day - date(1899, 12, 30)) / timedelta(days=1))
    assert caught.value.hint == day


@given(st.dates(date(1000, 1, 1)))
def test_a_date_reads_the_same_in_each_form(day):
    assert parse_date(day.isoformat()) == day
    assert parse_date(f'{day:%d/%m/}{day.year:04}') == day


@given(st.text())
def test_any_text_is_a_date_or_refused(text):
    with suppress(ValueRefusedError):
        assert isinstance(parse_date(text), date | None)


def test_dates_that_may_have_the_month_first():
    assert could_be_us_date("01/02/2026")
    for certain in ("13/02/2026", "02/02/2026", "2026-01-02", "1 Feb 2026", datetime(2026, 1, 2)):
        assert not could_be_us_date(certain)


@pytest.mark.parametrize(('name', 'other', 'result'), [
    ("Faith Otieno", "OTIENO  Faith", SAME),
    ("Ong'ang'a", "Ong\N{RIGHT SINGLE QUOTATION MARK}anga", SAME),
    ("Zoë", "Zoe", SAME), ("Faith Otieno", "Faith Akinyi Otieno", SIMILAR),
    ("Faith Otieno", "Grace Mwangi", DIFFERENT), ("F. Otieno", "F. Mwangi", DIFFERENT),
])
def test_names(name, other, result):
    assert compare_names(name, other) == result
    assert compare_names(other, name) == result
