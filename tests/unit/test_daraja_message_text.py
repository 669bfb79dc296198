"""What can be read of the text message that a payer shows."""
from datetime import date
from decimal import Decimal

import pytest
from daraja.message_text import day_of_code, read_message, similar_codes
from hypothesis import given
from hypothesis import strategies as st


ENGLISH = (
    'UIE4K7P2QX Confirmed. Ksh12,500.00 sent to UHURU ACADEMY for account ADM-012 on 14/9/26 at'
    ' 10:15 AM New M-PESA balance is Ksh1,204.50. Transaction cost, Ksh0.00. Amount you can'
    ' transact within the day is 487,500.00. To reverse, forward this message to 456.'
)
SWAHILI = (
    'UIE4K7P2QX Imethibitishwa. Ksh12,500.00 imetumwa kwa UHURU ACADEMY kwa akaunti ADM-012'
    ' tarehe 14/9/26 saa 10:15 AM. Salio lako jipya la M-PESA ni Ksh1,204.50. Gharama ya kutuma'
    ' ni Ksh0.00.'
)
_code = st.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', min_size=10, max_size=10).filter(
    lambda code: not code.isdigit()
)


@pytest.mark.parametrize('text', [
    ENGLISH,
    SWAHILI,
    ENGLISH.replace(' ', '\n'),
    ENGLISH.replace(' ', '\u00a0 '),
    f'  Fwd: "{ENGLISH}"\r\nSent from my phone 0712345678',
    '\u200b\u202a' + ENGLISH + '\u202c',
    ENGLISH.replace('Ksh', 'Ksh. ').replace('Confirmed.', 'Confirmed.on'),
    ENGLISH.lower(),
    'M-PESA: UIE4K7P2QX Confirmed. on 14/9/26 at 10:15 AM Ksh12,500.00 received from A B',
    'UIE4K7P2QX Imethibitishwa tarehe 14/09/2026. Salio lako ni Ksh1,204.50. Umetuma KES 12500',
])
def test_a_message_in_every_shape(text):
    message = read_message(text)
    assert message.code == 'UIE4K7P2QX'
    assert message.amount == Decimal('12500.00')
    assert message.day == date(2026, 9, 14)
    assert not message.several


@pytest.mark.parametrize('text', [
    'UIE4K7P2QX', 'uie4k7p2qx', ' uie4 k7p2 qx\n', 'UIE4-K7P2-QX', '\uff35\uff29\uff25４K7P2QX',
    'code: uie4k7p2qx', 'She paid with UIE4K7P2QX yesterday, admission ADM-012',
])
def test_a_code_alone(text):
    message = read_message(text)
    assert (message.code, message.amount, message.day) == ('UIE4K7P2QX', None, None)


def test_a_code_without_digits_is_told_from_a_word():
    assert read_message('UIEKKPPQQX Confirmed. Ksh5.00 sent').code == 'UIEKKPPQQX'
    assert read_message('UNIVERSITY paid by bank UIEKKPPQQX').code == 'UIEKKPPQQX'
    assert not read_message('the university paid its scholarship by cheque').code


@pytest.mark.parametrize(('text', 'length'), [
    ('', 0), ('   ', 0), ('UIE4K7P2Q', 9), ('uie4 k7p2 qxx', 11), ('0712345678', 10),
    ('I paid on Monday ok', 0),
    ('My bank sent the money this morning, please look', 0), ('\x00\ud800', 0),
])
def test_no_code(text, length):
    message = read_message(text)
    assert (message.code, message.length, message.several) == ('', length, False)


def test_what_the_sender_wrote_before_the_message_is_no_part_of_it():
    message = read_message(f'On 2/11/26 I sent Ksh 900 of it: {ENGLISH} Thanks, Ksh 5, 3/3/26')
    assert (message.code, message.amount) == ('UIE4K7P2QX', Decimal('12500.00'))
    assert message.day == date(2026, 9, 14)


def test_two_messages_at_once_are_not_guessed_between():
    message = read_message(f'{ENGLISH} {SWAHILI.replace("UIE4K7P2QX", "UIF5K7P2QX")}')
    assert message.several
    assert (message.code, message.amount) == ('', None)
    assert read_message(f'{ENGLISH} {ENGLISH}').code == 'UIE4K7P2QX'
    # What is confirmed is the payment; another word of ten is not.
    assert read_message(f'{ENGLISH} ref ABC1234567').code == 'UIE4K7P2QX'


@pytest.mark.parametrize('amount', ['0', '0.00', '99,999,999,999,999', '1,2,3.456', '-5', 'x'])
def test_what_is_no_amount_is_not_read_as_one(amount):
    assert read_message(f'UIE4K7P2QX Confirmed. Ksh{amount} sent').amount is None


@pytest.mark.parametrize('day', [
    '31/2/26', '0/9/26', '14/13/26', '14/9/0026', '1/1/06', '14/9/26/1',
])
def test_what_is_no_day_is_not_read_as_one(day):
    assert read_message(f'UIE4K7P2QX Confirmed on {day} at 10:15 AM').day is None


@given(text=st.text())
def test_any_text_gives_an_answer(text):
    message = read_message(text)
    assert message.code == '' or len(message.code) == 10


@given(text=st.text('UIE4k7 Confirmed.Kshsalio,0/9\n', max_size=3000))
def test_any_text_of_the_kind_gives_an_answer(text):
    message = read_message(text)
    assert message.amount is None or message.amount > 0
    assert similar_codes(message.code) is not None


@given(
    code=_code, amount=st.integers(1, 25_000_000), before=st.text(' \n"Fwd:', max_size=9),
    day=st.dates(date(2010, 1, 1), date(2060, 12, 31)),
)
def test_what_was_written_is_read(code, amount, before, day):
    text = (
        f'{before} {code} Confirmed. Ksh{amount / 100:,.2f} sent to X for account 1 on'
        f' {day.day}/{day.month}/{day:%y} at 1:05 PM New M-PESA balance is Ksh3.00.'
    )
    message = read_message(text)
    assert message.code == code
    assert message.amount == Decimal(amount) / 100
    assert message.day == day


def test_a_long_text_is_read_in_no_time():
    for text in ('A' * 10**6, 'Ksh' * 10**6, '1,' * 10**6, 'salio ' * 10**6, ' .' * 10**6):
        assert not read_message(text).code


def test_codes_that_look_alike():
    assert similar_codes('UAE4K7P2QX') == []
    assert similar_codes('UAE4K7P2Q0') == ['UAE4K7P2QO']
    assert set(similar_codes('UIE4K7P2QO')) == {
        'UIE4K7P2Q0', 'U1E4K7P2QO', 'U1E4K7P2Q0', 'ULE4K7P2QO', 'ULE4K7P2Q0',
    }
    assert similar_codes('O0O0O0O0O0') == []


@given(code=_code)
def test_looking_alike_goes_both_ways(code):
    for other in similar_codes(code):
        assert code in similar_codes(other)


@pytest.mark.parametrize(('code', 'day'), [
    ('UIE4K7P2QX', date(2026, 9, 14)), ('UA1AAAAAAA', date(2026, 1, 1)),
    ('TLV0000000', date(2025, 12, 31)), ('UBU1234567', None), ('ZZZ1234567', None), ('', None),
])
def test_the_day_of_a_code(code, day):
    assert day_of_code(code) == day
