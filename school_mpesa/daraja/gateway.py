"""An authorised call: token, evidence, and one more try when the token was refused."""
import time

from .eat import utc_now
from .errors import DarajaError, InvalidToken
from .exchange import Exchange, redact_answer, redact_request
from .refusals import refusal
from .retry import Retry
from .transport import HeaderAuth


class Gateway:
    """What each API of Daraja posts through.

    :param Transport transport: The way to Daraja.
    :param OAuth oauth: Gives the token.
    :param Retry | None retry: For the calls whose repetition is harmless.
    """

    def __init__(self, transport, oauth, retry=None):
        self._transport = transport
        self._oauth = oauth
        self._retry = retry or Retry()

    def post(self, address, body, *, secrets=(), repeatable=False):
        """Post a request.

        :param Address address: The operation.
        :param dict body: JSON object.
        :param secrets: Strings in it that must not stay in the evidence.
        :param bool repeatable: Whether it may be sent again after a failure that leaves open if
            Safaricom acted on it. Never for anything that moves money or rings a phone.
        :return: The answer, a success in form, and the evidence.
        :rtype: tuple[Answer, Exchange]
        :raise DarajaError: One per kind of failure, with `exchange` unless there was no token.
        """
        if repeatable:
            return self._retry.call(lambda: self._post(address, body, secrets))
        return self._post(address, body, secrets)

    def _post(self, address, body, secrets):
        token = self._oauth.token()
        try:
            return self._post_with(token, address, body, secrets)
        except InvalidToken:
            # Refused at the gate: nothing was done, so even a push may be sent again, once.
            self._oauth.discard(token)
        return self._post_with(self._oauth.token(), address, body, secrets)

    def _post_with(self, token, address, body, secrets):
        started_at, started = utc_now(), time.monotonic()
        answer = None
        try:
            answer = self._transport.send(
                'POST', address, auth=HeaderAuth('Bearer', token.value), body=body,
            )
            error = refusal(answer)
        except DarajaError as failure:
            error = failure
        exchange = Exchange(
            path=address.value,
            request=redact_request(body),
            answer=redact_answer(answer.text, (token.value, *secrets)) if answer else '',
            http_status=answer.http_status if answer else error.http_status,
            started_at=started_at,
            seconds=round(time.monotonic() - started, 3),
            clock_offset=answer.clock_offset if answer else None,
        )
        if error:
            error.exchange = exchange
            raise error
        return answer, exchange
