"""The simulator's account balance: what is in the accounts, told by result."""
import pytest
from daraja import BalanceQuery, read_balances
from daraja_simulator import defaults
from daraja_simulator.control import ControlError
from simulator_case import PHONE, RESULT, TIMEOUT, Case, error_of


BALANCE = '/mpesa/accountbalance/v1/query'
SCHOOL = defaults.SCHOOL_SHORTCODE


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def ask(case, password=defaults.SCHOOL_OPERATOR_PASSWORD, shortcode=SCHOOL):
    return case.client().account_balance(BalanceQuery(
        **case.common(password), shortcode=shortcode,
    ))


def told(case, path=RESULT):
    return read_balances(case.result(path))


def body(case, **changes):
    fields = {
        'Initiator': defaults.SCHOOL_OPERATOR, 'SecurityCredential': case.credential(),
        'CommandID': 'AccountBalance', 'PartyA': int(SCHOOL), 'IdentifierType': 4,
        'ResultURL': case.receiver.url + RESULT, 'QueueTimeOutURL': case.receiver.url + TIMEOUT,
        'Remarks': 'Balance', **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


@pytest.mark.parametrize('switches', [
    {}, {'balance_accounts': 'documented', 'result_code_form': 'text'},
])
def test_the_accounts_after_what_happened_to_money(case, switches):
    case.control.set(**switches, pay_bill_charge='mgao')
    case.pay('12500')
    case.control.sweep(SCHOOL, 5000, onward=False)
    case.control.sweep(SCHOOL, 2000)
    acknowledged = ask(case)
    got = told(case)
    assert case.result().conversation_id == acknowledged.conversation_id
    assert (got.state, got.unreadable) == ('answered', 0)
    accounts = case.control.accounts(SCHOOL)
    assert {role: got.find(role).current for role in (
        'utility', 'settlement', 'working', 'charges',
    )} == {
        'utility': accounts['balance'], 'settlement': accounts['settlement'],
        'working': accounts['working'], 'charges': -accounts['charges_paid'],
    }
    assert got.find('utility').current == 12500 - 39 - 7000
    assert got.find('charges').current == -39
    assert got.completed_at_utc is not None


def test_accounts_come_in_every_order_and_number(case):
    seen = set()
    for _time in range(8):
        ask(case)
        seen.add(tuple(account.role for account in told(case).accounts))
    assert len(seen) > 3
    assert {len(roles) for roles in seen} == {4, 5}


def test_a_tills_money_is_in_its_merchant_account(case):
    case.control.add_operator(
        defaults.STORE_SHORTCODE, defaults.SCHOOL_OPERATOR, defaults.SCHOOL_OPERATOR_PASSWORD,
    )
    ask(case, shortcode=defaults.STORE_SHORTCODE)
    got = told(case)
    assert got.find('utility') is None
    assert got.find('merchant').current == 0


def test_it_tells_what_was_there_when_it_looked(case):
    case.control.script('account_balance', callback='late', seconds=3600)
    ask(case)
    case.pay('500')
    assert not case.receiver.at(RESULT)
    case.control.advance(3600)
    assert told(case).find('utility').current == 0


def test_operators(case):
    ask(case, 'wrong')
    assert told(case).state == 'not_allowed'
    case.control.set_operator(SCHOOL, defaults.SCHOOL_OPERATOR, may=['status'])
    ask(case)
    got = told(case)
    assert (got.state, got.result_code, got.accounts) == ('not_allowed', '21', ())


def test_a_result_may_come_before_the_acknowledgement_never_or_as_a_time_out(case):
    case.control.script('account_balance', callback='before_answer')
    acknowledged = ask(case)
    # No waiting: it was there already.
    assert len(case.receiver.at(RESULT)) == 1
    assert case.result().conversation_id == acknowledged.conversation_id
    case.control.script('account_balance', callback='timeout')
    ask(case)
    assert told(case, TIMEOUT).state == 'no_answer'
    case.control.script('account_balance', callback='missing')
    ask(case)
    case.control.wait_idle()
    assert len(case.receiver.received) == 2


@pytest.mark.parametrize(('changes', 'field'), [
    ({'Initiator': ...}, 'Initiator'), ({'SecurityCredential': ''}, 'SecurityCredential'),
    ({'CommandID': 'Balance'}, 'CommandID'), ({'IdentifierType': 2}, 'IdentifierType'),
    ({'PartyA': PHONE}, 'PartyA'), ({'ResultURL': 'here'}, 'ResultURL'),
    ({'QueueTimeOutURL': ...}, 'QueueTimeOutURL'), ({'Remarks': ''}, 'Remarks'),
])
def test_field_rules(case, changes, field):
    answer = case.post(BALANCE, body(case, **changes))
    assert error_of(answer) == (400, '400.002.02', f'Bad Request - Invalid {field}')
    case.control.wait_idle()
    assert not case.receiver.received


def test_the_gateway(case):
    code = error_of(case.post(BALANCE, body(case), token='x' * 28))
    assert code[:2] == (401, '401.002.01')
    app = case.control.add_app(products=['status'])
    token = case.oauth(app['consumer_key'], app['consumer_secret']).json()['access_token']
    assert error_of(case.post(BALANCE, body(case), token=token))[1] == '401.003.01'
    with pytest.raises(ControlError, match='does not belong'):
        case.control.script('account_balance', callback='forged_amount')
