"""What was asked and answered, fit to be kept as evidence."""
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit


HIDDEN = '***'
# A picture fills the evidence and proves nothing.
_PICTURE = re.compile(r'("QRCode"\s*:\s*")[^"]*(")')
_SECRET_FIELDS = {'password', 'securitycredential', 'access_token'}
_MAX_ANSWER = 16_384  # characters; an HTML page tells enough in these


def redact_request(body):
    """A copy of a request body without what must not be kept.

    The password goes, and so does the path of our callback address: it is a key to our door.

    :param dict body: What is sent to Daraja.
    :rtype: dict
    """
    return {name: _redact(name.lower(), value) for name, value in body.items()}


def redact_answer(text, secrets=()):
    """The text of an answer without our secrets.

    :param str text: The answer, as received.
    :param secrets: Strings that must not remain: the token, the password.
    :rtype: str
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _PICTURE.sub(rf'\1{HIDDEN}\2', text)
    return text.replace('\x00', '\ufffd')[:_MAX_ANSWER]


def _redact(name, value):
    if name in _SECRET_FIELDS:
        return HIDDEN
    if name.endswith('url'):
        parts = urlsplit(str(value))
        return f'{parts.scheme}://{parts.netloc}/{HIDDEN}'
    return value


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. It holds a phone number: keep it encrypted, do not log it.

    :ivar str path: Path of the operation.
    :ivar dict request: The body sent, redacted.
    :ivar str answer: The body received, redacted; "" when none came.
    :ivar int | None http_status: None when no answer came.
    :ivar datetime started_at: Naive UTC.
    :ivar float seconds: How long it took.
    :ivar float | None clock_offset: Seconds by which Daraja's clock is ahead of ours, to the
        second; None when unknown. A large one explains refused passwords.
    """

    path: str
    request: dict = field(repr=False)
    answer: str = field(repr=False)
    http_status: int | None
    started_at: datetime
    seconds: float
    clock_offset: float | None = None

    def as_text(self):
        """JSON for the evidence store."""
        return json.dumps(
            {**vars(self), 'started_at': self.started_at.isoformat()}, ensure_ascii=False,
        )
