"""One piece of news about money, read from a message and not yet booked."""
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .. import daraja, vault


# A Kenyan mobile number somewhere in what was typed, with or without prefix, however it is spaced.
PHONE_IN_TEXT = re.compile(r'(?:\+?254|0)?[^\w+]*[17](?:[^\w]*\d){8}')

# The same, where it does not begin within another number.
MOBILE_IN_TEXT = re.compile(rf'(?<!\d){PHONE_IN_TEXT.pattern}')


@dataclass(eq=False)
class Arrival:
    """Money that Safaricom says has reached a shortcode.

    :ivar callback: The message (mpesa.callback), or None when a receipt is made anew.
    :ivar str source: 'stk', 'confirmation', 'pull', 'statement' or 'status'.
    :ivar str receipt: The M-PESA code.
    :ivar Decimal amount: KES.
    :ivar datetime paid_at: Naive UTC.
    :ivar str account_reference: What the payer typed.
    :ivar bool names_student: Whether what was typed is a reference of a student or family.
    :ivar str phone: The payer's number as Safaricom wrote it: plain, masked, hashed or empty.
    :ivar str name: The payer's name as Safaricom wrote it.
    :ivar tx: The request that it answers (payment.transaction), if any.
    :ivar asked: The request at whose own address it came although it cannot be that request's
                 money as it stands, because of the problem.
    :ivar str problem: What in it contradicts that request, in words; '' when nothing does.
    :ivar provider: The shortcode (payment.provider) in whose journal it is booked.
    :ivar student: Whose money it is (school.student), if known.
    :ivar near_student: Whom the payer has paid for before (school.student), if one sign of the
                        account may be wrong.
    :ivar bool whole_family: Whether it is for all children of the student's family, by its rule.
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
    names_student: bool = False
    phone: str = field(default='', repr=False)
    name: str = field(default='', repr=False)
    tx: object = None
    asked: object = None
    problem: str = ''
    provider: object = None
    student: object = None
    near_student: object = None
    whole_family: bool = False
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

    def is_found(self):
        """ Tell whether we asked for the news, instead of Safaricom's posting it.

        :rtype: bool
        """
        return self.source not in {'stk', 'confirmation'}

    def get_digest(self):
        """ Return a keyed digest of what the message says: to the letter, so that any other content
        for the same M-PESA code is seen.

        :rtype: str
        """
        number = self.read_phone()
        told = [
            f'{self.amount:.2f}', self.account_reference.strip(),
            number.wire if number else self.phone,
        ]
        if self.source == 'stk':
            told.append((self.tx or self.asked).id)
        return vault.blind_index(f'content {self.source}', json.dumps(told))

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

        Some payers type their own number; it is kept sealed with the payer. An admission number
        may look like one, and our own prompts carry nothing else.

        :rtype: str
        """
        if self.names_student or self.source == 'stk':
            return self.account_reference.strip()[:40]
        return mask_numbers(self.account_reference.strip())[:40]


def mask_numbers(text):
    """ Return a text without the phone numbers that stand in it.

    :param str text: What somebody typed.
    :rtype: str
    """
    return PHONE_IN_TEXT.sub(_mask, text)


def mask_mobiles(text):
    """ Return a text without the Kenyan mobile numbers that stand in it.

    Unlike :func:`mask_numbers` it leaves other numbers, such as 12345/2019, to the letter.

    :param str text: What somebody typed.
    :rtype: str
    """
    return MOBILE_IN_TEXT.sub(_mask_mobile, text)


def _mask(match):
    """ Return what may be shown of a number that stands in a text.

    :param re.Match match: The number as it was typed.
    :rtype: str
    """
    try:
        return daraja.msisdn.parse(match.group()).masked
    except daraja.MsisdnError:
        return '***'


def _mask_mobile(match):
    """ Return what may be shown of a number that may be a mobile.

    :param re.Match match: The number as it was typed, between whatever signs.
    :rtype: str
    """
    typed = match.group()
    digits = re.sub(r'\D', '', typed)
    try:
        return daraja.msisdn.parse(digits if digits.startswith(('0', '254')) else typed).masked
    except daraja.MsisdnError:
        return typed
