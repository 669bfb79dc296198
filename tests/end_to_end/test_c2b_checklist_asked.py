"""The C2B checklist of daraja.md 26, row by row: registering addresses, and being asked before.

After each row money comes as before and is in the books, once, with the right entries.
"""
import contextlib
import json

import pytest
import requests
from checklist_kit import (
    UNKNOWN,
    assert_on,
    assert_unidentified,
    manner,
    next_amount,
    next_student,
    pay,
)
from daraja_simulator.control import ControlError
from daraja_simulator.receiver import Receiver
from stack_config import StackError


PUBLIC = 'https://fees.uhuru.example'
KEPT = (
    'mpesa_callback_base', 'mpesa_response_type', 'mpesa_c2b_version', 'mpesa_validation_policy',
    'mpesa_refuse_small', 'mpesa_least_amount',
)
KEPT_THERE = (
    'confirmation_url', 'validation_url', 'validation_on', 'response_type', 'c2b_version',
)


@pytest.fixture
def provider(road, books):
    """ The provider's id in a list. Both it and Safaricom's side are put back afterwards. """
    ids = [road.school['provider_id']]
    number = road.school['shortcode']
    there = road.control.shortcode(number)
    here, = road.call('admin', 'payment.provider', 'read', ids, KEPT)
    yield ids
    road.control.set_shortcode(number, **{name: there[name] for name in KEPT_THERE})
    road.call('admin', 'payment.provider', 'write', ids, {name: here[name] for name in KEPT})


@pytest.fixture
def comes(road, books):
    """ Whatever is tried, money comes as before once all is put back. """
    yield
    student = next_student(road)
    assert_on(road, pay(road, student['admission_no']), student)


def change(road, provider, **values):
    """ Change the provider's form as an administrator. """
    road.call('admin', 'payment.provider', 'write', provider, values)


def register(road, provider):
    """ Press *Register* on the provider's form. """
    dialog = road.call('admin', 'payment.provider', 'action_mpesa_open_register', provider)
    road.call('admin', dialog['res_model'], 'action_register', [dialog['res_id']])


def addresses(road):
    """ What Safaricom has. """
    kept = road.control.shortcode(road.school['shortcode'])
    return {name: kept[name] for name in ('confirmation_url', 'validation_url', 'response_type')}


# === Registering === #

@pytest.mark.parametrize('answer', ['usual', 'small', 'eight_zeros', 'no_code'])
@pytest.mark.parametrize('response_type', ['Completed', 'Cancelled'])
def test_registering(road, provider, answer, response_type):
    change(road, provider, mpesa_response_type=response_type)
    with manner(road, register_answer=answer):
        register(road, provider)
    kept = addresses(road)
    assert kept['response_type'] == response_type  # in Safaricom's own case
    assert kept['validation_url'] == kept['confirmation_url'].replace('confirmation', 'validation')
    student = next_student(road)
    assert_on(road, pay(road, student['admission_no']), student)


@pytest.mark.parametrize('version', ['v1', 'v2'])
def test_both_versions(road, provider, version):
    change(road, provider, mpesa_c2b_version=version)
    register(road, provider)
    assert road.control.shortcode(road.school['shortcode'])['c2b_version'] == version
    student = next_student(road)
    assert_on(road, pay(road, student['admission_no']), student)


REFUSED_BASES = {
    'https://mpesa.uhuru.example': 'mpesa', 'https://uhuru.example/SafariCom': 'safaricom',
    'https://uhuru.example/execute': 'exe', 'https://sql.uhuru.example': 'sql',
    'https://uhuru.example/cmd': 'cmd', 'https://uhuru.example/fees-Query': 'query',
    'https://m-pesa.uhuru.example': 'm-pesa',
    'https://a1b2.ngrok.io': 'tunnel', 'https://uhuru.requestbin.com': 'tunnel',
    'https://uhuru.mockbin.org': 'tunnel',
}


@pytest.mark.usefixtures('comes')
def test_words_and_tunnels_are_refused_beforehand(road, provider):
    before, asked = addresses(road), len(road.control.daraja_requests('c2b_register'))
    for base, words in REFUSED_BASES.items():
        with pytest.raises(StackError, match=words):
            change(road, provider, mpesa_callback_base=base)
    assert addresses(road) == before
    assert len(road.control.daraja_requests('c2b_register')) == asked


