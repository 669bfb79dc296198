"""Transaction Status: asking what became of a payment (daraja.md, section 7).

The question is acknowledged at once and answered later, at the ResultURL. It moves no money.
"""
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import clean, receipt
from .addresses import Address
from .eat import from_stamp
from .order_codes import order_code
from .orders import ORGANISATION, WIRE_PHONE, common_fields, is_remark, require_common
from .security_credential import Initiator
from .stk_signature import IDENTIFIER, matches, require


_PARTY = {'shortcode': ORGANISATION, 'till': ORGANISATION, 'msisdn': WIRE_PHONE}
_IDENTIFIER_TYPES = {'msisdn': '1', 'till': '2', 'shortcode': '4'}
_RECEIPT = re.compile(r'[A-Z0-9]{6,20}')
_FINAL = {'completed', 'cancelled', 'declined', 'expired'}
_UNKNOWN_RECEIPT = '2033'


@dataclass(frozen=True)
class StatusQuery:
    """The question what became of a payment.

    :param Initiator initiator: Who asks.
    :param str party: Our shortcode, or a phone as in `Msisdn.wire`.
    :param str result_url: Where the answer is to be posted.
    :param str timeout_url: Where Safaricom says that it gave up.
    :param str receipt: The M-PESA code; or
    :param str conversation_id: the OriginatorConversationID of an earlier order of ours.
    :param str party_type: "shortcode", "till" or "msisdn".
    :param str remarks: At most 100 characters.
    :param str occasion: The same; may be empty.
    """

    ADDRESS = Address.TRANSACTION_STATUS

    initiator: Initiator
    party: str = field(repr=False)
    result_url: str = field(repr=False)
    timeout_url: str = field(repr=False)
    receipt: str = ''
    conversation_id: str = ''
    party_type: str = 'shortcode'
    remarks: str = 'Status'
    occasion: str = ''

    def __post_init__(self):
        require_common(self)
        number = receipt.canonical(self.receipt) if isinstance(self.receipt, str) else None
        # An empty TransactionID was acknowledged once, and never answered.
        require(number is not None and bool(number) != bool(self.conversation_id), 'TransactionID')
        require(not number or _RECEIPT.fullmatch(number), 'TransactionID')
        require(
            not self.conversation_id or matches(IDENTIFIER, self.conversation_id),
            'OriginalConversationID',
        )
        require(self.party_type in _IDENTIFIER_TYPES, 'IdentifierType')
        require(matches(_PARTY[self.party_type], self.party), 'PartyA')
        require(is_remark(self.occasion), 'Occasion')
        object.__setattr__(self, 'receipt', number)

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        about = (
            {'TransactionID': self.receipt} if self.receipt
            else {'OriginalConversationID': self.conversation_id}
        )
        return {
            **common_fields(self, 'TransactionStatusQuery'),
            **about,
            'PartyA': self.party,
            'IdentifierType': _IDENTIFIER_TYPES[self.party_type],
            # Single s here, and only here.
            **({'Occasion': self.occasion} if self.occasion else {}),
        }


@dataclass(frozen=True)
class PaymentStatus:
    """What a result says of the payment that was asked about.

    :ivar str state: "completed"; "failed", which is final; "pending"; "not_found", M-PESA knows no
        such payment; "not_allowed", the operator or its password is refused; or "no_answer".
        Only the first two tell the payment's fate.
    :ivar str status: The wire's word, such as "Completed".
    :ivar str | None receipt: The M-PESA code of the payment, in upper case.
    :ivar Decimal | None amount: KES.
    :ivar datetime | None finalised_at_utc: Naive UTC.
    :ivar tuple parties: Names of payer and payee as Safaricom wrote them, the payer first.
    """

    state: str
    result_code: str
    status: str = ''
    receipt: str | None = None
    amount: Decimal | None = None
    finalised_at_utc: datetime | None = None
    initiated_at_utc: datetime | None = None
    parties: tuple = field(default=(), repr=False)
    reason_type: str = ''


def read_status(result):
    """Read the payment's fate out of a result. Two levels: the question may have been answered
    (ResultCode 0) and the payment declined.

    :param Result result: As `parse_result` gives it.
    :rtype: PaymentStatus
    """
    if not result.succeeded:
        state = 'no_answer'
        if result.code == _UNKNOWN_RECEIPT:
            state = 'not_found'
        elif order_code(result.code).cause == 'operator':
            # Nothing is learnt of the payment before somebody puts this right.
            state = 'not_allowed'
        return PaymentStatus(state, result.code)
    status = clean.text(result.value('TransactionStatus'), 64).strip()
    number = receipt.canonical(clean.text(result.value('ReceiptNo'), 32))
    # A completed payment without its code and amount is nothing that could be booked.
    state = 'pending'
    if status.lower() in _FINAL:
        state = 'completed' if status.lower() == 'completed' else 'failed'
    elif not status:
        state = 'no_answer'
    return PaymentStatus(
        state=state,
        result_code=result.code,
        status=status,
        receipt=number if _RECEIPT.fullmatch(number) and not receipt.is_placeholder(number)
        else None,
        amount=clean.amount_or_none(result.value('Amount')),
        finalised_at_utc=from_stamp(result.value('FinalisedTime')),
        initiated_at_utc=from_stamp(result.value('InitiatedTime')),
        # The second party may come under the first one's name.
        parties=tuple(
            clean.text(value)
            for name in ('DebitPartyName', 'CreditPartyName') for value in result.values(name)
        ),
        reason_type=clean.text(result.value('ReasonType'), 100),
    )
