"""What Safaricom posts to us: STK callbacks and C2B validations and confirmations.

A callback may hold anything. A parser either gives a value whose every amount is exact and whose
every text can be stored, or raises `UnreadableCallback`, and nothing else. See daraja.md, sections
3.5, 3.6 and 5.3, for the wire.
"""
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import clean, receipt, strict_json
from .eat import from_stamp
from .result_codes import ResultCode, result_code


class UnreadableCallback(ValueError):
    """The bytes are not the callback they should be.

    :ivar str reason: Why, in English, free of personal data.
    """

    def __init__(self, reason):
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True)
class StkCallback:
    """The outcome of one prompt.

    :ivar str result_code: "0" for paid; see `outcome` for what it means.
    :ivar Decimal | None amount: KES. None when the callback has none, as after a failure.
    :ivar str | None receipt: M-PESA receipt number in upper case; None also for a filler of zeros.
    :ivar datetime | None paid_at_utc: Naive UTC.
    :ivar bool time_unreadable: There was a time, and no such moment exists. The money is as real.
    :ivar str | None phone: Payer as Safaricom wrote it; not seen masked yet, but be ready.
    """

    merchant_request_id: str
    checkout_request_id: str = field(repr=False)  # it ends in the payer's phone number
    result_code: str
    result_desc: str = field(repr=False)
    amount: Decimal | None = None
    receipt: str | None = None
    paid_at_utc: datetime | None = None
    time_unreadable: bool = False
    phone: str | None = field(default=None, repr=False)

    @property
    def outcome(self) -> ResultCode:
        """The row of the result-code table."""
        return result_code(self.result_code)

    @property
    def paid(self):
        """Whether it says that money moved."""
        return self.result_code == '0'


@dataclass(frozen=True)
class C2BConfirmation:
    """Money that reached a paybill or till; or, in a validation, money about to.

    :ivar str transaction_type: "Pay Bill", "Buy Goods", "Organization To Organization Transfer"…
    :ivar str receipt: M-PESA receipt number in upper case; the only key against repeats.
    :ivar datetime | None paid_at_utc: Naive UTC, None when `time_unreadable`.
    :ivar Decimal amount: KES, above zero.
    :ivar str shortcode: As in the body; for a till it may be the store or head office.
    :ivar str account_reference: Exactly what the payer typed.
    :ivar str msisdn: Plain, masked, hashed or empty. Never parse it as a phone number.
    :ivar Decimal | None org_balance: KES after the payment; None in a validation.
    """

    transaction_type: str
    receipt: str
    paid_at_utc: datetime | None
    amount: Decimal
    shortcode: str
    account_reference: str = field(repr=False)
    msisdn: str = field(repr=False)
    first_name: str = field(default='', repr=False)
    middle_name: str = field(default='', repr=False)
    last_name: str = field(default='', repr=False)
    org_balance: Decimal | None = field(default=None, repr=False)
    time_unreadable: bool = False

    @property
    def payer_name(self):
        """First, middle and last name as one line; for an organisation, its name."""
        names = (self.first_name, self.middle_name, self.last_name)
        return ' '.join(name.strip() for name in names if name.strip())


def parse_stk_callback(raw):
    """Read the callback of one STK push.

    :param bytes raw: The body of the request.
    :rtype: StkCallback
    :raise UnreadableCallback: If it is not one.
    """
    body = read_object(read_document(raw).get('Body'), "Body")
    callback = read_object(body.get('stkCallback'), "stkCallback")
    items = _items(callback.get('CallbackMetadata'))
    code = read_value(clean.identifier, callback.get('ResultCode'), "ResultCode")
    if len(code) > 32:
        reason = "ResultCode: too long"
        raise UnreadableCallback(reason)
    stamp = items.get('TransactionDate')
    paid_at = from_stamp(stamp)
    number = _optional(_receipt, items.get('MpesaReceiptNumber'), "MpesaReceiptNumber")
    return StkCallback(
        merchant_request_id=clean.text(callback.get('MerchantRequestID'), 128),
        checkout_request_id=read_value(
            clean.identifier, callback.get('CheckoutRequestID'), "CheckoutRequestID",
        ),
        result_code=code,
        result_desc=clean.text(callback.get('ResultDesc'), 1024),
        amount=_optional(clean.amount, items.get('Amount'), "Amount"),
        receipt=None if number and receipt.is_placeholder(number) else number,
        paid_at_utc=paid_at,
        time_unreadable=stamp not in {None, ''} and paid_at is None,
        phone=clean.text(items.get('PhoneNumber'), 64).strip() or None,
    )


