"""Phone numbers as people write them."""
import pytest
from daraja import msisdn
from hypothesis import given
from hypothesis import strategies as st


# National numbers: Safaricom, Airtel, Telkom and the like, old and new ranges.
_national = st.one_of(
    st.integers(700_000_000, 799_999_999),
    st.integers(100_000_000, 108_999_999),
    st.integers(110_000_000, 117_999_999),
).map(str)
_prefix = st.sampled_from(['0', '', '+254', '254', '2540', '+2540', '00254', '\uff0b254'])
_separator = st.text(st.sampled_from(' -.()\u00a0\u2011\u2013\u200b\u202a\t'), max_size=2)
_script = st.sampled_from([ord('0'), 0x0660, 0x06F0, 0x0966, 0xFF10])


@given(
    national=_national, prefix=_prefix, separators=st.lists(_separator, min_size=20), zero=_script,
)
def test_every_way_of_writing_it(national, prefix, separators, zero):
    typed = ''.join(char + sep for char, sep in zip(prefix + national, separators, strict=False))
    typed = typed.translate({ord('0') + digit: zero + digit for digit in range(10)})
    number = msisdn.parse(typed)
    assert number.wire == f'254{national}'
    assert number.e164 == f'+254{national}'
    assert number.masked == f'0{national[:3]} *** {national[-3:]}'
    assert msisdn.parse(number.wire) == msisdn.parse(number.e164) == number


@pytest.mark.parametrize('typed', [
    '0712345678', '712345678', '+254712345678', '254712345678', '2540712345678', '0712 345 678',
    '0712-345-678', '(0712) 345.678', '+254 (0) 712 345 678', ' 0712345678\n', '٠٧١٢٣٤٥٦٧٨',
    '\u202a+254 712 345 678\u202c', '00254712345678',
])
def test_accepted(typed):
    assert msisdn.parse(typed).wire == '254712345678'


def test_new_range():
    assert msisdn.parse('0112 345678').wire == '254112345678'
    assert msisdn.parse('112345678').e164 == '+254112345678'


@pytest.mark.parametrize(('typed', 'reason'), [
    (None, 'empty'), ('', 'empty'), (' \t\u00a0', 'empty'),
    (712345678, 'not_a_number'), (b'0712345678', 'not_a_number'), ([], 'not_a_number'),
    ('abc', 'not_a_number'), ('-', 'not_a_number'), ('+', 'not_a_number'),
    ('0712 345 67O', 'not_a_number'), ('0712345678 or 0722345678', 'not_a_number'),
    ('0712345678/0722345678', 'not_a_number'), ('0712345678;ext=1', 'not_a_number'),
    ('07+12345678', 'not_a_number'), ('++254712345678', 'not_a_number'),
    ('+0712345678', 'not_a_number'), ('1-800-FLOWERS', 'not_a_number'),
    ('0712³45678', 'not_a_number'),
    ('2547 ***** 111', 'not_a_number'), ('25471****111', 'not_a_number'),
    ('254******111', 'not_a_number'), ('*********111', 'not_a_number'),
    ('010****111', 'not_a_number'), ('0712***111', 'not_a_number'),
    ('0712 *** 678', 'not_a_number'),
    ('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'not_a_number'),
    ('7' * 65, 'not_a_number'), ('0712345678' + ' ' * 99, 'not_a_number'),
    ('+255712345678', 'foreign'), ('00255712345678', 'foreign'), ('255712345678', 'foreign'),
    ('+447911123456', 'foreign'), ('+1 202 555 0143', 'foreign'), ('+256 772 123456', 'foreign'),
    ('0202345678', 'not_mobile'), ('+254 20 2345678', 'not_mobile'), ('0412345678', 'not_mobile'),
    ('0800123456', 'not_mobile'), ('0900123456', 'not_mobile'), ('000000000', 'not_a_number'),
    ('0612345678', 'not_mobile'), ('0190000000', 'not_mobile'),
    ('071234567', 'length'), ('07123456789', 'length'), ('7', 'length'), ('254', 'length'),
    ('25471234567', 'length'), ('2547123456789', 'length'), ('+254', 'length'), ('100', 'length'),
])
def test_refused(typed, reason):
    with pytest.raises(msisdn.MsisdnError) as info:
        msisdn.parse(typed)
    assert info.value.reason == reason
    assert info.value.reason in msisdn.REASONS
    assert not any(char.isdigit() for char in str(info.value))


@given(typed=st.text(max_size=80) | st.text('0123456789+ -*', max_size=16))
def test_any_text(typed):
    try:
        number = msisdn.parse(typed)
    except msisdn.MsisdnError:
        pass
    else:
        assert len(number.wire) == 12
        assert number.wire.isascii()
        assert number.wire.isdigit()
        assert number.wire[:4] in {'2547', '2541'}


@pytest.mark.parametrize(('typed', 'hint', 'perhaps_without'), [
    ('0700000000', 'Safaricom', False), ('0729999999', 'Safaricom', False),
    ('0743000000', 'Safaricom', False), ('0745000000', 'Safaricom', False),
    ('0759000000', 'Safaricom', False), ('0799000000', 'Safaricom', False),
    ('0110000000', 'Safaricom', False), ('0117000000', 'Safaricom', False),
    ('0730000000', 'Airtel', True), ('0756000000', 'Airtel', True), ('0789000000', 'Airtel', True),
    ('0100000000', 'Airtel', True), ('0108000000', 'Airtel', True), ('0772000000', 'Telkom', True),
    ('0763000000', 'Equitel', True), ('0747000000', 'Faiba', True),
    ('0768000000', None, False), ('0769000000', None, False), ('0762000000', None, False),
])
def test_prefix_is_a_hint(typed, hint, perhaps_without):
    number = msisdn.parse(typed)
    assert (number.operator_hint, number.perhaps_without_mpesa) == (hint, perhaps_without)


def test_shown_masked():
    number = msisdn.parse('0712345678')
    for words in (str(number), repr(number), f'{number}'):
        assert '0712 *** 678' in words
        assert '345' not in words
