"""A small client of Africa's Talking's SMS API. No Odoo, no queue: one call, one answer.

Facts: https://developers.africastalking.com/docs/sms/sending/bulk and …/docs/sms/notifications.
No number, text or key is in any message or log.
"""
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter


LIVE_URL = 'https://api.africastalking.com'
SANDBOX_URL = 'https://api.sandbox.africastalking.com'
SANDBOX_USERNAME = 'sandbox'
PATH = '/version1/messaging'
CONNECT_SECONDS = 3
READ_SECONDS = 10
MOST_ANSWER_BYTES = 65536

TAKEN = {100: 'Processed', 101: 'Sent', 102: 'Queued'}
REFUSED = {
    401: 'RiskHold', 402: 'InvalidSenderId', 403: 'InvalidPhoneNumber',
    404: 'UnsupportedNumberType', 405: 'InsufficientBalance', 406: 'UserInBlacklist',
    407: 'CouldNotRoute', 409: 'DoNotDisturbRejection', 500: 'InternalServerError',
    501: 'GatewayError', 502: 'RejectedByGateway',
}


class SmsError(Exception):
    """A message was not taken, or nobody knows whether it was.

    :param str reason: What happened, without anything personal.
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class NotReached(SmsError):
    """The gateway was not reached: nothing was sent."""


class Unavailable(SmsError):
    """The gateway answered that it cannot work now: nothing was sent."""


class KeysRefused(SmsError):
    """The username and the key do not belong together, or not to this environment."""


class RequestRefused(SmsError):
    """The gateway refused the request as a whole."""


class InDoubt(SmsError):
    """The request went out and no answer can be read: it may have been sent."""


class MessageRefused(SmsError):
    """The gateway refused this message.

    :param int code: One of :data:`REFUSED`, or another that it answered.
    """

    def __init__(self, code):
        super().__init__(REFUSED.get(code, f"code {code}"))
        self.code = code


@dataclass(frozen=True)
class Taken:
    """What the gateway answered about a message that it took.

    :param str message_id: By which delivery reports name it; '' when none was given.
    :param str cost: Such as "KES 0.8000"; '' when none was given.
    """

    message_id: str
    cost: str


class AfricasTalking:
    """The SMS side of one account.

    :param str username: The account's (in the sandbox always "sandbox").
    :param str api_key: Its key.
    :param str base_url: :data:`LIVE_URL`, :data:`SANDBOX_URL` or a stand-in's address.
    :param str sender: The registered sender name or short code; '' for the gateway's own.
    :param tuple timeout: Seconds to connect and to wait for the answer; 3 and 10 by default.
    """

    def __init__(
        self, username, api_key, base_url=LIVE_URL, sender='', timeout=None,
    ):
        parts = urlsplit(base_url)
        if parts.scheme not in {'http', 'https'} or not parts.hostname:
            reason = "The gateway's address is not a web address."
            raise ValueError(reason)
        self._username = username
        self._api_key = api_key
        self._url = base_url.rstrip('/') + PATH
        self._sender = sender
        self._timeout = timeout or (CONNECT_SECONDS, READ_SECONDS)

    def __repr__(self):
        return f'<AfricasTalking {self._url}>'

    def send(self, number, text):
        """Send one message to one number.

        :param str number: In E.164 form, such as +254712345678.
        :param str text: The message.
        :rtype: Taken
        :raise SmsError: One of its kinds; only after :class:`InDoubt` it may have been sent.
        """
        fields = {
            'username': self._username, 'to': number, 'message': text, 'bulkSMSMode': '1',
            'enqueue': '1',
        }
        if self._sender:
            fields['from'] = self._sender
        try:
            with requests.Session() as session:
                session.mount(self._url, _PatientAdapter(self._timeout))
                # The key is in a header: a redirect must not carry it elsewhere.
                response = session.post(
                    self._url, data=fields, allow_redirects=False,
                    headers={'apiKey': self._api_key, 'Accept': 'application/json'},
                )
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidSchema) as error:
            raise NotReached(type(error).__name__) from None
        except requests.exceptions.ConnectionError as error:
            # requests has one class for "refused" and "broken off"; only the first is certain.
            if _was_never_connected(error):
                raise NotReached(type(error).__name__) from None
            raise InDoubt(type(error).__name__) from None
        except (requests.exceptions.RequestException, ValueError, UnicodeError) as error:
            raise InDoubt(type(error).__name__) from None
        return self._read(response)

    def _read(self, response):
        """Return what an answer means.

        :param requests.Response response: The answer.
        :rtype: Taken
        :raise SmsError: As in :meth:`send`.
        """
        status = response.status_code
        if status in {401, 403}:
            raise KeysRefused(f"HTTP {status}")
        if status in {429, 503}:
            raise Unavailable(f"HTTP {status}")
        if status >= 300 and status not in {409, 500, 502, 504}:
            raise RequestRefused(f"HTTP {status}")
        try:
            data = response.json()['SMSMessageData'] if len(
                response.content) <= MOST_ANSWER_BYTES else {}
            recipients = data.get('Recipients') or []
            first = recipients[0] if recipients else {}
            code = int(first.get('statusCode') or 0)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InDoubt(f"HTTP {status}, {type(error).__name__}") from None
        if not recipients:
            # A wrong sender, among others, is told in a word and with nobody listed.
            word = str(data.get('Message') or '')
            codes = [code for code, name in REFUSED.items() if name.lower() in word.lower()]
            if codes:
                raise MessageRefused(codes[0])
            if status >= 500 or not word:
                raise InDoubt(f"HTTP {status}")
            raise RequestRefused(f"HTTP {status}, nobody was sent to")
        if code not in TAKEN:
            raise MessageRefused(code)
        message_id = str(first.get('messageId') or '')
        return Taken(
            message_id='' if message_id == 'None' else message_id[:100],
            cost=str(first.get('cost') or '')[:40],
        )


class _PatientAdapter(HTTPAdapter):
    """Waits for each part of a call as long as the client says, whoever calls the session."""

    def __init__(self, timeout):
        super().__init__()
        self._timeout = timeout

    def send(self, request, **options):
        """ Override of `requests` to set both time-outs. """
        return super().send(request, **{**options, 'timeout': self._timeout})


def _was_never_connected(error):
    """Tell whether the connection could not be made, as against one that broke off.

    :param requests.exceptions.ConnectionError error: What was raised.
    :rtype: bool
    """
    reason = error.args[0] if error.args else None
    reason = getattr(reason, 'reason', reason)
    return type(reason).__name__ in {
        'NewConnectionError', 'ConnectTimeoutError', 'NameResolutionError', 'ProxyError',
    }
