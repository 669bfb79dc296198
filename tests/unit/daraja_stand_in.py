"""A real HTTP server that answers as told, well or badly, and a Daraja client that talks to it."""
import json
import socket
import struct
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import daraja


OAUTH = '/oauth/v1/generate'
PUSH = '/mpesa/stkpush/v1/processrequest'
QUERY = '/mpesa/stkpushquery/v1/query'
ACCEPTED = {
    'MerchantRequestID': 'a19c-4c02-9f7e-0b7d2f3e8c51200781',
    'CheckoutRequestID': 'ws_CO_14092026101502117712000111',
    'ResponseCode': '0',
    'ResponseDescription': 'Success. Request accepted for processing',
    'CustomerMessage': 'Success. Request accepted for processing',
}
CHECKOUT = ACCEPTED['CheckoutRequestID']
SPIKE = {
    'fault': {
        'faultstring': 'Spike arrest violation. Allowed rate : MessageRate{capacity=5}',
        'detail': {'errorcode': 'policies.ratelimit.SpikeArrestViolation'},
    },
}
KEYS = daraja.Credentials('the-consumer-key', 'the-consumer-secret')
# What no word of ours may repeat.
SECRETS = (
    'the-consumer-key', 'the-consumer-secret', 'the-pass-key', 'tokentoken', '254712345678',
    KEYS.basic,
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self._serve()

    do_POST = do_GET

    def _serve(self):
        length = int(self.headers.get('Content-Length') or 0)
        body = self.rfile.read(length)
        path = self.path.partition('?')[0]
        seen = {
            'method': self.command,
            'path': self.path,
            'headers': dict(self.headers),
            'body': json.loads(body) if body else None,
        }
        with self.server.lock:
            self.server.seen.append(seen)
            script = self.server.scripts.get(path, [])
            # The last answer of a script is given for ever.
            step = script.pop(0) if len(script) > 1 else script[0]
        step(self, seen)

    def reply(self, status, payload, headers=()):
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Say nothing: a client that hangs up on a bad answer does right."""


class StandIn:
    """Scripts a server and remembers what it was asked."""

    def __init__(self, server):
        self._server = server
        self.base_url = f'http://127.0.0.1:{server.server_port}'

    def on(self, path, *steps):
        """Answer a path with these steps in turn, the last of them for ever."""
        self._server.scripts[path] = list(steps)

    def asked(self, path):
        """The requests that reached a path."""
        with self._server.lock:
            return [seen for seen in self._server.seen if seen['path'].partition('?')[0] == path]


@contextmanager
def stand_in():
    """Run a server for a while, on a free port of this machine."""
    server = _Server(('127.0.0.1', 0), _Handler)
    server.scripts, server.seen, server.lock = {}, [], threading.Lock()
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    try:
        double = StandIn(server)
        double.on(OAUTH, tokens())
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(server, **kwargs):
    """A client of that server; patient, since the machine may be busy."""
    return daraja.Daraja(**{
        'environment': daraja.Environment.custom(server.base_url),
        'credentials': KEYS,
        'retry': daraja.Retry(pause=0.02),
        **kwargs,
    })


def impatient(server, read_timeout, attempts=1):
    """A client with little time, and with a token from before so that only its call is timed."""
    store = daraja.MemoryTokenStore()
    now = time.time()
    store.put(daraja.Token('tokentokentokentokentoken999', now, now + 1000, now + 2000))
    return client(
        server, token_store=store, read_timeout=read_timeout,
        retry=daraja.Retry(attempts=attempts, pause=0.02),
    )


def prompt(**values):
    """A prompt that breaks no rule."""
    return daraja.StkPush(**{
        'shortcode': '600111',
        'passkey': 'the-pass-key',
        'amount': 12500,
        'phone': '254712345678',
        'callback_url': 'https://school.example/collect/' + 'ab' * 16 + '/stk/' + 'cd' * 16,
        'account_reference': 'ADM-012',
        **values,
    })


# === Steps === #

def answer(status, payload, *headers):
    """Answer with JSON, or with these very bytes."""
    return lambda handler, seen: handler.reply(status, payload, headers)


def daraja_error(status, code, message):
    """Answer with an error in Daraja's normal form."""
    return answer(status, {'requestId': '7c2e-1', 'errorCode': code, 'errorMessage': message})


def html(status):
    """Answer with a page of HTML."""
    return answer(status, b'<html><body>0712345678</body></html>', ('Content-Type', 'text/html'))


def tokens(expires_in='3599', delay=0):
    """Hand out a new token each time."""
    count = iter(range(1000))

    def step(handler, seen):
        time.sleep(delay)
        payload = {'access_token': f'tokentokentokentokentoken{next(count):03}'}
        if expires_in is not None:
            payload['expires_in'] = expires_in
        handler.reply(200, payload)

    return step


def with_token(number, then, otherwise):
    """One step for the bearer of that token, another for the rest."""
    def step(handler, seen):
        expected = f'Bearer tokentokentokentokentoken{number:03}'
        chosen = then if seen['headers']['Authorization'] == expected else otherwise
        chosen(handler, seen)

    return step


def reset(handler, seen):
    """Cut the connection hard after the request was read."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    # The two files on the socket keep it open otherwise.
    handler.rfile.close()
    handler.wfile.close()
    handler.connection.close()
    handler.close_connection = True


def silence(seconds):
    """Read the request and say nothing."""
    return lambda handler, seen: time.sleep(seconds)


def drip(raw, pause):
    """Send these bytes one by one with a pause after each."""
    def step(handler, seen):
        try:
            for index in range(len(raw)):
                handler.wfile.write(raw[index:index + 1])
                handler.wfile.flush()
                time.sleep(pause)
        except OSError:
            handler.close_connection = True

    return step


def half(raw, promised):
    """Promise a length, send less and hang up."""
    def step(handler, seen):
        handler.send_response(200)
        handler.send_header('Content-Length', str(promised))
        handler.end_headers()
        handler.wfile.write(raw)
        handler.close_connection = True

    return step
