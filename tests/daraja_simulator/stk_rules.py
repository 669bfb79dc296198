"""Field rules of the STK push and its query (daraja.md 3.1, 3.4)."""

import base64
import binascii
import re
from datetime import datetime
from decimal import Decimal

from .errors import GatewayError, refuse_field
from .url_rules import url_fault
from .wallets import LEAST_AMOUNT, MOST_AMOUNT


PUSH_FIELDS = (
    'BusinessShortCode',
    'Password',
    'Timestamp',
    'TransactionType',
    'Amount',
    'PartyA',
    'PartyB',
    'PhoneNumber',
    'CallBackURL',
    'AccountReference',
)
QUERY_FIELDS = ('BusinessShortCode', 'Password', 'Timestamp', 'CheckoutRequestID')
TRANSACTION_TYPES = ('CustomerPayBillOnline', 'CustomerBuyGoodsOnline')
REFERENCE_LENGTH = 12
DESCRIPTION_LENGTH = 13
PROMPT_LENGTH = 182

MSISDN = re.compile(r'254[17]\d{8}')
SHORTCODE = re.compile(r'\d{5,7}')
# Where an operator asks or orders, more digits are taken.
ORGANISATION = re.compile(r'\d{5,9}')
MONEY = re.compile(r'\d{1,9}(\.\d{1,2})?')
# `@ # &` are reported to fail; so is what a handset's 7-bit alphabet does not hold.
TEXT = re.compile(r"[ !\"$%'()*+,\-./0-9:;<=>?A-Z_a-z]+")


def text_of(value):
    """A field as text: Daraja takes numbers and numeric texts alike (daraja.md 1.1).

    :return: the text, or '' for anything else, floats and booleans among it
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ''
    return str(value)


def money_of(value):
    """A field as KES, Decimal, where cents are taken, too.

    :return: None for what is no amount above zero
    """
    text = str(value) if isinstance(value, float) else text_of(value)
    return Decimal(text) if MONEY.fullmatch(text) and Decimal(text) else None


def check_fields(body, names, settings):
    """Refuse the first field that is missing or malformed.

    :raise GatewayError: 400.002.02 with the field's name
    """
    for name in names:
        value = text_of(body.get(name))
        if not value.strip() or not _CHECKS.get(name, _anything)(value, settings):
            refuse_field(name)
    if 'TransactionDesc' in body and names is PUSH_FIELDS:
        _check_description(body['TransactionDesc'])


def check_password(world, body, app):
    """Compare the password with shortcode, passkey and time stamp.

    :return: the shortcode
    :raise GatewayError: 500.001.1001 with one of its two texts
    """
    number = text_of(body['BusinessShortCode'])
    shortcode = world.bank.shortcodes.get(number)
    if shortcode is None or (app.shortcodes is not None and number not in app.shortcodes):
        raise GatewayError(500, '500.001.1001', 'Merchant does not exist')
    expected = f"{number}{shortcode.passkey}{text_of(body['Timestamp'])}"
    try:
        given = base64.b64decode(text_of(body['Password']), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        given = None
    if given != expected:
        raise GatewayError(500, '500.001.1001', '[MerchantValidate] - Wrong credentials')
    return shortcode


def _check_description(value):
    text = text_of(value)
    if value in (None, ''):
        return
    if not text or len(text) > DESCRIPTION_LENGTH or not TEXT.fullmatch(text):
        refuse_field('TransactionDesc')


def _anything(value, settings):
    return True


def _timestamp(value, settings):
    try:
        datetime.strptime(value, '%Y%m%d%H%M%S')
    except ValueError:
        return False
    return len(value) == 14


def _amount(value, settings):
    if not re.fullmatch(r'\d{1,9}', value):
        return False
    if settings.amount_limits == 'callback':
        return True
    return LEAST_AMOUNT <= int(value) <= MOST_AMOUNT


def _reference(value, settings):
    if settings.long_reference == 'reject' and len(value) > REFERENCE_LENGTH:
        return False
    return bool(TEXT.fullmatch(value))


_CHECKS = {
    'BusinessShortCode': lambda value, settings: SHORTCODE.fullmatch(value),
    'Timestamp': _timestamp,
    'TransactionType': lambda value, settings: value in TRANSACTION_TYPES,
    'Amount': _amount,
    'PartyA': lambda value, settings: MSISDN.fullmatch(value),
    'PhoneNumber': lambda value, settings: MSISDN.fullmatch(value),
    'PartyB': lambda value, settings: SHORTCODE.fullmatch(value),
    'CallBackURL': lambda value, settings: (
        not url_fault(value, settings.environment == 'production')
    ),
    'AccountReference': _reference,
}
