"""Account balance: the question, and the accounts in its result."""
from datetime import datetime
from decimal import Decimal

import daraja
import pytest
from daraja.account_balance import read_accounts
from daraja_stand_in import answer, client, daraja_error, reset
from hypothesis import given
from hypothesis import strategies as st
from order_case import ACKNOWLEDGED, INITIATOR, URLS, WIRE_URLS, assert_silent, result


BALANCE = '/mpesa/accountbalance/v1/query'
# As in the field: charges below zero, no fixed order.
ACCOUNTS = (
    'Working Account|KES|120000.00|120000.00|0.00|0.00'
    '&Utility Account|KES|981200.50|981000.50|200.00|0.00'
    '&Charges Paid Account|KES|-310.00|-310.00|0.00|0.00'
    '&Organization Settlement Account|KES|0.00|0.00|0.00|0.00'
)


def query(**values):
    return daraja.BalanceQuery(**{
        'initiator': INITIATOR, 'shortcode': '600111', **URLS, **values,
    })


def balances(text=ACCOUNTS, code=0, completed=20260914101530):
    return daraja.read_balances(result(code, [
        ('ActionType', 'AccountBalance'), ('AccountBalance', text), ('BOCompletedTime', completed),
    ] if code == 0 else []))


def test_the_question(daraja_server):
    daraja_server.on(BALANCE, answer(200, ACKNOWLEDGED))
    got = client(daraja_server).account_balance(query())
    assert got.conversation_id == ACKNOWLEDGED['ConversationID']
    body = daraja_server.asked(BALANCE)[0]['body']
    assert len(body.pop('SecurityCredential')) == 344
    assert body == {
        'Initiator': 'feesapi', 'CommandID': 'AccountBalance', 'PartyA': '600111',
        'IdentifierType': '4', **WIRE_URLS, 'Remarks': 'Balance',
    }
    assert_silent(repr(got), repr(query()), got.exchange.as_text())


@pytest.mark.parametrize(('values', 'field'), [
    ({'initiator': None}, 'Initiator'), ({'shortcode': '60'}, 'PartyA'),
    ({'shortcode': 600111}, 'PartyA'), ({'result_url': 'here'}, 'ResultURL'),
    ({'timeout_url': None}, 'QueueTimeOutURL'), ({'remarks': ' '}, 'Remarks'),
])
def test_what_breaks_a_rule_is_not_sent(values, field):
    with pytest.raises(daraja.InvalidRequest) as info:
        query(**values)
    assert (info.value.field, info.value.sent) == (field, 'no')


@pytest.mark.parametrize(('step', 'kind', 'sent'), [
    (daraja_error(500, '500.002.1001', 'Service is currently under maintenance.'), daraja.Busy,
     'no'),
    (daraja_error(500, '500.002.1001', 'Duplicate OriginatorConversationID.'),
     daraja.DuplicateOrder, 'yes'),
    (reset, daraja.NoAnswer, 'maybe'),
])
def test_a_question_that_is_not_taken(daraja_server, step, kind, sent):
    daraja_server.on(BALANCE, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).account_balance(query())
    assert (type(info.value), info.value.sent) == (kind, sent)
    assert len(daraja_server.asked(BALANCE)) == 1


def test_the_accounts_by_their_names():
    got = balances()
    assert (got.state, got.unreadable) == ('answered', 0)
    assert got.completed_at_utc == datetime(2026, 9, 14, 7, 15, 30)
    assert [account.role for account in got.accounts] == [
        'working', 'utility', 'charges', 'settlement',
    ]
    utility = got.find('utility')
    assert (utility.name, utility.current, utility.available, utility.reserved) == (
        'Utility Account', Decimal('981200.50'), Decimal('981000.50'), Decimal('200.00'),
    )
    assert got.find('charges').current == Decimal(-310)
    assert got.find('merchant') is None


@pytest.mark.parametrize(('text', 'read', 'unreadable'), [
    (ACCOUNTS + '&', 4, 0), (ACCOUNTS + '&New Account|KES|1|1|0|0', 5, 0),
    ('Utility Account|KES|1.00|1.00|0.00|0.00|extra', 1, 0), ('Utility Account|KES|1.00', 0, 1),
    ('Utility Account|USD|1.00|1.00|0.00|0.00', 0, 1), ('|KES|1|1|0|0', 0, 1),
    ('Utility Account|KES|1,000.00|1|0|0', 0, 1), ('Utility Account|KES|NaN|1|0|0', 0, 1),
    ('Utility Account|KES|1.005|1|0|0', 0, 1), ('', 0, 0), (None, 0, 0), (5, 0, 0),
    ('&'.join(['A|KES|1|1|0|0'] * 60), 50, 10),
])
def test_what_cannot_be_read_is_counted(text, read, unreadable):
    accounts, left = read_accounts(text)
    assert (len(accounts), left) == (read, unreadable)
    assert balances(text).state == ('answered' if read else 'no_answer')


def test_two_accounts_of_one_role_are_none():
    got = balances('Utility Account|KES|1|1|0|0&Utility Account 2|KES|2|2|0|0')
    assert got.find('utility') is None
    assert len(got.accounts) == 2


@pytest.mark.parametrize(('code', 'state'), [
    ('2001', 'not_allowed'), (21, 'not_allowed'), ('8006', 'not_allowed'),
    ('sfc_ic0003', 'not_allowed'), ('26', 'no_answer'), ('100000001', 'no_answer'),
    ('X999', 'no_answer'),
])
def test_a_question_without_an_answer(code, state):
    got = balances(code=code)
    assert (got.state, got.result_code, got.accounts) == (state, str(code), ())


_cents = st.integers(-10 ** 10, 10 ** 10).map(lambda cents: Decimal(cents).scaleb(-2))
_account = st.tuples(
    st.text(st.characters(codec='ascii', categories=['L', 'N']), min_size=1, max_size=40),
    *[_cents] * 4,
)


@given(st.lists(_account, max_size=20), st.booleans())
def test_whatever_is_written_is_read_to_the_cent(accounts, blanks):
    gap = ' ' if blanks else ''
    text = f'{gap}&{gap}'.join(
        '|'.join([name, 'KES', *(f'{figure:.2f}' for figure in figures)])
        for name, *figures in accounts
    )
    read, unreadable = read_accounts(text)
    assert unreadable == 0
    assert [
        (row.name, row.current, row.available, row.reserved, row.uncleared) for row in read
    ] == [tuple(account) for account in accounts]


@given(st.text(alphabet='|&KES0123456789.-AUu \n\x00é', max_size=80))
def test_no_account_is_lost_without_a_word(text):
    accounts, unreadable = read_accounts(text)
    assert len(accounts) + unreadable == sum(bool(row.strip()) for row in text.split('&'))
