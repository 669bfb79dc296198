"""The simulator's gateway and OAuth, against the facts of daraja.md 1.5, 1.7 and 2."""

import base64
import json
import re
import time

import pytest
import requests
from daraja_simulator import defaults
from simulator_case import OAUTH, PUSH, REGISTER, Case, error_of


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def test_token_has_28_characters_and_a_life_as_text(case):
    body = case.oauth().json()
    assert re.fullmatch(r'[A-Za-z0-9]{28}', body['access_token'])
    assert body['expires_in'] == '3599'
    assert set(body) == {'access_token', 'expires_in'}


@pytest.mark.parametrize(
    ('headers', 'grant', 'code', 'message'),
    [
        ({}, 'client_credentials', '400.008.01', 'Invalid Authentication passed'),
        (
            {'Authorization': 'Bearer x'},
            'client_credentials',
            '400.008.01',
            'Invalid Authentication passed',
        ),
        (
            {'Authorization': 'Basic !!'},
            'client_credentials',
            '400.008.01',
            'Invalid Authentication passed',
        ),
        (None, 'password', '400.008.02', 'Invalid grant type passed'),
        (None, '', '400.008.02', 'Invalid grant type passed'),
    ],
)
def test_oauth_refusals(case, headers, grant, code, message):
    pair = base64.b64encode(f'{defaults.CONSUMER_KEY}:{defaults.CONSUMER_SECRET}'.encode()).decode()
    if headers is None:
        headers = {'Authorization': f'Basic {pair}'}
    answer = requests.get(
        case.simulator.url + OAUTH,
        params={'grant_type': grant},
        headers=headers,
        timeout=10,
    )
    assert error_of(answer) == (400, code, message)
    assert set(answer.json()) == {'requestId', 'errorCode', 'errorMessage'}


@pytest.mark.parametrize(
    ('form', 'expected'),
    [
        ('text', {'expires_in': '3599'}),
        ('number', {'expires_in': 3599}),
        ('missing', {}),
        ('zero', {'expires_in': '0'}),
    ],
)
def test_forms_of_the_token_s_life(case, form, expected):
    case.control.set(expires_in_form=form)
    body = case.oauth().json()
    assert len(body.pop('access_token')) == 28
    assert body == expected


def test_oauth_with_a_wrong_secret_and_with_the_wrong_verb(case):
    assert error_of(case.oauth(secret='wrong'))[1] == '400.008.01'
    answer = case.post(OAUTH, {})
    assert error_of(answer) == (405, '405.001', 'Method Not Allowed')


def test_a_token_ends_with_its_life(case):
    case.control.set(token_lifetime=100)
    token = case.oauth().json()['access_token']
    assert case.post(PUSH, case.push_body(), token).status_code == 200
    case.control.advance(101)
    assert error_of(case.post(PUSH, case.push_body(), token))[1] == '404.001.03'


@pytest.mark.parametrize(('kills', 'status'), [(False, 200), (True, 404)])
def test_a_new_token_may_end_the_old_one(case, kills, status):
    case.control.set(new_token_kills_old=kills)
    first = case.oauth().json()['access_token']
    case.oauth()
    assert case.post(PUSH, case.push_body(), first).status_code == status


def test_invalid_token_is_spelt_by_the_family(case):
    assert error_of(case.post(PUSH, {}, 'no-such-token')) == (
        404,
        '404.001.03',
        'Invalid Access Token',
    )
    assert error_of(case.post(REGISTER, {}, 'no-such-token')) == (
        400,
        '400.003.01',
        'Invalid Access Token',
    )


def test_an_app_without_the_product(case):
    app = case.control.add_app(products=['c2b'])
    token = case.oauth(app['consumer_key'], app['consumer_secret']).json()['access_token']
    status, code, message = error_of(case.post(PUSH, case.push_body(), token))
    assert (status, code) == (401, '401.003.01')
    assert 'no apiproduct match found' in message


def test_an_app_of_another_organisation(case):
    app = case.control.add_app(shortcodes=[defaults.STORE_SHORTCODE])
    token = case.oauth(app['consumer_key'], app['consumer_secret']).json()['access_token']
    answer = case.post(PUSH, case.push_body(), token)
    assert error_of(answer) == (500, '500.001.1001', 'Merchant does not exist')


@pytest.mark.parametrize(
    ('method', 'expected'),
    [
        ('GET', (404, '404.001.04', 'Invalid Authentication Header')),
        ('PUT', (405, '405.001', 'Method Not Allowed')),
        ('DELETE', (405, '405.001', 'Method Not Allowed')),
    ],
)
def test_wrong_verb(case, method, expected):
    answer = requests.request(method, case.simulator.url + PUSH, timeout=10)
    assert error_of(answer) == expected


