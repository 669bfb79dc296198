"""The organisation statement of a shortcode: its rows out of the ledger (daraja.md 22).

Rows are plain dicts, amounts and balances text, so that they travel over the control interface, may
be spoilt on the way (mutator.py) and then become a file (statement_file.py).
"""

from dataclasses import asdict, dataclass
from decimal import Decimal

from .clock import parse_eat
from .statement_details import account_name, of_event, of_payment, party


UTILITY = 'balance'
# Whether only the account is told of where payers' money arrives, or those behind it, too.
SCOPES = ('utility', 'all')
# The accounts of which there is a statement.
_TOLD = (UTILITY, 'settlement', 'working')


@dataclass
class Row:
    """One row: the money of one account went up or down.

    :param kind: what happened: ``payment``, ``charge``, ``reversal``, ``sweep``, ``withdrawal`` or
        ``adjustment``; no template has a column for it
    :param account: of which account, of `wallets.ACCOUNTS`
    :param at_eat: 14 digits
    :param amount: KES as text, below zero for money that went out
    :param balance: KES as text, of this account and after this
    :param account_no: what the payer typed
    """

    receipt: str
    kind: str
    account: str
    at_eat: str
    details: str
    amount: str
    balance: str
    reason: str = ''
    other_party: str = ''
    linked: str = ''
    account_no: str = ''
    status: str = 'Completed'


def statement(world, number, start=None, end=None, scope='utility'):
    """The statement of a shortcode.

    :param start: ``2026-09-14 00:00:00`` in EAT; None for the beginning
    :param end: the last second, EAT; None for now
    :param scope: one of ``SCOPES``
    :return: the facts that stand above the table, and its rows, oldest first
    :raise ValueError: an unknown scope or time
    """
    if scope not in SCOPES:
        raise ValueError(f'scope is one of {SCOPES}')
    bank, clock = world.bank, world.clock
    shortcode = bank.shortcodes[number]
    happened = sorted(
        (one for one in (*bank.ledger, *bank.events) if one.shortcode == number),
        # A payment has the second in which it was begun, and money the order in which it moved.
        key=lambda one: (int(one.at), one.sequence),
    )
    first = happened[0].at if happened else clock.now()
    since = int(parse_eat(start)) if start else _midnight(clock, first)
    # A second is meant to its end.
    until = int(parse_eat(end) if end else clock.now())
    within = [one for one in happened if since <= int(one.at) <= until]
    rows = [row for one in within for row in _rows(shortcode, one)]
    opening, closing = _balances(shortcode, happened, within, since)
    facts = {
        'shortcode': number,
        'name': shortcode.name,
        'kind': shortcode.kind,
        'account': account_name(shortcode, UTILITY),
        'start_eat': clock.stamp(since),
        'end_eat': clock.stamp(until),
        'made_eat': clock.stamp(),
        'opening': f'{opening:.2f}',
        'closing': f'{closing:.2f}',
    }
    told = rows if scope == 'all' else [row for row in rows if row.account == UTILITY]
    return facts, [asdict(row) for row in told]


def _midnight(clock, epoch):
    return int(clock.eat(epoch).replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def _balances(shortcode, happened, within, since):
    """The utility account before and after a period."""
    moved = [
        (one, Decimal(row.amount))
        for one in happened
        for row in _rows(shortcode, one)
        if row.account == UTILITY
    ]
    began = shortcode.balance - sum((amount for _one, amount in moved), Decimal(0))
    opening = began + sum((amount for one, amount in moved if int(one.at) < since), Decimal(0))
    inside = {id(one) for one in within}
    return opening, opening + sum(
        (amount for one, amount in moved if id(one) in inside), Decimal(0)
    )


def _rows(shortcode, one):
    """The rows of a payment or event: one, or of a sweep two, for the account left and reached."""
    if not hasattr(one, 'source_after'):
        details, reason = of_payment(shortcode, one)
        return [Row(
            one.receipt, 'payment', UTILITY, one.at_eat, details, f'{one.amount:.2f}',
            f'{one.balance_after:.2f}', reason, party(one.msisdn, one.payer_name),
            account_no=one.account,
        )]
    details, reason = of_event(shortcode, one)
    other = {'charge': 'SP', 'reversal': ''}.get(one.kind, '')
    if one.msisdn:
        other = party(one.msisdn, one.payer_name)
    halves = []
    if one.source in _TOLD:
        halves.append((one.source, -one.amount, one.source_after))
    if one.target in _TOLD:
        halves.append((one.target, one.amount, one.target_after))
    return [
        Row(one.receipt, one.kind, account, one.at_eat, details, f'{amount:.2f}', f'{after:.2f}',
            reason, other, one.linked)
        for account, amount, after in halves
    ]
