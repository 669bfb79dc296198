"""Account balance: what is in the accounts of a shortcode, told at the ResultURL (daraja.md 8)."""

from decimal import Decimal

from .errors import refuse_field
from .gateway import Api
from .orders import check_common, take
from .statement_details import ACCOUNT_NAMES
from .stk_rules import ORGANISATION, text_of
from .wallets import shillings


NO_PARTY = '6'


async def ask(call):
    """Take a question. What is in the accounts is told later.

    :raise GatewayError: a field fault
    """
    world, body = call.world, call.body
    check_common(body, world.settings.environment == 'production', ('AccountBalance',))
    if text_of(body.get('IdentifierType')) != '4':
        refuse_field('IdentifierType')
    if not ORGANISATION.fullmatch(text_of(body.get('PartyA'))):
        refuse_field('PartyA')
    return await take(call, _look, 'balance')


def _look(world, order, source):
    shortcode = world.bank.shortcodes.get(order.shortcode)
    if shortcode is None:
        return NO_PARTY, []
    varied = world.settings.balance_accounts == 'varied'
    accounts = account_rows(shortcode)
    if varied:
        if source.random() < 0.5:
            accounts.append(('Float Account', Decimal(0)))
        source.shuffle(accounts)
    stamp = order.at_eat
    rows = [
        ('AccountBalance', pipes(accounts)),
        ('BOCompletedTime', source.choice((stamp, int(stamp))) if varied else int(stamp)),
    ]
    if varied and source.random() < 0.5:
        rows.insert(0, ('ActionType', 'AccountBalance'))
    return '0', rows


def account_rows(shortcode):
    """:return: names and what is in the accounts; charges stand below zero"""
    return [
        ('Working Account', shortcode.working),
        (ACCOUNT_NAMES[shortcode.kind]['balance'], shortcode.balance),
        ('Charges Paid Account', -shortcode.charges_paid),
        ('Organization Settlement Account', shortcode.settlement),
    ]


def pipes(accounts):
    """:return: name, currency, current, available, reserved, uncleared, as the core writes them"""
    return '&'.join(
        f'{name}|KES|{shillings(amount)}|{shillings(amount)}|0.00|0.00'
        for name, amount in accounts
    )


APIS = (
    Api(
        name='account_balance',
        path='/mpesa/accountbalance/v1/query',
        handler=ask,
        family='balance',
        first_field='Initiator',
        facts=lambda world, body: {'shortcode': text_of(body.get('PartyA'))},
    ),
)