@pytest.mark.usefixtures('comes')
def test_production_wants_https(road, provider):
    before = addresses(road)
    with manner(road, environment='production'), \
            pytest.raises(StackError, match="another public address"):
        register(road, provider)
    assert addresses(road) == before


@pytest.mark.usefixtures('comes')
def test_production_registers_once(road, provider):
    change(road, provider, mpesa_callback_base=PUBLIC)
    road.control.set_shortcode(road.school['shortcode'], confirmation_url=None)
    with manner(road, environment='production'):
        register(road, provider)
        first = addresses(road)
        assert first['confirmation_url'].startswith(f'{PUBLIC}/collect/')
        change(road, provider, mpesa_response_type='Cancelled')
        with pytest.raises(StackError, match="already has addresses"):
            register(road, provider)
    assert addresses(road) == first


@pytest.mark.usefixtures('comes')
@pytest.mark.parametrize(('fault', 'words'), [
    ('aggregator', "before Daraja"), ('soap_fault', "Safaricom"), ('internal_error', "Safaricom"),
    ('http_503_html', "Safaricom"), ('conflict_409', "Check that the Daraja app"),
    ('spike_arrest', "Safaricom"), ('reset_after_accept', "did not say whether"),
])
def test_registering_fails(road, provider, fault, words):
    """ Plain words, none of Safaricom's markup, and no traceback. """
    road.control.script('c2b_register', fault=fault, times=None)
    try:
        with pytest.raises(StackError, match=words) as refusal:
            register(road, provider)
    finally:
        road.control.clear_scripts()
    assert 'odoo.exceptions.UserError' in str(refusal.value)
    assert not {'Envelope', 'faultcode', '<html', 'collect/'} & set(str(refusal.value).split())


@pytest.mark.usefixtures('comes')
def test_what_safaricom_itself_refuses(road):
    """ By its rules for production, whoever asks. """
    before, simulator = addresses(road), road.control.base_url
    app = road.control.apps()[0]
    token = requests.get(
        f'{simulator}/oauth/v1/generate?grant_type=client_credentials', timeout=10,
        auth=(app['consumer_key'], app['consumer_secret']),
    ).json()['access_token']
    with manner(road, environment='production'):
        for field, value in (
            ('ResponseType', 'completed'), ('ResponseType', 'CANCELLED'),
            ('ConfirmationURL', f'{PUBLIC}/mPesa/c'), ('ValidationURL', f'{PUBLIC}/Query'),
            ('ConfirmationURL', 'https://a1b2.ngrok.io/c'),
            ('ConfirmationURL', 'http://fees.uhuru.example/c'),
        ):
            answer = requests.post(
                f'{simulator}/mpesa/c2b/v2/registerurl', timeout=10,
                headers={'Authorization': f'Bearer {token}'}, json={
                    'ShortCode': road.school['shortcode'], 'ResponseType': 'Completed',
                    'ConfirmationURL': f'{PUBLIC}/c', 'ValidationURL': f'{PUBLIC}/v', field: value,
                },
            )
            assert answer.json()['errorMessage'] == f'Bad Request - Invalid {field}', value
    assert addresses(road) == before


# === Asked before a payment === #

@pytest.fixture
def asked(road, provider):
    """ The school's number, with validation on and answered by us. """
    number = road.school['shortcode']
    road.control.set_shortcode(
        number, validation_on=True, response_type='Cancelled',
        validation_url=road.confirmation_url().replace('confirmation', 'validation'),
    )
    return number


@contextlib.contextmanager
def answering(road, status=200, body=None, pause=0):
    """ Let somebody else answer in our place: what Safaricom makes of it is its own rule. """
    with Receiver() as receiver:
        receiver.answers, receiver.pause = [status], pause
        receiver.body = json.dumps(body).encode() if isinstance(body, dict) else body or b''
        road.control.set_shortcode(
            road.school['shortcode'], validation_url=f'{receiver.url}/v',
        )
        yield receiver


