"""Whose money is where. Every movement stands in the ledger; all amounts are KES in Decimal.

Only the simulator's event loop touches these objects, and no method here waits, so a movement is
whole or not at all however many requests run at once.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from . import organisation
from .defaults import FIRST_NAMES, LAST_NAMES


# Limits of 2026 (daraja.md 18.1).
LEAST_AMOUNT = 1
MOST_AMOUNT = 250_000
MOST_A_DAY = 500_000
PIN_TRIES = 3
CENT = Decimal('0.01')
ACCOUNTS = ('balance', 'settlement', 'working', 'charges_paid', 'banked')


def shillings(amount):
    """:return: the amount with two decimals, as text"""
    return str(Decimal(amount).quantize(CENT))


class UnknownParty(KeyError):
    """No such wallet or shortcode."""


@dataclass
class Wallet:
    """A person's M-PESA account."""

    msisdn: str
    name: str
    pin: str
    balance: Decimal
    active: bool = True
    wrong_pins: int = 0
    # An organisation's own account is kept as one; its number is no phone.
    is_organisation: bool = False

    @property
    def locked(self):
        return self.wrong_pins >= PIN_TRIES

    def as_dict(self):
        return {
            'msisdn': self.msisdn,
            'name': self.name,
            'pin': self.pin,
            'balance': shillings(self.balance),
            'active': self.active,
            'locked': self.locked,
        }


@dataclass
class Shortcode:
    """A paybill, or a till with its store number.

    ``balance`` is the utility account (of a till, the merchant account), where payers' money
    arrives; the other accounts lie behind it (daraja.md 23).
    """

    number: str
    passkey: str
    name: str
    kind: str = 'paybill'
    till_number: str | None = None
    balance: Decimal = Decimal(0)
    settlement: Decimal = Decimal(0)
    working: Decimal = Decimal(0)
    # What Safaricom kept, and what went on to the bank.
    charges_paid: Decimal = Decimal(0)
    banked: Decimal = Decimal(0)
    confirmation_url: str | None = None
    validation_url: str | None = None
    validation_on: bool = False
    response_type: str = 'Completed'
    c2b_version: str = 'v2'
    pull_registered: bool = False
    # Whether it may pay to people; a plain collection paybill may not.
    pays_out: bool = True

    def as_dict(self):
        return {**self.__dict__, **self.accounts()}

    def accounts(self):
        """:return: what is in each account, KES as text"""
        return {name: shillings(getattr(self, name)) for name in ACCOUNTS}


@dataclass
class Movement:
    """A payment to a shortcode."""

    receipt: str
    kind: str
    source: str
    amount: Decimal
    msisdn: str
    payer_name: str
    shortcode: str
    account: str
    at: float
    at_eat: str
    wallet_after: Decimal
    balance_after: Decimal
    third_party_id: str = ''
    checkout_request_id: str | None = None
    # Its place among all that happened, as one second holds many.
    sequence: int = 0

    def as_dict(self):
        return {
            **self.__dict__,
            'amount': shillings(self.amount),
            'wallet_after': shillings(self.wallet_after),
            'balance_after': shillings(self.balance_after),
            'debit': self.msisdn,
            'credit': self.shortcode,
        }


