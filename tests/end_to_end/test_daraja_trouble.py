"""Safaricom is down, slow, broken or refuses us: what the request becomes, and what people read."""
import pytest
from live_road import text_of
from road import wait_for


pytestmark = pytest.mark.usefixtures('books')


def pushes_to(road, phone):
    """ The prompts that Safaricom carried out on a phone. """
    return [push for push in road.control.pushes() if push['msisdn'] == phone]


def test_down_for_a_moment(road):
    """ A connection that was never made is safe to repeat, and the prompt still goes out once. """
    phone = road.next_phone()
    road.control.script(api='oauth', fault='http_503_html', times=1)
    road.control.revoke_tokens()
    road.control.script(phone=phone, outcome='0')
    asked = road.ask(phone=phone)
    road.wait_request(asked, 'paid')
    assert len(pushes_to(road, phone)) == 1


@pytest.mark.parametrize(('fault', 'seconds'), [
    ('http_502_html', None), ('http_500', None), ('http_504_empty', None), ('wrong_json', None),
    ('reset_after_accept', None), ('half_body', None), ('hang_after_accept', 13),
])
def test_no_answer_to_a_prompt_that_may_be_on_the_phone(road, fault, seconds):
    """ Never failed, never sent again: *checking*, until Safaricom tells. """
    phone = road.next_phone()
    road.control.script(phone=phone, fault=fault, **({'seconds': seconds} if seconds else {}))
    asked = road.ask(phone=phone)
    row = road.wait_request(asked, 'unknown')
    assert row['state'] == 'pending'
    page = road.page(asked)
    assert "Checking with M-PESA" in page
    assert "Do not pay again yet." in page
    assert "Send again" not in page
    assert "Do not send another request" in road.office_reads(asked)
    carried_out = pushes_to(road, phone)
    assert len(carried_out) == int(not fault.startswith('http_'))
    if carried_out and fault != 'wrong_json':
        road.pay(asked)
        road.wait_request(asked, 'paid')
        road.wait_bill(asked['bill'], 'paid')
        assert len(pushes_to(road, phone)) == 1


def test_a_slow_answer_is_waited_for(road):
    phone = road.next_phone()
    road.control.script(phone=phone, fault='slow', seconds=4)
    asked = road.ask(phone=phone)
    wait_for(lambda: pushes_to(road, phone), "prompt")
    assert "Sending the request" in road.page(asked)
    road.wait_request(asked, 'accepted')
    road.pay(asked)
    road.wait_request(asked, 'paid')


def test_no_page_waits_for_a_slow_daraja(road):
    """ No HTTP worker calls Daraja: pages answer while it hangs. """
    phone = road.next_phone()
    road.control.script(phone=phone, fault='slow', seconds=6)
    asked = road.ask(phone=phone)
    wait_for(lambda: pushes_to(road, phone), "prompt")
    for _unused in range(4):
        assert road.payer_state(asked)['s'] == 'sending'
    assert road.request(asked)['push'] == 'sent'  # Daraja still had not answered
    road.wait_request(asked, 'accepted')
    road.cancel(asked)
    road.wait_request(asked, 'declined')


@pytest.fixture
def other_secret(road):
    """ Safaricom knows another secret for our key than the school typed. """
    from daraja_simulator import defaults
    road.control.set_app(defaults.CONSUMER_KEY, consumer_secret='another')
    road.control.revoke_tokens()
    yield
    road.control.set_app(defaults.CONSUMER_KEY, consumer_secret=defaults.CONSUMER_SECRET)


@pytest.mark.usefixtures('other_secret')
def test_wrong_credentials(road):
    asked = road.ask()
    row = road.wait_request(asked, 'declined')
    assert row['code'] == 'not_sent'
    page = road.page(asked)
    assert "The request did not go through" in page
    assert "We have not received a payment." in page
    assert "Send again" in page
    assert "Safaricom did not accept these keys." in road.office_reads(asked)
    assert not pushes_to(road, asked['phone'])


def test_wrong_passkey(road):
    from daraja_simulator import defaults
    road.control.set_shortcode(road.school['shortcode'], passkey='0' * 64)
    try:
        asked = road.ask()
        road.wait_request(asked, 'declined')
    finally:
        road.control.set_shortcode(road.school['shortcode'], passkey=defaults.SCHOOL_PASSKEY)
    reads = road.office_reads(asked)
    assert "passkey does not match" in reads
    assert "No prompt was sent; no money moved." in reads


def test_a_shortcode_with_requests_stays_in_its_environment(road):
    """ The environment cannot be changed under money: the screen says what to do instead. """
    road.wait_request(_declined(road), 'declined')
    with pytest.raises(Exception, match="environment, number, journal and school stay") as refused:
        road.call('admin', 'payment.provider', 'write', [road.school['provider_id']],
                  {'mpesa_environment': 'sandbox'})
    assert "Disabled" in str(refused.value)


def _declined(road):
    phone = road.next_phone()
    road.control.script(phone=phone, outcome='1032')
    return road.ask(phone=phone)


def test_a_switched_off_provider_is_not_offered_and_sends_nothing(road):
    bill = road.next_bill()
    provider = [road.school['provider_id']]
    road.call('admin', 'payment.provider', 'write', provider, {'mpesa_stk_enabled': False})
    try:
        refused = road.parent_asks(bill)
        page = text_of(road.session('admin').get(f"{road.stack.url}{bill['url']}").text)
    finally:
        road.call('admin', 'payment.provider', 'write', provider, {'mpesa_stk_enabled': True})
    assert "No request was sent" in refused['error']['message']
    assert bill['name'] in page
    assert "M-PESA phone number" not in page
