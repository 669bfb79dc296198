"""Pull Transactions: registration, and the payments of the last two days (daraja.md 6)."""

import re
import uuid
from datetime import datetime, timezone

from .clock import EAT
from .errors import GatewayError, refuse_field
from .gateway import Api, accepted
from .stk_rules import SHORTCODE, text_of
from .url_rules import url_fault


SECONDS = 48 * 3600
_NUMBER = re.compile(r'(?:254|0)[17]\d{8}')
_MOMENT = re.compile(r'\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?')
_TYPES = {'paybill': 'c2b-pay-bill-debit', 'till': 'c2b-buy-goods-debit'}


def register(call):
    """Make a shortcode's payments available.

    :raise GatewayError: 400.001 for a shortcode that is not the caller's, or a field fault
    """
    world, body = call.world, call.body
    shortcode = _shortcode(call)
    if body.get('RequestType') != 'Pull':
        refuse_field('RequestType')
    if not _NUMBER.fullmatch(text_of(body.get('NominatedNumber'))):
        refuse_field('NominatedNumber')
    # Always https here; nobody was ever seen to call it.
    if url_fault(body.get('CallBackURL'), production=True):
        refuse_field('CallBackURL')
    call.use_script()
    code = '1001' if shortcode.pull_registered else '1000'
    shortcode.pull_registered = True
    key = 'Response Status' if world.settings.pull_status_key == 'spaced' else 'ResponseStatus'
    return accepted({
        'ResponseRefID': _reference(world),
        key: code,
        'ShortCode': shortcode.number,
        'ResponseDescription': (
            'ShortCode already Registered'
            if code == '1001'
            else 'ShortCode Registered Successfully'
        ),
    })


def query(call):
    """One page of payments.

    :raise GatewayError: 400.001 for a shortcode that is unknown or not registered, or a field fault
    """
    world, body = call.world, call.body
    shortcode = _shortcode(call)
    if not shortcode.pull_registered:
        raise GatewayError(400, '400.001', 'Invalid ShortCode')
    start, end = (_moment(body, name) for name in ('StartDate', 'EndDate'))
    if end < start:
        refuse_field('EndDate')
    offset = text_of(body.get('OffSetValue'))
    if not re.fullmatch(r'\d{1,9}', offset):
        refuse_field('OffSetValue')
    call.use_script()
    since = max(start, world.clock.now() - SECONDS)
    found = [
        move
        for move in world.bank.ledger
        # A minute or second that was asked for is meant to its end.
        if move.shortcode == shortcode.number and since <= move.at < end
    ]
    page = found[int(offset) : int(offset) + world.settings.pull_page_rows]
    return accepted({
        'ResponseRefID': _reference(world),
        'ResponseCode': '1000' if page else '1001',
        'ResponseMessage': 'Success' if page else 'No transactions found',
        'Response': [[_row(world, move) for move in page]],
    })


def _row(world, move):
    shortcode = world.bank.shortcodes[move.shortcode]
    zone = EAT if world.settings.pull_times == 'eat' else timezone.utc
    national = move.msisdn.removeprefix('254')
    masked = world.settings.pull_msisdn_form == 'masked'
    return {
        'transactionId': move.receipt,
        # Marked as UTC, whichever it is.
        'trxDate': datetime.fromtimestamp(move.at, zone).strftime('%Y-%m-%dT%H:%M:%SZ'),
        'msisdn': f'{national[:3]}****{national[-3:]}' if masked else int(national),
        'sender': 'MPESA',
        'transactiontype': _TYPES[shortcode.kind],
        'billreference': move.account,
        'amount': str(float(move.amount)),
        'organizationname': shortcode.name,
    }


def _shortcode(call):
    number = text_of(call.body.get('ShortCode'))
    shortcode = call.world.bank.shortcodes.get(number)
    allowed = call.app.shortcodes is None or number in call.app.shortcodes
    if not SHORTCODE.fullmatch(number) or shortcode is None or not allowed:
        raise GatewayError(400, '400.001', 'Invalid ShortCode')
    return shortcode


def _moment(body, name):
    """:return: seconds since the epoch; of an end, of its last moment"""
    text = text_of(body.get(name))
    match = _MOMENT.fullmatch(text)
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=EAT) if match else None
    except ValueError:
        moment = None
    if moment is None:
        refuse_field(name)
    if name == 'StartDate':
        return moment.timestamp()
    return moment.timestamp() + (1 if match[1] else 60)


def _reference(world):
    # Any text will do, and this one comes again with the seed.
    return str(uuid.uuid5(uuid.NAMESPACE_URL, world.ids.request_id()))


def _facts(world, body):
    return {'shortcode': text_of(body.get('ShortCode'))}


APIS = (
    Api(
        name='pull_register',
        path='/pulltransactions/v1/register',
        handler=register,
        family='pull',
        first_field='ShortCode',
        facts=_facts,
    ),
    Api(
        name='pull_query',
        path='/pulltransactions/v1/query',
        handler=query,
        family='pull',
        first_field='ShortCode',
        # Documented with GET and a body; POST works in all that was seen.
        other_verb='GET',
        facts=_facts,
    ),
)
