"""M-PESA Express: the push and its query (daraja.md 3, 4)."""

import random

from .errors import GatewayError, refuse_field
from .gateway import ERROR_FAULTS, Api, accepted
from .push import Push
from .result_texts import texts_of
from .stk_rules import (
    PUSH_FIELDS,
    QUERY_FIELDS,
    REFERENCE_LENGTH,
    check_fields,
    check_password,
    text_of,
)
from .wallets import shillings


async def process_request(call):
    """Accept a push.

    :raise GatewayError: a field fault, wrong credentials, or a subscriber in another transaction
    """
    world, body = call.world, call.body
    check_fields(body, PUSH_FIELDS, world.settings)
    shortcode = check_password(world, body, call.app)
    if shortcode.kind == 'paybill' and body['TransactionType'] == 'CustomerBuyGoodsOnline':
        refuse_field('TransactionType')
    phone = text_of(body['PhoneNumber'])
    locked = world.pushes.locked(phone)
    if locked and world.settings.subscriber_lock_answer == 'sync':
        raise GatewayError(*ERROR_FAULTS['lock_subscriber'])
    push = _push(call, shortcode, phone)
    push.script = call.use_script()
    early = push.script.callback == 'before_answer' if push.script else False
    if early or world.settings.callback_before_answer:
        await world.pushes.start_and_tell(push, locked)
    else:
        world.pushes.start(push, locked)
    return accepted({
        'MerchantRequestID': push.merchant_request_id,
        'CheckoutRequestID': push.checkout_request_id,
        'ResponseCode': '0',
        'ResponseDescription': 'Success. Request accepted for processing',
        'CustomerMessage': 'Success. Request accepted for processing',
    })


def query(call):
    """Tell how a push ended, never with a receipt.

    :raise GatewayError: a field fault, wrong credentials, an unknown id, or "still pending"
    """
    world, body = call.world, call.body
    check_fields(body, QUERY_FIELDS, world.settings)
    shortcode = check_password(world, body, call.app)
    push = world.pushes.all.get(text_of(body['CheckoutRequestID']))
    if push is None or push.shortcode != shortcode.number:
        if world.settings.unknown_id_dialect == '400':
            refuse_field('CheckoutRequestID')
        raise GatewayError(500, '500.001.1001', 'The transaction does not Exist')
    script = call.use_script()
    code = (script.outcome if script else None) or push.result_code or '4999'
    if code == '4999' and world.settings.pending_dialect == '500':
        raise GatewayError(*ERROR_FAULTS['pending'])
    texts = texts_of(code)
    source = random.Random(f'{world.seed}:{push.number}:query')  # noqa: S311 - replayable
    return accepted({
        'ResponseCode': '0',
        # Three s, as on the live wire.
        'ResponseDescription': 'The service request has been accepted successsfully',
        'MerchantRequestID': push.merchant_request_id,
        'CheckoutRequestID': push.checkout_request_id,
        'ResultCode': code,
        'ResultDesc': source.choice(texts),
    })


def _push(call, shortcode, phone):
    world, body = call.world, call.body
    now = world.clock.now()
    account = text_of(body['AccountReference'])
    if world.settings.long_reference == 'truncate':
        account = account[:REFERENCE_LENGTH]
    return Push(
        number=len(world.pushes.all) + 1,
        checkout_request_id=world.ids.checkout_request_id(phone),
        merchant_request_id=world.ids.request_id(),
        shortcode=shortcode.number,
        transaction_type=body['TransactionType'],
        party_b=text_of(body['PartyB']),
        msisdn=text_of(body['PartyA']),
        phone=phone,
        amount=int(text_of(body['Amount'])),
        account=account,
        description=text_of(body.get('TransactionDesc')),
        callback_url=body['CallBackURL'],
        name=shortcode.name,
        opened_at=now,
        opened_at_eat=world.clock.stamp(now),
    )


def _amount_text(text):
    return shillings(text).removesuffix('.00') if text.isdigit() else text


def _push_facts(world, body):
    return {
        'phone': text_of(body.get('PhoneNumber')),
        'amount': _amount_text(text_of(body.get('Amount'))),
        'account': text_of(body.get('AccountReference')),
        'shortcode': text_of(body.get('BusinessShortCode')),
    }


def _query_facts(world, body):
    push = world.pushes.all.get(text_of(body.get('CheckoutRequestID')))
    if push is None:
        return {'shortcode': text_of(body.get('BusinessShortCode'))}
    return {
        'phone': push.phone,
        'amount': str(push.amount),
        'account': push.account,
        'shortcode': push.shortcode,
    }


APIS = (
    Api(
        name='stk_push',
        path='/mpesa/stkpush/v1/processrequest',
        handler=process_request,
        family='stk',
        first_field='BusinessShortCode',
        facts=_push_facts,
    ),
    Api(
        name='stk_query',
        path='/mpesa/stkpushquery/v1/query',
        handler=query,
        family='stk',
        first_field='BusinessShortCode',
        facts=_query_facts,
    ),
)
