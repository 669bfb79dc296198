"""Texts of one SMS: the alphabet, the length, and what is cut first."""
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rules import sms_text


RECEIVED = [
    (
        "%(school)s: Received %(amount)s for %(who)s. %(method)s, receipt %(number)s. Balance"
        " %(balance)s. Receipt: %(url)s"
    ),
    (
        "%(school)s: Received %(amount)s for %(who)s. %(method)s, receipt %(number)s. Balance"
        " %(balance)s. %(url)s"
    ),
    "%(school)s: Received %(amount)s for %(who)s. %(method)s. Balance %(balance)s. %(url)s",
]
VALUES = {
    'amount': 'KES 15,500', 'balance': 'KES 15,500', 'method': 'M-PESA UKL7XY12AB',
    'number': 'RCT/2026/000123', 'url': 'f.uhuru.ac.ke/rc/8kQ2mX7pQr1Z',
}


def test_the_sample_fits_and_is_whole():
    text = sms_text.fit(
        RECEIVED, VALUES, "UHURU ACADEMY", sms_text.person_forms("Amina Otieno", "2041"),
    )
    assert text == (
        "UHURU ACADEMY: Received KES 15,500 for Amina Otieno (2041). M-PESA UKL7XY12AB, receipt"
        " RCT/2026/000123. Balance KES 15,500. f.uhuru.ac.ke/rc/8kQ2mX7pQr1Z"
    )
    assert len(text) <= 160


def test_cut_in_the_order_of_the_office():
    def write(name, school="UHURU"):
        return sms_text.fit(RECEIVED, VALUES, school, sms_text.person_forms(name, "2041"))
    assert "Receipt: f.uhuru" in write("Al Om")
    label_cut = write("Amina Otieno Wanjik")
    assert "Receipt: " not in label_cut
    assert "Amina Otieno Wanjik (2041)" in label_cut
    initial = write("Amina Wanjiku Nyokabi Kamau Otieno")
    assert "for Amina O. (2041)." in initial
    assert "receipt RCT/2026/000123" in initial
    shorter = write("Amina Wanjiku Kamau Otieno", "UHURU GIRLS BOARDING ACADEMY")
    assert "receipt" not in shorter
    assert shorter.startswith("UHURU GIRLS BOARDING ACADEMY: ")
    clipped = write("Amina Wanjiku Kamau Otieno", "THE UHURU " + "VERY " * 30 + "LONG ACADEMY")
    assert clipped.startswith("THE UHURU VERY")
    assert clipped.endswith("f.uhuru.ac.ke/rc/8kQ2mX7pQr1Z")


@pytest.mark.parametrize(('text', 'written'), [
    ("Ng’ang’a “Jr”", "Ng'ang'a \"Jr\""),
    ("Zoë Müller–Çelik", "Zoë Müller-Çelik".replace('ë', 'e')),
    ("N̄yambura Ŵanjikũ", "Nyambura Wanjiku"),
    ("a\nb\tc\xa0d\u200be", "a b c de"),
    ("李 Wei 😀", "Wei"),
    ("…", "..."),
    (None, ""),
])
def test_what_the_alphabet_lacks_is_written_otherwise(text, written):
    assert sms_text.to_gsm(text) == written


def test_lengths():
    assert sms_text.septets("abc") == 3
    assert sms_text.septets("[a]€") == 7
    assert sms_text.count_messages("a" * 160) == 1
    assert sms_text.count_messages("a" * 161) == 2
    assert sms_text.count_messages("a" * 306) == 2
    assert sms_text.count_messages("a" * 307) == 3
    assert sms_text.count_messages("”" * 70) == 1
    assert sms_text.count_messages("”" * 71) == 2


def test_an_address_that_is_too_long_is_left_out_whole():
    url = 'a-very-long-name-of-a-school-and-of-its-server.dev.example.com/rc/8kQ2mX7pQr1Z'
    text = sms_text.fit(
        RECEIVED, {**VALUES, 'url': url * 2}, "UHURU", sms_text.person_forms("Amina", "2041"),
        without_address=["%(school)s: Received %(amount)s for %(who)s. %(method)s."],
    )
    assert text == "UHURU: Received KES 15,500 for Amina (2041). M-PESA UKL7XY12AB."


def test_nothing_that_fits_is_an_error():
    with pytest.raises(ValueError, match='No wording'):
        sms_text.fit(["%(school)s%(who)s" + "x" * 161], {}, "A", ["B"])


letters = st.text(max_size=60)
amounts = st.integers(1, 99_999_999_99).map(
    lambda cents: f'KES {cents // 100:,}' + (f'.{cents % 100:02}' if cents % 100 else '')
)
base62 = st.from_regex(r'[0-9A-Za-z]{12}', fullmatch=True)
hosts = st.from_regex(r'[a-z][a-z0-9-]{0,8}(\.[a-z]{2,6}){1,2}', fullmatch=True).filter(
    lambda host: len(host) <= 24
)
codes = st.from_regex(r'[A-Z0-9]{10}', fullmatch=True)


@given(
    school=letters, name=letters, number=st.text(max_size=30), more=st.integers(0, 9),
    amount=amounts, balance=amounts, host=hosts, slug=base62, code=codes,
    scheme=st.sampled_from(['', 'http://']),
)
@example(
    school='[' * 60, name='{' * 30 + ' ' + '}' * 29, number='€' * 30, more=9,
    amount='KES 99,999,999.99', balance='KES 99,999,999.99', host='a' * 20 + '.com',
    slug='A' * 12, code='A' * 10, scheme='http://',
)
@example(
    school='', name='', number='', more=0, amount='KES 1', balance='KES 1', host='a.ke',
    slug='A' * 12, code='A' * 10, scheme='',
)
def test_whatever_the_names_one_message_holds_it_and_nothing_that_counts_is_cut(
    school, name, number, more, amount, balance, host, slug, code, scheme,
):
    url = f'{scheme}{host}/rc/{slug}'
    text = sms_text.fit(
        RECEIVED,
        {
            'amount': amount, 'balance': balance, 'method': f'M-PESA {code}',
            'number': 'RCT/2026/000123', 'url': url,
        },
        school, sms_text.person_forms(name, number, more),
    )
    assert sms_text.is_gsm(text)
    assert '\n' not in text
    assert sms_text.septets(text) <= 160
    assert text.endswith(f' {url}')
    assert f'Received {amount} for ' in text
    assert f'Balance {balance}.' in text
    assert f'M-PESA {code}' in text


@given(
    school=letters, name=st.text('abcdefgh ', max_size=60), amount=amounts, host=hosts,
    number=st.from_regex(r'[0-9]{1,40}', fullmatch=True),
)
def test_an_admission_number_is_whole_or_left_out(school, name, amount, host, number):
    text = sms_text.fit(
        RECEIVED, {**VALUES, 'amount': amount, 'url': f'{host}/rc/8kQ2mX7pQr1Z'}, school,
        sms_text.person_forms(name, number),
    )
    assert sms_text.septets(text) <= 160
    who = text.partition(' for ')[2].partition('M-PESA')[0]
    assert not any(letter.isdigit() for letter in who) or number in who


@given(st.text(max_size=200), st.text(max_size=60))
def test_a_mark_is_whole_and_within_the_message(school, name):
    text = sms_text.fit(
        RECEIVED, VALUES, school, sms_text.person_forms(name, "2041"), mark="TRAINING: ",
    )
    assert text.startswith("TRAINING: ")
    assert sms_text.septets(text) <= sms_text.MOST_SEPTETS
