"""A paybill payment typed by hand on the phone's M-PESA menu (daraja.md 5.2)."""

import json
from decimal import Decimal

from . import c2b


# Result code of a wrong PIN, and the C2B reject code for whatever has none of its own.
WRONG_PIN = '2001'
OTHER_ERROR = 'C2B00016'


class PaymentRefused(ValueError):
    """The payment did not happen; ``code`` says why (a result code or a C2B reject code)."""

    def __init__(self, code):
        super().__init__(f'refused: {code}')
        self.code = code


async def pay_bill(world, msisdn, number, account, amount, pin=None, kind=None):
    """Pay, ask the validation address when the shortcode has it switched on, and confirm.

    :param amount: KES, whole shillings, as text or number
    :param kind: TransactionType of the notification, such as `OD Payment Transfer`; by default
        that of a paybill or of a till
    :return: the movement
    :raise PaymentRefused: unknown shortcode, wrong PIN, a rule of the core, or validation
    """
    bank = world.bank
    amount = Decimal(str(amount))
    shortcode = bank.shortcodes.get(number)
    wallet = bank.wallet(msisdn)
    if shortcode is None or amount != int(amount):
        raise PaymentRefused('C2B00015' if shortcode is None else 'C2B00013')
    if pin is not None and wallet is not None and str(pin) != wallet.pin:
        raise PaymentRefused(WRONG_PIN)
    code = bank.refusal(wallet, amount, number)
    if code:
        raise PaymentRefused(code)
    account = account[:20]
    till = shortcode.kind == 'till'
    usual = 'Customer Merchant Payment' if till else 'Pay Bill'
    planned = bank.plan(
        wallet,
        shortcode,
        amount,
        '' if till else account,
        source='paybill',
        kind=usual if kind is None else kind,
    )
    third_party_id = await _validate(world, shortcode, planned)
    # Validation took a while: the money may have gone elsewhere meanwhile.
    code = bank.refusal(wallet, amount, number)
    if code:
        raise PaymentRefused(code)
    movement = bank.pay(planned, third_party_id)
    if world.settings.c2b_order != 'none':
        confirmation = c2b.make_confirmation(world, movement)
        if confirmation:
            world.scheduler.after(
                world.settings.callback_delay, world.deliveries.send, confirmation
            )
    return movement


async def _validate(world, shortcode, planned):
    """:return: the ThirdPartyTransID of an acceptance, or ''"""
    if not shortcode.validation_on or not shortcode.validation_url:
        return ''
    delivery = world.deliveries.make(
        'c2b_validation',
        shortcode.validation_url,
        json.dumps(c2b.payload(world, planned, validation=True)),
    )
    attempt = await world.deliveries.post(
        delivery.url,
        delivery.body.encode(),
        delivery.headers,
        timeout=world.settings.validation_seconds,
    )
    delivery.attempts.append({**attempt, 'at_eat': world.clock.stamp()})
    delivery.state = 'delivered' if attempt['status'] == 200 else 'failed'
    verdict = _verdict(attempt)
    if verdict is None:
        # Unreachable, slow or unreadable: the default of the registration decides.
        if shortcode.response_type == 'Cancelled':
            raise PaymentRefused(OTHER_ERROR)
        return ''
    if str(verdict.get('ResultCode')) != '0':
        raise PaymentRefused(str(verdict.get('ResultCode')))
    return str(verdict.get('ThirdPartyTransID') or '')


def _verdict(attempt):
    """:return: the JSON object of a usable answer, else None"""
    if attempt['status'] != 200:
        return None
    try:
        verdict = json.loads(attempt['answer'])
    except ValueError:
        return None
    return verdict if isinstance(verdict, dict) and 'ResultCode' in verdict else None
