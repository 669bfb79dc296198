"""Whoever guesses addresses of pay pages and receipts finds nothing, and learns nothing (A11)."""
import secrets
import statistics
import string
import time

import pytest
import requests
from road import wait_for


ALPHABET = string.digits + string.ascii_letters
GUESSES = 1000
LOOKS = 80


def odoo_url(road):
    """ Odoo itself: nginx would slow a thousand guesses down before Odoo saw them. """
    return f'http://127.0.0.1:{road.stack.ports["odoo"]}'


@pytest.fixture
def links(road):
    """ A live link, and one of each kind that opens no more. """
    student = road.next_bill()['student']
    made = {
        name: road.make_link(student, asks_for='amount', amount=500)
        for name in ('live', 'expired', 'cancelled', 'used')
    }
    road.stack.sql(
        "UPDATE mpesa_payment_link SET expires_on = CURRENT_DATE - 2 WHERE id = %s",
        [made['expired']['id']],
    )
    wizard = road.call('bursar', 'mpesa.link.cancel', 'create', {
        'link_id': made['cancelled']['id'], 'reason': "Made for another child",
    })
    road.call('bursar', 'mpesa.link.cancel', 'action_cancel', [wizard])
    road.stack.sql(
        "UPDATE mpesa_payment_link SET max_uses = 1 WHERE id = %s", [made['used']['id']],
    )
    phone = road.next_phone()
    assert road.ask_by_link(made['used'], 500, phone).status_code == 303
    road.control.pay(road.control.wait_prompt(phone, timeout=30))
    wait_for(lambda: road.stack.sql(
        "SELECT 1 FROM payment_transaction WHERE mpesa_link_id = %s AND mpesa_push_state = 'paid'",
        [made['used']['id']],
    ), "payment by the link")
    return made


def test_what_opens_nothing_is_answered_alike_and_as_fast(road, links):
    url, session = odoo_url(road), requests.Session()
    paths = {
        'unknown': f"/p/{''.join(secrets.choice(ALPHABET) for _ in range(12))}",
        **{name: links[name]['path'] for name in ('expired', 'cancelled', 'used')},
    }
    seconds = {name: [] for name in paths}
    answers = set()
    for _look in range(LOOKS):
        for name, path in paths.items():
            started = time.perf_counter()
            answer = session.get(f'{url}{path}?lang=en', timeout=30)
            seconds[name].append(time.perf_counter() - started)
            answers.add((answer.content, answer.status_code == 200, tuple(
                (key, value) for key, value in answer.headers.items()
                if key not in {'Date', 'Set-Cookie'}
            )))
    assert len(answers) == 1
    content, is_opened, _headers = answers.pop()
    assert not is_opened
    assert links['live']['slug'].encode() not in content
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    assert max(middle.values()) <= 1.25 * min(middle.values()), middle


def test_a_thousand_guesses_find_nothing(road, links):
    """ One character off a live slug, at each place; then codes of nobody; then other records. """
    url, session = odoo_url(road), requests.Session()
    live = links['live']['slug']
    near = [
        f'{live[:place]}{secrets.choice(ALPHABET.replace(live[place], ""))}{live[place + 1:]}'
        for place in range(len(live))
    ]
    far = [''.join(secrets.choice(ALPHABET) for _ in range(12)) for _guess in range(GUESSES)]
    statuses = [
        session.get(f'{url}/p/{slug}', timeout=30).status_code for slug in (*near, *far)
    ]
    assert set(statuses) <= {404, 429}
    # A flood from one address is slowed down, yet a parent behind the same address still pays.
    assert statuses[-1] == 429
    assert session.get(f"{url}{links['live']['path']}", timeout=30).status_code == 200
    # A slug of one kind opens nothing of another.
    for path in (f'/rc/{live}', f'/rc/check/{live}', f'/rc/{live}/pdf', f'/p/a/{live}'):
        assert session.get(f'{url}{path}', timeout=30).status_code in {404, 429}, path
    assert not road.stack.sql(
        "SELECT 1 FROM payment_transaction WHERE mpesa_link_id = %s", [links['live']['id']],
    )
