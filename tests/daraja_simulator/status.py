"""Transaction status: what became of a payment or an order, told at the ResultURL (daraja.md 7)."""

import re

from . import organisation
from .errors import refuse_field
from .gateway import Api
from .orders import TIMED_OUT, check_common, check_occasion, take
from .stk_rules import MSISDN, ORGANISATION, text_of
from .wallets import shillings


NO_RECEIPT = '2033'
STATUSES = (
    'Completed', 'Cancelled', 'Declined', 'Expired', 'Initiated', 'Authorized',
    'Pending Authorized',
)
REASONS = {
    'stk': 'Pay Bill Online', 'paybill': 'Pay Utility', 'reversal': 'Transaction Reversal',
    'payout': 'Business Payment to Customer via API',
}
# What the organisation itself orders, by its API.
ORDERED = {'reversal': 'reversal', 'b2c': 'payout'}
_RECEIPT = re.compile(r'[A-Z0-9]{10}')


async def ask(call):
    """Take a question. Whether the operator may ask, and what became of it, is told later.

    :raise GatewayError: a field fault
    """
    world, body = call.world, call.body
    _check(body, world.settings.environment == 'production')
    return await take(
        call, _look, 'status',
        facts={
            'receipt': text_of(body.get('TransactionID')),
            'earlier': text_of(body.get('OriginalConversationID')).strip(),
        },
        understood=STATUSES,
        occasion_key='Occasion' if world.settings.result_occasion else None,
    )


def _look(world, order, source):
    wanted = order.script.outcome if order.script else None
    receipt, earlier = order.facts['receipt'], None
    if not receipt:
        earlier = world.orders.get(order.facts['earlier'])
        if earlier is None or earlier.kind not in ORDERED or earlier.shortcode != order.shortcode:
            return NO_RECEIPT, []
        receipt = earlier.receipt
    movement = organisation.find_movement(world.bank, receipt, order.shortcode)
    if movement is not None:
        return '0', _parameters(world, movement, wanted or 'Completed', source)
    if earlier is None:
        return NO_RECEIPT, []
    # An order that moved nothing has no receipt.
    status = 'Expired' if earlier.code == TIMED_OUT else 'Declined'
    return '0', [
        ('OriginatorConversationID', earlier.originator_conversation_id),
        ('InitiatedTime', int(earlier.at_eat)),
        ('ReasonType', REASONS[ORDERED[earlier.kind]]),
        ('TransactionStatus', wanted or status),
        ('Amount', shillings(earlier.facts['amount'])),
        ('ConversationID', earlier.conversation_id),
    ]


def _parameters(world, movement, status, source):
    """The facts of a payment, in the order and with the gaps of the wire."""
    settings = world.settings
    shortcode = world.bank.shortcodes[movement.shortcode]
    ours = f'{shortcode.number} - {shortcode.name}'
    theirs = f'{movement.msisdn} - {movement.payer_name}'
    # A payment comes to us; what we order ourselves goes out.
    comes = hasattr(movement, 'wallet_after')
    payer, payee = (theirs, ours) if comes else (ours, theirs)
    reason = REASONS.get(movement.source if comes else movement.kind, 'Pay Utility')
    amounts = (int(movement.amount), float(movement.amount), shillings(movement.amount))
    rows = [
        ('DebitPartyName', payer),
        # The documented sample names both parties the same.
        (
            'DebitPartyName' if settings.status_parties == 'documented' else 'CreditPartyName',
            payee,
        ),
        ('OriginatorConversationID', world.ids.request_id()),
        ('InitiatedTime', int(movement.at_eat)),
        ('DebitAccountType', 'MMF Account For Customer' if comes else 'Utility Account'),
        ('DebitPartyCharges', ...),
        ('TransactionReason', ...),
        ('ReasonType', reason),
        ('TransactionStatus', status),
        ('FinalisedTime', int(movement.at_eat)),
        ('Amount', source.choice(amounts)),
        ('ConversationID', world.ids.conversation_id()),
        ('ReceiptNo', movement.receipt),
    ]
    if settings.result_order == 'varied':
        # The two parties stay in their order: nothing else tells them apart.
        rest = rows[2:]
        source.shuffle(rest)
        rows = rows[:2] + rest
    return rows


def _check(body, production):
    check_common(body, production, ('TransactionStatusQuery',))
    receipt, earlier = text_of(body.get('TransactionID')), body.get('OriginalConversationID')
    if not _RECEIPT.fullmatch(receipt) and not (not receipt and text_of(earlier).strip()):
        refuse_field('TransactionID')
    kind, party = text_of(body.get('IdentifierType')), text_of(body.get('PartyA'))
    if kind not in ('1', '2', '4'):
        refuse_field('IdentifierType')
    if not (MSISDN if kind == '1' else ORGANISATION).fullmatch(party):
        refuse_field('PartyA')
    check_occasion(body, 'Occasion')


def _facts(world, body):
    paid = organisation.find_payment(world.bank, text_of(body.get('TransactionID')))
    return {
        'shortcode': text_of(body.get('PartyA')),
        **({'phone': paid.msisdn, 'account': paid.account} if paid else {}),
    }


APIS = (
    Api(
        name='transaction_status',
        path='/mpesa/transactionstatus/v1/query',
        handler=ask,
        family='status',
        first_field='Initiator',
        facts=_facts,
    ),
)
