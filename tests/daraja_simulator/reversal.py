"""Reversal: a payment goes back to who paid it, and the result says so later (daraja.md 9)."""

from . import organisation
from .account_balance import account_rows, pipes
from .errors import refuse_field
from .gateway import Api
from .orders import check_common, take
from .stk_rules import ORGANISATION, money_of, text_of


NO_FUNDS = '1'
INVALID_VALUE = '25'
ALREADY_REVERSED = 'R000001'
INVALID_ORIGINAL = 'R000002'


async def order(call):
    """Take the order. Whether the money went back is told later.

    :raise GatewayError: a field fault
    """
    world, body = call.world, call.body
    check_common(
        body, world.settings.environment == 'production', ('TransactionReversal',), least_remark=2,
    )
    if not text_of(body.get('TransactionID')).strip():
        refuse_field('TransactionID')
    amount = money_of(body.get('Amount'))
    if amount is None:
        refuse_field('Amount')
    if not ORGANISATION.fullmatch(text_of(body.get('ReceiverParty'))):
        refuse_field('ReceiverParty')
    if text_of(body.get('RecieverIdentifierType')) != '11':
        refuse_field('RecieverIdentifierType')
    return await take(
        call, _give_back, 'reversal', party='ReceiverParty',
        facts={'receipt': text_of(body['TransactionID']), 'amount': amount},
    )


def _give_back(world, order, source):
    bank, settings = world.bank, world.settings
    receipt, amount = order.facts['receipt'], order.facts['amount']
    paid = organisation.find_payment(bank, receipt)
    if paid is None or paid.shortcode != order.shortcode:
        return INVALID_ORIGINAL, []
    if settings.reversal_window and bank.clock.now() - paid.at > settings.reversal_window:
        return INVALID_ORIGINAL, []
    left = paid.amount - organisation.reversed_of(bank, receipt)
    if not left:
        return ALREADY_REVERSED, []
    if amount > left:
        return INVALID_VALUE, []
    shortcode = bank.shortcodes[paid.shortcode]
    if shortcode.balance < amount:
        return NO_FUNDS, []
    event = organisation.reverse(bank, receipt, amount)
    order.receipt = event.receipt
    rows = [
        ('DebitAccountBalance', pipes(account_rows(shortcode)[1:2])),
        ('Amount', source.choice((f'{amount:.2f}', float(amount)))),
        ('TransCompletedTime', source.choice((event.at_eat, int(event.at_eat)))),
        ('OriginalTransactionID', receipt),
        ('Charge', 0),
        ('CreditPartyPublicName', f'{paid.msisdn} - {paid.payer_name}'),
        ('DebitPartyPublicName', f'{shortcode.number} - {shortcode.name}'),
    ]
    if settings.result_order == 'varied':
        source.shuffle(rows)
    return '0', rows


def _facts(world, body):
    paid = organisation.find_payment(world.bank, text_of(body.get('TransactionID')))
    return {
        'shortcode': text_of(body.get('ReceiverParty')), 'amount': text_of(body.get('Amount')),
        **({'phone': paid.msisdn, 'account': paid.account} if paid else {}),
    }


APIS = (
    Api(
        name='reversal',
        path='/mpesa/reversal/v1/request',
        handler=order,
        family='reversal',
        first_field='Initiator',
        facts=_facts,
    ),
)
