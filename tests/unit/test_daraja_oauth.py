"""The access token: renewal, sharing, and what happens when Safaricom refuses it."""
import threading
import time

import daraja
import pytest
from daraja.oauth import LONGEST_LIFETIME, UNSTATED_LIFETIME, lifetime
from daraja_stand_in import (
    ACCEPTED,
    OAUTH,
    PUSH,
    answer,
    client,
    daraja_error,
    half,
    html,
    prompt,
    reset,
    silence,
    tokens,
    with_token,
)


PROMPT = prompt()
INVALID = [
    daraja_error(400, '400.003.01', 'Invalid Access Token'),
    daraja_error(401, '401.001', 'Invalid Access Token'),
    daraja_error(401, '401.002.01', 'Error Occurred - Invalid Access Token - abc'),
    daraja_error(404, '404.001.03', 'Invalid Access Token'),
    # The fifth spelling, without the words that make it a missing product.
    daraja_error(401, '401.003.01', 'Error Occurred - Invalid Access Token - abc'),
    answer(401, {'errorCode': '401', 'errorMessage': 'Unauthorized - Invalid Access Token'}),
]


@pytest.fixture
def server(daraja_server):
    daraja_server.on(PUSH, answer(200, ACCEPTED))
    return daraja_server


def aged(seconds, *, fresh=-1, alive=-1, value='tokentokentokentokentoken999'):
    """A token fetched that many seconds ago, fresh and alive for so many more."""
    now = time.time()
    return daraja.Token(value, now - seconds, now + fresh, now + alive)


@pytest.mark.parametrize(('expires_in', 'seconds'), [
    ('3599', 3599), (3599, 3599), (' 3599 ', 3599), ('3599.0', 3599),
    (0, 0), ('0', 0), (-5, 0),
    (None, UNSTATED_LIFETIME), ('', UNSTATED_LIFETIME), ('soon', UNSTATED_LIFETIME),
    (float('nan'), UNSTATED_LIFETIME), ([], UNSTATED_LIFETIME),
    ('1e400', LONGEST_LIFETIME), (10 ** 12, LONGEST_LIFETIME),
])
def test_lifetime(expires_in, seconds):
    assert lifetime(expires_in) == seconds


@pytest.mark.parametrize(('expires_in', 'alive', 'renewed_early'), [
    ('3599', 3599, 240), (3599, 3599, 240), ('100', 100, 20), (None, UNSTATED_LIFETIME, 60),
])
def test_token_is_kept_and_renewed_early(server, expires_in, alive, renewed_early):
    server.on(OAUTH, tokens(expires_in))
    store = daraja.MemoryTokenStore()
    it = client(server, token_store=store)
    for _call in range(3):
        it.stk_push(PROMPT)
    assert len(server.asked(OAUTH)) == 1
    token = store.get()
    assert token.expires_at - token.fetched_at == pytest.approx(alive)
    assert token.expires_at - token.renew_at == pytest.approx(renewed_early)
    assert daraja.Token.from_dict(token.as_dict()) == token


@pytest.mark.parametrize('expires_in', ['0', 0, '-1'])
def test_token_without_a_life_serves_its_own_request(server, expires_in):
    server.on(OAUTH, tokens(expires_in))
    it = client(server)
    it.stk_push(PROMPT)
    it.stk_push(PROMPT)
    assert len(server.asked(OAUTH)) == len(server.asked(PUSH)) == 2


def test_two_clients_share_a_store(server):
    store = daraja.MemoryTokenStore()
    client(server, token_store=store).stk_push(PROMPT)
    client(server, token_store=store).stk_push(PROMPT)
    assert len(server.asked(OAUTH)) == 1