def refused(road, account, code, amount=None):
    """ Assert that a payment is refused with a code, and that no shilling moved. """
    before, there = road.booked(), road.control.balance(road.school['shortcode'])
    with pytest.raises(ControlError, match=rf'refused: {code}\b'):
        pay(road, account, amount)
    road.settle()
    assert road.control.balance(road.school['shortcode']) == there
    assert road.booked() == before


def test_not_asked_where_validation_is_off(road, provider):
    student, last = next_student(road), road.last_row()
    assert_on(road, pay(road, student['admission_no']), student)
    assert [row['endpoint'] for row in road.inbox(last)] == ['confirmation']


def test_asked_and_accepted(road, asked):
    student, last = next_student(road), road.last_row()
    movement = pay(road, student['admission_no'])
    assert_on(road, movement, student)
    assert [row['endpoint'] for row in road.inbox(last)] == ['validation', 'confirmation']
    question, = road.control.deliveries('c2b_validation', receipt=movement['receipt']) or (
        road.control.deliveries('c2b_validation')[-1:]
    )
    assert json.loads(question['body'])['OrgAccountBalance'] == ''


def test_every_payment_is_accepted_by_default(road, asked):
    assert_unidentified(road, pay(road, UNKNOWN))


def test_an_unknown_account_and_a_small_amount_are_refused_where_the_school_says_so(
    road, provider, asked,
):
    change(
        road, provider, mpesa_validation_policy='refuse_unknown',
        mpesa_refuse_small=True, mpesa_least_amount=50,
    )
    student = next_student(road)
    refused(road, UNKNOWN, 'C2B00012')
    refused(road, student['admission_no'], 'C2B00013', amount=49)
    assert_on(road, pay(road, student['admission_no'], amount=50), student)


@pytest.mark.usefixtures('comes')
def test_every_code_of_a_refusal(road, asked):
    for code in (f'C2B0001{number}' for number in range(1, 7)):
        with answering(road, body={'ResultCode': code, 'ResultDesc': 'Rejected'}):
            refused(road, next_student(road)['admission_no'], code)


@pytest.mark.parametrize('code', ['0', 0])
def test_our_own_number_comes_back_in_the_confirmation(road, asked, code):
    student = next_student(road)
    with answering(road, body={'ResultCode': code, 'ThirdPartyTransID': 'SCH-000123'}):
        movement = pay(road, student['admission_no'])
    assert_on(road, movement, student)
    told, = road.control.deliveries('c2b_confirmation', receipt=movement['receipt'])
    assert json.loads(told['body'])['ThirdPartyTransID'] == 'SCH-000123'


ODD_ANSWERS = {
    'too late': {'body': {'ResultCode': 'C2B00012'}, 'pause': 1.2},
    'no answer at all': {'status': 500},
    'an error page': {'status': 500, 'body': b'<html>Internal Server Error</html>'},
    'not JSON': {'body': b'<html>OK</html>'},
    'no verdict': {'body': {'ok': True}},
    'a list': {'body': b'[0]'},
}


@pytest.mark.parametrize('default', ['Completed', 'Cancelled'])
@pytest.mark.parametrize('answer', ODD_ANSWERS)
def test_without_a_verdict_the_default_decides(road, asked, default, answer):
    road.control.set_shortcode(asked, response_type=default)
    student, amount = next_student(road), next_amount()
    assert road.control.settings()['validation_seconds'] == 8
    # Shorter here, so that nobody waits for it.
    with manner(road, validation_seconds=0.6), answering(road, **ODD_ANSWERS[answer]):
        if default == 'Cancelled':
            refused(road, student['admission_no'], 'C2B00016', amount)
        else:
            assert_on(road, pay(road, student['admission_no'], amount), student)


def test_nobody_is_there_to_be_asked(road, asked):
    for default in ('Completed', 'Cancelled'):
        road.control.set_shortcode(
            asked, response_type=default, validation_url='http://127.0.0.1:9/v',
        )
        student = next_student(road)
        if default == 'Cancelled':
            refused(road, student['admission_no'], 'C2B00016')
        else:
            assert_on(road, pay(road, student['admission_no']), student)
