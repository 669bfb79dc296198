"""The simulator's transaction status: field rules, operators, the result, and the faults of it."""
import base64

import pytest
from daraja import BadRequest, InvalidToken, StatusQuery, read_status
from daraja_simulator import defaults
from daraja_simulator.control import ControlError
from simulator_case import PHONE, RESULT, TIMEOUT, Case, error_of


STATUS = '/mpesa/transactionstatus/v1/query'


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def body(case, receipt='UIE4K7P2QX', **changes):
    fields = {
        'Initiator': defaults.SCHOOL_OPERATOR, 'SecurityCredential': case.credential(),
        'CommandID': 'TransactionStatusQuery', 'TransactionID': receipt,
        'PartyA': int(defaults.SCHOOL_SHORTCODE), 'IdentifierType': 4,
        'ResultURL': case.receiver.url + RESULT, 'QueueTimeOutURL': case.receiver.url + TIMEOUT,
        'Remarks': 'Status', 'Occasion': '', **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def ask(case, receipt, password=defaults.SCHOOL_OPERATOR_PASSWORD, **values):
    """ Ask by the product's own client. """
    return case.client().transaction_status(StatusQuery(**{
        **case.common(password), 'party': defaults.SCHOOL_SHORTCODE, 'receipt': receipt, **values,
    }))


def told(case, path=RESULT):
    """ The newest result, read by the product's own client. """
    result = case.result(path)
    return result, read_status(result)


# === The road === #

@pytest.mark.parametrize('switches', [
    {}, {'status_parties': 'named', 'result_order': 'documented', 'result_code_form': 'number'},
    {'result_code_form': 'text', 'result_occasion': True, 'environment': 'sandbox'},
])
def test_a_payment_by_hand(case, switches):
    case.control.set(**switches)
    paid = case.pay()
    acknowledged = ask(case, paid['receipt'].lower())
    result, status = told(case)
    assert result.conversation_id == acknowledged.conversation_id
    assert result.originator_conversation_id == acknowledged.originator_conversation_id
    assert (status.state, status.receipt, status.amount) == ('completed', paid['receipt'], 1200)
    assert status.reason_type == 'Pay Utility'
    assert [party.split(' - ')[0] for party in status.parties] == [PHONE, '600111']
    assert status.finalised_at_utc == status.initiated_at_utc


def test_a_prompt_that_was_paid(case):
    checkout = case.paid()
    receipt = case.control.push(checkout)['receipt']
    ask(case, receipt)
    assert told(case)[1].receipt == receipt
    assert told(case)[1].reason_type == 'Pay Bill Online'


@pytest.mark.parametrize('word', ['Declined', 'Expired', 'Cancelled', 'Initiated', 'Authorized'])
def test_the_question_is_answered_and_the_payment_declined(case, word):
    case.control.script('transaction_status', outcome=word)
    ask(case, case.pay()['receipt'])
    result, status = told(case)
    assert (result.code, status.status) == ('0', word)
    assert status.state == ('pending' if word in {'Initiated', 'Authorized'} else 'failed')


def test_another_shortcodes_payment_and_an_invented_one_are_not_found(case):
    other = case.control.pay_bill(PHONE, defaults.SANDBOX_SHORTCODE, 'X', '10')
    for receipt in (other['receipt'], 'UIE4K7P2QX'):
        ask(case, receipt)
        result, status = told(case)
        assert (status.state, result.code, result.parameters) == ('not_found', '2033', ())


# === Operators === #

def test_a_wrong_password_is_told_later_and_locks_the_operator(case):
    receipt = case.pay()['receipt']
    codes = []
    for password in ('wrong', 'wrong', 'wrong', defaults.SCHOOL_OPERATOR_PASSWORD):
        ask(case, receipt, password)
        codes.append(told(case)[0].code)
    assert codes == ['2001', '2001', '8006', '8006']
    assert told(case)[1].state == 'not_allowed'
    case.control.set_operator(
        defaults.SCHOOL_SHORTCODE, defaults.SCHOOL_OPERATOR, wrong_passwords=0,
    )
    ask(case, receipt)
    assert told(case)[1].state == 'completed'


@pytest.mark.parametrize('wrong', ['plain text', 'AAAA', base64.b64encode(b'x' * 256).decode()])
def test_what_was_not_encrypted_for_us_is_no_password(case, wrong):
    assert case.post(STATUS, body(case, SecurityCredential=wrong)).status_code == 200
    assert told(case)[0].code == '2001'


def test_an_operator_without_the_role_and_one_that_does_not_exist(case):
    case.control.add_operator(defaults.SCHOOL_SHORTCODE, 'other', 'secret', may=['b2c'])
    for name, code in (('other', '21'), ('nobody', 'SFC_IC0003')):
        sent = body(case, Initiator=name, SecurityCredential=case.credential('secret'))
        assert case.post(STATUS, sent).json()['ResponseCode'] == '0'
        result, status = told(case)
        assert (result.code, status.state) == (code, 'not_allowed')


# === Field rules and faults === #

@pytest.mark.parametrize(('changes', 'field'), [
    ({'Initiator': ...}, 'Initiator'), ({'SecurityCredential': ''}, 'SecurityCredential'),
    ({'CommandID': 'Status'}, 'CommandID'), ({'TransactionID': ...}, 'TransactionID'),
    ({'TransactionID': 'uie4k7p2qx'}, 'TransactionID'), ({'IdentifierType': 3}, 'IdentifierType'),
    ({'PartyA': '12'}, 'PartyA'), ({'IdentifierType': '1'}, 'PartyA'),
    ({'ResultURL': 'here'}, 'ResultURL'), ({'QueueTimeOutURL': ...}, 'QueueTimeOutURL'),
    ({'Remarks': ''}, 'Remarks'), ({'Occasion': 'x' * 101}, 'Occasion'),
])
def test_field_rules(case, changes, field):
    answer = case.post(STATUS, body(case, **changes))
    assert error_of(answer) == (400, '400.002.02', f'Bad Request - Invalid {field}')
    case.control.wait_idle()
    assert not case.receiver.received


def test_an_earlier_order_may_be_named_instead(case):
    sent = body(case, receipt=..., OriginalConversationID='x-1')
    assert case.post(STATUS, sent).status_code == 200
    assert told(case)[0].code == '2033'


def test_production_refuses_words_and_the_family_has_its_own_invalid_token(case):
    case.control.set(environment='production')
    with pytest.raises(BadRequest) as info:
        ask(case, 'UIE4K7P2QX', result_url='https://school.example/mpesa/result')
    assert info.value.field == 'ResultURL'
    assert error_of(case.post(STATUS, body(case), token='x' * 28))[:2] == (400, '400.003.01')
    case.control.script('transaction_status', fault='invalid_token', times=None)
    with pytest.raises(InvalidToken):
        ask(case, 'UIE4K7P2QX')
    case.control.clear_scripts()
    assert error_of(case.http.get(
        case.simulator.url + STATUS, headers={'Authorization': 'Bearer x'}, timeout=10,
    ))[1] == '404.001.04'


def test_results_that_come_never_late_twice_or_as_a_time_out(case):
    receipt = case.pay()['receipt']
    case.control.script('transaction_status', callback='missing')
    ask(case, receipt)
    case.control.wait_idle()
    assert not case.receiver.received
    assert [row['state'] for row in case.control.deliveries(kind='result')] == ['dropped']
    case.control.script('transaction_status', callback='late', seconds=3600)
    ask(case, receipt)
    assert not case.receiver.received
    case.control.advance(3600)
    assert told(case)[1].state == 'completed'
    case.control.script('transaction_status', callback='duplicate')
    ask(case, receipt)
    case.control.wait_idle()
    assert len(case.receiver.at(RESULT)) == 3
    case.control.script('transaction_status', callback='timeout')
    ask(case, receipt)
    assert told(case, TIMEOUT)[1].state == 'no_answer'
    assert len(case.receiver.at(RESULT)) == 3


def test_a_result_can_be_scripted_and_a_wrong_word_is_refused(case):
    case.control.script('transaction_status', outcome='100000001')
    ask(case, case.pay()['receipt'])
    assert told(case)[1].state == 'no_answer'
    for script in ({'callback': 'conflict'}, {'api': 'stk_push', 'callback': 'timeout'}):
        with pytest.raises(ControlError, match='does not belong'):
            case.control.script(**{'api': 'transaction_status', **script})


def test_an_app_without_the_product_or_the_shortcode_may_not_ask(case):
    app = case.control.add_app(products=['stk'])
    token = case.oauth(app['consumer_key'], app['consumer_secret']).json()['access_token']
    assert error_of(case.post(STATUS, body(case), token=token))[1] == '401.003.01'
    case.control.set_app(app['consumer_key'], products=None, shortcodes=['174379'])
    assert error_of(case.post(STATUS, body(case), token=token))[2].endswith('PartyA')
