"""Dynamic QR: a picture that the M-PESA and Safaricom apps scan to pay (daraja.md, section 12).

Nothing is paid by it, and a scan arrives as any other payment does.
"""
import base64
import binascii
import re
from dataclasses import dataclass, field

from . import clean
from .addresses import Address
from .errors import UnreadableAnswer
from .exchange import Exchange
from .stk_signature import matches, require


# What the apps shall do with it, as TrxCode.
PAY_BILL, BUY_GOODS = 'PB', 'BG'
WITHDRAW, SEND_MONEY, SEND_TO_BUSINESS = 'WA', 'SM', 'SB'
TRANSACTION_CODES = (PAY_BILL, BUY_GOODS, WITHDRAW, SEND_MONEY, SEND_TO_BUSINESS)
LEAST_SIZE, MOST_SIZE = 100, 1000  # pixels; no limit is documented, the answer's length sets one
_MOST_AMOUNT = 250_000  # KES a payment, daraja.md 18.1
_TEXT = re.compile(r'[^\x00-\x1f\x7f]{1,60}')
_PARTY = re.compile(r'[0-9]{5,12}')
_DATA_URI = re.compile(r'data:image/png;base64,', re.IGNORECASE)
_PNG = b'\x89PNG\r\n\x1a\n'


@dataclass(frozen=True)
class QrRequest:
    """What a picture shall make somebody pay. Checked when made: see `InvalidRequest`.

    :param str merchant_name: Shown to the payer.
    :param str reference: The account; for a till, any text.
    :param int amount: KES, whole shillings.
    :param str party: The paybill, till, agent or phone number that is paid.
    :param str code: One of `TRANSACTION_CODES`.
    :param int size: Pixels, square.
    """

    merchant_name: str
    reference: str
    amount: int
    party: str
    code: str = PAY_BILL
    size: int = 300

    def __post_init__(self):
        require(matches(_TEXT, self.merchant_name) and self.merchant_name.strip(), 'MerchantName')
        require(matches(_TEXT, self.reference) and self.reference.strip(), 'RefNo')
        require(type(self.amount) is int and 1 <= self.amount <= _MOST_AMOUNT, 'Amount')
        require(self.code in TRANSACTION_CODES, 'TrxCode')
        require(matches(_PARTY, self.party), 'CPI')
        require(type(self.size) is int and LEAST_SIZE <= self.size <= MOST_SIZE, 'Size')

    def body(self):
        """The JSON to post.

        :rtype: dict
        """
        return {
            'MerchantName': self.merchant_name,
            'RefNo': self.reference,
            'Amount': self.amount,
            'TrxCode': self.code,
            'CPI': self.party,
            'Size': str(self.size),
        }


@dataclass(frozen=True)
class DynamicQr:
    """The picture.

    :ivar bytes png: PNG. What is encoded in it is Safaricom's own, and no address.
    :ivar str request_id: Safaricom's name of the request, "" when it gave none.
    :ivar Exchange exchange: For the evidence store, without the picture.
    """

    png: bytes = field(repr=False)
    request_id: str = ''
    exchange: Exchange | None = field(default=None, repr=False)


class QrMaker:
    """Fetches pictures.

    :param Gateway gateway: Carries the calls.
    """

    def __init__(self, gateway):
        self._gateway = gateway

    def make(self, request):
        """Fetch a picture. Asking again is harmless.

        :param QrRequest request: What it shall make somebody pay.
        :rtype: DynamicQr
        :raise DarajaError: `UnreadableAnswer` also when the answer holds no PNG.
        """
        answer, exchange = self._gateway.post(
            Address.DYNAMIC_QR, request.body(), repeatable=True,
        )
        data = answer.data
        # ResponseCode is "00" or a name of the request: only the picture says that all went well.
        png = _picture(data.get('QRCode'))
        if png is None:
            raise UnreadableAnswer(
                code=clean.text(data.get('ResponseCode'), 80).strip(),
                http_status=answer.http_status, exchange=exchange,
            )
        return DynamicQr(
            png=png, request_id=clean.text(data.get('RequestID'), 100).strip(), exchange=exchange,
        )


def _picture(encoded):
    """The bytes of a PNG, None when it is none."""
    if not isinstance(encoded, str):
        return None
    try:
        png = base64.b64decode(_DATA_URI.sub('', ''.join(encoded.split()), count=1), validate=True)
    except (binascii.Error, ValueError):
        return None
    return png if png.startswith(_PNG) else None
