"""B2C: paying money out to a phone (daraja.md, section 10).

The order is acknowledged at once, and its outcome posted later, at the ResultURL. It moves money.
Its name is ours, and M-PESA takes each name once: an order whose acknowledgement was lost is safe
to be asked about by that name, and another of the same name is refused (`DuplicateOrder`).
"""
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import clean, receipt
from .addresses import Address
from .eat import from_dotted
from .order_codes import order_code
from .orders import WIRE_PHONE, common_fields, is_organisation, is_remark, require_common
from .security_credential import Initiator
from .stk_signature import IDENTIFIER, matches, require


LEAST_AMOUNT = 10  # KES, daraja.md section 18.1
MOST_AMOUNT = 250_000
LEAST_REMARK = 2
_COMMANDS = {
    'business': 'BusinessPayment', 'salary': 'SalaryPayment', 'promotion': 'PromotionPayment',
}
_REGISTERED = {'Y': True, 'N': False}


@dataclass(frozen=True)
class B2CPayment:
    """The order to pay out to a phone.

    :param Initiator initiator: Who orders it.
    :param str shortcode: Ours; one that may pay out.
    :param str phone: `Msisdn.wire` of who is paid.
    :param int | Decimal amount: Whole KES, 10 to 250,000.
    :param str originator_conversation_id: Our name of the order, never used before.
    :param str result_url: Where the outcome is to be posted.
    :param str timeout_url: Where Safaricom says that it gave up.
    :param str command: "business", "salary" or "promotion".
    :param str remarks: 2 to 100 characters.
    :param str occasion: At most 100; may be empty.
    """

    ADDRESS = Address.B2C_V3

    initiator: Initiator
    shortcode: str
    phone: str = field(repr=False)
    amount: int | Decimal
    originator_conversation_id: str
    result_url: str = field(repr=False)
    timeout_url: str = field(repr=False)
    command: str = 'business'
    remarks: str = 'Payment'
    occasion: str = ''

    def __post_init__(self):
        require_common(self, LEAST_REMARK)
        require(
            matches(IDENTIFIER, self.originator_conversation_id), 'OriginatorConversationID',
        )
        require(self.command in _COMMANDS, 'CommandID')
        whole = type(self.amount) is int or (
            isinstance(self.amount, Decimal)
            and self.amount.is_finite()
            and self.amount == self.amount.to_integral_value()
        )
        require(whole and LEAST_AMOUNT <= self.amount <= MOST_AMOUNT, 'Amount')
        require(is_organisation(self.shortcode), 'PartyA')
        require(matches(WIRE_PHONE, self.phone), 'PartyB')
        require(is_remark(self.occasion), 'Occassion')

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        return {
            'OriginatorConversationID': self.originator_conversation_id,
            **common_fields(self, _COMMANDS[self.command], initiator_field='InitiatorName'),
            'Amount': str(int(self.amount)),
            'PartyA': self.shortcode,
            'PartyB': self.phone,
            # Double s, as Safaricom spells it here.
            **({'Occassion': self.occasion} if self.occasion else {}),
        }


@dataclass(frozen=True)
class B2COutcome:
    """What a result says of the order.

    :ivar str state: "paid"; "refused", no money moved; "not_allowed", the same, since the operator
        or its password is refused; or "unknown": money may have moved, ask for the status.
    :ivar str result_code: As on the wire; see `order_code` for its words.
    :ivar str | None receipt: M-PESA code of the payment.
    :ivar Decimal | None amount: KES paid out, without M-PESA's charge.
    :ivar datetime | None completed_at_utc: Naive UTC.
    :ivar str recipient: Phone and name as Safaricom wrote them.
    :ivar bool | None registered: Whether the recipient is an M-PESA customer.
    :ivar Decimal | None utility: KES left in the account it was paid from.
    :ivar Decimal | None working: KES in the working account.
    :ivar Decimal | None charges: KES in the charges account, below zero as they add up. What this
        one order cost is not told.
    """

    state: str
    result_code: str
    receipt: str | None = None
    amount: Decimal | None = None
    completed_at_utc: datetime | None = None
    recipient: str = field(default='', repr=False)
    registered: bool | None = None
    utility: Decimal | None = None
    working: Decimal | None = None
    charges: Decimal | None = None


def read_b2c(result):
    """Read the outcome of a payment to a phone out of a result.

    :param Result result: As `parse_result` gives it, from the ResultURL. A time-out tells nothing.
    :rtype: B2COutcome
    """
    if not result.succeeded:
        meant = order_code(result.code)
        refused = 'not_allowed' if meant.cause == 'operator' else 'refused'
        return B2COutcome('unknown' if meant.moved != 'no' else refused, result.code)
    number = clean.text(result.value('TransactionReceipt'), 32) or result.transaction_id
    registered = clean.text(result.value('B2CRecipientIsRegisteredCustomer'), 8)
    return B2COutcome(
        state='paid',
        result_code=result.code,
        receipt=receipt.code_or_none(number),
        amount=clean.amount_or_none(result.value('TransactionAmount')),
        completed_at_utc=from_dotted(result.value('TransactionCompletedDateTime')),
        recipient=clean.text(result.value('ReceiverPartyPublicName')),
        registered=_REGISTERED.get(registered.strip().upper()),
        **{
            name: clean.decimal_or_none(result.value(f'B2C{account}AccountAvailableFunds'))
            for name, account in (
                ('utility', 'Utility'), ('working', 'Working'), ('charges', 'ChargesPaid'),
            )
        },
    )
