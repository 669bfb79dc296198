"""C2B: telling Safaricom where to announce paybill and till money (daraja.md, section 5.1)."""
# The methods that are overridden here return nothing.
# pylint: disable=missing-return
import re
from dataclasses import dataclass, field

from . import clean
from .addresses import Address
from .callback_address import callback_url_faults
from .errors import ServerFailure, UnreadableAnswer, scrub
from .exchange import Exchange
from .stk_signature import SHORTCODE, matches, require


RESPONSE_TYPES = ('Completed', 'Cancelled')
_ADDRESSES = {'v1': Address.C2B_REGISTER_V1, 'v2': Address.C2B_REGISTER_V2}
# One code says all of these, so the words have to be read.
_ALREADY_REGISTERED = re.compile(r'urls? (are|is) already registered', re.IGNORECASE)
_OLDER_PLATFORM = re.compile(r'duplicate notification info', re.IGNORECASE)


@dataclass(frozen=True)
class C2BRegistration:
    """The addresses of a shortcode. Checked when made: a wrong field raises `InvalidRequest`.

    :param str shortcode: Paybill, or the store or head-office number of a till.
    :param str confirmation_url: Where money that has arrived is announced.
    :param str validation_url: Where a payment is asked about before it happens. Safaricom wants it
        although it calls it only once validation was switched on for the shortcode.
    :param str response_type: "Completed" or "Cancelled": what becomes of a payment when the
        validation address does not answer in time.
    :param str version: "v1" or "v2": v1 hashes the payers' numbers, v2 masks them.
    """

    shortcode: str
    confirmation_url: str = field(repr=False)
    validation_url: str = field(repr=False)
    response_type: str = 'Completed'
    version: str = 'v2'

    def __post_init__(self):
        require(matches(SHORTCODE, self.shortcode), 'ShortCode')
        require(self.response_type in RESPONSE_TYPES, 'ResponseType')
        require(self.version in _ADDRESSES, 'Version')
        require('not_a_url' not in callback_url_faults(self.confirmation_url), 'ConfirmationURL')
        require('not_a_url' not in callback_url_faults(self.validation_url), 'ValidationURL')

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        return {
            'ShortCode': self.shortcode,
            'ResponseType': self.response_type,
            'ConfirmationURL': self.confirmation_url,
            'ValidationURL': self.validation_url,
        }


@dataclass(frozen=True)
class C2BRegisterAnswer:
    """What Daraja said.

    :ivar str state: "registered"; "already_registered", the shortcode keeps the addresses it has,
        which may be these or others; or "older_platform", it has addresses on the platform before
        Daraja, which only Safaricom can delete.
    :ivar str description: Daraja's words, blotted; never decide on them.
    :ivar Exchange exchange: For the evidence store.
    """

    state: str
    description: str = ''
    exchange: Exchange | None = field(default=None, repr=False)


class C2BRegistrar:
    """Registers addresses.

    :param Gateway gateway: Carries the calls.
    """

    def __init__(self, gateway):
        self._gateway = gateway

    def register(self, registration):
        """Register the addresses of a shortcode.

        It is sent once: production takes one registration only, so the answer to a second try would
        not tell whether the first was taken.

        :param C2BRegistration registration: The addresses.
        :rtype: C2BRegisterAnswer
        :raise DarajaError: With `sent` "no" when Daraja certainly kept the addresses it had.
        """
        body = registration.body()
        try:
            answer, exchange = self._gateway.post(
                _ADDRESSES[registration.version], body,
                # The paths are keys to our doors, and an answer may repeat them.
                secrets=(registration.confirmation_url, registration.validation_url),
            )
        except ServerFailure as error:
            state = _state_of_refusal(error.wire_message)
            if not state:
                raise
            return C2BRegisterAnswer(state, error.wire_message, error.exchange)
        code = clean.text(answer.data.get('ResponseCode')).strip()
        description = clean.text(answer.data.get('ResponseDescription'), 1024).strip()
        # "0", "00000000", or no code at all beside the word.
        if code.strip('0') or not (code or description.lower() == 'success'):
            raise UnreadableAnswer(code=code, http_status=answer.http_status, exchange=exchange)
        return C2BRegisterAnswer('registered', scrub(description), exchange)


def _state_of_refusal(words):
    if _ALREADY_REGISTERED.search(words):
        return 'already_registered'
    if _OLDER_PLATFORM.search(words):
        return 'older_platform'
    return ''
