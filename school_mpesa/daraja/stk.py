"""M-PESA Express: sending a prompt to a phone (daraja.md, section 3)."""
# The methods that are overridden here return nothing.
# pylint: disable=missing-return
import re
from dataclasses import dataclass, field
from decimal import Decimal

from . import clean
from .addresses import Address
from .callback_address import callback_url_faults
from .eat import utc_now
from .errors import UnreadableAnswer
from .exchange import Exchange
from .stk_signature import IDENTIFIER, SHORTCODE, Signed, matches, require
from .stk_text import DESCRIPTION_LENGTH, REFERENCE_LENGTH, clean_text


LEAST_AMOUNT = 1  # KES
MOST_AMOUNT = 250_000  # KES, daraja.md section 18.1
_TRANSACTION_TYPES = {'paybill': 'CustomerPayBillOnline', 'till': 'CustomerBuyGoodsOnline'}
_WIRE_PHONE = re.compile(r'254[17][0-9]{8}')


@dataclass(frozen=True)
class StkPush(Signed):
    """A prompt to be sent. Checked when made: a wrong field raises `InvalidRequest` at once.

    :param str shortcode: Paybill; for a till its store or head-office number of the go-live.
    :param str passkey: Of that shortcode.
    :param int | Decimal amount: Whole KES, 1 to 250,000.
    :param str phone: `Msisdn.wire` of the phone that rings.
    :param str callback_url: Where the outcome is to be posted.
    :param str account_reference: What the payer reads; cleaned, then 12 characters at most. It is
        refused and not cut when longer: half an admission number may be another child's.
    :param str description: Cleaned and cut to 13 characters; may be empty.
    :param str shortcode_type: "paybill" or "till".
    :param str | None party_b: The till number; needed for a till, and for a paybill itself.
    """

    amount: int | Decimal
    phone: str = field(repr=False)
    callback_url: str = field(repr=False)
    account_reference: str
    description: str = ''
    shortcode_type: str = 'paybill'
    party_b: str | None = None

    def __post_init__(self):
        super().__post_init__()
        whole = type(self.amount) is int or (
            isinstance(self.amount, Decimal)
            and self.amount.is_finite()
            and self.amount == self.amount.to_integral_value()
        )
        require(whole and LEAST_AMOUNT <= self.amount <= MOST_AMOUNT, 'Amount')
        require(matches(_WIRE_PHONE, self.phone), 'PhoneNumber')
        require(self.shortcode_type in _TRANSACTION_TYPES, 'TransactionType')
        party_b = self.party_b or (self.shortcode if self.shortcode_type == 'paybill' else None)
        require(matches(SHORTCODE, party_b), 'PartyB')
        require('not_a_url' not in callback_url_faults(self.callback_url), 'CallBackURL')
        require(isinstance(self.account_reference, str), 'AccountReference')
        reference = clean_text(self.account_reference)
        require(0 < len(reference) <= REFERENCE_LENGTH, 'AccountReference')
        object.__setattr__(self, 'party_b', party_b)
        object.__setattr__(self, 'account_reference', reference)
        description = clean_text(self.description or '')[:DESCRIPTION_LENGTH].strip()
        object.__setattr__(self, 'description', description)

    def body(self, moment):
        """The JSON to post. Numbers go as strings, as Daraja allows.

        :param datetime moment: Now, naive UTC.
        :rtype: dict[str, str]
        """
        return {
            **self.signature(moment),
            'TransactionType': _TRANSACTION_TYPES[self.shortcode_type],
            'Amount': str(int(self.amount)),
            'PartyA': self.phone,
            'PartyB': self.party_b,
            'PhoneNumber': self.phone,
            'CallBackURL': self.callback_url,
            'AccountReference': self.account_reference,
            # The only field that may be left out.
            **({'TransactionDesc': self.description} if self.description else {}),
        }


@dataclass(frozen=True)
class StkPushAccepted:
    """Daraja took the push; whether anybody pays is told by the callback.

    :ivar str checkout_request_id: Key of the request; it ends in the payer's phone number.
    :ivar dict raw: The answer as JSON.
    :ivar Exchange exchange: For the evidence store.
    """

    merchant_request_id: str
    checkout_request_id: str = field(repr=False)
    response_code: str
    customer_message: str
    raw: dict = field(repr=False)
    exchange: Exchange = field(repr=False)


class StkPusher:
    """Sends prompts.

    :param Gateway gateway: Carries the calls.
    """

    def __init__(self, gateway):
        self._gateway = gateway

    def push(self, push):
        """Send a prompt. It is sent once: only a refused token makes it go out a second time.

        :param StkPush push: The prompt.
        :rtype: StkPushAccepted
        :raise DarajaError: With `sent` "no" when no prompt can have gone out.
        """
        body = push.body(utc_now())
        answer, exchange = self._gateway.post(
            Address.STK_PUSH, body, secrets=(body['Password'], push.passkey),
        )
        data = answer.data
        checkout_id = clean.text(data.get('CheckoutRequestID'))
        response_code = clean.text(data.get('ResponseCode'))
        if response_code != '0' or not IDENTIFIER.fullmatch(checkout_id):
            raise UnreadableAnswer(
                code=response_code, http_status=answer.http_status, exchange=exchange,
            )
        return StkPushAccepted(
            merchant_request_id=clean.text(data.get('MerchantRequestID')),
            checkout_request_id=checkout_id,
            response_code=response_code,
            customer_message=clean.text(data.get('CustomerMessage')),
            raw=data,
            exchange=exchange,
        )
