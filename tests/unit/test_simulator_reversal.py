"""The simulator's reversal: money really goes back, whatever is told of it."""
from decimal import Decimal

import daraja
import pytest
from daraja import NoAnswer, Reversal, StatusQuery, read_reversal, read_status
from daraja_simulator import defaults
from simulator_case import PHONE, RESULT, TIMEOUT, Case, error_of


REVERSAL = '/mpesa/reversal/v1/request'
SCHOOL = defaults.SCHOOL_SHORTCODE


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    running.control.set(same_amount_rule='off', daily_limit=False)
    return running


def reverse(case, receipt, amount=1200, password=defaults.SCHOOL_OPERATOR_PASSWORD, **values):
    return case.client().reverse(Reversal(**{
        **case.common(password), 'shortcode': SCHOOL, 'receipt': receipt, 'amount': amount,
        **values,
    }))


def told(case, path=RESULT):
    return read_reversal(case.result(path))


def body(case, receipt='UIE4K7P2QX', **changes):
    fields = {
        'Initiator': defaults.SCHOOL_OPERATOR, 'SecurityCredential': case.credential(),
        'CommandID': 'TransactionReversal', 'TransactionID': receipt, 'Amount': 1200,
        'ReceiverParty': int(SCHOOL), 'RecieverIdentifierType': 11,
        'ResultURL': case.receiver.url + RESULT, 'QueueTimeOutURL': case.receiver.url + TIMEOUT,
        'Remarks': 'Paid twice', **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def status_of(case, acknowledged):
    case.client().transaction_status(StatusQuery(
        **case.common(), party=SCHOOL,
        conversation_id=acknowledged.originator_conversation_id,
    ))
    return read_status(case.result())


def test_money_goes_back_and_everything_agrees(case):
    before = case.control.wallet_balance(PHONE)
    paid = case.pay()
    acknowledged = reverse(case, paid['receipt'])
    result, got = case.result(), told(case)
    assert result.conversation_id == acknowledged.conversation_id
    assert (got.state, got.original, got.amount, got.charge) == (
        'reversed', paid['receipt'], 1200, 0,
    )
    assert got.receipt not in (None, paid['receipt'])
    assert got.payer.startswith(PHONE)
    assert got.completed_at_utc is not None
    assert case.control.wallet_balance(PHONE) == before
    assert case.control.balance(SCHOOL) == 0
    assert case.control.conservation()['ok']
    name, content = case.control.statement(SCHOOL)
    lines = daraja.read_statement(name, content).lines
    assert {(line.receipt, line.kind, line.direction, line.amount) for line in lines} == {
        (paid['receipt'], 'payment', 'in', Decimal(1200)),
        (got.receipt, 'reversal', 'out', Decimal(1200)),
    }
    status = status_of(case, acknowledged)
    assert (status.state, status.receipt, status.amount) == ('completed', got.receipt, 1200)


def test_a_second_reversal_is_refused(case):
    paid = case.pay()
    reverse(case, paid['receipt'])
    assert told(case).state == 'reversed'
    reverse(case, paid['receipt'])
    got = told(case)
    assert (got.state, got.result_code, got.receipt) == ('already_reversed', 'R000001', None)
    assert case.control.conservation()['ok']
    assert len(case.control.events(SCHOOL)) == 1


def test_what_cannot_be_reversed(case):
    other = case.control.pay_bill(PHONE, defaults.SANDBOX_SHORTCODE, 'X', 10)
    paid = case.pay()
    for receipt, amount, code in (
        ('UIE4K7P2QX', 10, 'R000002'), (other['receipt'], 10, 'R000002'),
        (paid['receipt'], 1201, '25'),
    ):
        reverse(case, receipt, amount)
        got = told(case)
        assert (got.state, got.result_code) == ('refused', code)
    case.control.sweep(SCHOOL, 1)
    acknowledged = reverse(case, paid['receipt'])
    assert told(case).result_code == '1'
    assert status_of(case, acknowledged).state == 'failed'
    case.control.set(reversal_window=3600)
    case.pay('50')
    case.control.advance(3601)
    reverse(case, paid['receipt'])
    assert told(case).result_code == 'R000002'
    assert not [row for row in case.control.events(SCHOOL) if row['kind'] == 'reversal']


def test_a_part_goes_back_to_the_cent(case):
    paid = case.control.transfer(SCHOOL, 'ADM-012', '100.50')
    reverse(case, paid['receipt'], Decimal('0.50'))
    assert told(case).amount == Decimal('0.50')
    reverse(case, paid['receipt'], 100)
    assert told(case).state == 'reversed'
    assert case.control.balance(SCHOOL) == 0


def test_operators(case):
    paid = case.pay()
    codes = []
    for password in ('wrong', 'wrong', 'wrong', defaults.SCHOOL_OPERATOR_PASSWORD):
        reverse(case, paid['receipt'], password=password)
        codes.append(told(case).result_code)
    assert codes == ['2001', '2001', '8006', '8006']
    case.control.set_operator(
        SCHOOL, defaults.SCHOOL_OPERATOR, wrong_passwords=0, may=['status', 'balance'],
    )
    reverse(case, paid['receipt'])
    got = told(case)
    assert (got.state, got.result_code) == ('not_allowed', '21')
    assert case.control.balance(SCHOOL) == 1200


@pytest.mark.parametrize(('callback', 'left'), [
    ('missing', 0), ('timeout', 1200), ('timeout_done', 0), ('before_answer', 0),
    ('duplicate', 0),
])
def test_money_moves_or_not_whatever_is_told(case, callback, left):
    paid = case.pay()
    case.control.script('reversal', callback=callback)
    acknowledged = reverse(case, paid['receipt'])
    case.control.wait_idle()
    assert case.control.balance(SCHOOL) == left
    assert len(case.receiver.at(RESULT)) == {'before_answer': 1, 'duplicate': 2}.get(callback, 0)
    assert len(case.receiver.at(TIMEOUT)) == callback.startswith('timeout')
    if callback.startswith('timeout'):
        assert told(case, TIMEOUT).state == 'unknown'
    assert status_of(case, acknowledged).state == ('failed' if left else 'completed')


def test_a_lost_acknowledgement_and_a_scripted_refusal(case):
    paid = case.pay()
    case.control.script('reversal', outcome='100000002')
    reverse(case, paid['receipt'])
    assert told(case).state == 'unknown'
    assert case.control.balance(SCHOOL) == 1200
    case.control.script('reversal', fault='reset_after_accept')
    with pytest.raises(NoAnswer):
        reverse(case, paid['receipt'])
    assert told(case).state == 'reversed'
    assert case.control.balance(SCHOOL) == 0


@pytest.mark.parametrize(('changes', 'field'), [
    ({'Initiator': ''}, 'Initiator'), ({'CommandID': 'Reversal'}, 'CommandID'),
    ({'TransactionID': ...}, 'TransactionID'), ({'Amount': 0}, 'Amount'),
    ({'Amount': '1.001'}, 'Amount'), ({'Amount': ...}, 'Amount'),
    ({'ReceiverParty': PHONE}, 'ReceiverParty'),
    ({'RecieverIdentifierType': 4}, 'RecieverIdentifierType'),
    ({'RecieverIdentifierType': ..., 'ReceiverIdentifierType': 11}, 'RecieverIdentifierType'),
    ({'ResultURL': ...}, 'ResultURL'), ({'QueueTimeOutURL': 'x'}, 'QueueTimeOutURL'),
    ({'Remarks': 'x'}, 'Remarks'),
])
def test_field_rules(case, changes, field):
    answer = case.post(REVERSAL, body(case, **changes))
    assert error_of(answer) == (400, '400.002.02', f'Bad Request - Invalid {field}')
    case.control.wait_idle()
    assert not case.receiver.received


def test_its_own_spelling_of_an_invalid_token(case):
    assert error_of(case.post(REVERSAL, body(case), token='x' * 28))[:2] == (404, '404.001.03')
