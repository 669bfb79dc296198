"""A place that takes callbacks and remembers them, for tests without Odoo."""

import json
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One callback as it arrived."""

    path: str
    headers: dict
    body: bytes
    source: str
    at: float

    def json(self):
        return json.loads(self.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Many copies may knock at once.
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A caller that gave up before our answer is what some tests want; the rest is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Receiver:
    """A callback address on loopback; also a context manager.

    :ivar answers: statuses to give, first in first out; 200 when none is left
    :ivar body: what is answered
    :ivar pause: seconds to wait before answering
    """

    def __init__(self):
        self.received = []
        self.answers = []
        self.body = b'{"ResultCode":0,"ResultDesc":"Success"}'
        self.pause = 0
        self._server = _Server(('127.0.0.1', 0), _handler_of(self))
        self.url = f'http://127.0.0.1:{self._server.server_address[1]}'
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def clear(self):
        self.received.clear()
        self.answers.clear()
        self.body, self.pause = b'{"ResultCode":0,"ResultDesc":"Success"}', 0

    def at(self, path):
        """:return: what arrived at a path, in order"""
        return [one for one in self.received if one.path == path]

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.stop()


def _handler_of(receiver):
    class Handler(BaseHTTPRequestHandler):
        # Headers and body are two small writes; together they must not wait for each other.
        disable_nagle_algorithm = True

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
            receiver.received.append(
                Received(
                    self.path,
                    dict(self.headers),
                    body,
                    self.client_address[0],
                    time.monotonic(),
                ),
            )
            time.sleep(receiver.pause)
            status = receiver.answers.pop(0) if receiver.answers else 200
            self.send_response(status)
            if 300 <= status < 400:
                # Whoever follows redirections comes back here.
                self.send_header('Location', '/elsewhere')
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *arguments):
            """Keep the test output quiet."""

    return Handler
