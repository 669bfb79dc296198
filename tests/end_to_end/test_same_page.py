"""The waiting page's address shows the same state to anyone who holds it, also after a reboot."""
import re

import pytest
import requests


@pytest.mark.usefixtures('books')
def test_every_state_survives_a_restart(road):
    paid = road.ask()
    road.pay(paid)
    road.wait_request(paid, 'paid')
    cancelled = road.ask()
    road.cancel(cancelled)
    road.wait_request(cancelled, 'declined')
    phone = road.next_phone()
    road.control.script(phone=phone, fault='http_502_html')
    unknown = road.ask(phone=phone)
    road.wait_request(unknown, 'unknown')
    waiting = road.ask()
    road.control.wait_prompt(waiting['phone'], timeout=30)
    road.wait_request(waiting, 'accepted')
    every = (paid, cancelled, unknown, waiting)
    before = [(road.payer_state(one), road.page(one)) for one in every]
    road.stack.restart_odoo()
    after = [(road.payer_state(one), road.page(one)) for one in every]
    assert [told for told, _page in after] == [told for told, _page in before]
    assert [steady(page) for _told, page in after] == [steady(page) for _told, page in before]
    road.pay(waiting)  # and it goes on where it was
    road.wait_request(waiting, 'paid')


def steady(page):
    """ The text of a page without what counts seconds. """
    return re.sub(r'\d+:\d\d|\bStill waiting\b.*?close it\.|Check your phone.*?KES [\d,]+\.', '',
                  page)


def test_nothing_private_stands_on_the_page_and_nothing_keeps_it(road):
    asked = road.ask()
    road.pay(asked)
    road.wait_request(asked, 'paid')
    answer = requests.get(f"{road.stack.url}{asked['attempt']}", timeout=30)
    assert answer.headers['Cache-Control'] == 'no-store'
    assert answer.headers['Referrer-Policy'] == 'no-referrer'
    for private in (asked['phone'], asked['phone'][3:], asked['bill']['student']['name']):
        assert private not in answer.text
    assert asked['bill']['student']['name'].split()[0] in answer.text


@pytest.mark.parametrize('token', ['0' * 32, 'A' * 32, 'x', '%00', '0' * 31, '0' * 33])
def test_an_unknown_address_shows_one_neutral_page(road, token):
    answer = requests.get(f'{road.stack.url}/p/a/{token}', timeout=30)
    assert answer.status_code in {400, 404}
    assert 'KES' not in answer.text
