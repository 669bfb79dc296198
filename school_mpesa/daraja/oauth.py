"""The access token: fetched once, shared, renewed early (daraja.md, section 2)."""
import math
import re
import time

from .addresses import Address
from .errors import BadRequest, CredentialsRefused, DarajaError, ServerFailure, UnreadableAnswer
from .refusals import refusal
from .retry import Retry
from .token_store import Token
from .transport import HeaderAuth


UNSTATED_LIFETIME = 300  # seconds to trust a token whose lifetime Safaricom did not tell
LONGEST_LIFETIME = 86_400
EARLIEST_RENEWAL = 240  # seconds before the end; "a few minutes early"
_TOKEN = re.compile(r'[!-~]{8,2048}')


def lifetime(expires_in):
    """Seconds that a token lives.

    :param expires_in: As on the wire: a string in live traffic, a number in the documentation,
        perhaps nothing.
    :return: 0 for a token that is not to be kept.
    :rtype: float
    """
    try:
        seconds = float(str(expires_in).strip()) if expires_in is not None else math.nan
    except ValueError:
        seconds = math.nan
    if math.isnan(seconds):
        return UNSTATED_LIFETIME
    return min(max(seconds, 0), LONGEST_LIFETIME)


class OAuth:
    """Gives out the access token of one Daraja app.

    :param Transport transport: The way to Daraja.
    :param Credentials credentials: Consumer key and secret.
    :param TokenStore store: Where the token is kept between calls and workers.
    :param Retry | None retry: Fetching a token twice does no harm, so it is tried again.
    """

    def __init__(self, transport, credentials, store, retry=None):
        self._transport = transport
        self._credentials = credentials
        self._store = store
        self._retry = retry or Retry()

    def token(self):
        """A token to use now; fetched when there is none, or the kept one nears its end.

        One caller fetches, the others wait for it. When a renewal before the end fails, the old
        token serves on: a short outage of the token endpoint is not felt.

        :rtype: Token
        :raise DarajaError: If none can be had; `sent` is "no", for nothing else was asked yet.
        """
        token = self._store.get()
        if token and token.is_fresh(time.time()):
            return token
        with self._store.refreshing():
            token = self._store.get()
            if token and token.is_fresh(time.time()):
                return token
            try:
                renewed = self._retry.call(self._fetch)
            except DarajaError:
                if token and token.is_alive(time.time()):
                    return token
                raise
            self._store.put(renewed)
            return renewed

    def discard(self, token):
        """Tell that Safaricom refused this token."""
        self._store.discard(token)

    def check(self):
        """Fetch a new token whatever is kept: the set-up check of an administrator.

        :rtype: Token
        :raise DarajaError: As `token`.
        """
        with self._store.refreshing():
            token = self._fetch()
            self._store.put(token)
            return token

    def _fetch(self):
        try:
            return self._fetch_once()
        except DarajaError as error:
            error.sent = 'no'
            raise

    def _fetch_once(self):
        answer = self._transport.send(
            'GET',
            Address.OAUTH,
            auth=HeaderAuth('Basic', self._credentials.basic),
            params={'grant_type': 'client_credentials'},
        )
        error = refusal(answer)
        # Older gateways answer wrong credentials with 400 and an empty body, others with 401.
        if answer.http_status in {400, 401} and isinstance(error, (BadRequest, ServerFailure)):
            raise CredentialsRefused(
                code=error.code, http_status=error.http_status, wire_message=error.wire_message,
            )
        if error:
            raise error
        data = answer.data
        value = data.get('access_token')
        if not isinstance(value, str) or not _TOKEN.fullmatch(value):
            raise UnreadableAnswer(http_status=answer.http_status)
        seconds = lifetime(data.get('expires_in'))
        now = time.time()
        return Token(
            value=value,
            fetched_at=now,
            renew_at=now + seconds - min(EARLIEST_RENEWAL, seconds / 5),
            expires_at=now + seconds,
        )
