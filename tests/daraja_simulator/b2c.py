"""B2C: an organisation pays to a phone, and the result says so later (daraja.md 10)."""

from . import organisation
from .errors import GatewayError, refuse_field
from .gateway import Api
from .orders import check_common, check_occasion, take
from .stk_rules import MSISDN, ORGANISATION, money_of, text_of
from .wallets import MOST_AMOUNT


LEAST_AMOUNT = 10
NO_FUNDS, TOO_LITTLE, TOO_MUCH = '1', '2', '3'
INACTIVE, NO_PRODUCT, UNREGISTERED = '12', '2028', '2040'
COMMANDS = ('BusinessPayment', 'SalaryPayment', 'PromotionPayment')
DUPLICATE = (500, '500.002.1001', 'Duplicate OriginatorConversationID.')


async def order(call):
    """Take the order. Whether the money went out is told later.

    :raise GatewayError: a field fault, or an order of that name was given before
    """
    world, body = call.world, call.body
    name = text_of(body.get('OriginatorConversationID')).strip()
    if not name:
        refuse_field('OriginatorConversationID')
    check_common(
        body, world.settings.environment == 'production', COMMANDS, initiator='InitiatorName',
        least_remark=2,
    )
    amount = money_of(body.get('Amount'))
    if amount is None or amount != int(amount):
        refuse_field('Amount')
    if not ORGANISATION.fullmatch(text_of(body.get('PartyA'))):
        refuse_field('PartyA')
    if not MSISDN.fullmatch(text_of(body.get('PartyB'))):
        refuse_field('PartyB')
    check_occasion(body, 'Occassion')
    if name in world.orders:
        raise GatewayError(*DUPLICATE)
    return await take(
        call, _pay_out, 'b2c', initiator='InitiatorName', originator_conversation_id=name,
        facts={'phone': text_of(body['PartyB']), 'amount': amount},
        occasion_key='Occassion' if world.settings.result_occasion else None,
    )


def _pay_out(world, order, source):
    bank, amount = world.bank, order.facts['amount']
    shortcode = bank.shortcodes.get(order.shortcode)
    if shortcode is None or not shortcode.pays_out:
        return NO_PRODUCT, []
    if amount < LEAST_AMOUNT:
        return TOO_LITTLE, []
    if amount > MOST_AMOUNT:
        return TOO_MUCH, []
    wallet = bank.wallet(order.facts['phone'])
    if wallet is None:
        return UNREGISTERED, []
    if not wallet.active:
        return INACTIVE, []
    if shortcode.balance < amount + organisation.payout_charge(bank, amount):
        return NO_FUNDS, []
    event = organisation.pay_out(bank, shortcode.number, wallet, amount)
    order.receipt = event.receipt
    rows = [
        ('TransactionAmount', int(amount)),
        ('TransactionReceipt', event.receipt),
        ('ReceiverPartyPublicName', f'{wallet.msisdn} - {wallet.name}'),
        ('TransactionCompletedDateTime', bank.clock.eat(event.at).strftime('%d.%m.%Y %H:%M:%S')),
        ('B2CUtilityAccountAvailableFunds', float(shortcode.balance)),
        ('B2CWorkingAccountAvailableFunds', float(shortcode.working)),
        ('B2CRecipientIsRegisteredCustomer', 'Y'),
        ('B2CChargesPaidAccountAvailableFunds', float(-shortcode.charges_paid)),
    ]
    if world.settings.result_order == 'varied':
        source.shuffle(rows)
    return '0', rows


APIS = (
    Api(
        name='b2c',
        path='/mpesa/b2c/v3/paymentrequest',
        handler=order,
        family='b2c',
        first_field='InitiatorName',
        facts=lambda world, body: {
            'shortcode': text_of(body.get('PartyA')), 'phone': text_of(body.get('PartyB')),
            'amount': text_of(body.get('Amount')),
        },
    ),
)
