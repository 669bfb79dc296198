"""Who sends a callback is decided by the proxy, never by what the sender says (A2, A5 to A7)."""
import psutil
import pytest
from bad_bodies import c2b
from collect_kit import send


SAFARICOM, STRANGER = '127.0.0.5', '127.0.0.6'  # stand-ins: all of 127.0.0.0/8 is this machine
NO_MONEY = c2b(TransID='UZZ9SOURCE', TransAmount='0')


@pytest.fixture(scope='module')
def url(road):
    """ The confirmation address, with the check switched on and one known sender. """
    provider = [road.school['provider_id']]
    listed = road.call('admin', 'mpesa.source.address', 'create', [{'address': SAFARICOM}])
    road.call('admin', 'payment.provider', 'write', provider, {'mpesa_source_check': 'quarantine'})
    yield road.confirmation_url()
    road.call('admin', 'payment.provider', 'write', provider, {'mpesa_source_check': 'off'})
    road.call('admin', 'mpesa.source.address', 'unlink', listed)


def row_of(road, url, headers=None, **options):
    """ The one row that a message leaves. """
    last = road.last_row()
    answer = send(url, NO_MONEY, headers={'Content-Type': 'application/json', **(headers or {})},
                  **options)
    assert answer.status == 200  # kept, whoever sent it
    row, = road.inbox(last)
    return row


def test_a_known_sender(road, url):
    row = row_of(road, url, source=SAFARICOM)
    assert (row['source_address'], row['source_listed']) == (SAFARICOM, True)
    assert row['state'] != 'quarantined'


def test_a_stranger_with_a_right_token_is_quarantined(road, url):
    row = row_of(road, url, source=STRANGER)
    assert (row['source_address'], row['source_listed']) == (STRANGER, False)
    assert row['state'] == 'quarantined'


@pytest.mark.parametrize('headers', [
    {'X-Forwarded-For': SAFARICOM},
    {'X-Forwarded-For': SAFARICOM, 'X-Forwarded-Host': 'school.example'},
    {'X-Forwarded-For': f'{SAFARICOM}, {SAFARICOM}', 'X-Real-IP': SAFARICOM},
    {'x-forwarded-for': f'{STRANGER}, {SAFARICOM}', 'Forwarded': f'for={SAFARICOM}'},
    {'X_Forwarded_For': SAFARICOM, 'X-Client-IP': SAFARICOM, 'True-Client-IP': SAFARICOM},
])
def test_a_stranger_who_says_otherwise(road, url, headers):
    row = row_of(road, url, headers=headers, source=STRANGER)
    assert row['source_address'] == STRANGER
    assert row['state'] == 'quarantined'


@pytest.mark.parametrize('headers', [{}, {'X-Forwarded-For': SAFARICOM}])
def test_past_the_proxy_the_sender_is_unknown(road, url, headers):
    """ Without the header that the proxy always adds, no address is believed (A7). """
    direct = url.replace(road.stack.url, road.stack.odoo_url)
    row = row_of(road, direct, headers=headers, source=SAFARICOM)
    assert (row['source_address'], row['state']) == (None, 'quarantined')


def test_odoo_is_reached_through_the_proxy_only(road):
    """ Who reaches Odoo's own port could choose an address (A5): it listens on loopback. """
    own = {pid for pids in road.stack.odoo_pids().values() for pid in pids}
    heard = {
        line.laddr.ip for line in psutil.net_connections('tcp')
        if line.pid in own and line.status == psutil.CONN_LISTEN
    }
    assert heard == {'127.0.0.1'}


@pytest.mark.usefixtures('books')
def test_quarantined_money_is_booked_when_a_person_replays_it(road, url):
    phone = road.next_phone()
    road.control.script(phone=phone, c2b_order='none')
    asked = road.ask(phone=phone)
    prompt = road.control.wait_prompt(phone, timeout=30)
    last = road.last_row()
    road.control.pay(prompt)  # told from 127.0.0.1, which is not listed
    road.control.wait_delivery(kind='stk', checkout_request_id=prompt['id'])
    row, = road.inbox(last)
    assert row['state'] == 'quarantined'
    assert road.request(asked)['push'] == 'accepted'
    road.call('bursar', 'mpesa.callback', 'action_replay', [row['id']])
    road.wait_request(asked, 'paid')
    road.wait_bill(asked['bill'], 'paid')
