"""Dynamic QR: against the simulator, and what no simulator answers."""
import base64
import io

import daraja
import pytest
from daraja_simulator import defaults
from daraja_stand_in import answer, client, daraja_error, html, reset
from PIL import Image
from simulator_case import Case, error_of


QR = '/mpesa/qrcode/v1/generate'
PNG = b'\x89PNG\r\n\x1a\n and so on'


@pytest.fixture(scope='module')
def running():
    case = Case()
    yield case
    case.stop()


@pytest.fixture
def case(running):
    running.reset()
    return running


def request(**values):
    return daraja.QrRequest(**{
        'merchant_name': 'Uhuru Academy', 'reference': 'ADM-012', 'amount': 12500,
        'party': defaults.SCHOOL_SHORTCODE, **values,
    })


def make(case, app=None, **values):
    app = app or {
        'consumer_key': defaults.CONSUMER_KEY, 'consumer_secret': defaults.CONSUMER_SECRET,
    }
    return daraja.Daraja(
        daraja.Environment.custom(case.simulator.url),
        daraja.Credentials(app['consumer_key'], app['consumer_secret']),
    ).dynamic_qr(request(**values))


def body(**changes):
    fields = {**request().body(), **changes}
    return {name: value for name, value in fields.items() if value is not ...}


# === The simulator === #

@pytest.mark.parametrize('form', ['usual', 'documented'])
@pytest.mark.parametrize('size', [100, 300, 333, 1000])
def test_a_picture(case, form, size):
    case.control.set(qr_answer=form)
    got = make(case, size=size)
    picture = Image.open(io.BytesIO(got.png))
    picture.load()
    assert (picture.format, picture.size) == ('PNG', (size, size))
    colours = {colour for _count, colour in picture.convert('L').getcolors()}
    assert colours == {0, 255}
    assert got.request_id


def test_another_payment_is_another_picture(case):
    first = make(case).png
    assert make(case).png == first
    for changes in ({'amount': 12501}, {'reference': 'ADM-013'}, {'party': '174379'}):
        assert make(case, **changes).png != first


@pytest.mark.parametrize(('changes', 'field'), [
    ({'MerchantName': ' '}, 'MerchantName'), ({'RefNo': ...}, 'RefNo'), ({'Amount': 0}, 'Amount'),
    ({'Amount': '12.50'}, 'Amount'), ({'TrxCode': 'XX'}, 'TrxCode'), ({'CPI': 'abc'}, 'CPI'),
    ({'Size': 'large'}, 'Size'), ({'Size': '100000'}, 'Size'),
])
def test_field_rules(case, changes, field):
    status, code, message = error_of(case.post(QR, body(**changes)))
    assert (status, code) == (400, '400.002.02')
    assert message.endswith(f'Invalid {field}')


def test_refusals_of_the_gateway(case):
    assert error_of(case.post(QR, body(), token='x' * 28))[:2] == (400, '400.003.01')
    assert error_of(case.http.get(case.simulator.url + QR, timeout=10))[:2] == (404, '404.001.04')
    unreadable = case.post(QR, None, data=b'{', headers={'Content-Type': 'application/json'})
    assert error_of(unreadable)[:2] == (400, '400.002.05')
    with pytest.raises(daraja.ProductMissing):
        make(case, app=case.control.add_app(products=['stk']))


def test_it_is_asked_again_after_a_hiccup(case):
    case.control.script('dynamic_qr', fault='http_502_html')
    assert make(case).png
    assert len(case.control.daraja_requests('dynamic_qr')) == 2


# === What no simulator does === #

def test_what_is_sent(daraja_server):
    daraja_server.on(QR, answer(200, {
        'ResponseCode': '00', 'RequestID': 'r-1', 'QRCode': base64.b64encode(PNG).decode(),
    }))
    got = client(daraja_server).dynamic_qr(request(size=250))
    assert (got.png, got.request_id) == (PNG, 'r-1')
    assert daraja_server.asked(QR)[0]['body'] == {
        'MerchantName': 'Uhuru Academy', 'RefNo': 'ADM-012', 'Amount': 12500, 'TrxCode': 'PB',
        'CPI': defaults.SCHOOL_SHORTCODE, 'Size': '250',
    }
    # The evidence tells of the call without the picture.
    assert base64.b64encode(PNG).decode() not in got.exchange.as_text()
    assert 'r-1' in got.exchange.as_text()
    assert 'PNG' not in repr(got)


def test_with_the_prefix_of_an_address(daraja_server):
    encoded = 'data:image/png;base64,' + base64.b64encode(PNG).decode()
    daraja_server.on(QR, answer(200, {'ResponseCode': 'AG_20260914_x', 'QRCode': encoded}))
    assert client(daraja_server).dynamic_qr(request()).png == PNG


@pytest.mark.parametrize('payload', [
    {}, {'QRCode': ''}, {'QRCode': None}, {'QRCode': 5}, {'QRCode': 'no base 64!'},
    {'QRCode': base64.b64encode(b'<svg/>').decode()}, {'ResponseCode': '1', 'QRCode': 'x'},
])
def test_an_answer_without_a_picture(daraja_server, payload):
    daraja_server.on(QR, answer(200, payload))
    with pytest.raises(daraja.UnreadableAnswer):
        client(daraja_server).dynamic_qr(request())


@pytest.mark.parametrize(('step', 'kind', 'calls'), [
    (daraja_error(404, '404.001.04', 'Invalid Authentication Header'), daraja.BadRequest, 1),
    (daraja_error(400, '400.002.05', 'Invalid Request Payload'), daraja.BadRequest, 1),
    (daraja_error(400, '400.003.01', 'Invalid Access Token'), daraja.InvalidToken, 2),
    (html(503), daraja.ServerFailure, 3), (reset, daraja.NoAnswer, 3),
])
def test_failures(daraja_server, step, kind, calls):
    daraja_server.on(QR, step)
    with pytest.raises(daraja.DarajaError) as info:
        client(daraja_server).dynamic_qr(request())
    assert type(info.value) is kind
    assert len(daraja_server.asked(QR)) == calls


@pytest.mark.parametrize(('values', 'field'), [
    ({'merchant_name': ''}, 'MerchantName'), ({'merchant_name': 'x' * 61}, 'MerchantName'),
    ({'merchant_name': 'a\nb'}, 'MerchantName'), ({'reference': ' '}, 'RefNo'),
    ({'reference': None}, 'RefNo'), ({'amount': 0}, 'Amount'), ({'amount': 250_001}, 'Amount'),
    ({'amount': 12.5}, 'Amount'), ({'amount': True}, 'Amount'), ({'amount': '5'}, 'Amount'),
    ({'code': 'pb'}, 'TrxCode'), ({'party': '12'}, 'CPI'), ({'party': 600111}, 'CPI'),
    ({'size': 99}, 'Size'), ({'size': 1001}, 'Size'), ({'size': '300'}, 'Size'),
])
def test_a_request_that_breaks_a_rule(values, field):
    with pytest.raises(daraja.InvalidRequest) as info:
        request(**values)
    assert info.value.field == field
