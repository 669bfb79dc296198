"""Questions and orders that are acknowledged at once and answered later (daraja.md 1.4, 1.8).

Each is carried out when it is taken, whatever becomes of the acknowledgement and of the result: so
money may have moved of which nobody is told.
"""

import random
from dataclasses import dataclass, field

from .errors import refuse_field
from .gateway import accepted
from .results import envelope
from .stk_rules import text_of
from .url_rules import url_fault


TIMED_OUT = '100000001'
REMARK_LENGTH = 100


@dataclass
class Order:
    """One on its way.

    :param kind: name of its API, and the role that the operator needs
    :param facts: what it is about: ``receipt``, ``amount``, ``phone``
    :param understood: outcomes of a script that the API itself makes something of; any other is
        the result code of an order that was not carried out
    :param occasion_key: how the API spells the occasion, for the reference data
    :ivar code: its result code
    :ivar parameters: of a success, (key, value) pairs
    :ivar receipt: of the movement that it made
    """

    kind: str
    shortcode: str
    operator: str
    credential: str
    result_url: str
    timeout_url: str
    conversation_id: str
    originator_conversation_id: str
    facts: dict = field(default_factory=dict)
    understood: tuple = ('0',)
    occasion_key: str | None = None
    script: object = None
    code: str = ''
    parameters: list = field(default_factory=list)
    receipt: str = ''
    at_eat: str = ''


async def take(call, carry_out, kind, party='PartyA', initiator='Initiator', **facts):
    """Acknowledge an order, carry it out, and have its result told as the scenario wants.

    :param callable carry_out: takes world, order and a source of varieties; gives the result code,
        and the parameters of a success
    :param party: the field that names our shortcode
    :raise GatewayError: the app may not use that shortcode
    """
    world, body = call.world, call.body
    shortcode = text_of(body[party])
    if call.app.shortcodes is not None and shortcode not in call.app.shortcodes:
        refuse_field(party)
    order = Order(
        kind=kind,
        shortcode=shortcode,
        operator=text_of(body[initiator]),
        credential=text_of(body['SecurityCredential']),
        result_url=body['ResultURL'],
        timeout_url=body['QueueTimeOutURL'],
        conversation_id=world.ids.conversation_id(),
        originator_conversation_id=(
            facts.pop('originator_conversation_id', '') or world.ids.request_id()
        ),
        script=call.use_script(),
        at_eat=world.clock.stamp(),
        **facts,
    )
    world.orders[order.originator_conversation_id] = order
    source = random.Random(f'{world.seed}:{order.conversation_id}')  # noqa: S311 - replayable
    callback = order.script.callback if order.script else None
    # Given up in the queue; `timeout_done` is one that was carried out all the same.
    order.code = TIMED_OUT
    if callback != 'timeout':
        order.code, order.parameters = _outcome(world, order, carry_out, source)
    if callback == 'before_answer':
        await tell(world, order, source)
    else:
        wait = world.settings.callback_delay
        if callback == 'late':
            wait = order.script.seconds or 0
        world.scheduler.after(wait, tell, world, order, source, callback)
    return accepted({
        'OriginatorConversationID': order.originator_conversation_id,
        'ConversationID': order.conversation_id,
        'ResponseCode': '0',
        'ResponseDescription': 'Accept the service request successfully.',
    })


def _outcome(world, order, carry_out, source):
    """:return: the result code, and the parameters of a success"""
    wanted = order.script.outcome if order.script else None
    if wanted is not None and wanted not in order.understood:
        return wanted, []
    refused = world.operators.refusal(
        order.shortcode, order.operator, order.credential, order.kind,
    )
    if refused:
        return refused, []
    return carry_out(world, order, source)


async def tell(world, order, source, callback=None):
    """Send the result as the scenario wants: once, never, twice, or a time-out in its place."""
    timed_out = callback in ('timeout', 'timeout_done')
    code, parameters = (TIMED_OUT, []) if timed_out else (order.code, order.parameters)
    delivery = world.deliveries.make(
        'timeout' if timed_out else 'result',
        order.timeout_url if timed_out else order.result_url,
        envelope(world, order, code, parameters, source),
        receipt=order.facts.get('receipt') or order.receipt or None,
        state='dropped' if callback == 'missing' else 'scheduled',
    )
    copies = {}
    if callback in ('duplicate', 'concurrent'):
        copies = {
            'copies': order.script.copies or 2, 'concurrent': callback == 'concurrent',
        }
    await world.deliveries.send(delivery, **copies)


def check_common(body, production, commands, initiator='Initiator', least_remark=1):
    """Refuse what all of them have and this one has not right.

    :param commands: values of CommandID
    :raise GatewayError: naming the field
    """
    for name in (initiator, 'SecurityCredential'):
        if not text_of(body.get(name)).strip():
            refuse_field(name)
    if body.get('CommandID') not in commands:
        refuse_field('CommandID')
    for name in ('ResultURL', 'QueueTimeOutURL'):
        if url_fault(body.get(name), production):
            refuse_field(name)
    remarks = text_of(body.get('Remarks'))
    if len(remarks.strip()) < least_remark or len(remarks) > REMARK_LENGTH:
        refuse_field('Remarks')


def check_occasion(body, name):
    """:raise GatewayError: it is too long"""
    if len(text_of(body.get(name, ''))) > REMARK_LENGTH:
        refuse_field(name)
