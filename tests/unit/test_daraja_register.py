"""Registering C2B addresses with the product's client, against the simulator over HTTP."""
import daraja
import pytest
from daraja_simulator import defaults
from daraja_stand_in import answer, client, daraja_error, html
from simulator_case import Case


REGISTER = '/mpesa/c2b/v2/registerurl'
SECRET = 'ab' * 16
CONFIRMATION = f'https://school.example/collect/{SECRET}/c2b/confirmation'
VALIDATION = f'https://school.example/collect/{SECRET}/c2b/validation'


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def registration(**values):
    return daraja.C2BRegistration(**{
        'shortcode': defaults.SCHOOL_SHORTCODE,
        'confirmation_url': CONFIRMATION,
        'validation_url': VALIDATION,
        **values,
    })


def register(case, app=None, **values):
    app = app or {
        'consumer_key': defaults.CONSUMER_KEY, 'consumer_secret': defaults.CONSUMER_SECRET,
    }
    return daraja.Daraja(
        environment=daraja.Environment.custom(case.simulator.url),
        credentials=daraja.Credentials(app['consumer_key'], app['consumer_secret']),
    ).c2b_register(registration(**values))


# === The simulator === #

@pytest.mark.parametrize('version', ['v1', 'v2'])
@pytest.mark.parametrize('response_type', ['Completed', 'Cancelled'])
def test_the_simulator_keeps_what_was_registered(case, version, response_type):
    got = register(case, version=version, response_type=response_type)
    assert (got.state, got.description) == ('registered', 'Success')
    kept = case.control.shortcode(defaults.SCHOOL_SHORTCODE)
    assert (kept['confirmation_url'], kept['validation_url']) == (CONFIRMATION, VALIDATION)
    assert (kept['response_type'], kept['c2b_version']) == (response_type, version)


@pytest.mark.parametrize('form', ['small', 'eight_zeros', 'no_code'])
def test_other_forms_of_success(case, form):
    case.control.set(register_answer=form)
    assert register(case).state == 'registered'


def test_production_takes_one_registration(case):
    case.control.set(environment='production')
    assert register(case).state == 'registered'
    assert register(case).state == 'already_registered'


@pytest.mark.parametrize(('name', 'url', 'field'), [
    ('confirmation_url', 'https://school.example/Mpesa/c', 'ConfirmationURL'),
    ('validation_url', 'http://school.example/v', 'ValidationURL'),
    ('validation_url', 'https://x.ngrok.io/v', 'ValidationURL'),
])
def test_production_refuses_an_address(case, name, url, field):
    case.control.set(environment='production')
    with pytest.raises(daraja.BadRequest) as caught:
        register(case, **{name: url})
    assert (caught.value.field, caught.value.sent) == (field, 'no')


def test_addresses_on_the_older_platform(case):
    case.control.script('c2b_register', fault='aggregator')
    assert register(case).state == 'older_platform'


@pytest.mark.parametrize(('fault', 'kind', 'sent'), [
    ('soap_fault', daraja.DarajaError, 'maybe'),
    ('conflict_409', daraja.BadRequest, 'no'),
    ('http_403_html', daraja.ServerFailure, 'maybe'),
    ('reset_before', daraja.NoAnswer, 'maybe'),
    ('busy', daraja.Busy, 'no'),
])
def test_faults(case, fault, kind, sent):
    case.control.script('c2b_register', fault=fault)
    with pytest.raises(kind) as caught:
        register(case)
    assert caught.value.sent == sent
    assert len(case.control.daraja_requests('c2b_register')) == 1


def test_an_app_without_the_product(case):
    with pytest.raises(daraja.ProductMissing):
        register(case, app=case.control.add_app(products=['stk']))


def test_a_shortcode_that_is_not_the_app_s(case):
    with pytest.raises(daraja.BadRequest) as caught:
        register(case, shortcode='999999')
    assert caught.value.field == 'ShortCode'


# === What no simulator does === #

@pytest.mark.parametrize('payload', [
    {'ResponseCode': '1', 'ResponseDescription': 'Success'},
    {'ResponseDescription': 'Some words'},
    {'ResponseCode': '', 'ResponseDescription': ''},
    {},
])
def test_an_answer_that_is_no_success(daraja_server, payload):
    daraja_server.on(REGISTER, answer(200, payload))
    with pytest.raises(daraja.UnreadableAnswer):
        client(daraja_server).c2b_register(registration())


@pytest.mark.parametrize('step', [
    html(503),
    daraja_error(500, '500.003.1001', 'Internal Server Error'),
    daraja_error(500, '500.003.1001', 'Service is currently unreachable'),
])
def test_a_hiccup_is_not_asked_about_again(daraja_server, step):
    """ The second answer would not tell whether the first call was taken. """
    daraja_server.on(REGISTER, step)
    with pytest.raises(daraja.ServerFailure):
        client(daraja_server).c2b_register(registration())
    assert len(daraja_server.asked(REGISTER)) == 1


@pytest.mark.parametrize('words', ['Urls are already registered.', 'URL is already registered'])
def test_words_for_already_registered(daraja_server, words):
    daraja_server.on(REGISTER, daraja_error(500, '500.003.1001', words))
    assert client(daraja_server).c2b_register(registration()).state == 'already_registered'


def test_the_secret_addresses_stay_out_of_everything(daraja_server):
    daraja_server.on(
        REGISTER, answer(200, {'ResponseCode': '0', 'ResponseDescription': CONFIRMATION}),
    )
    got = client(daraja_server).c2b_register(registration())
    for text in (repr(registration()), repr(got), got.description, got.exchange.as_text()):
        assert SECRET not in text
    daraja_server.on(REGISTER, daraja_error(400, '400.002.02', f'Bad Request {CONFIRMATION}'))
    with pytest.raises(daraja.BadRequest) as caught:
        client(daraja_server).c2b_register(registration())
    for text in (str(caught.value), caught.value.wire_message, caught.value.exchange.as_text()):
        assert SECRET not in text


@pytest.mark.parametrize(('values', 'field'), [
    ({'shortcode': '12'}, 'ShortCode'),
    ({'shortcode': 600111}, 'ShortCode'),
    ({'response_type': 'completed'}, 'ResponseType'),
    ({'response_type': 'Canceled'}, 'ResponseType'),
    ({'version': 'v3'}, 'Version'),
    ({'confirmation_url': 'nothing'}, 'ConfirmationURL'),
    ({'validation_url': ''}, 'ValidationURL'),
    ({'validation_url': None}, 'ValidationURL'),
])
def test_a_registration_that_breaks_a_rule(values, field):
    with pytest.raises(daraja.InvalidRequest) as caught:
        registration(**values)
    assert caught.value.field == field