def test_missing_header_unknown_path_wrong_type_and_broken_json(case):
    url, token = case.simulator.url, case.oauth().json()['access_token']
    bearer = {'Authorization': f'Bearer {token}'}
    body = json.dumps(case.push_body())
    assert error_of(requests.post(url + PUSH, data=body, timeout=10))[1] == '404.001.04'
    unknown = requests.post(
        url + '/mpesa/stkpush/v9/processrequest', data=body, headers=bearer, timeout=10
    )
    assert error_of(unknown) == (404, '404.001.01', 'Resource not found')
    as_form = requests.post(url + PUSH, data=case.push_body(), headers=bearer, timeout=10)
    assert error_of(as_form) == (400, '400.002.02', 'Bad Request - Invalid BusinessShortCode')
    typed = {**bearer, 'Content-Type': 'application/json'}
    broken = requests.post(url + PUSH, data=body[:-5], headers=typed, timeout=10)
    assert error_of(broken) == (400, '400.002.05', 'Invalid Request Payload')


@pytest.mark.parametrize(
    ('fault', 'status', 'code'),
    [
        ('http_500', 500, '500.003.1001'),
        ('internal_error', 500, '500.003.1001'),
        ('spike_arrest', 500, '500.003.02'),
        ('quota', 500, '500.003.03'),
        ('busy', 500, '500.003.02'),
        ('maintenance', 500, '500.002.1001'),
        ('token_revoked', 404, '404.001.03'),
        ('invalid_token', 404, '404.001.03'),
        ('lock_subscriber', 500, '500.001.1001'),
    ],
)
def test_scripted_error_happens_once_and_nothing_is_done(case, fault, status, code):
    case.control.script(fault=fault)
    answer = case.push()
    assert error_of(answer)[:2] == (status, code)
    assert case.control.pushes() == []
    case.token = None
    assert case.push().status_code == 200


@pytest.mark.parametrize(
    ('fault', 'status'),
    [
        ('http_502_html', 502),
        ('http_503_html', 503),
        ('http_403_html', 403),
        ('http_504_empty', 504),
        ('http_400_empty', 400),
    ],
)
def test_scripted_answers_that_are_no_json(case, fault, status):
    case.control.script(fault=fault)
    answer = case.push()
    assert answer.status_code == status
    assert answer.text == '' if fault.endswith('empty') else answer.text.startswith('<html>')
    assert case.control.pushes() == []


@pytest.mark.parametrize(
    ('fault', 'status'),
    [('spike_arrest_fault', 429), ('spike_arrest_fault_500', 500)],
)
def test_spike_arrest_as_the_raw_fault(case, fault, status):
    case.control.script(fault=fault)
    answer = case.push()
    assert answer.status_code == status
    fault = answer.json()['fault']
    assert fault['faultstring'].startswith('Spike arrest violation. Allowed rate : ')
    assert fault['detail'] == {'errorcode': 'policies.ratelimit.SpikeArrestViolation'}


def test_any_other_error_can_be_scripted(case):
    case.control.script(error=[500, '500.001.1001', 'No ICCID found on NMS'])
    assert error_of(case.push()) == (500, '500.001.1001', 'No ICCID found on NMS')


def test_reset_before_and_after_the_request_was_taken(case):
    case.control.script(fault='reset_before')
    with pytest.raises(requests.ConnectionError):
        case.push()
    assert case.control.pushes() == []
    case.control.script(fault='reset_after_accept')
    with pytest.raises(requests.ConnectionError):
        case.push()
    assert len(case.control.pushes()) == 1


@pytest.mark.parametrize(
    ('fault', 'status'),
    [('http_500_after_accept', 500), ('http_504_after_accept', 504), ('wrong_json', 200)],
)
def test_answer_spoilt_after_the_request_was_taken(case, fault, status):
    case.control.script(fault=fault)
    assert case.push().status_code == status
    assert len(case.control.pushes()) == 1


def test_half_an_answer(case):
    case.control.script(fault='half_body')
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        case.push()
    assert len(case.control.pushes()) == 1


@pytest.mark.parametrize(('fault', 'taken'), [('hang', 0), ('hang_after_accept', 1), ('slow', 1)])
def test_no_answer_in_time(case, fault, taken):
    case.control.script(fault=fault, seconds=0.5)
    with pytest.raises(requests.ReadTimeout):
        case.post(PUSH, case.push_body(), timeout=0.2)
    assert len(case.control.pushes()) == taken


def test_slow_answer_comes_late_but_right(case):
    case.control.script(fault='slow', seconds=0.2)
    started = time.monotonic()
    assert case.push().json()['ResponseCode'] == '0'
    assert time.monotonic() - started >= 0.2


def test_strict_rate_answers_in_both_shapes(case):
    case.oauth()
    case.control.set(strict_rate_limits=True, rate_per_second=2, subscriber_lock='off')
    case.control.set_clock(speed=0)
    answers = [case.push() for _call in range(4)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert {'errorCode' in answer.json() for answer in answers[2:]} == {True, False}
    case.control.advance(1.1)
    assert case.push().status_code == 200


def test_revoked_tokens_and_the_log_of_requests(case):
    case.push()
    assert case.control.revoke_tokens()['revoked'] == 1
    assert error_of(case.push())[1] == '404.001.03'
    log = case.control.daraja_requests('stk_push')
    assert [(row['status'], row['error_code']) for row in log] == [(200, None), (404, '404.001.03')]
    assert len(case.control.daraja_requests('oauth')) == 1
