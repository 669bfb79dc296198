"""Malformed and forged callbacks at every address, through nginx: kept, answered, never booked."""
import pytest
from bad_bodies import BODIES, c2b, stk
from collect_kit import ENDPOINTS, STRANGER, addresses, send


@pytest.fixture(scope='module')
def urls(road):
    return addresses(road)


@pytest.fixture(scope='module')
def campaign(road, urls):
    """ All that was sent; afterwards nothing is booked, and the inbox holds every byte of it. """
    road.settle()
    booked, last, log = road.booked(), road.last_row(), len(road.stack.log_text())
    sent = []
    yield sent
    road.wait_drained()
    assert road.booked() == booked
    rows = road.inbox(last)
    assert [row['endpoint'] for row in rows] == [endpoint for endpoint, _body in sent]
    kept = road.stack.shell(
        "rows = env['mpesa.callback'].search([('id', '>', %d)], order='id')\n"
        "bodies = rows._read_bodies()\n"
        "result = [bodies[row].hex() for row in rows]" % last
    )
    assert kept == [body.hex() for _endpoint, body in sent]
    states = {row['state'] for row in rows if row['endpoint'] != 'validation'}
    assert states <= {'unreadable', 'parked', 'conflict'}
    assert {row['state'] for row in rows if row['endpoint'] == 'validation'} == {'done'}
    assert all(row['reason'] for row in rows if row['endpoint'] != 'validation')
    text = road.stack.log_text()[log:]
    assert 'Traceback' not in text
    assert ' ERROR ' not in text
    for told in ('UZZ1BADBAD', '254733000777', 'Wanja', 'passwd'):
        assert told not in text
        assert not any(told in (row['reason'] or '') for row in rows)


@pytest.mark.parametrize('name', BODIES)
def test_whatever_comes_is_kept_and_answered(campaign, urls, name):
    for endpoint in ENDPOINTS:
        answer = send(urls[endpoint], BODIES[name])
        campaign.append((endpoint, BODIES[name]))
        assert answer.status == 200
        assert answer.headers.get('Content-Type') == 'application/json'
        assert answer.result_code == ('0' if endpoint == 'validation' else 0)
        assert 'Set-Cookie' not in answer.headers


@pytest.mark.parametrize('content_type', [
    None, '', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data',
    'multipart/form-data; boundary=x', 'application/json; charset=utf-7', 'application/xml',
    'x' * 2_000, '\xff\xfe',
])
def test_the_content_type_decides_nothing(campaign, urls, content_type):
    body = BODIES['multipart'] if content_type and 'multipart' in content_type else BODIES['form']
    headers = {} if content_type is None else {'Content-Type': content_type}
    for endpoint in ENDPOINTS:
        answer = send(urls[endpoint], body, headers=headers)
        campaign.append((endpoint, body))
        assert answer.status == 200


def test_compressed_is_kept_as_it_came(campaign, urls):
    for endpoint in ENDPOINTS:
        answer = send(urls[endpoint], BODIES['gzip'], headers={'Content-Encoding': 'gzip'})
        campaign.append((endpoint, BODIES['gzip']))
        assert answer.status == 200


def test_forged_results_of_a_real_prompt(campaign, road, urls):
    """ Even with the prompt's own address: the ids must be those of the prompt (A3). """
    for body in (stk(), stk(ResultCode=1037, CallbackMetadata=None)):
        assert send(urls['stk'], body).status == 200
        campaign.append(('stk', body))


def test_results_of_prompts_that_never_were(campaign, urls):
    base, _slash, push = urls['stk'].rpartition('/')
    for other in ('0' * 32, push[:-1] + ('0' if push[-1] != '0' else '1'), 'x', '%F0%9F%92%A9'):
        assert send(f'{base}/{other}', stk()).status == 200
        campaign.append(('stk', stk()))


@pytest.mark.parametrize('token', [
    'x', '0' * 32, 'A' * 32, '%ff%fe', '%F0%9F%92%A9' * 8, 'a' * 6_000, "'%20OR%201=1%20--",
])
def test_a_wrong_token_is_not_there(road, token):
    last = road.last_row()
    for path in ('c2b/confirmation', 'result', 'stk/' + '0' * 32):
        answer = send(f'{road.stack.url}/collect/{token}/{path}', c2b(), source=STRANGER)
        assert answer.status == 404
        assert 'Set-Cookie' not in answer.headers
    assert road.last_row() == last


@pytest.mark.parametrize('path', [
    '//result', '/%00/result', '/..%2f../result', '/', '', '/x', '/x/stk', '/x/c2b', '/x/c2b/else',
])
def test_what_is_no_address_of_ours_is_not_there(road, path):
    last = road.last_row()
    status = send(f'{road.stack.url}/collect{path}', c2b(), source=STRANGER).status
    assert status in {301, 308, 400, 404}
    assert road.last_row() == last


def test_a_token_of_another_kind_is_wrong(road, urls):
    last = road.last_row()
    tokens = {kind: url.split('/collect/')[1].split('/')[0] for kind, url in urls.items()}
    for kind, path in (('stk', 'result'), ('confirmation', 'result'), ('result', 'c2b/validation'),
                       ('stk', 'c2b/confirmation'), ('result', 'stk/' + '0' * 32)):
        url = f'{road.stack.url}/collect/{tokens[kind]}/{path}'
        assert send(url, c2b(), source=STRANGER).status == 404
    for changed in (tokens['stk'].upper(), tokens['stk'][:-1], tokens['stk'] + '0'):
        url = f"{road.stack.url}/collect/{changed}/stk/{'0' * 32}"
        assert send(url, stk(), source=STRANGER).status == 404
    assert road.last_row() == last


def test_guessing_is_slowed_down_and_a_right_token_never_is(campaign, road, urls):
    """ Two minutes' worth of guesses, so that one minute of the clock has too many (A10). """
    guesser = '127.0.0.4'
    answers = [
        send(f'{road.stack.url}/collect/{guess:032x}/result', source=guesser).status
        for guess in range(125)
    ]
    assert set(answers) == {404, 429}
    last = road.last_row()
    assert send(urls['validation'], c2b(), source=guesser).status == 200
    campaign.append(('validation', c2b()))
    assert road.last_row() > last


@pytest.mark.parametrize('method', ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE',
                                    'PROPFIND', 'X-ODD'])
def test_other_methods_do_nothing(road, urls, method):
    last = road.last_row()
    for endpoint in ENDPOINTS:
        answer = send(urls[endpoint], b'', method=method)
        assert answer.status in {404, 405}
        assert 'Set-Cookie' not in answer.headers
    assert road.last_row() == last
