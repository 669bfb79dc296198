"""Account Balance: asking what is in the accounts of a shortcode (daraja.md, section 8).

The question is acknowledged at once and answered later, at the ResultURL. It moves no money.
"""
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from . import clean
from .addresses import Address
from .eat import from_stamp
from .order_codes import order_code
from .orders import common_fields, is_organisation, require_common
from .security_credential import Initiator
from .stk_signature import require


MOST_ACCOUNTS = 50
# Order and set of the accounts vary, so they are known by a word of their name.
_ROLES = (
    ('utility', 'utility'), ('merchant', 'merchant'), ('charge', 'charges'),
    ('settlement', 'settlement'), ('working', 'working'), ('mmf', 'working'), ('float', 'float'),
)


@dataclass(frozen=True)
class BalanceQuery:
    """The question what is in the accounts of our own shortcode.

    :param Initiator initiator: Who asks.
    :param str shortcode: Ours; M-PESA tells of no other.
    :param str result_url: Where the answer is to be posted.
    :param str timeout_url: Where Safaricom says that it gave up.
    :param str remarks: At most 100 characters.
    """

    ADDRESS = Address.ACCOUNT_BALANCE

    initiator: Initiator
    shortcode: str
    result_url: str = field(repr=False)
    timeout_url: str = field(repr=False)
    remarks: str = 'Balance'

    def __post_init__(self):
        require_common(self)
        require(is_organisation(self.shortcode), 'PartyA')

    def body(self):
        """The JSON to post.

        :rtype: dict[str, str]
        """
        return {
            **common_fields(self, 'AccountBalance'),
            'PartyA': self.shortcode,
            'IdentifierType': '4',
        }


@dataclass(frozen=True)
class AccountBalance:
    """One account of the shortcode. Each figure may be below zero, as charges are.

    :ivar str name: As Safaricom wrote it, such as "Utility Account".
    :ivar str role: "utility", where paybill money arrives; "merchant", the same of a till;
        "working", on the way to the bank; "charges"; "settlement"; "float"; or "other".
    :ivar Decimal current: KES.
    :ivar Decimal available: KES that can be paid out.
    :ivar Decimal reserved: KES.
    :ivar Decimal uncleared: KES.
    """

    name: str
    role: str
    current: Decimal
    available: Decimal
    reserved: Decimal
    uncleared: Decimal


@dataclass(frozen=True)
class Balances:
    """What a result says of the accounts.

    :ivar str state: "answered"; "not_allowed", the operator or its password is refused; or
        "no_answer".
    :ivar tuple accounts: `AccountBalance`, in the order of the wire.
    :ivar int unreadable: Accounts that were told of and could not be read. The others stand, and
        no sum of them is complete.
    :ivar datetime | None completed_at_utc: When M-PESA looked, naive UTC.
    """

    state: str
    result_code: str
    accounts: tuple = ()
    unreadable: int = 0
    completed_at_utc: datetime | None = None

    def find(self, role):
        """The account of a role.

        :return: None where there is none, or more than one.
        :rtype: AccountBalance | None
        """
        found = [account for account in self.accounts if account.role == role]
        return found[0] if len(found) == 1 else None


def read_balances(result):
    """Read the accounts out of a result.

    :param Result result: As `parse_result` gives it.
    :rtype: Balances
    """
    if not result.succeeded:
        refused = order_code(result.code).cause == 'operator'
        return Balances('not_allowed' if refused else 'no_answer', result.code)
    accounts, unreadable = read_accounts(result.value('AccountBalance'))
    return Balances(
        # An answer without one account that can be read tells nothing.
        state='answered' if accounts else 'no_answer',
        result_code=result.code,
        accounts=accounts,
        unreadable=unreadable,
        completed_at_utc=from_stamp(result.value('BOCompletedTime')),
    )


def read_accounts(text):
    """Read `name|currency|current|available|reserved|uncleared`, joined with `&`.

    :param text: The parameter's value; anything but text holds no account.
    :return: The accounts, and how many could not be read.
    :rtype: tuple[tuple[AccountBalance], int]
    """
    # A name may hold an ampersand itself; what it tears apart counts as unreadable.
    rows = text.split('&') if isinstance(text, str) else []
    rows = [row for row in rows if row.strip()]
    accounts = tuple(filter(None, map(_read_account, rows[:MOST_ACCOUNTS])))
    return accounts, len(rows) - len(accounts)


def _read_account(row):
    name, *figures = (part.strip() for part in row.split('|'))
    currency = figures.pop(0) if figures else ''
    if not name or currency != 'KES' or len(figures) < 4:
        return None
    try:
        amounts = [clean.decimal(figure) for figure in figures[:4]]
    except ValueError:
        return None
    name = clean.text(name, 64)
    words = name.lower()
    role = next((role for word, role in _ROLES if word in words), 'other')
    return AccountBalance(name, role, *amounts)
