"""The simulated handset and the core behind it, against daraja.md 3.3, 16 and 18.1."""

import pytest
from daraja_simulator import defaults
from simulator_case import PHONE, Case, error_of, result


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def test_pin_pays_and_money_moves(case):
    checkout_request_id = case.pushed()
    prompt = case.control.wait_prompt(PHONE)
    assert prompt['text'] == (
        'Do you want to pay KES 1,200 to Mwangaza School Account no. ADM-012? Enter M-PESA PIN'
    )
    case.control.pay(prompt)
    assert result(case, checkout_request_id) == '0'
    assert case.control.wallet_balance(PHONE) == 998_800
    assert case.control.balance(defaults.SCHOOL_SHORTCODE) == 1200
    (move,) = case.control.movements()
    assert move['receipt'] == case.control.push(checkout_request_id)['receipt']
    assert case.control.conservation()['ok']
    assert case.control.prompts() == []


def test_cancel_and_ignore(case):
    checkout_request_id = case.pushed()
    case.control.cancel(PHONE)
    assert result(case, checkout_request_id) == '1032'
    checkout_request_id = case.pushed()
    case.control.ignore(PHONE)
    assert result(case, checkout_request_id) == '1037'


def test_unanswered_prompt_lapses_after_its_time(case):
    case.control.set_clock(speed=0)
    checkout_request_id = case.pushed()
    case.control.advance(59)
    assert case.control.push(checkout_request_id)['state'] == 'open'
    case.control.advance(1.5)
    assert result(case, checkout_request_id) == '1037'


def test_the_published_test_phone_never_answers(case):
    checkout_request_id = case.pushed(phone=defaults.SANDBOX_TEST_PHONE)
    case.control.advance(27)
    assert result(case, checkout_request_id) == '1037'


def test_wrong_pin_three_times_locks(case):
    case.control.set(subscriber_lock='off')
    codes = []
    for _attempt in range(4):
        checkout_request_id = case.pushed()
        case.control.pay(checkout_request_id, pin='9999')
        codes.append(result(case, checkout_request_id))
    assert codes == ['2001', '2001', '2001', '8006']
    assert case.control.wallet(PHONE)['locked']


@pytest.mark.parametrize(
    ('wallet', 'amount', 'code'),
    [({'balance': 100}, 101, '1'), ({'balance': 100}, 100, '0'), ({'active': False}, 5, '11')],
)
def test_the_wallet_decides(case, wallet, amount, code):
    case.control.add_wallet(PHONE, **wallet)
    checkout_request_id = case.pushed(Amount=amount)
    case.control.pay(checkout_request_id)
    assert result(case, checkout_request_id) == code
    assert case.control.conservation()['ok']


def test_amount_limits_of_the_core(case):
    case.control.set(amount_limits='callback', subscriber_lock='off')
    assert result(case, case.pushed(Amount=0)) == '2'
    assert result(case, case.pushed(Amount=250_001)) == '3'
    case.paid(Amount=250_000)
    case.paid(Amount=249_999)
    assert result(case, case.paid(Amount=2)) == '4'
    case.control.advance(86_400)
    case.token = None
    assert result(case, case.paid(Amount=2)) == '0'


def test_second_prompt_while_one_is_open(case):
    case.pushed()
    refusal = error_of(case.push(Amount=5))
    assert refusal[:2] == (500, '500.001.1001')
    assert refusal[2].startswith('Unable to lock subscriber')
    assert case.push(Amount=5, phone='254712000222').status_code == 200
    case.control.set(subscriber_lock_answer='callback')
    assert result(case, case.pushed(Amount=5)) == '1001'
    case.control.cancel(PHONE)
    assert case.push(Amount=5).status_code == 200


def test_second_prompt_within_a_minute(case):
    case.control.set(subscriber_lock='minute')
    case.pushed()
    case.control.cancel(PHONE)
    assert case.push(Amount=5).status_code == 500
    case.control.advance(61)
    assert case.push(Amount=5).status_code == 200


def test_same_amount_within_two_minutes(case):
    assert result(case, case.paid()) == '0'
    assert result(case, case.paid()) == '17'
    assert result(case, case.paid(Amount=1201)) == '0'
    case.control.advance(100)
    assert result(case, case.paid()) == '17'
    case.control.advance(21)
    assert result(case, case.paid()) == '0'
    case.control.set(same_amount_rule='off')
    assert result(case, case.paid()) == '0'


def test_same_amount_asked_twice(case):
    case.control.set(same_amount_rule='asked')
    case.pushed()
    case.control.cancel(PHONE)
    assert result(case, case.pushed()) == '17'


@pytest.mark.parametrize(
    ('answer', 'code'), [('pin', '0'), ('cancel', '1032'), ('wrong_pin', '2001')]
)
def test_phones_that_answer_by_themselves(case, answer, code):
    case.control.set(auto_answer=answer, auto_answer_delay=3)
    checkout_request_id = case.pushed()
    assert case.control.push(checkout_request_id)['state'] == 'open'
    case.control.advance(3)
    assert result(case, checkout_request_id) == code
