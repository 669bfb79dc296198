"""What the M-PESA form on the portal page of a bill offers, and what it accepts."""

import math
import secrets

from .. import daraja
from ..models import pay_page_labels
from .pay_attempt_values import format_kes, paybill


def amount_limits(provider_sudo, bill_sudo):
    """ Return the least and the most one prompt may ask for on a bill, in whole KES.

    M-PESA prompts move whole shillings, so a balance with cents is rounded up and the cents
    become credit. More than the balance only where the school allows credit.

    :param payment.provider provider_sudo: The shortcode, in sudo mode.
    :param account.move bill_sudo: The bill, in sudo mode.
    :return: least, most, and the balance in whole KES.
    :rtype: tuple[int, int, int]
    """
    due = math.ceil(round(bill_sudo.amount_residual, 2))
    most = daraja.MOST_AMOUNT
    if not provider_sudo.mpesa_allow_credit:
        most = min(most, due)
    # The last shillings of a bill can always be paid, even below the school's least amount.
    return min(provider_sudo.mpesa_least_amount or 1, most), most, due


def form_values(provider_sudo, bill_sudo, user):
    """ Return the rendering values of the M-PESA form of one provider and bill.

    :param payment.provider provider_sudo: The shortcode, in sudo mode.
    :param account.move bill_sudo: The bill, in sudo mode.
    :param res.users user: Who looks at the page; the public user when only the link is known.
    :rtype: dict
    """
    student_sudo = bill_sudo.student_id
    least, most, due = amount_limits(provider_sudo, bill_sudo)
    full = min(due, daraja.MOST_AMOUNT)
    half = math.ceil(due / 2)
    if not least <= half < full:
        half = 0
    phone, mask = shown_phone(student_sudo, user)
    words = {
        'full': format_kes(full),
        'rest': format_kes(due - full),
        'least': format_kes(least),
        'most': format_kes(most),
        'shown_name': provider_sudo.mpesa_shown_name or provider_sudo.company_id.name,
    }
    return {
        'labels': pay_page_labels.say_all(user.env, pay_page_labels.INVOICE_FORM, words),
        'lang': user.env.lang,
        'intent': secrets.token_hex(16),
        'choices': [
            ('most_at_once' if due > full else 'full', full, f"KES {words['full']}"),
            *([('half', half, f'KES {format_kes(half)}')] if half else []),
            ('other', '', ''),
        ],
        'least': least,
        'most': most,
        'cap': daraja.MOST_AMOUNT,
        'due_text': format_kes(due),
        'is_split': due > full,
        'phone': phone,
        'phone_mask': mask,
        'is_test': provider_sudo.mpesa_environment != 'production',
        'by_hand': paybill(provider_sudo, student_sudo, full),
    }


def shown_phone(student_sudo, user):
    """ Return the phone to fill in, and its mask if it may not be shown in full.

    A guardian who has logged in sees the guardian's own number. Who only holds the link of the
    bill, which families forward, sees the first guardian's number masked; the mask stands for it.

    :param school.student student_sudo: The student, in sudo mode.
    :param res.users user: Who looks at the page.
    :return: What to fill in; the mask, or '' when the number itself is shown.
    :rtype: tuple[str, str]
    """
    if not user._is_public():
        own = parse_phone(user.partner_id.sudo().phone)
        if own:
            return f'0{own.wire[3:]}', ''
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


def read_phone(text, student_sudo):
    """ Return the number a payer means: the mask stands for the first guardian's number.

    :param text: What came from the browser.
    :param school.student student_sudo: The student, in sudo mode.
    :return: E.164, or the text as it came when it is no Kenyan mobile number.
    :rtype: str
    """
    text = str(text or '').strip()
    first = parse_phone(guardian_phone(student_sudo))
    parsed = first if first and text == first.masked else parse_phone(text)
    return parsed.e164 if parsed else text
