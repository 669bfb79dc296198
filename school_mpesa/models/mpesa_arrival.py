"""One piece of news about money, read from a message and not yet booked."""
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .. import daraja


# A Kenyan mobile number somewhere in what was typed, with or without prefix, however it is spaced.
PHONE_IN_TEXT = re.compile(r'(?:\+?254|0)?[^\w+]*[17](?:[^\w]*\d){8}')


@dataclass
class Arrival:
    """Money that Safaricom says has reached a shortcode.

    :ivar callback: The message (mpesa.callback), or None when a receipt is made anew.
    :ivar str source: 'stk' or 'confirmation'.
    :ivar str receipt: The M-PESA code.
    :ivar Decimal amount: KES.
    :ivar datetime paid_at: Naive UTC.
    :ivar str account_reference: What the payer typed.
    :ivar str phone: The payer's number as Safaricom wrote it: plain, masked, hashed or empty.
    :ivar str name: The payer's name as Safaricom wrote it.
    :ivar tx: The request that it answers (payment.transaction), if any.
    :ivar student: Whose money it is (school.student), if known.
    :ivar movement: The movement (mpesa.transaction), once there is one.
    :ivar receipt_record: The receipt (school.receipt), once it is made.
    :ivar suspense_payment: The posting (account.payment) of money that nobody claims yet.
    """

    callback: object
    source: str
    receipt: str
    amount: Decimal
    paid_at: datetime
    account_reference: str = ''
    phone: str = field(default='', repr=False)
    name: str = field(default='', repr=False)
    tx: object = None
    student: object = None
    movement: object = None
    receipt_record: object = None
    suspense_payment: object = None

    def read_phone(self):
        """ Return the payer's number when it is one in clear, else None.

        :rtype: daraja.Msisdn | None
        """
        try:
            return daraja.msisdn.parse(self.phone)
        except daraja.MsisdnError:
            return None

    def get_mask(self):
        """ Return what may be shown of the payer's number.

        :rtype: str
        """
        number = self.read_phone()
        if number:
            return number.masked
        return self.phone[:20] if '*' in self.phone else ''

    def get_safe_reference(self):
        """ Return what was typed as account, without a phone number standing in it.

        Some payers type their own number; it is kept sealed with the payer.

        :rtype: str
        """
        return PHONE_IN_TEXT.sub(_mask, self.account_reference.strip())[:40]


def _mask(match):
    """ Return what may be shown of a number that stands in a text.

    :param re.Match match: The number as it was typed.
    :rtype: str
    """
    try:
        return daraja.msisdn.parse(match.group()).masked
    except daraja.MsisdnError:
        return '***'
