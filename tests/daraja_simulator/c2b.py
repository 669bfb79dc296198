"""C2B: registration of addresses, and the confirmation after every payment (daraja.md 5)."""

import hashlib
import json
import random

from starlette.responses import JSONResponse

from .errors import GatewayError, refuse_field
from .gateway import Api
from .stk_rules import SHORTCODE, text_of
from .url_rules import url_fault
from .wallets import shillings


ORGANIZATION_TRANSFER = 'Organization To Organization Transfer'


def masked_msisdn(msisdn, form):
    """The MSISDN field of a notification.

    :param form: plain, masked_spaces, masked, sha256 or empty (daraja.md 5.1, 20)
    """
    return {
        'plain': msisdn,
        'masked_spaces': f'{msisdn[:4]} ***** {msisdn[-3:]}',
        'masked': f'{msisdn[:5]}****{msisdn[-3:]}',
        'sha256': hashlib.sha256(msisdn.encode()).hexdigest(),
        'empty': '',
    }[form]


def payload(world, movement, validation=False):
    """The body of a validation or confirmation: the same shape, without any result code.

    :return: dict in the order Daraja sends it
    """
    settings = world.settings
    shortcode = world.bank.shortcodes[movement.shortcode]
    source = random.Random(f'{world.seed}:{movement.receipt}:c2b')  # noqa: S311 - replayable
    msisdn_form = settings.c2b_msisdn_form
    if msisdn_form == 'auto':
        msisdn_form = 'sha256' if shortcode.c2b_version == 'v1' else 'masked_spaces'
    body = {
        'TransactionType': movement.kind,
        'TransID': movement.receipt,
        'TransTime': movement.at_eat,
        'TransAmount': _amount(movement.amount, settings.c2b_amount_form, source),
        'BusinessShortCode': movement.shortcode,
        'BillRefNumber': movement.account,
        'InvoiceNumber': '',
        # Blank while the payment is only asked about, as the money has not moved.
        'OrgAccountBalance': '' if validation else shillings(movement.balance_after),
        'ThirdPartyTransID': movement.third_party_id,
        'MSISDN': masked_msisdn(movement.msisdn, msisdn_form),
    }
    if movement.kind == ORGANIZATION_TRANSFER:
        # From a bank's app or another wallet: no phone, and the organisation as the only name.
        return {**body, 'InvoiceNumber': 'OK', 'MSISDN': '', 'FirstName': movement.payer_name}
    return {**body, **_names(movement.payer_name, settings.c2b_names, source)}


def make_confirmation(world, movement, state='scheduled'):
    """:return: the listed delivery, or None when the shortcode has no confirmation address"""
    url = world.bank.shortcodes[movement.shortcode].confirmation_url
    if not url:
        return None
    return world.deliveries.make(
        'c2b_confirmation',
        url,
        json.dumps(payload(world, movement)),
        state=state,
        checkout_request_id=movement.checkout_request_id,
        receipt=movement.receipt,
    )


def register(call):
    """Keep the confirmation and validation addresses of a shortcode.

    :raise GatewayError: a field fault, or 500.003.1001 for the second registration in production
    """
    body, world = call.body, call.world
    production = world.settings.environment == 'production'
    number = text_of(body.get('ShortCode'))
    shortcode = world.bank.shortcodes.get(number)
    allowed = call.app.shortcodes is None or number in call.app.shortcodes
    if not SHORTCODE.fullmatch(number) or shortcode is None or not allowed:
        refuse_field('ShortCode')
    if body.get('ResponseType') not in ('Completed', 'Cancelled'):
        refuse_field('ResponseType')
    for name in ('ConfirmationURL', 'ValidationURL'):
        if url_fault(body.get(name), production):
            refuse_field(name)
    if production and shortcode.confirmation_url:
        raise GatewayError(500, '500.003.1001', 'Urls are already registered.')
    call.use_script()
    shortcode.confirmation_url = body['ConfirmationURL']
    shortcode.validation_url = body['ValidationURL']
    shortcode.response_type = body['ResponseType']
    shortcode.c2b_version = call.api.path.split('/')[3]
    code, description = {
        'usual': ({'ResponseCode': '0'}, 'Success'),
        'small': ({'ResponseCode': '0'}, 'success'),
        'eight_zeros': ({'ResponseCode': '00000000'}, 'Success'),
        'no_code': ({}, 'Success'),
    }[world.settings.register_answer]
    # The misspelt name is the wire's own (daraja.md 1.6).
    return JSONResponse({
        'OriginatorCoversationID': world.ids.request_id(),
        **code,
        'ResponseDescription': description,
    })


def _amount(amount, form, source):
    whole = amount == int(amount)
    drawn = source.choice(('text', 'text', 'text_whole', 'number'))
    form = drawn if form == 'varied' else form
    if form == 'text_whole' and whole:
        return str(int(amount))
    if form == 'number':
        return int(amount) if whole else float(amount)
    return shillings(amount)


def _names(name, form, source):
    first, _space, last = name.partition(' ')
    drawn = source.choice(('first', 'first', 'full', 'null', 'missing'))
    form = drawn if form == 'varied' else form
    return {
        'first': {'FirstName': first, 'MiddleName': '', 'LastName': ''},
        'full': {'FirstName': first, 'MiddleName': '', 'LastName': last},
        'null': {'FirstName': first, 'MiddleName': None, 'LastName': None},
        'missing': {'FirstName': first},
    }[form]


def _facts(world, body):
    return {'shortcode': text_of(body.get('ShortCode'))}


APIS = tuple(
    Api(
        name='c2b_register',
        path=f'/mpesa/c2b/{version}/registerurl',
        handler=register,
        family='c2b',
        first_field='ShortCode',
        facts=_facts,
    )
    for version in ('v1', 'v2')
)
