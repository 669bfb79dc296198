"""Bounded waiting on a connection.

`requests` counts its read time-out anew for every piece that arrives, so a server that sends a byte
now and then can hold a caller for ever. Here the read time-out covers the answer as a whole, from
the end of the request to the last byte, headers included.
"""
# The methods that are overridden here return nothing.
# pylint: disable=missing-return
import io
import time
from http.client import HTTPResponse

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment, however the bytes trickle in."""

    def __init__(self, raw, sock, deadline):
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self):
        return True

    def readinto(self, buffer):
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            reason = "the answer took too long"
            raise TimeoutError(reason)
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self):
        if not self.closed:
            self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):

    def __init__(self, sock, *args, **kwargs):
        super().__init__(sock, *args, **kwargs)
        # urllib3 has just set the read time-out on the socket, and the request is under way.
        timeout = sock.gettimeout()
        if timeout is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_DeadlineReader(raw, sock, time.monotonic() + timeout))


class _ConnectMixin:
    """Tells for certain that nothing was sent: TLS failures, too, come as a failed connection."""

    response_class = _DeadlineResponse

    def connect(self):
        try:
            super().connect()
        except HTTPError:
            raise
        except Exception as error:
            raise NewConnectionError(self, "could not connect") from error


class _Connection(_ConnectMixin, HTTPConnection):
    pass


class _SecureConnection(_ConnectMixin, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {'http': _Pool, 'https': _SecurePool}


class DeadlineAdapter(HTTPAdapter):
    """Sends within fixed times, whatever the session says, and never by itself again.

    :param float connect_timeout: Seconds for a connection, and as many for its TLS greeting.
    :param float read_timeout: Seconds for the whole answer.
    """

    def __init__(self, connect_timeout, read_timeout):
        self._timeout = (connect_timeout, read_timeout)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args, **kwargs):
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(self, request, **kwargs):
        return super().send(request, **{**kwargs, 'timeout': self._timeout})


class OneCallSession(requests.Session):
    """A session for a single call.

    A connection of its own per call costs a greeting and spares the doubt whether a kept one was
    closed just while a push went out over it. It follows no redirect and keeps no cookie.
    """

    def __init__(self, connect_timeout, read_timeout):
        super().__init__()
        self.headers['Connection'] = 'close'
        adapter = DeadlineAdapter(connect_timeout, read_timeout)
        self.mount('https://', adapter)
        self.mount('http://', adapter)

    def get_redirect_target(self, resp):
        # Even when told not to follow, requests reads the whole page to prepare the next request.
        return None