@dataclass
class Bank:
    """All wallets and shortcodes, and the ledger between them."""

    clock: object
    receipts: object
    settings: object
    wallets: dict = field(default_factory=dict)
    shortcodes: dict = field(default_factory=dict)
    ledger: list = field(default_factory=list)
    # What else moved money of a shortcode: charges, reversals, sweeps (see organisation.py).
    events: list = field(default_factory=list)
    by_phone: dict = field(default_factory=lambda: defaultdict(list))
    put_in: Decimal = Decimal(0)

    def add_wallet(self, msisdn, name=None, pin='1234', balance='0', active=True):
        if msisdn in self.wallets:
            self.put_in -= self.wallets[msisdn].balance
        wallet = Wallet(
            msisdn, name or self.invented_name(msisdn), str(pin), Decimal(str(balance)), active
        )
        self.wallets[msisdn] = wallet
        self.put_in += wallet.balance
        return wallet

    def wallet(self, msisdn):
        """:return: the wallet, opened on the fly when the setting allows it; or None"""
        found = self.wallets.get(msisdn)
        if found is None and self.settings.open_wallets:
            found = self.add_wallet(
                msisdn,
                pin=self.settings.open_wallet_pin,
                balance=self.settings.open_wallet_balance,
            )
        return found

    def add_shortcode(self, number, passkey, name, balance='0', **facts):
        if number in self.shortcodes:
            self.put_in -= self.shortcodes[number].balance
        made = Shortcode(number, passkey, name, balance=Decimal(str(balance)), **facts)
        self.shortcodes[number] = made
        self.put_in += made.balance
        return made

    def set_balance(self, account, balance):
        """Put money in or take it out by decree, and remember that it was so."""
        wanted = Decimal(str(balance))
        moved = wanted - account.balance
        self.put_in += moved
        account.balance = wanted
        if moved and isinstance(account, Shortcode):
            organisation.adjusted(self, account, moved)

    def refusal(self, wallet, amount, shortcode):
        """Why the core would not move this money.

        :return: a result code as text (daraja.md 16), or None when nothing stands in the way
        """
        if wallet is None or not wallet.active:
            return '11'
        if amount < LEAST_AMOUNT:
            return '2'
        if amount > MOST_AMOUNT:
            return '3'
        if wallet.balance < amount:
            return '1'
        if self.settings.daily_limit and self.spent_today(wallet.msisdn) + amount > MOST_A_DAY:
            return '4'
        if self.settings.same_amount_rule == 'paid' and self.paid_lately(
            wallet.msisdn, amount, shortcode
        ):
            return '17'
        return None

    def plan(self, wallet, shortcode, amount, account, kind='Pay Bill', source='stk', **facts):
        """Name a movement and give it its receipt, without moving anything yet.

        :param Decimal amount: KES
        :return: the :class:`Movement`, for :meth:`pay`
        """
        now = self.clock.now()
        return Movement(
            receipt=self.receipts.next(),
            kind=kind,
            source=source,
            amount=amount,
            msisdn=wallet.msisdn,
            payer_name=wallet.name,
            shortcode=shortcode.number,
            account=account,
            at=now,
            at_eat=self.clock.stamp(now),
            wallet_after=wallet.balance,
            balance_after=shortcode.balance,
            **facts,
        )

    def pay(self, movement, third_party_id=''):
        """Move the money of a planned movement; the caller has asked :meth:`refusal`.

        :return: the movement
        """
        wallet, shortcode = self.wallets[movement.msisdn], self.shortcodes[movement.shortcode]
        if wallet.balance < movement.amount:
            raise ValueError(f'{movement.receipt} would take a wallet below zero')
        wallet.balance -= movement.amount
        shortcode.balance += movement.amount
        movement.wallet_after, movement.balance_after = wallet.balance, shortcode.balance
        movement.third_party_id = third_party_id
        movement.sequence = self.next_sequence()
        self.record(movement)
        organisation.charge_for(self, movement)
        return movement

    def next_sequence(self):
        return len(self.ledger) + len(self.events) + 1

    def record(self, movement):
        self.ledger.append(movement)
        # The rules look only at one phone's movements; without this a bulk run would be quadratic.
        self.by_phone[movement.msisdn].append(movement)

    def spent_today(self, msisdn):
        """:return: KES paid on this EAT day, Decimal"""
        today = self.clock.stamp()[:8]
        return sum(
            (move.amount for move in self.by_phone[msisdn] if move.at_eat[:8] == today),
            Decimal(0),
        )

    def paid_lately(self, msisdn, amount, shortcode):
        """:return: whether this amount was paid to this shortcode within the last two minutes"""
        since = self.clock.now() - 120
        return any(
            move.at > since and move.amount == amount and move.shortcode == shortcode
            for move in self.by_phone[msisdn]
        )

    def conservation(self):
        """:return: dict; ``ok`` says that no shilling was made or lost"""
        wallets = sum((wallet.balance for wallet in self.wallets.values()), Decimal(0))
        utility = sum((code.balance for code in self.shortcodes.values()), Decimal(0))
        behind = sum(
            (getattr(code, name) for code in self.shortcodes.values() for name in ACCOUNTS[1:]),
            Decimal(0),
        )
        return {
            'ok': wallets + utility + behind == self.put_in,
            'wallets': shillings(wallets),
            'shortcodes': shillings(utility),
            'behind': shillings(behind),
            'put_in': shillings(self.put_in),
            'moved': shillings(sum((move.amount for move in self.ledger), Decimal(0))),
            'receipts': len({move.receipt for move in self.ledger}),
            'movements': len(self.ledger),
        }

    def invented_name(self, msisdn):
        """:return: a made-up name, always the same for the same number"""
        digits = int(msisdn[-6:] or 0)
        return (
            f'{FIRST_NAMES[digits % len(FIRST_NAMES)]} {LAST_NAMES[digits // 10 % len(LAST_NAMES)]}'
        )
