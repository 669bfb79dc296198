"""Talking to the addresses that Safaricom calls, as Safaricom, strangers and broken senders do."""
import contextlib
import http.client
import json
import socket
from urllib.parse import urlsplit


ENDPOINTS = ('stk', 'confirmation', 'validation', 'result', 'timeout')
STRANGER = '127.0.0.3'  # All of 127.0.0.0/8 is this machine, so a test may choose who it is.


def addresses(road):
    """ Return a right address of each kind; the prompt's own belongs to a cancelled request.

    :rtype: dict[str, str]
    """
    phone = road.next_phone()
    road.control.script(phone=phone, outcome='1032')
    asked = road.ask(phone=phone)
    road.wait_request(asked, 'declined')
    push, = (push for push in road.control.pushes() if push['msisdn'] == phone)
    told = road.control.push(push['checkout_request_id'])['callback_url']
    confirmation = road.confirmation_url()
    token = road.stack.shell(
        "provider = env['payment.provider'].browse(%d)\n"
        "result = env['mpesa.callback.token']._get(provider, 'result')"
        % road.school['provider_id']
    )
    base = road.stack.url
    return {
        'stk': told,
        'confirmation': confirmation,
        'validation': confirmation.replace('/confirmation', '/validation'),
        'result': f'{base}/collect/{token}/result',
        'timeout': f'{base}/collect/{token}/timeout',
    }


class Answer:
    """ What came back. """

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def result_code(self):
        """ What Safaricom reads; a validation's is text, the others' is a number. """
        return json.loads(self.body)['ResultCode']


def send(url, body=b'', method='POST', headers=None, source='127.0.0.1'):
    """ Send bytes with exactly these headers, from an address of choice.

    :rtype: Answer
    """
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(
        parts.hostname, parts.port, timeout=30, source_address=(source, 0),
    )) as line:
        line.putrequest(method, url.partition(parts.netloc)[2], skip_accept_encoding=True)
        if headers is None:
            headers = {'Content-Type': 'application/json'}
        for name, value in headers.items():
            line.putheader(name, value)
        if method == 'POST' or body:
            line.putheader('Content-Length', str(len(body)))
        line.endheaders()
        line.send(body)
        answer = line.getresponse()
        return Answer(answer.status, answer.headers, answer.read())


def converse(road, *pieces, wait=20, silence=0.5, hang_up=False):
    """ Send raw bytes to the proxy, piece by piece, and return all that comes back.

    :param bytes pieces: What is sent.
    :param float wait: Seconds for the beginning of an answer.
    :param float silence: Seconds without a further byte after which nothing more is expected.
    :param bool hang_up: Whether the sender closes its side when all is sent.
    :rtype: bytes
    """
    port = urlsplit(road.stack.url).port
    heard = b''
    with contextlib.closing(socket.create_connection(('127.0.0.1', port), timeout=wait)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(ConnectionError, TimeoutError):
            for piece in pieces:
                line.sendall(piece)
            if hang_up:
                line.shutdown(socket.SHUT_WR)
            while got := line.recv(65_536):
                heard += got
                line.settimeout(silence)
    return heard


def path_of(url):
    """ Return the path of an address, as it stands in a request line.

    :rtype: str
    """
    return urlsplit(url).path
