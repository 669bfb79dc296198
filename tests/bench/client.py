"""A small HTTP client for load on this machine: keep-alive, bounded, and timed.

It costs next to nothing itself: it shares the machine's processors with what it measures.
"""
import re
import socket
import statistics
import threading
import time
from urllib.parse import urlsplit


LENGTH = re.compile(rb'\r\ncontent-length: *(\d+)', re.IGNORECASE)
QUERIES = re.compile(rb'\r\nx-bench: *(\d+)', re.IGNORECASE)

class Load:
    """ Posts requests from several clients at once and keeps how long each took.

    :param str url: Where; the loopback interface only.
    :param list requests: (path, body, headers) of each request; they are sent once each.
    :param int clients: How many at once.
    """

    def __init__(self, url, requests, clients):
        self._address = urlsplit(url)
        if self._address.hostname not in {'127.0.0.1', 'localhost'}:
            message = f"load is sent to this machine only, not to {self._address.hostname}"
            raise ValueError(message)
        self._requests = iter(requests)
        self._clients = clients
        self._lock = threading.Lock()
        self.seconds = []
        self.bad = []
        self.queries = []
        self.elapsed = 0

    def run(self):
        """ Send everything.

        :return: self
        :raise RuntimeError: If an answer was not 200: the figure would mean nothing.
        """
        threads = [threading.Thread(target=self._work) for _client in range(self._clients)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.elapsed = time.perf_counter() - started
        if self.bad:
            message = f"{len(self.bad)} answers were not 200, the first {self.bad[0]}"
            raise RuntimeError(message)
        return self

    def _next(self):
        with self._lock:
            return next(self._requests, None)

    def _work(self):
        place = (self._address.hostname, self._address.port)
        with socket.create_connection(place, timeout=60) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while request := self._next():
                message = self._compose(*request)
                started = time.perf_counter()
                line.sendall(message)
                head = self._read(line)
                took = time.perf_counter() - started
                with self._lock:
                    self.seconds.append(took)
                    if not head.startswith(b'HTTP/1.1 200 '):
                        self.bad.append(head[:40])
                    if found := QUERIES.search(head):
                        self.queries.append(int(found[1]))

    def _compose(self, path, body, headers):
        lines = [
            f'POST {path} HTTP/1.1', f'Host: {self._address.netloc}',
            f'Content-Length: {len(body)}', *(f'{name}: {text}' for name, text in headers.items()),
        ]
        return '\r\n'.join([*lines, '', body]).encode()

    @staticmethod
    def _read(line):
        """ Read one answer, all of it; return its head. """
        data = b''
        while b'\r\n\r\n' not in data:
            data += line.recv(65536)
        head, _end, body = data.partition(b'\r\n\r\n')
        if length := LENGTH.search(head):
            while len(body) < int(length[1]):
                body += line.recv(65536)
        else:
            while not body.endswith(b'0\r\n\r\n'):
                body += line.recv(65536)
        return head


def percentile(values, percent):
    """ Return a percentile of some values.

    :rtype: float
    """
    return statistics.quantiles(values, n=100, method='inclusive')[percent - 1]
