"""Runs the simulator: as a process, or in a thread of a test process."""

import socket
import threading
import time

import uvicorn

from .app import build_app
from .control import SimulatorControl


START_SECONDS = 10


def make_server(app, host='127.0.0.1', port=0):
    """:return: a uvicorn server, quiet: an access log would hold phone numbers"""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http='h11',
            ws='none',
            loop='asyncio',
            lifespan='on',
            log_level='warning',
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            # A test that freezes the machine's clock makes it leap by decades: a connection that is
            # closed for that while the next call is under way would be a failure of no meaning.
            timeout_keep_alive=10**10,
            proxy_headers=False,
        )
    )


class Handle:
    """A simulator in a thread; also a context manager."""

    def __init__(self, server, listener):
        self._server = server
        self._listener = listener
        self.url = 'http://{}:{}'.format(*listener.getsockname()[:2])
        self.control = SimulatorControl(self.url)
        self._thread = threading.Thread(
            target=server.run,
            kwargs={'sockets': [listener]},
            name='daraja-simulator',
            daemon=True,
        )

    def start(self):
        self._thread.start()
        until = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > until:
                raise RuntimeError(f'the simulator at {self.url} did not start')
            time.sleep(0.005)
        return self

    def stop(self):
        """End the simulator and wait for it."""
        self._server.should_exit = True
        self._thread.join(START_SECONDS)
        self._listener.close()
        self.control.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.stop()


def start_in_thread(port=0, seed=None, host='127.0.0.1', state=None):
    """Start a simulator in this process.

    :param int port: 0 takes a free one
    :param seed: the same seed gives the same identifiers and receipts; None takes a new one
    :return: a :class:`Handle` with ``url``, ``control`` and ``stop()``
    """
    # The protocol is named because asyncio switches Nagle's delay off only then (40 ms a call).
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(1024)
    return Handle(make_server(build_app(seed, state), host, port), listener).start()