def test_single_flight(server):
    server.on(OAUTH, tokens(delay=0.2))
    it = client(server)
    barrier = threading.Barrier(8)
    accepted = []

    def run():
        barrier.wait()
        accepted.append(it.stk_push(PROMPT))

    threads = [threading.Thread(target=run) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(accepted) == 8
    assert len(server.asked(OAUTH)) == 1


def test_stale_token_is_renewed(server):
    store = daraja.MemoryTokenStore()
    store.put(aged(3500, fresh=-1, alive=60))
    client(server, token_store=store).stk_push(PROMPT)
    assert store.get().value == 'tokentokentokentokentoken000'


@pytest.mark.parametrize('outage', [html(503), reset, answer(429, b''), answer(200, b'')])
def test_outage_is_not_felt_while_the_token_lives(server, outage):
    server.on(OAUTH, outage)
    store = daraja.MemoryTokenStore()
    store.put(aged(3500, fresh=-1, alive=60))
    it = client(server, token_store=store)
    assert it.stk_push(PROMPT).response_code == '0'


def test_clock_put_back(server):
    store = daraja.MemoryTokenStore()
    # Fetched "in an hour", so its end cannot be trusted.
    store.put(aged(-3600, fresh=7000, alive=7200))
    client(server, token_store=store).stk_push(PROMPT)
    assert store.get().value == 'tokentokentokentokentoken000'


@pytest.mark.parametrize('refused', INVALID)
def test_revoked_token_is_renewed_once(server, refused):
    server.on(PUSH, with_token(1, answer(200, ACCEPTED), refused))
    assert client(server).stk_push(PROMPT).response_code == '0'
    assert len(server.asked(OAUTH)) == len(server.asked(PUSH)) == 2


@pytest.mark.parametrize('refused', INVALID)
def test_refused_for_good(server, refused):
    server.on(PUSH, refused)
    with pytest.raises(daraja.InvalidToken) as info:
        client(server).stk_push(PROMPT)
    assert info.value.sent == 'no'
    assert len(server.asked(OAUTH)) == len(server.asked(PUSH)) == 2


def test_missing_product_is_no_matter_of_the_token(server):
    server.on(PUSH, daraja_error(
        401, '401.003.01',
        'Error Occurred - Invalid Access Token - Invalid API call as no apiproduct match found',
    ))
    with pytest.raises(daraja.ProductMissing):
        client(server).stk_push(PROMPT)
    assert len(server.asked(OAUTH)) == len(server.asked(PUSH)) == 1


def test_refused_token_of_a_colleague_is_left_alone(server):
    """Another worker renewed meanwhile: its token is used, not fetched once more."""
    server.on(PUSH, with_token(5, answer(200, ACCEPTED), INVALID[3]))
    store = daraja.MemoryTokenStore()
    new = aged(0, fresh=100, alive=200, value='tokentokentokentokentoken005')

    class Racing(daraja.MemoryTokenStore):
        def discard(self, token):
            store.put(new)
            store.discard(token)

        get, put, refreshing = store.get, store.put, store.refreshing

    store.put(aged(0, fresh=100, alive=200))
    assert client(server, token_store=Racing()).stk_push(PROMPT).response_code == '0'
    assert server.asked(OAUTH) == []
    assert store.get() == new


def test_store_discards_only_what_was_meant():
    store = daraja.MemoryTokenStore()
    kept = aged(0, value='kept')
    store.put(kept)
    store.discard(aged(0, value='other'))
    assert store.get() == kept
    store.discard(kept)
    assert store.get() is None


@pytest.mark.parametrize('refused', [
    daraja_error(400, '400.008.01', 'Invalid Authentication passed'),
    answer(400, b''),
    answer(401, b''),
    daraja_error(401, '401.000', 'Unauthorized'),
])
def test_wrong_credentials(server, refused):
    server.on(OAUTH, refused)
    for call in (lambda it: it.check_credentials(), lambda it: it.stk_push(PROMPT)):
        with pytest.raises(daraja.CredentialsRefused) as info:
            call(client(server))
        assert info.value.sent == 'no'
    assert len(server.asked(OAUTH)) == 2
    assert server.asked(PUSH) == []


@pytest.mark.parametrize(('step', 'kind', 'calls'), [
    (html(503), daraja.ServerFailure, 3),
    (reset, daraja.NoAnswer, 3),
    (answer(429, b''), daraja.Busy, 1),
    (html(200), daraja.UnreadableAnswer, 1),
    (answer(200, {}), daraja.UnreadableAnswer, 1),
    (answer(200, {'access_token': 'a\nb: c' * 9}), daraja.UnreadableAnswer, 1),
    (answer(200, {'access_token': 12345678}), daraja.UnreadableAnswer, 1),
    (half(b'{"access_token": "tokentoken', 90), daraja.NoAnswer, 3),
])
def test_no_token_means_no_push(server, step, kind, calls):
    server.on(OAUTH, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(server).stk_push(PROMPT)
    assert type(info.value) is kind
    assert info.value.sent == 'no'
    assert len(server.asked(OAUTH)) == calls
    assert server.asked(PUSH) == []


def test_silence_about_the_token(server):
    server.on(OAUTH, silence(3))
    with pytest.raises(daraja.NoAnswer) as info:
        client(server, read_timeout=0.3, retry=daraja.Retry(attempts=2)).stk_push(PROMPT)
    assert info.value.sent == 'no'
    assert len(server.asked(OAUTH)) == 2
    assert server.asked(PUSH) == []


def test_check_asks_whatever_is_kept(server):
    it = client(server)
    it.stk_push(PROMPT)
    it.check_credentials()
    assert len(server.asked(OAUTH)) == 2


def test_failed_flight_lets_the_next_one_fly(server):
    server.on(OAUTH, daraja_error(400, '400.008.01', 'Invalid Authentication passed'), tokens())
    it = client(server)
    with pytest.raises(daraja.CredentialsRefused):
        it.stk_push(PROMPT)
    assert it.stk_push(PROMPT).response_code == '0'
