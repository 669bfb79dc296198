"""The product's Daraja client against the simulator, two readings of the same facts."""

import pytest
from daraja import (
    BadRequest,
    Busy,
    Credentials,
    CredentialsRefused,
    Daraja,
    DarajaError,
    Environment,
    NoAnswer,
    ProductMissing,
    ServerFailure,
    StkPush,
    StkQuery,
    SubscriberLocked,
    WrongPasskey,
    parse_c2b,
    parse_stk_callback,
)
from daraja_simulator import defaults
from simulator_case import PHONE, Case


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def client(case, key=defaults.CONSUMER_KEY, secret=defaults.CONSUMER_SECRET, **options):
    environment = Environment.custom(case.simulator.url)
    return Daraja(environment=environment, credentials=Credentials(key, secret), **options)


def push(case, **changes):
    return StkPush(**{
        'shortcode': defaults.SCHOOL_SHORTCODE,
        'passkey': defaults.SCHOOL_PASSKEY,
        'amount': 1200,
        'phone': PHONE,
        'callback_url': f'{case.receiver.url}/collect/stk',
        'account_reference': 'ADM-012',
        'description': 'Fees',
        **changes,
    })


def query(checkout_request_id):
    return StkQuery(defaults.SCHOOL_SHORTCODE, defaults.SCHOOL_PASSKEY, checkout_request_id)


def test_the_road(case):
    case.confirm_to()
    daraja = client(case)
    accepted = daraja.stk_push(push(case))
    assert daraja.stk_query(query(accepted.checkout_request_id)).state == 'pending'
    case.control.set(pending_dialect='500')
    assert daraja.stk_query(query(accepted.checkout_request_id)).state == 'pending'
    case.control.pay(PHONE)
    case.control.wait_idle()
    answer = daraja.stk_query(query(accepted.checkout_request_id))
    assert (answer.state, answer.result_code) == ('final', '0')
    told = parse_stk_callback(case.receiver.at('/collect/stk')[0].body)
    confirmed = parse_c2b(case.receiver.at('/collect/c2b')[0].body)
    (move,) = case.control.movements()
    assert told.checkout_request_id == accepted.checkout_request_id
    assert told.receipt == confirmed.receipt == move['receipt']
    assert told.amount == confirmed.amount == 1200
    assert len(case.control.daraja_requests('oauth')) == 1


@pytest.mark.parametrize(
    'code', ['1', '17', '1001', '1019', '1025', '1032', '1037', '2001', 'SFC_IC0003']
)
def test_failures(case, code):
    case.control.script(outcome=code)
    accepted = client(case).stk_push(push(case))
    case.control.wait_idle()
    told = parse_stk_callback(case.receiver.received[0].body)
    assert (told.result_code, told.receipt) == (code, None)
    answer = client(case).stk_query(query(accepted.checkout_request_id))
    assert (answer.state, answer.result_code) == ('final', code)


@pytest.mark.parametrize(
    ('fault', 'error', 'pushes'),
    [
        ('spike_arrest', Busy, 0),
        ('spike_arrest_fault', Busy, 0),
        ('busy', Busy, 0),
        ('quota', Busy, 0),
        ('maintenance', Busy, 0),
        ('lock_subscriber', SubscriberLocked, 0),
        ('http_500', ServerFailure, 0),
        ('http_502_html', ServerFailure, 0),
        ('http_504_empty', DarajaError, 0),
        ('http_403_html', DarajaError, 0),
        ('reset_before', NoAnswer, 0),
        ('reset_after_accept', NoAnswer, 1),
        ('half_body', NoAnswer, 1),
        ('wrong_json', DarajaError, 1),
        ('hang', NoAnswer, 0),
        ('hang_after_accept', NoAnswer, 1),
    ],
)
def test_faults(case, fault, error, pushes):
    case.control.script(fault=fault, seconds=5, times=None)
    read_timeout = 0.3 if 'hang' in fault else 10
    with pytest.raises(error) as caught:
        client(case, read_timeout=read_timeout).stk_push(push(case))
    # Where the push may have been taken, the client must not say that it was not.
    assert not (pushes and caught.value.sent == 'no')
    assert len(case.control.pushes()) == pushes


@pytest.mark.parametrize('kills', [False, True])
def test_a_revoked_token_is_renewed_once(case, kills):
    case.control.set(new_token_kills_old=kills)
    daraja = client(case)
    daraja.check_credentials()
    case.control.revoke_tokens()
    assert daraja.stk_push(push(case)).checkout_request_id
    assert [row['status'] for row in case.control.daraja_requests('stk_push')] == [404, 200]


def test_configuration_mistakes(case):
    with pytest.raises(CredentialsRefused):
        client(case, secret='wrong').check_credentials()
    with pytest.raises(WrongPasskey):
        client(case).stk_push(push(case, passkey='wrong'))
    app = case.control.add_app(products=['c2b'])
    with pytest.raises(ProductMissing):
        client(case, app['consumer_key'], app['consumer_secret']).stk_push(push(case))
    case.control.set(environment='production')
    with pytest.raises(BadRequest) as caught:
        client(case).stk_push(push(case))
    assert caught.value.field == 'CallBackURL'


@pytest.mark.parametrize('dialect', ['500', '400'])
def test_unknown_id_and_sporadic_errors_are_no_answer(case, dialect):
    case.control.set(unknown_id_dialect=dialect)
    assert client(case).stk_query(query('ws_CO_14092026101502117712000111')).state == 'no_answer'
    accepted = client(case).stk_push(push(case))
    case.control.script('stk_query', fault='intermittent', times=None)
    assert client(case).stk_query(query(accepted.checkout_request_id)).state == 'no_answer'