def parse_c2b(raw):
    """Read a C2B validation or confirmation; they have the same shape.

    :param bytes raw: The body of the request.
    :rtype: C2BConfirmation
    :raise UnreadableCallback: If it is not one.
    """
    body = read_document(raw)
    paid_at = from_stamp(body.get('TransTime'))
    return C2BConfirmation(
        transaction_type=clean.text(body.get('TransactionType'), 100),
        receipt=read_value(_receipt, body.get('TransID'), "TransID"),
        paid_at_utc=paid_at,
        amount=read_value(clean.amount, body.get('TransAmount'), "TransAmount"),
        shortcode=clean.text(body.get('BusinessShortCode'), 32).strip(),
        account_reference=clean.text(body.get('BillRefNumber')),
        msisdn=clean.text(body.get('MSISDN'), 128).strip(),
        first_name=clean.text(body.get('FirstName')),
        middle_name=clean.text(body.get('MiddleName')),
        last_name=clean.text(body.get('LastName')),
        org_balance=_balance(body.get('OrgAccountBalance')),
        time_unreadable=paid_at is None,
    )


def read_document(raw):
    """The JSON object in some bytes.

    :raise UnreadableCallback: If it is none.
    """
    try:
        return read_object(strict_json.loads(raw), "the document")
    except strict_json.NotStrictJson as error:
        raise UnreadableCallback(f'the document: {error}') from None


def read_object(value, name):
    """A member that has to be an object.

    :raise UnreadableCallback: If it is none.
    """
    if not isinstance(value, dict):
        raise UnreadableCallback(f'{name}: {"missing" if value is None else "not an object"}')
    return value


def _items(metadata):
    """The items of CallbackMetadata by name; their order and number vary."""
    if metadata is None:
        return {}
    rows = read_object(metadata, "CallbackMetadata").get('Item')
    if rows is None:
        return {}
    items = {}
    # A list of one has been seen collapsed into its only element in Daraja's other results.
    for row in rows if isinstance(rows, list) else [rows]:
        name = read_object(row, "Item").get('Name')
        if not isinstance(name, str):
            reason = "Item: without a name"
            raise UnreadableCallback(reason)
        if name in items:
            reason = "Item: a name occurs twice"
            raise UnreadableCallback(reason)
        items[name] = row.get('Value')
    # Only a scalar can be a date, a receipt or an amount.
    return {
        name: None if isinstance(value, (list, dict)) else value for name, value in items.items()
    }


def _receipt(value):
    if isinstance(value, int):
        reason = "not text"
        raise ValueError(reason)
    number = receipt.canonical(clean.identifier(value))
    if len(number) > 32 or not number.isalnum():
        reason = "not a receipt number"
        raise ValueError(reason)
    return number


def read_value(read, value, name):
    """A member as a reader of `clean` gives it.

    :raise UnreadableCallback: If that refuses it.
    """
    try:
        return read(value)
    except ValueError as error:
        raise UnreadableCallback(f'{name}: {error}') from None


def _optional(read, value, name):
    return None if value is None or value == '' else read_value(read, value, name)


def _balance(value):
    """The balance after a payment is a help, not money: an odd one is left out."""
    try:
        return clean.decimal(value)
    except ValueError:
        return None
