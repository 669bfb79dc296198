"""HTTP to Daraja: one call, bounded in time and size, classified when it fails."""
import ssl
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError

from .answer import Answer
from .deadline import OneCallSession
from .errors import CertificateRefused, ConnectionFailed, NoAnswer, UnreadableAnswer


MAX_ANSWER_BYTES = 262_144
_LOOPBACK = {'localhost', '127.0.0.1', '::1'}


class HeaderAuth(AuthBase):
    """An Authorization header. Being an `auth`, it is not replaced by one from a .netrc file."""

    def __init__(self, scheme, value):
        self._header = f'{scheme} {value}'

    def __call__(self, request):
        request.headers['Authorization'] = self._header
        return request


class Transport:
    """Sends single requests to one environment. Safe between threads unless `session` is given.

    :param Environment environment: Where to.
    :param requests.Session | None session: A session of the caller's, used as it is, with its own
        adapters: times then hold as far as these keep them, and a push that meets a connection
        which the server closes at that moment ends as `NoAnswer`. Without one, each call has its
        own session and connection, and neither can happen.
    :param float connect_timeout: Seconds.
    :param float read_timeout: Seconds for a whole answer.
    """

    def __init__(self, environment, session=None, connect_timeout=3, read_timeout=10):
        self.environment = environment
        self._session = session
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout

    def send(self, method, address, *, auth, params=None, body=None):
        """Make one call, once.

        :param str method: "GET" or "POST".
        :param Address address: The operation.
        :param HeaderAuth auth: Basic or Bearer.
        :param dict | None params: Query of the address.
        :param dict | None body: JSON object.
        :return: Whatever came back.
        :rtype: Answer
        :raise ConnectionFailed: If nothing was sent.
        :raise NoAnswer: If it was sent, and no whole answer came.
        :raise UnreadableAnswer: If the answer is larger than any answer of Daraja.
        """
        if self._session is not None:
            return self._send(self._session, method, address, auth, params, body)
        with OneCallSession(self._connect_timeout, self._read_timeout) as session:
            return self._send(session, method, address, auth, params, body)

    def _send(self, session, method, address, auth, params, body):
        url = self.environment.url(address)
        host = urlsplit(url).hostname
        started = time.monotonic()
        try:
            with session.request(
                method,
                url,
                params=params,
                json=body,
                auth=auth,
                headers={'Accept': 'application/json'},
                # A stand-in on this machine is not behind the proxy that leads out of it.
                proxies={'no_proxy': host} if host in _LOOPBACK else None,
                timeout=self._read_timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(
                    http_status=response.status_code,
                    body=self._read(response, started),
                    retry_after=response.headers.get('Retry-After'),
                    clock_offset=_clock_offset(response.headers.get('Date')),
                    seconds=time.monotonic() - started,
                )
        except requests.RequestException as error:
            causes = list(_causes(error))
        except (OSError, ValueError):
            # Rare leaks of the layers below (a header that cannot be parsed, for one).
            causes = []
        # Raised out here, so that no text of the layers below hangs on it as its context.
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            raise CertificateRefused
        if any(isinstance(cause, ConnectTimeoutError) for cause in causes):
            raise ConnectionFailed
        raise NoAnswer

    def _read(self, response, started):
        """The body, refused above the cap or past the time."""
        status, body = response.status_code, bytearray()
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise UnreadableAnswer(http_status=status)
            # With a session of the caller's, only this ends a dripping body.
            if time.monotonic() - started > self._connect_timeout * 2 + self._read_timeout:
                raise NoAnswer(http_status=status)
        return bytes(body)


def _causes(error):
    """The exceptions wrapped in one: requests and urllib3 hide them in several places."""
    seen, queue = set(), [error]
    while queue:
        current = queue.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        # Not the context: that may be a failure which our caller was handling when it called us.
        nested = (current.__cause__, getattr(current, 'reason', None))
        queue += [item for item in (*nested, *current.args) if isinstance(item, BaseException)]


def _clock_offset(date):
    """Seconds by which the clock of a Date header is ahead of ours."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time() if date else None
    except (TypeError, ValueError, OverflowError):
        return None
