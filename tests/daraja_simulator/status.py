"""Transaction status: what became of a payment, told at the ResultURL (daraja.md 7)."""

import random
import re
from dataclasses import dataclass

from .errors import refuse_field
from .gateway import Api, accepted
from .results import envelope
from .stk_rules import MSISDN, text_of
from .url_rules import url_fault
from .wallets import shillings


NO_RECEIPT = '2033'
STATUSES = (
    'Completed', 'Cancelled', 'Declined', 'Expired', 'Initiated', 'Authorized',
    'Pending Authorized',
)
REASONS = {'stk': 'Pay Bill Online', 'paybill': 'Pay Utility'}
REMARK_LENGTH = 100
_RECEIPT = re.compile(r'[A-Z0-9]{10}')
_SHORTCODE = re.compile(r'\d{5,9}')


@dataclass
class Question:
    """One question on its way."""

    conversation_id: str
    originator_conversation_id: str
    receipt: str
    shortcode: str
    operator: str
    credential: str
    result_url: str
    timeout_url: str
    script: object
    occasion_key: str | None


def ask(call):
    """Take a question. Whether the operator may ask, and what became of it, is told later.

    :raise GatewayError: a field fault
    """
    world, body = call.world, call.body
    _check(body, world.settings.environment == 'production')
    shortcode = text_of(body['PartyA'])
    if call.app.shortcodes is not None and shortcode not in call.app.shortcodes:
        refuse_field('PartyA')
    question = Question(
        conversation_id=world.ids.conversation_id(),
        originator_conversation_id=world.ids.request_id(),
        receipt=text_of(body.get('TransactionID')),
        shortcode=shortcode,
        operator=text_of(body['Initiator']),
        credential=text_of(body['SecurityCredential']),
        result_url=body['ResultURL'],
        timeout_url=body['QueueTimeOutURL'],
        script=call.use_script(),
        occasion_key='Occasion' if world.settings.result_occasion else None,
    )
    callback = question.script.callback if question.script else None
    wait = world.settings.callback_delay
    if callback == 'late':
        wait = question.script.seconds or 0
    world.scheduler.after(wait, tell, world, question, callback)
    return accepted({
        'OriginatorConversationID': question.originator_conversation_id,
        'ConversationID': question.conversation_id,
        'ResponseCode': '0',
        'ResponseDescription': 'Accept the service request successfully.',
    })


async def tell(world, question, callback):
    """Send the result as the scenario wants: once, never, twice, or a time-out in its place."""
    source = random.Random(f'{world.seed}:{question.conversation_id}')  # noqa: S311 - replayable
    code, parameters = _outcome(world, question, source)
    timed_out = callback == 'timeout'
    if timed_out:
        code, parameters = '100000001', []
    delivery = world.deliveries.make(
        'timeout' if timed_out else 'result',
        question.timeout_url if timed_out else question.result_url,
        envelope(world, question, code, parameters, source),
        receipt=question.receipt or None,
        state='dropped' if callback == 'missing' else 'scheduled',
    )
    copies = {}
    if callback in ('duplicate', 'concurrent'):
        copies = {
            'copies': question.script.copies or 2, 'concurrent': callback == 'concurrent',
        }
    await world.deliveries.send(delivery, **copies)


def _outcome(world, question, source):
    """:return: the result code, and the parameters of a success"""
    wanted = question.script.outcome if question.script else None
    if wanted is not None and wanted not in STATUSES:
        return wanted, []
    refused = world.operators.refusal(
        question.shortcode, question.operator, question.credential, 'status',
    )
    if refused:
        return refused, []
    movement = next(
        (
            move
            for move in reversed(world.bank.ledger)
            if move.receipt == question.receipt and move.shortcode == question.shortcode
        ),
        None,
    )
    if movement is None:
        return NO_RECEIPT, []
    return '0', _parameters(world, movement, wanted or 'Completed', source)


def _parameters(world, movement, status, source):
    """The facts of a payment, in the order and with the gaps of the wire."""
    settings = world.settings
    organisation = world.bank.shortcodes[movement.shortcode]
    payee = f'{organisation.number} - {organisation.name}'
    amounts = (int(movement.amount), float(movement.amount), shillings(movement.amount))
    rows = [
        ('DebitPartyName', f'{movement.msisdn} - {movement.payer_name}'),
        # The documented sample names both parties the same.
        (
            'DebitPartyName' if settings.status_parties == 'documented' else 'CreditPartyName',
            payee,
        ),
        ('OriginatorConversationID', world.ids.request_id()),
        ('InitiatedTime', int(movement.at_eat)),
        ('DebitAccountType', 'MMF Account For Customer'),
        ('DebitPartyCharges', ...),
        ('TransactionReason', ...),
        ('ReasonType', REASONS.get(movement.source, 'Pay Utility')),
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
    for name in ('Initiator', 'SecurityCredential'):
        if not text_of(body.get(name)).strip():
            refuse_field(name)
    if body.get('CommandID') != 'TransactionStatusQuery':
        refuse_field('CommandID')
    receipt, earlier = text_of(body.get('TransactionID')), body.get('OriginalConversationID')
    if not _RECEIPT.fullmatch(receipt) and not (not receipt and text_of(earlier).strip()):
        refuse_field('TransactionID')
    kind, party = text_of(body.get('IdentifierType')), text_of(body.get('PartyA'))
    if kind not in ('1', '2', '4'):
        refuse_field('IdentifierType')
    if not (MSISDN if kind == '1' else _SHORTCODE).fullmatch(party):
        refuse_field('PartyA')
    for name in ('ResultURL', 'QueueTimeOutURL'):
        if url_fault(body.get(name), production):
            refuse_field(name)
    remarks, occasion = text_of(body.get('Remarks')), text_of(body.get('Occasion', ''))
    if not remarks.strip() or len(remarks) > REMARK_LENGTH:
        refuse_field('Remarks')
    if len(occasion) > REMARK_LENGTH:
        refuse_field('Occasion')


def _facts(world, body):
    receipt = text_of(body.get('TransactionID'))
    paid = next((move for move in world.bank.ledger if move.receipt == receipt), None)
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
