"""What "I already paid" reads and shows: a code comes in, one of two answers goes out."""

from .. import daraja
from ..models import pay_page_labels
from ..models.request_error import MpesaRequestError
from .pay_attempt_values import first_name
from .pay_request import read_amount


TYPED_LETTERS = 2_000  # Of what is shown again; a message of M-PESA has some four hundred.


def read_claim(env, message, amount):
    """ Return the code and the amount of a claim.

    :param odoo.api.Environment env: The environment, in the language of the page.
    :param str message: The code as typed, or a whole message, whose amount is read as well.
    :param str amount: The amount as typed, which comes before that of the message.
    :return: The code in capitals, and KES; 0 when no amount is said.
    :rtype: tuple[str, float]
    :raise MpesaRequestError: If something must be corrected.
    """
    told = daraja.read_message(message or '')
    if told.several:
        raise say_error(env, 'several', 'message')
    if not daraja.receipt.is_code(told.code):
        raise say_error(env, 'no_code', 'message')
    typed = read_amount(amount)
    if not typed:
        return told.code, float(told.amount or 0)
    value = env['payment.transaction']._mpesa_read_amount(typed)
    if value is None or value <= 0:
        raise say_error(env, 'no_amount', 'amount')
    return told.code, float(value)


def say_error(env, name, field):
    """ Return the error to raise, in words.

    :param odoo.api.Environment env: The environment, in the language of the page.
    :param str name: One of `CLAIM_ERRORS`.
    :param str field: The field that must be corrected: 'message' or 'amount'.
    :rtype: MpesaRequestError
    """
    labels = pay_page_labels.say_all(env, pay_page_labels.CLAIM_ERRORS, {})
    return MpesaRequestError(labels[name], field)


def claim_values(link_sudo, typed=None, error=None, answer=None, claimed_code=''):
    """ Return the rendering values of "I already paid".

    Beyond what the pay page of the link shows, it says one thing only: whether a payment is on
    this student's account; to a relative, who was sent a link, not even that.

    :param mpesa.payment.link link_sudo: The link, in sudo mode and in the language of the page.
    :param dict typed: What was typed into a refused form: message, amount.
    :param MpesaRequestError error: Why it was refused.
    :param str answer: 'here', 'not_here' or 'noted'; None while nothing was asked.
    :param str claimed_code: The code that was asked about.
    :rtype: dict
    """
    env = link_sudo.env
    student_sudo, school_sudo = link_sudo.student_id, link_sudo.company_id
    provider_sudo = link_sudo._get_provider()
    words = {
        'pupil': first_name(student_sudo),
        'student': f'{first_name(student_sudo)} ({student_sudo.admission_no})',
        'code': claimed_code,
    }
    labels = pay_page_labels.say_all(env, pay_page_labels.CLAIM_PAGE, words)
    heading, body = labels['already_paid'], ''
    if answer:
        heading, body = pay_page_labels.say_all(
            env, dict(enumerate(pay_page_labels.CLAIM_ANSWERS[answer])), words,
        ).values()
    return {
        'labels': labels,
        'page_title': f'{heading} - {school_sudo.name}',
        'heading': heading,
        'body': body,
        'answer': answer,
        'school': school_sudo.name,
        'office_phone': school_sudo.phone,
        'watermark': provider_sudo._mpesa_get_watermark(),
        'url': link_sudo._get_claim_path(),
        'pay_url': link_sudo._get_public_path(),
        'typed': {
            name: ((typed or {}).get(name) or '')[:TYPED_LETTERS] for name in ('message', 'amount')
        },
        'error': error and {'field': error.field, 'message': str(error)},
        'claimed_code': claimed_code,
    }
