"""A small HTTP client for load on this machine: keep-alive, bounded, and timed."""
import http.client
import statistics
import threading
import time
from urllib.parse import urlsplit


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
        self.headers = []
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
        connection = http.client.HTTPConnection(
            self._address.hostname, self._address.port, timeout=60,
        )
        while request := self._next():
            path, body, headers = request
            started = time.perf_counter()
            connection.request('POST', path, body, headers)
            answer = connection.getresponse()
            answer.read()
            took = time.perf_counter() - started
            with self._lock:
                self.seconds.append(took)
                if answer.status != 200:
                    self.bad.append((answer.status, path[:20]))
                self.headers.append(answer.headers.get('X-Bench'))
        connection.close()


def percentile(values, percent):
    """ Return a percentile of some values.

    :rtype: float
    """
    return statistics.quantiles(values, n=100, method='inclusive')[percent - 1]
