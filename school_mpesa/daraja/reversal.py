"""Reversal: giving a payment back to who paid it (daraja.md, section 9).

The order is acknowledged at once, and its outcome posted later, at the ResultURL. It moves money:
give it once, and after anything but a refusal ask for its status before another is given.
"""
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import clean, receipt
from .addresses import Address
from .eat import from_stamp
from .order_codes import order_code
from .orders import common_fields, is_organisation, require_common
from .security_credential import Initiator
from .stk_signature import require


MOST_AMOUNT = 250_000  # KES, daraja.md section 18.1
LEAST_REMARK = 2
# An outcome where no money moved, by its cause; the operator's own faults aside.
_STATES = {'reversed': 'already_reversed', 'operator': 'not_allowed'}


@dataclass(frozen=True)
class Reversal:
    """The order to give a paybill or prompt payment back. Only what was paid to us can be.

    :param Initiator initiator: Who orders it.
    :param str shortcode: Ours, which received the payment.
    :param str receipt: The payment's M-PESA code.
    :param int | Decimal amount: KES, all of the payment: nobody knows what becomes of a part.
    :param str result_url: Where the outcome is to be posted.
    :param str timeout_url: Where Safaricom says that it gave up.
    :param str remarks: 2 to 100 characters.
    """

    ADDRESS = Address.REVERSAL

    initiator: Initiator
    shortcode: str
    receipt: str
    amount: int | Decimal
    result_url: str = field(repr=False)
    timeout_url: str = field(repr=False)
    remarks: str = 'Reversal'

    def __post_init__(self):
        require_common(self, LEAST_REMARK)
        require(is_organisation(self.shortcode), 'ReceiverParty')
        number = receipt.canonical(self.receipt) if isinstance(self.receipt, str) else ''
        require(receipt.is_code(number), 'TransactionID')
        require(type(self.amount) is int or isinstance(self.amount, Decimal), 'Amount')
        try:
            amount = clean.amount(self.amount)
        except ValueError:
            amount = None
        require(amount is not None and amount <= MOST_AMOUNT, 'Amount')
        object.__setattr__(self, 'receipt', number)
        object.__setattr__(self, 'amount', amount)

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        whole = self.amount == self.amount.to_integral_value()
        return {
            **common_fields(self, 'TransactionReversal'),
            'TransactionID': self.receipt,
            'Amount': str(int(self.amount)) if whole else str(self.amount),
            # The party that received the payment, and Safaricom's own spelling.
            'ReceiverParty': self.shortcode,
            'RecieverIdentifierType': '11',
        }


@dataclass(frozen=True)
class ReversalOutcome:
    """What a result says of the order.

    :ivar str state: "reversed", the money went back; "already_reversed", it had gone back before
        and this order moved none; "refused", no money moved; "not_allowed", the same, since the
        operator or its password is refused; or "unknown": money may have moved, ask for the status.
    :ivar str result_code: As on the wire; see `order_code` for its words.
    :ivar str | None receipt: M-PESA code of the reversal itself.
    :ivar str | None original: Code of the payment that was reversed.
    :ivar Decimal | None amount: KES given back.
    :ivar Decimal charge: KES that M-PESA took for it.
    :ivar datetime | None completed_at_utc: Naive UTC.
    :ivar str payer: Whom the money went to, as Safaricom wrote it.
    """

    state: str
    result_code: str
    receipt: str | None = None
    original: str | None = None
    amount: Decimal | None = None
    charge: Decimal | None = None
    completed_at_utc: datetime | None = None
    payer: str = field(default='', repr=False)


def read_reversal(result):
    """Read the outcome of a reversal out of a result.

    :param Result result: As `parse_result` gives it, from the ResultURL. A time-out tells nothing.
    :rtype: ReversalOutcome
    """
    if not result.succeeded:
        meant = order_code(result.code)
        state = 'unknown' if meant.moved != 'no' else _STATES.get(meant.cause, 'refused')
        return ReversalOutcome(state, result.code)
    original = clean.text(result.value('OriginalTransactionID'), 32)
    return ReversalOutcome(
        state='reversed',
        result_code=result.code,
        receipt=receipt.code_or_none(result.transaction_id),
        original=receipt.code_or_none(original),
        amount=clean.amount_or_none(result.value('Amount')),
        charge=clean.decimal_or_none(result.value('Charge')),
        completed_at_utc=from_stamp(result.value('TransCompletedTime')),
        payer=clean.text(result.value('CreditPartyPublicName')),
    )
