"""The client of Africa's Talking's SMS API, over real HTTP against the stand-in."""
import socket
import time

import africastalking
import pytest
from daraja_simulator import sms_gateway
from daraja_simulator.server import start_in_thread
from daraja_stand_in import answer


NUMBER = '+254712000111'
TEXT = "UHURU ACADEMY: Received KES 15,500 for Amina Otieno (2041)."


@pytest.fixture(scope='module')
def simulator():
    with start_in_thread(seed=1) as running:
        yield running


@pytest.fixture
def control(simulator):
    simulator.control.reset(seed=1)
    return simulator.control


@pytest.fixture
def make_client(simulator):
    def make(key=sms_gateway.API_KEY, sender='UHURU', url=None, timeout=(1, 0.4)):
        return africastalking.AfricasTalking(
            sms_gateway.USERNAME, key, base_url=url or simulator.url, sender=sender,
            timeout=timeout,
        )
    return make


@pytest.fixture
def client(make_client):
    return make_client()


def test_a_message_is_taken(control, client):
    taken = client.send(NUMBER, TEXT)
    assert taken.cost == 'KES 0.8000'
    [message] = control.sms_messages()
    assert message['id'] == taken.message_id
    assert (message['number'], message['text'], message['sender']) == (NUMBER, TEXT, 'UHURU')


def test_the_hosts_are_those_of_the_gateway():
    assert africastalking.LIVE_URL == 'https://api.africastalking.com'
    assert africastalking.SANDBOX_URL == 'https://api.sandbox.africastalking.com'
    assert africastalking.PATH == '/version1/messaging'


@pytest.mark.parametrize('code', sorted(africastalking.REFUSED))
def test_each_refusal_has_its_code(control, client, code):
    control.set_sms(numbers={NUMBER: code})
    with pytest.raises(africastalking.MessageRefused) as caught:
        client.send(NUMBER, TEXT)
    assert caught.value.code == code
    assert control.sms_messages() == []


@pytest.mark.parametrize('code', sorted(africastalking.TAKEN))
def test_each_kind_of_taking(control, client, code):
    control.set_sms(numbers={NUMBER: code})
    assert client.send(NUMBER, TEXT).message_id


def test_a_sender_that_is_not_registered(control, client):
    control.set_sms(senders=['OTHER'])
    with pytest.raises(africastalking.MessageRefused) as caught:
        client.send(NUMBER, TEXT)
    assert caught.value.code == 402


def test_wrong_keys(control, make_client):
    with pytest.raises(africastalking.KeysRefused):
        make_client(key='atsk_wrong').send(NUMBER, TEXT)


def test_out_of_credit(control, client):
    control.set_sms(credit=1.0)
    client.send(NUMBER, TEXT)
    with pytest.raises(africastalking.MessageRefused) as caught:
        client.send(NUMBER, TEXT)
    assert caught.value.code == 405


def test_nobody_listens(make_client):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    with pytest.raises(africastalking.NotReached):
        make_client(url=f'http://127.0.0.1:{port}').send(NUMBER, TEXT)


def test_a_name_that_does_not_exist(make_client):
    with pytest.raises(africastalking.NotReached):
        make_client(url='http://gateway.invalid').send(NUMBER, TEXT)


def test_down(control, client):
    control.set_sms(mode='down')
    with pytest.raises(africastalking.Unavailable):
        client.send(NUMBER, TEXT)


@pytest.mark.parametrize('status', [500, 502, 504])
def test_an_answer_from_in_between_may_have_been_sent(daraja_server, make_client, status):
    daraja_server.on(africastalking.PATH, answer(status, b'upstream'))
    with pytest.raises(africastalking.InDoubt):
        make_client(url=daraja_server.base_url).send(NUMBER, TEXT)


@pytest.mark.parametrize('mode', ['slow', 'hang', 'reset', 'reset_after', 'html'])
def test_what_may_have_been_sent_is_in_doubt(control, client, mode):
    control.set_sms(mode=mode, seconds=2)
    began = time.monotonic()
    with pytest.raises(africastalking.InDoubt):
        client.send(NUMBER, TEXT)
    assert time.monotonic() - began < 1.5
    assert len(control.sms_messages()) == (mode in {'slow', 'reset_after'})


@pytest.mark.parametrize('mode', ['down', 'slow', 'html', 'reset'])
def test_nothing_personal_or_secret_in_errors(control, make_client, mode):
    control.set_sms(mode=mode, seconds=1)
    client = make_client()
    with pytest.raises(africastalking.SmsError) as caught:
        client.send(NUMBER, TEXT)
    for text in (str(caught.value), repr(caught.value), repr(client)):
        for secret in (NUMBER, '712000111', 'Amina', sms_gateway.API_KEY):
            assert secret not in text
    assert caught.value.__cause__ is None


@pytest.mark.parametrize('body', [
    b'', b'[]', b'null', b'{"SMSMessageData": null}', b'{"SMSMessageData": {"Recipients": 7}}',
    b'{"SMSMessageData": {"Recipients": [7]}}', b'{"SMSMessageData": {"Recipients": [{}]}}',
    b'{"SMSMessageData": {"Recipients": [{"statusCode": "x"}]}}', b'[' * 5000,
])
def test_an_answer_that_cannot_be_read_is_never_taken_for_a_refusal_or_a_success(
    daraja_server, make_client, body,
):
    daraja_server.on(africastalking.PATH, answer(201, body))
    with pytest.raises(africastalking.SmsError) as caught:
        make_client(url=daraja_server.base_url).send(NUMBER, TEXT)
    assert isinstance(caught.value, africastalking.InDoubt | africastalking.MessageRefused)


def test_delivery_reports_are_posted_as_form_fields(control, client):
    control.set_sms(hold_reports=True, report='Failed', failure_reason='UserDoesNotExist')
    taken = client.send(NUMBER, TEXT)
    [report] = control.sms_reports()
    assert report['body'] == {
        'id': taken.message_id, 'status': 'Failed', 'phoneNumber': NUMBER, 'networkCode': '63902',
        'retryCount': '0', 'failureReason': 'UserDoesNotExist',
    }


def test_the_virtual_phone_shows_it(control, simulator, client):
    import requests
    client.send(NUMBER, TEXT)
    state = requests.get(f'{simulator.url}/phone/254712000111/state', timeout=5).json()
    assert [(sms['sender'], sms['text']) for sms in state['sms']] == [('UHURU', TEXT)]
    assert any(
        phone['msisdn'] == '254712000111'
        for phone in requests.get(f'{simulator.url}/phones', timeout=5).json()
    )
