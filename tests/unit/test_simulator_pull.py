"""The simulator's Pull Transactions: registration, the window, pages, and the product's client."""
from datetime import datetime, timedelta

import pytest
from daraja import BadRequest, Credentials, Daraja, Environment, PullQuery, PullRegistration
from daraja_simulator import defaults
from simulator_case import PHONE, Case, error_of


REGISTER = '/pulltransactions/v1/register'
QUERY = '/pulltransactions/v1/query'
SHORTCODE = defaults.SCHOOL_SHORTCODE


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    # A school day like any other; frozen, so that a window has exact ends.
    running.control.set_clock('2026-09-14 10:15:33', speed=0)
    return running


def client(case):
    return Daraja(
        Environment.custom(case.simulator.url),
        Credentials(defaults.CONSUMER_KEY, defaults.CONSUMER_SECRET),
    )


def register(case):
    return client(case).pull_register(PullRegistration(
        SHORTCODE, PHONE, 'https://school.example/collect/ab/result',
    ))


def now(case):
    eat = datetime.fromisoformat(case.control.clock()['eat'])
    return eat - timedelta(hours=3)


def pay(case, amount, phone=PHONE, shortcode=SHORTCODE, account='ADM-012'):
    return case.control.pay_bill(phone, shortcode, account, str(amount))


def pull(case, hours=48, offset=0):
    end = now(case)
    return client(case).pull_page(
        PullQuery(SHORTCODE, end - timedelta(hours=hours), end, offset),
    )


def test_the_road(case):
    assert not register(case).was_before
    assert register(case).was_before
    paid = [pay(case, amount) for amount in (100, 200, 300)]
    pay(case, 50, shortcode=defaults.SANDBOX_SHORTCODE)
    checkout = case.paid(Amount=400)
    case.control.advance(1)
    page = pull(case)
    assert [payment.receipt for payment in page.payments] == [
        *(move['receipt'] for move in paid), case.control.push(checkout)['receipt'],
    ]
    assert [payment.amount for payment in page.payments] == [100, 200, 300, 400]
    first = page.payments[0]
    assert (first.account_reference, first.msisdn) == ('ADM-012', PHONE[3:])
    assert first.paid_at_utc == now(case) - timedelta(seconds=1)
    assert (first.transaction_type, page.unreadable) == ('c2b-pay-bill-debit', 0)


def test_nothing_yet(case):
    register(case)
    page = pull(case)
    assert (page.payments, page.rows, page.raw['Response']) == ((), 0, [[]])
    assert page.raw['ResponseCode'] == '1001'


def test_pages_by_offset(case):
    register(case)
    case.control.set(pull_page_rows=2)
    paid = [pay(case, amount)['receipt'] for amount in (1, 2, 3, 4, 5)]
    case.control.advance(1)
    assert [payment.receipt for payment in pull(case, offset=3).payments] == paid[3:]
    end = now(case)
    pages = list(client(case).pull_pages(SHORTCODE, end - timedelta(hours=1), end))
    assert [page.rows for page in pages] == [2, 2, 1]
    assert [payment.receipt for page in pages for payment in page.payments] == paid


def test_only_the_last_two_days_and_only_what_was_asked_for(case):
    register(case)
    old = pay(case, 1)['receipt']
    case.control.advance(47 * 3600)
    new = pay(case, 2)['receipt']
    case.control.advance(1)
    assert [payment.receipt for payment in pull(case).payments] == [old, new]
    assert [payment.receipt for payment in pull(case, hours=1).payments] == [new]
    case.control.advance(3600)
    assert [payment.receipt for payment in pull(case, hours=400).payments] == [new]


@pytest.mark.parametrize('switches', [
    {'pull_status_key': 'spaced'}, {'pull_times': 'eat'}, {'pull_msisdn_form': 'masked'},
])
def test_other_forms(case, switches):
    case.control.set(**switches)
    assert not register(case).was_before
    pay(case, 100)
    case.control.advance(1)
    payment, = pull(case).payments
    # Kenyan time that is marked as UTC is three hours ahead: nobody can tell.
    ahead = timedelta(hours=3 if 'pull_times' in switches else 0)
    assert payment.paid_at_utc == now(case) - timedelta(seconds=1) + ahead
    assert payment.msisdn == ('712****111' if 'pull_msisdn_form' in switches else PHONE[3:])


def test_a_shortcode_that_is_not_registered(case):
    with pytest.raises(BadRequest) as info:
        pull(case)
    assert (info.value.code, info.value.field) == ('400.001', 'ShortCode')


def body(**changes):
    fields = {
        'ShortCode': SHORTCODE, 'StartDate': '2026-09-14 09:00', 'EndDate': '2026-09-14 10:30:00',
        'OffSetValue': '0', **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


@pytest.mark.parametrize(('changes', 'code', 'field'), [
    ({'ShortCode': '999999'}, '400.001', 'ShortCode'), ({'ShortCode': ...}, '400.001', 'ShortCode'),
    ({'StartDate': '14/09/2026'}, '400.002.02', 'StartDate'),
    ({'StartDate': '2026-09-31 10:00'}, '400.002.02', 'StartDate'),
    ({'EndDate': ...}, '400.002.02', 'EndDate'),
    ({'EndDate': '2026-09-13 10:00'}, '400.002.02', 'EndDate'),
    ({'OffSetValue': '-1'}, '400.002.02', 'OffSetValue'),
    ({'OffSetValue': ...}, '400.002.02', 'OffSetValue'),
])
def test_field_rules_of_a_query(case, changes, code, field):
    register(case)
    status, told, message = error_of(case.post(QUERY, body(**changes)))
    assert (status, told) == (400, code)
    assert message.endswith(f'Invalid {field}')


@pytest.mark.parametrize(('changes', 'field'), [
    ({'RequestType': 'Push'}, 'RequestType'), ({'NominatedNumber': '12'}, 'NominatedNumber'),
    ({'CallBackURL': 'http://school.example/x'}, 'CallBackURL'), ({'ShortCode': '1'}, 'ShortCode'),
])
def test_field_rules_of_the_registration(case, changes, field):
    sent = {
        'ShortCode': SHORTCODE, 'RequestType': 'Pull', 'NominatedNumber': '0712000111',
        'CallBackURL': 'https://school.example/x', **changes,
    }
    assert error_of(case.post(REGISTER, sent))[2].endswith(f'Invalid {field}')
    assert not case.control.shortcode(SHORTCODE)['pull_registered']


def test_get_with_a_body_is_taken_as_documented_and_other_verbs_are_not(case):
    register(case)
    pay(case, 100)
    case.control.advance(1)
    token = case.oauth().json()['access_token']
    for verb, status in (('GET', 200), ('POST', 200), ('PUT', 405)):
        answer = case.http.request(
            verb, case.simulator.url + QUERY, json=body(), timeout=10,
            headers={'Authorization': f'Bearer {token}'},
        )
        assert answer.status_code == status
        if status == 200:
            assert len(answer.json()['Response'][0]) == 1
    assert error_of(case.post(QUERY, body(), token='x' * 28))[:2] == (401, '401.001')


def test_a_dropped_confirmation_is_found_again(case):
    case.confirm_to()
    case.control.set(c2b_order='none')
    register(case)
    paid = pay(case, 100)
    case.control.advance(1)
    assert not case.receiver.received
    assert [payment.receipt for payment in pull(case).payments] == [paid['receipt']]
