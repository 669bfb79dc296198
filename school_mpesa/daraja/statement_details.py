"""What a row of a statement was, read from its Details and its Reason Type (daraja.md, 22.3)."""
import re
from dataclasses import dataclass, field

from .message_text import day_of_code


PAYMENT, REVERSAL, CHARGE, SWEEP, WITHDRAWAL, OTHER = (
    'payment', 'reversal', 'charge', 'sweep', 'withdrawal', 'other',
)
KINDS = (PAYMENT, REVERSAL, CHARGE, SWEEP, WITHDRAWAL, OTHER)
IN, OUT = 'in', 'out'

# "Pay Bill from 25471****111 - FIRST **** LAST Acc. ADM0042". The payer may be a till or a bank's
# code; what follows the first "Acc." was typed by somebody and may say anything.
_PAYMENT = re.compile(
    r'(?P<head>[^*]{0,80}?\b(?:pay ?bill|pay utility|merchant pay(?:ment)?|buy goods)\b[^*]{0,40}?)'
    r'\s+(?:from|by)\s+(?P<phone>[+\d*]{3,20})(?:\s*-\s*(?P<name>.*?))?'
    r'(?:\s*\b(?-i:Acc)\.(?P<account>.*))?', re.IGNORECASE | re.DOTALL,
)
# What a bank adds behind the account: "via WEB by BANK - USER\B2B1".
_TELLER = re.compile(r'\s+via\s+\w+\s+by\s.*$', re.DOTALL)
_TELLER_HEAD = re.compile(r'^fsi\b|\bvia\b', re.IGNORECASE)
_CHARGE = re.compile(r'[\w &/-]{0,60}\bcharges?', re.IGNORECASE)
_SWEEP = re.compile(
    r'(?P<source>[\w -]{1,40}?)\s+account\s+to\s+(?P<target>[\w -]{1,60}?)(?:\s+account)?',
    re.IGNORECASE,
)
_WITHDRAWAL = re.compile(r'(?:\w+\s+)?withdrawal of funds\b.*', re.IGNORECASE | re.DOTALL)
_REVERSAL = re.compile(r'\brevers(?:al|ed|e)\b', re.IGNORECASE)
_ACCOUNT = re.compile(r'\bAcc\.')
_PARTY = re.compile(r'(?P<phone>[+\d*]{3,20})(?:\s*-\s*(?P<name>.*))?', re.DOTALL)
_CODE = re.compile(r'\b[A-Z0-9]{10}\b')
# Where payers' money arrives; the other accounts lie behind it.
_WALLETS = ('utility', 'merchant')
_PAYMENT_REASONS = {
    'pay utility', 'pay bill', 'pay bill online', 'standing order pay bill',
    'pay utility with od via stk', 'pay utility with od online', 'merchant payment',
    'merchant payment online', 'customer merchant payment',
}


@dataclass(frozen=True)
class Details:
    """What a row was.

    :ivar str kind: One of `KINDS`.
    :ivar bool moves_wallet: Whether the money came to or left the utility account of a paybill or
        the merchant account of a till, rather than an account behind it.
    :ivar str account_reference: What the payer typed, as far as Details tell.
    :ivar str payer_phone: As printed, mostly masked; the number of a till or bank.
    :ivar str payer_name: As printed, mostly masked.
    :ivar str linked_receipt: The receipt of the payment that a reversal names.
    """

    kind: str
    moves_wallet: bool = True
    account_reference: str = field(default='', repr=False)
    payer_phone: str = field(default='', repr=False)
    payer_name: str = field(default='', repr=False)
    linked_receipt: str = ''


def read_details(details, direction, reason=''):
    """Tell what a row was. What is not known is "other", never guessed.

    :param str details: Its Details.
    :param str direction: "in" or "out".
    :param str reason: Its Reason Type, where the template has one.
    :rtype: Details
    """
    stripped = details.strip()
    if direction == IN:
        payment = _PAYMENT.fullmatch(stripped)
        if payment and not _REVERSAL.search(payment['head']):
            return _read_payment(payment, details)
    # Words that a payer typed must not decide what a row was.
    own_words = _ACCOUNT.split(stripped, maxsplit=1)[0].strip()
    sweep = _SWEEP.fullmatch(own_words) or _SWEEP.fullmatch(reason.strip())
    if sweep:
        inner = sweep['source'] if direction == OUT else sweep['target']
        return Details(SWEEP, moves_wallet=inner.strip().lower().startswith(_WALLETS))
    if _REVERSAL.search(own_words):
        # Money that comes back to us, such as a charge returned, is for a person to look at.
        kind = REVERSAL if direction == OUT else OTHER
        return Details(kind, linked_receipt=_find_code(own_words))
    if direction == OUT:
        if _CHARGE.fullmatch(own_words):
            return Details(CHARGE)
        if _WITHDRAWAL.fullmatch(own_words):
            return Details(WITHDRAWAL, moves_wallet=False)
    elif reason.strip().lower() in _PAYMENT_REASONS and not _CHARGE.fullmatch(own_words):
        return Details(PAYMENT)
    return Details(OTHER)


def read_party(party):
    """Split "25471****111 - FIRST **** LAST" into number and name.

    :param str party: Other Party Info.
    :return: The number or code, and the name; empty where there is none.
    :rtype: tuple[str, str]
    """
    match = _PARTY.fullmatch(party.strip())
    if not match:
        return '', ''  # Blank, "SP" for Safaricom itself, or words.
    return match['phone'], (match['name'] or '').strip()


def _read_payment(match, details):
    account = ''
    if match['account'] is not None:
        # Verbatim, with the blanks that were stripped for the match; one parts it from "Acc.".
        account = details.lstrip()[match.start('account'):].removeprefix(' ')
        if _TELLER_HEAD.search(match['head']):
            account = _TELLER.sub('', account)
    return Details(
        PAYMENT, account_reference=account, payer_phone=match['phone'],
        payer_name=(match['name'] or '').strip(),
    )


def _find_code(own_words):
    # A word in capitals may stand for a day, too; few codes are without a digit.
    return next((
        code for code in _CODE.findall(own_words)
        if day_of_code(code) and any(sign.isdigit() for sign in code)
    ), '')
