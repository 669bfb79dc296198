"""Money from organisations: a bank's app, a till, a business, a Pochi (daraja.md 5.3, 22.3)."""

from decimal import Decimal

from . import c2b
from .organisation import account_of_organisation


# Where the payer pays from, with a number and name for who does not care.
PAYERS = {
    'bank': ('888001', 'MWAMBA BANK LTD'),
    'till': ('5300441', 'BARAKA AUTO TECH'),
    'organisation': ('700321', 'TUMAINI SPONSORS'),
}


def transfer(world, number, account, amount, payer='bank', code=None, name=None):
    """Pay a shortcode from an organisation, and confirm.

    :param amount: KES, also with cents
    :param payer: ``bank``, ``till`` or ``organisation``
    :return: the movement
    :raise ValueError: an unknown kind of payer, or more than organisations have
    """
    if payer not in PAYERS:
        raise ValueError(f'payer is one of {tuple(PAYERS)}')
    bank = world.bank
    usual_code, usual_name = PAYERS[payer]
    wallet = account_of_organisation(bank, code or usual_code, name or usual_name)
    shortcode = bank.shortcodes[number]
    planned = bank.plan(
        wallet,
        shortcode,
        Decimal(str(amount)),
        '' if shortcode.kind == 'till' else account[:20],
        source=payer,
        kind=c2b.ORGANIZATION_TRANSFER,
    )
    movement = bank.pay(planned)
    if world.settings.c2b_order != 'none':
        confirmation = c2b.make_confirmation(world, movement)
        if confirmation:
            world.scheduler.after(
                world.settings.callback_delay, world.deliveries.send, confirmation
            )
    return movement
