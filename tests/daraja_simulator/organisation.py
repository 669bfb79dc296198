"""What happens to money after it was paid: charges, reversals, payouts, sweeps (daraja.md 23).

Nobody is notified of it, the results of what the organisation ordered itself aside; only the
statement, and the balance, tell of it.
"""

from dataclasses import dataclass
from decimal import Decimal

from .tariff import business_share, payout_share


UTILITY, SETTLEMENT, WORKING = 'balance', 'settlement', 'working'
CHARGES, BANK, OUTSIDE = 'charges_paid', 'banked', ''
# Transfers between organisations are not bound to the limits of people.
ORGANISATION_MONEY = '1000000000'


@dataclass
class Event:
    """Money that went out of, or through, a shortcode's accounts.

    :param kind: ``charge``, ``reversal``, ``payout``, ``sweep``, ``withdrawal`` or ``adjustment``
    :param source: account it left, of `wallets.ACCOUNTS`; empty for none of this shortcode's
    :param target: account it came to, the same
    :param source_after: what was left there, KES
    :param linked: receipt of the payment it is about
    """

    receipt: str
    kind: str
    shortcode: str
    source: str
    target: str
    amount: Decimal
    at: float
    at_eat: str
    sequence: int
    source_after: Decimal
    target_after: Decimal
    linked: str = ''
    msisdn: str = ''
    payer_name: str = ''

    def as_dict(self):
        money = ('amount', 'source_after', 'target_after')
        return {**self.__dict__, **{name: f'{getattr(self, name):.2f}' for name in money}}


def charge_for(bank, movement):
    """Take what the setting ``pay_bill_charge`` wants for a payment; nothing when that is off."""
    plan = bank.settings.pay_bill_charge
    if plan != 'off' and (amount := business_share(movement.amount, plan)):
        charge(bank, movement.receipt, amount)


def charge(bank, receipt, amount):
    """Take a charge for a payment. It has no receipt of its own.

    :param amount: KES
    :raise ValueError: there is no such payment, or it was charged for
    """
    paid = payment(bank, receipt)
    if any(event.kind == 'charge' and event.receipt == receipt for event in bank.events):
        raise ValueError(f'{receipt} was charged for')
    return _move(bank, 'charge', paid.shortcode, amount, UTILITY, CHARGES, receipt=receipt)


def reverse(bank, receipt, amount=None):
    """Give a payment back, or a part of it, without telling the shortcode.

    :param amount: KES; None for all of it
    :raise ValueError: no such payment, more than is left of it, or too little in the account
    """
    paid = payment(bank, receipt)
    left = paid.amount - reversed_of(bank, receipt)
    amount = left if amount is None else Decimal(str(amount))
    if amount > left:
        raise ValueError(f'{receipt} was reversed')
    event = _move(
        bank, 'reversal', paid.shortcode, amount, UTILITY, OUTSIDE,
        linked=receipt, msisdn=paid.msisdn, payer_name=paid.payer_name,
    )
    bank.wallets[paid.msisdn].balance += amount
    return event


def reversed_of(bank, receipt):
    """:return: KES of a payment that went back already, Decimal"""
    return sum(
        (event.amount for event in bank.events if event.kind == 'reversal'
         and event.linked == receipt), Decimal(0),
    )


def pay_out(bank, number, wallet, amount):
    """Pay to a person, and take what the setting ``payout_charge`` wants for it.

    :param Decimal amount: KES
    :return: the event
    :raise ValueError: too little in the account
    """
    cost = payout_charge(bank, amount)
    if bank.shortcodes[number].balance < amount + cost:
        raise ValueError(f'{amount} and {cost} cannot leave the account')
    event = _move(
        bank, 'payout', number, amount, UTILITY, OUTSIDE,
        msisdn=wallet.msisdn, payer_name=wallet.name,
    )
    wallet.balance += amount
    if cost:
        _move(bank, 'charge', number, cost, UTILITY, CHARGES, receipt=event.receipt)
    return event


def payout_charge(bank, amount):
    """:return: KES that the organisation pays for paying out, Decimal"""
    return payout_share(amount) if bank.settings.payout_charge == 'tariff' else Decimal(0)


def sweep(bank, number, amount=None, onward=True):
    """Move money to the settlement account and, unless told otherwise, on to the working account.

    :param amount: KES; None for all there is
    :return: the events
    """
    shortcode = bank.shortcodes[number]
    amount = shortcode.balance if amount is None else amount
    events = [_move(bank, 'sweep', number, amount, UTILITY, SETTLEMENT)]
    if onward:
        events.append(_move(bank, 'sweep', number, amount, SETTLEMENT, WORKING))
    return events


def withdraw(bank, number, amount=None):
    """Send money from the working account to the bank.

    :param amount: KES; None for all there is
    """
    amount = bank.shortcodes[number].working if amount is None else amount
    return _move(bank, 'withdrawal', number, amount, WORKING, BANK)


def adjusted(bank, shortcode, moved):
    """Remember that a balance was set by decree, so that the statement follows.

    :param Decimal moved: KES, below zero for less
    """
    accounts = (OUTSIDE, UTILITY) if moved > 0 else (UTILITY, OUTSIDE)
    return _record(bank, 'adjustment', shortcode, abs(moved), *accounts)


def account_of_organisation(bank, code, name):
    """:return: the account a till, bank or business pays from, opened on first use"""
    if code not in bank.wallets:
        wallet = bank.add_wallet(code, name, balance=ORGANISATION_MONEY)
        wallet.is_organisation = True
    return bank.wallets[code]


def payment(bank, receipt):
    """:return: the payment; :raise ValueError: there is none"""
    found = find_payment(bank, receipt)
    if found is None:
        raise ValueError(f'there is no payment {receipt}')
    return found


def find_payment(bank, receipt):
    """:return: the payment, or None"""
    return next((move for move in reversed(bank.ledger) if move.receipt == receipt), None)


def find_movement(bank, receipt, number):
    """:return: the payment, reversal or payout of a shortcode, or None"""
    found = find_payment(bank, receipt) or next((
        event for event in reversed(bank.events)
        if event.receipt == receipt and event.kind in ('reversal', 'payout')
    ), None)
    return found if found and found.shortcode == number else None


def _move(bank, kind, number, amount, source, target, **facts):
    shortcode, amount = bank.shortcodes[number], Decimal(str(amount))
    left = getattr(shortcode, source) - amount
    if amount <= 0 or left < 0:
        raise ValueError(f'{amount} cannot leave the {source} account')
    setattr(shortcode, source, left)
    if target:
        setattr(shortcode, target, getattr(shortcode, target) + amount)
    return _record(bank, kind, shortcode, amount, source, target, **facts)


def _record(bank, kind, shortcode, amount, source, target, receipt=None, **facts):
    now = bank.clock.now()
    event = Event(
        receipt=receipt or bank.receipts.next(),
        kind=kind,
        shortcode=shortcode.number,
        source=source,
        target=target,
        amount=amount,
        at=now,
        at_eat=bank.clock.stamp(now),
        sequence=bank.next_sequence(),
        source_after=getattr(shortcode, source) if source else Decimal(0),
        target_after=getattr(shortcode, target) if target else Decimal(0),
        **facts,
    )
    bank.events.append(event)
    return event
