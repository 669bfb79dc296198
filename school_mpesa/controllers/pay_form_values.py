"""What an M-PESA form offers and accepts, on the portal page of a bill and on public pages."""

import math
import secrets

from .. import daraja
from ..models import pay_page_labels
from ..models.pay_amounts import offer_amounts
from .pay_attempt_values import format_kes, paybill


def form_values(provider_sudo, student_sudo, user, due, link_sudo=None):
    """ Return the rendering values of the M-PESA form of one provider and student.

    M-PESA prompts move whole shillings, so a balance with cents is rounded up and the cents
    become credit.

    :param payment.provider provider_sudo: The shortcode, in sudo mode.
    :param school.student student_sudo: The student, in sudo mode.
    :param res.users user: Who looks at the page; the public user when only the link is known.
    :param float due: What is due of what is paid here, in KES.
    :param mpesa.payment.link link_sudo: The link by which the payer came, in sudo mode.
    :rtype: dict
    """
    due = math.ceil(round(due, 2))
    asked = link_sudo._get_asked(due) if link_sudo else due
    may_change = not link_sudo or link_sudo.may_change
    amounts = offer_amounts(
        provider_sudo, asked, may_change,
        # A link with an amount of its own does not tell what else is due.
        may_exceed=not (link_sudo and link_sudo.amount),
    )
    full, half = amounts['full'], amounts['half']
    least, most = amounts['least'], amounts['most']
    phone, mask = shown_phone(student_sudo, user, link_sudo)
    words = {
        'full': format_kes(full),
        'rest': format_kes(asked - full),
        'least': format_kes(least),
        'most': format_kes(most),
        'shown_name': provider_sudo.mpesa_shown_name or provider_sudo.company_id.name,
    }
    return {
        'labels': pay_page_labels.say_all(user.env, pay_page_labels.PAY_FORM, words),
        'lang': user.env.lang,
        'intent': secrets.token_hex(16),
        'choices': [
            ('most_at_once' if asked > full else 'full', full, f"KES {words['full']}"),
            *([('half', half, f'KES {format_kes(half)}')] if half else []),
            *([('other', '', '')] if may_change and least < most else []),
        ],
        'full': full,
        'least': least,
        'most': most,
        'cap': daraja.MOST_AMOUNT,
        'due_text': format_kes(asked),
        'is_split': asked > full,
        'phone': phone,
        'phone_mask': mask,
        'watermark': provider_sudo.with_context(lang=user.env.lang)._mpesa_get_watermark(),
        'by_hand': paybill(provider_sudo, student_sudo, full),
    }


def shown_phone(student_sudo, user, link_sudo=None):
    """ Return the phone to fill in, and its mask if it may not be shown in full.

    A guardian who has logged in sees the guardian's own number. Who only holds the link of the
    bill, which families forward, sees the first guardian's number masked; the mask stands for it.
    A relative who was sent a link pays with a phone of their own: no guardian's is proposed.

    :param school.student student_sudo: The student, in sudo mode.
    :param res.users user: Who looks at the page.
    :param mpesa.payment.link link_sudo: The link by which the payer came, in sudo mode.
    :return: What to fill in; the mask, or '' when the number itself is shown.
    :rtype: tuple[str, str]
    """
    if not user._is_public():
        own = parse_phone(user.partner_id.sudo().phone)
        if own:
            return f'0{own.wire[3:]}', ''
    if link_sudo and link_sudo._is_for_relatives():
        return '', ''
    first = parse_phone(guardian_phone(student_sudo))
    return (first.masked, first.masked) if first else ('', '')


def guardian_phone(student_sudo):
    """ Return the number at which the student's first guardian is reached, or ''. """
    phones = student_sudo._guardian_phones()
    return phones[0]['phone_e164'] if phones else ''


def parse_phone(text):
    """ Return a number as `msisdn.Msisdn`, or None when it is not a Kenyan mobile number. """
    try:
        return daraja.msisdn.parse(text or '')
    except daraja.MsisdnError:
        return None


def read_phone(text, student_sudo, link_sudo=None):
    """ Return the number a payer means: the mask stands for the first guardian's number.

    :param text: What came from the browser.
    :param school.student student_sudo: The student, in sudo mode.
    :param mpesa.payment.link link_sudo: The link by which the payer came, in sudo mode; on one for
                                         relatives no mask stands for a number.
    :return: E.164, or the text as it came when it is no Kenyan mobile number.
    :rtype: str
    """
    text = str(text or '').strip()
    is_shown = not (link_sudo and link_sudo._is_for_relatives())
    first = parse_phone(guardian_phone(student_sudo)) if is_shown else None
    parsed = first if first and text == first.masked else parse_phone(text)
    return parsed.e164 if parsed else text
