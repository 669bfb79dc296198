"""What can go wrong in a call to Daraja: one exception per kind of failure.

The text of an exception holds our own words, the HTTP status and Daraja's code, and never what the
other side wrote, since that may repeat a token or a phone number. `wire_message` holds those words
with anything long or numeric blotted out, for an administrator's screen.
"""
import re


_SAFE_CODE = re.compile(r'[0-9A-Za-z._-]{1,80}')
_LONG_RUN = re.compile(r'[0-9A-Za-z+/=_-]{24,}')
_DIGITS = re.compile(r'\d[\d ]{5,}\d')


def scrub(text, limit=200):
    """Blot out what could be a secret or a phone number in another party's words.

    :param str text: Their words.
    :param int limit: Characters to keep.
    :rtype: str
    """
    printable = ''.join(char if char.isprintable() else ' ' for char in text[:2000])
    return _DIGITS.sub('***', _LONG_RUN.sub('***', printable))[:limit].strip()


class DarajaError(Exception):
    """A call to Daraja did not give what was asked.

    :ivar str code: Daraja's errorCode, "" when it gave none.
    :ivar int | None http_status: Status of the answer, None when there was none.
    :ivar str sent: Whether Safaricom may have acted on the request: "no", "maybe" or "yes". Only
        after "no" may the same request be made again. After "maybe" a prompt may be on the phone.
    :ivar str | None field: Name of the field at fault, as Daraja spells it.
    :ivar str wire_message: Daraja's words, blotted.
    :ivar exchange: The `Exchange` for the evidence store, None when nothing was exchanged.
    """

    summary = "Daraja did not do what was asked."
    default_sent = 'no'

    def __init__(
        self, *, code='', http_status=None, sent=None, field=None, wire_message='', exchange=None,
    ):
        self.code = code if _SAFE_CODE.fullmatch(code) else ''
        self.http_status = http_status
        self.sent = sent or self.default_sent
        self.field = field
        self.wire_message = scrub(wire_message)
        self.exchange = exchange
        super().__init__(self.summary)

    def __str__(self):
        facts = [
            self.field and f'field {self.field}',
            self.http_status and f'HTTP {self.http_status}',
            self.code and f'code {self.code}',
        ]
        facts = ', '.join(fact for fact in facts if fact)
        return f'{self.summary} ({facts})' if facts else self.summary


# === No answer === #

class ConnectionFailed(DarajaError):
    """No connection came about, so not one byte of the request left."""

    summary = "Could not connect to Daraja."


class CertificateRefused(ConnectionFailed):
    """The other side could not prove that it is Daraja."""

    summary = "The certificate of the Daraja host is not trusted."


class NoAnswer(DarajaError):
    """The request left, and no whole answer came: time-out, reset, half an answer."""

    summary = "Daraja did not answer in time."
    default_sent = 'maybe'


# === An answer that cannot be used === #

class ServerFailure(DarajaError):
    """An answer that tells nothing about the request: 5xx, an HTML page, a bare status."""

    summary = "Daraja failed to handle the request."
    default_sent = 'maybe'


class UnreadableAnswer(DarajaError):
    """HTTP 200 with something else in it than an answer of Daraja."""

    summary = "Daraja answered with something unreadable."
    default_sent = 'maybe'


# === Refused by the gateway or by M-PESA, in so many words === #

class Busy(DarajaError):
    """Too many requests, or M-PESA is overloaded or under maintenance. Wait, then ask again.

    :ivar float | None retry_after: Seconds that Daraja asked to wait, where it said so.
    """

    summary = "Daraja is busy and refused the request."

    def __init__(self, *, retry_after=None, **kwargs):
        super().__init__(**kwargs)
        self.retry_after = retry_after


class InvalidToken(DarajaError):
    """The access token was refused, and a new one too."""

    summary = "Daraja refused the access token."


class CredentialsRefused(DarajaError):
    """Wrong consumer key or secret, or a key of the other environment (400.008.01)."""

    summary = "Daraja refused the consumer key and secret."


class ProductMissing(DarajaError):
    """The Daraja app does not contain this product (401.003.01)."""

    summary = "The Daraja app lacks this product."


class BadRequest(DarajaError):
    """Daraja refused the request as malformed; `field` says where, if Daraja said."""

    summary = "Daraja refused the request."


class InvalidRequest(BadRequest, ValueError):
    """We refused to send the request: a field breaks Daraja's rules."""

    summary = "The request breaks a rule of Daraja and was not sent."


class DuplicateOrder(DarajaError):
    """An order of this name was given before (500.002.1001). Ask what became of that one."""

    summary = "Daraja has an order of this name already."
    default_sent = 'yes'


class WrongPasskey(DarajaError):
    """Passkey, shortcode and timestamp do not match (500.001.1001, "Wrong credentials")."""

    summary = "The passkey does not match the shortcode."


class MerchantRefused(DarajaError):
    """The shortcode is unknown to M-PESA or may not do this kind of transaction."""

    summary = "M-PESA does not accept payments for this shortcode."


class SubscriberLocked(DarajaError):
    """Another M-PESA request is open on the phone. Wait at least a minute."""

    summary = "Another M-PESA request is open on that phone."


class LineUnusable(DarajaError):
    """The number has no usable Safaricom SIM card ("No ICCID found on NMS")."""

    summary = "M-PESA cannot reach a SIM card of that number."
