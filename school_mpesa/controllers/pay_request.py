"""What a payer's browser sends to ask for a prompt, read the same way on every pay page."""

import hashlib
import hmac
import ipaddress
import re

from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .. import daraja, vault
from ..models.request_error import MpesaRequestError


# Prompts an hour from one address, whatever phones they go to. Parents share the addresses of their
# mobile network, so it is far above what a family needs, and far below what a flood takes.
PROMPTS_PER_HOUR = 100


def read_amount(text):
    """ Return an amount as typed, without blanks and the currency.

    It is not checked here: `_mpesa_ask` does, and says what to correct.

    :param text: What came from the browser: text or number.
    :rtype: str
    """
    text = re.sub(r'\s|^KSH\.?|^KES', '', str(text or '').strip().upper())
    return text.removesuffix('.0')


def bind_intent(intent, record, amount, phone):
    """ Return the idempotency key of one rendered form for one bill, amount and phone.

    A double click or a resubmitted page gives the same key, so the same attempt. Bound to the
    record, a key seen elsewhere opens nobody else's attempt; keyed by the form's random id, it
    cannot be guessed back to the phone.

    :param str intent: The random id of the form, from the browser.
    :param record: The bill or the attempt that the form stands on.
    :param str amount: The amount asked for.
    :param str phone: The phone to prompt.
    :return: 32 hexadecimal digits, or None without a random id.
    :rtype: str|None
    """
    if not isinstance(intent, str) or not re.fullmatch(r'[0-9a-f]{32}', intent):
        return None
    message = f'{record._name}|{record.id}|{amount}|{phone}'.encode()
    return hmac.new(intent.encode(), message, hashlib.sha256).hexdigest()[:32]


def count_hour(env, kind):
    """ Count one more of what comes from a payer's address within an hour.

    An address that is not public is the school's own or that of a proxy, which all payers share.

    :param odoo.api.Environment env: The environment.
    :param str kind: What is counted.
    :return: How many there are, this one included; 0 for an address that all payers share.
    :rtype: int
    """
    try:
        address = ipaddress.ip_address(request.httprequest.remote_addr or '')
    except ValueError:
        return 0
    if not address.is_global:
        return 0
    # Whoever has one address of version 6 has 2^64 of them.
    network = ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False)
    counter_sudo = env['mpesa.rate.counter'].sudo()  # Nobody else may count.
    return counter_sudo._hit(kind, str(network), 3600)


def count_prompt(env):
    """ Count one more prompt asked for from a payer's address.

    :param odoo.api.Environment env: The environment, in the language of the page.
    :return: None
    :raise MpesaRequestError: If the address asked for too many.
    """
    if count_hour(env, 'prompt page') > PROMPTS_PER_HOUR:
        raise MpesaRequestError(env._(
            "Too many requests came from this internet connection within an hour. No new request"
            " was sent and no money moved. Try again in an hour, or pay by the Paybill menu."
        ), 'phone')


def may_see_request(tx_sudo):
    """ Tell whether a request is that of who is looking, or of the office.

    A bill's link is forwarded in families and beyond: it does not show who else paid, from which
    phone, and with which result.

    :param payment.transaction tx_sudo: The request, in sudo mode.
    :return: Whether this browser made it, the phone is the logged-in user's own, or the user is of
             the accounts office of that school.
    :rtype: bool
    """
    if request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY) == tx_sudo.id:
        return True
    user = request.env.user
    if user._is_public():
        return False
    if user._is_internal():
        return user.has_group('school_fees.group_cashier') and (
            tx_sudo.company_id in user.company_ids
        )
    # Not those that the guardian typed and the office has not confirmed.
    phones = user.partner_id._get_school_phones()
    return any(_index_phone(phone) == tx_sudo.mpesa_phone_index for phone in phones)


def find_own_children():
    """ Return the children whose amounts the logged-in guardian may see.

    :return: None of them for anybody else.
    :rtype: school.student
    """
    Statement = request.env['school.statement']
    if request.env.user._is_public():
        return request.env['school.student']
    children = Statement._get_portal_children()
    rights = Statement._get_reader_rights(children)
    return children.filtered(lambda child: rights[child]['amounts'])


def _index_phone(text):
    """ Return the blind index of a phone, or '' when it is not a Kenyan mobile number. """
    try:
        return vault.blind_index('phone', daraja.msisdn.parse(text).wire)
    except daraja.MsisdnError:
        return ''


def describe_error(env, error, student_sudo, own_tx_sudo=None):
    """ Return what a pay page shows for a refused request.

    The prompt that is already open on the phone may be another payer's: then neither its amount
    nor its page is shown.

    :param odoo.api.Environment env: The environment, in the language of the page.
    :param MpesaRequestError error: Why the request was refused.
    :param school.student student_sudo: The students this payer pays for, in sudo mode.
    :param payment.transaction own_tx_sudo: The request whose page this is, in sudo mode: who holds
                                            that link may see another one on the same phone.
    :return: field, message, attempt_url ('' when there is none to show).
    :rtype: dict
    """
    open_tx_sudo = error.tx.sudo() if error.tx else None
    message, attempt_url = str(error), ''
    if open_tx_sudo and open_tx_sudo.mpesa_student_id in student_sudo and (
        (own_tx_sudo and own_tx_sudo.mpesa_phone_index == open_tx_sudo.mpesa_phone_index)
        or may_see_request(open_tx_sudo)
    ):
        attempt_url = open_tx_sudo.mpesa_attempt_url
    elif open_tx_sudo and error.field == 'phone':
        message = env._(
            "Another M-PESA request is already on this phone. Finish or close it there, wait 2"
            " minutes, then send again. No new request was sent."
        )
    return {'field': error.field, 'message': message, 'attempt_url': attempt_url}
