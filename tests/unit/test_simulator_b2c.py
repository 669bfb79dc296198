"""The simulator's B2C: money really goes out, once for each name of an order."""
from decimal import Decimal

import daraja
import pytest
from daraja import B2CPayment, DuplicateOrder, NoAnswer, StatusQuery, read_b2c, read_status
from daraja_simulator import defaults
from simulator_case import RESULT, TIMEOUT, Case, error_of


B2C = '/mpesa/b2c/v3/paymentrequest'
SCHOOL = defaults.SCHOOL_SHORTCODE
OTHER = '254722000222'


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    running.control.set_shortcode(SCHOOL, balance='10000')
    return running


def order(case, name='order-1', amount=500, **values):
    return case.client().b2c(B2CPayment(**{
        **case.common(), 'shortcode': SCHOOL, 'phone': OTHER, 'amount': amount,
        'originator_conversation_id': name, **values,
    }))


def told(case, path=RESULT):
    return read_b2c(case.result(path))


def status_of(case, name):
    case.client().transaction_status(StatusQuery(
        **case.common(), party=SCHOOL, conversation_id=name,
    ))
    return read_status(case.result())


def body(case, **changes):
    fields = {
        'OriginatorConversationID': 'order-1', 'InitiatorName': defaults.SCHOOL_OPERATOR,
        'SecurityCredential': case.credential(), 'CommandID': 'BusinessPayment', 'Amount': 500,
        'PartyA': int(SCHOOL), 'PartyB': int(OTHER), 'Remarks': 'Refund',
        'ResultURL': case.receiver.url + RESULT, 'QueueTimeOutURL': case.receiver.url + TIMEOUT,
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


@pytest.mark.parametrize('switches', [
    {}, {'result_order': 'documented', 'result_occasion': True, 'result_code_form': 'number'},
])
def test_money_goes_out_and_everything_agrees(case, switches):
    case.control.set(**switches, payout_charge='tariff')
    before = case.control.wallet_balance(OTHER)
    acknowledged = order(case)
    got = told(case)
    assert acknowledged.originator_conversation_id == 'order-1'
    assert case.result().originator_conversation_id == 'order-1'
    assert (got.state, got.amount, got.registered) == ('paid', 500, True)
    assert got.recipient.startswith(OTHER)
    assert got.completed_at_utc is not None
    assert (got.utility, got.working, got.charges) == (9495, 0, -5)
    assert case.result().transaction_id == got.receipt
    assert case.control.wallet_balance(OTHER) == before + 500
    assert case.control.balance(SCHOOL) == 9495
    assert case.control.conservation()['ok']
    name, content = case.control.statement(SCHOOL)
    lines = daraja.read_statement(name, content).lines
    assert {
        (line.kind, line.direction, line.amount) for line in lines if line.receipt == got.receipt
    } == {('other', 'out', Decimal(500)), ('charge', 'out', Decimal(5))}
    assert daraja.find_gaps(lines, None, None) == ()
    status = status_of(case, 'order-1')
    assert (status.state, status.receipt, status.amount) == ('completed', got.receipt, 500)
    assert status.parties[0].startswith(SCHOOL)


def test_a_name_is_taken_once(case):
    case.control.script('b2c', fault='reset_after_accept')
    with pytest.raises(NoAnswer):
        order(case)
    assert told(case).state == 'paid'
    with pytest.raises(DuplicateOrder) as info:
        order(case)
    assert (info.value.sent, info.value.http_status) == ('yes', 500)
    assert info.value.code == '500.002.1001'
    assert case.control.balance(SCHOOL) == 9500
    assert status_of(case, 'order-1').state == 'completed'


def test_what_is_not_paid_out(case):
    case.control.add_wallet('254733000333', active=False)
    for name, amount, phone, code in (
        ('a', 10001, OTHER, '1'), ('b', 100, '254733000333', '12'),
    ):
        order(case, name, amount, phone=phone)
        got = told(case)
        assert (got.state, got.result_code, got.receipt) == ('refused', code, None)
    assert status_of(case, 'a').state == 'failed'
    for amount, code in ((9, '2'), (250_001, '3')):
        case.post(B2C, body(case, OriginatorConversationID=f'c{amount}', Amount=amount))
        assert told(case).result_code == code
    case.control.set(open_wallets=False)
    order(case, 'd', phone='254744000444')
    assert told(case).result_code == '2040'
    case.control.set_shortcode(SCHOOL, pays_out=False)
    order(case, 'e')
    assert told(case).result_code == '2028'
    assert case.control.balance(SCHOOL) == 10000


def test_operators(case):
    case.control.set_operator(SCHOOL, defaults.SCHOOL_OPERATOR, may=['status', 'reversal'])
    order(case)
    got = told(case)
    assert (got.state, got.result_code) == ('not_allowed', '21')
    case.post(B2C, body(case, OriginatorConversationID='x', SecurityCredential='AAAA'))
    assert told(case).result_code == '2001'


@pytest.mark.parametrize(('callback', 'left'), [
    ('missing', 9500), ('timeout', 10000), ('timeout_done', 9500), ('before_answer', 9500),
    ('concurrent', 9500),
])
def test_money_moves_or_not_whatever_is_told(case, callback, left):
    case.control.script('b2c', callback=callback)
    order(case)
    case.control.wait_idle()
    assert case.control.balance(SCHOOL) == left
    assert len(case.receiver.at(RESULT)) == {'before_answer': 1, 'concurrent': 2}.get(callback, 0)
    assert len(case.receiver.at(TIMEOUT)) == callback.startswith('timeout')
    assert status_of(case, 'order-1').state == ('failed' if left == 10000 else 'completed')


def test_a_result_after_hours(case):
    case.control.script('b2c', callback='late', seconds=7200)
    order(case)
    assert case.control.balance(SCHOOL) == 9500
    assert not case.receiver.received
    case.control.advance(7200)
    assert told(case).state == 'paid'


@pytest.mark.parametrize(('changes', 'field'), [
    ({'OriginatorConversationID': ...}, 'OriginatorConversationID'),
    ({'InitiatorName': ..., 'Initiator': 'feesapi'}, 'InitiatorName'),
    ({'CommandID': 'Pay'}, 'CommandID'), ({'Amount': '10.50'}, 'Amount'),
    ({'PartyA': '1'}, 'PartyA'), ({'PartyB': '0722000222'}, 'PartyB'),
    ({'Remarks': 'x'}, 'Remarks'), ({'Occassion': 'x' * 101}, 'Occassion'),
    ({'ResultURL': ''}, 'ResultURL'), ({'QueueTimeOutURL': ...}, 'QueueTimeOutURL'),
])
def test_field_rules(case, changes, field):
    answer = case.post(B2C, body(case, **changes))
    assert error_of(answer) == (400, '400.002.02', f'Bad Request - Invalid {field}')
    case.control.wait_idle()
    assert not case.receiver.received
    # A refused order leaves its name free.
    assert case.post(B2C, body(case)).status_code == 200
    assert told(case).state == 'paid'


def test_its_own_spelling_of_an_invalid_token(case):
    assert error_of(case.post(B2C, body(case), token='x' * 28))[:2] == (401, '401.002.01')
