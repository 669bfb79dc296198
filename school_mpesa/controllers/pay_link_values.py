"""The values of the public page of a link: what a slug alone lets its holder see, for QWeb."""

from .. import const
from ..models import pay_page_labels
from .pay_attempt_values import first_name, format_kes, last_request, others_request, paybill
from .pay_form_values import form_values
from .pay_request import describe_error, may_see_request


NOTE_LETTERS = 140
# What the page's script says beside a field while somebody types.
CHECKS = ('no_amount', 'no_cents', 'too_little', 'too_much', 'no_phone', 'wrong_phone')


def link_values(link_sudo, user, typed=None, error=None):
    """ Return the rendering values of the public page of one link.

    :param mpesa.payment.link link_sudo: The link, in sudo mode (its slug is the authority) and in
                                         the language of the page.
    :param res.users user: Who looks, in the language of the page.
    :param dict typed: What was typed into a refused form: choice, amount, phone, note.
    :param MpesaRequestError error: Why it was refused.
    :rtype: dict
    """
    env = link_sudo.env
    student_sudo, school_sudo = link_sudo.student_id, link_sudo.company_id
    provider_sudo = link_sudo._get_provider()
    due = link_sudo._get_due()
    asked = link_sudo._get_asked(due)
    form = provider_sudo and form_values(provider_sudo, student_sudo, user, due, link_sudo)
    words = {
        'asked': format_kes(asked),
        'pupil': first_name(student_sudo),
        'school': school_sudo.name,
        'student': f'{first_name(student_sudo)} ({student_sudo.admission_no})',
        'bill': link_sudo.bill_id.name or '',
        'least': format_kes(form['least']) if form else '',
        'most': format_kes(form['most']) if form else '',
    }
    labels = {
        **(form['labels'] if form else pay_page_labels.say_all(env, pay_page_labels.ANY_PAGE, {})),
        **pay_page_labels.say_all(env, pay_page_labels.LINK_PAGE, words),
    }
    title = labels['title'] if asked else labels['nothing']
    return {
        'labels': labels,
        'page_title': f'{title} - {school_sudo.name}',
        'preview_title': labels['preview'],
        'school': school_sudo.name,
        'office_phone': school_sudo.phone,
        'watermark': provider_sudo._mpesa_get_watermark(),
        'url': link_sudo._get_public_path(),
        'claim_url': link_sudo._get_claim_path(),
        'class_name': student_sudo.class_id.name or '',
        'what': _say_what(link_sudo, labels),
        'asked': asked,
        'asked_text': f"KES {words['asked']}",
        'paid_words': labels[
            'link_paid' if link_sudo._get_bills() or link_sudo.amount else 'fees_paid'
        ],
        'last': _describe_open_request(link_sudo),
        'form': _fill_in(form, labels, typed)
        if asked and form and can_prompt(provider_sudo) else None,
        'checks': {f'data-{name}': labels[name] for name in CHECKS},
        'note_letters': NOTE_LETTERS,
        'paybill': paybill(provider_sudo, student_sudo, form['full']) if asked and form else None,
        'error': error and describe_error(env, error, student_sudo),
    }


def can_prompt(provider_sudo):
    """ Tell whether parents are offered a prompt on a shortcode; if not, they pay by hand.

    :param payment.provider provider_sudo: The shortcode, in sudo mode; it may be none.
    :rtype: bool
    """
    return bool(
        provider_sudo.state != 'disabled' and provider_sudo.is_published
        and provider_sudo.mpesa_stk_enabled
    )


def _say_what(link_sudo, labels):
    """ Return what the link is for, in a line. """
    if link_sudo.description:
        return link_sudo.description
    if link_sudo.bill_id:
        term = link_sudo.bill_id.term_id.display_name
        return f"{term}, {labels['bill']}" if term else labels['bill']
    if link_sudo.kind == 'statement':
        return labels['all_due']
    return ''


def _describe_open_request(link_sudo):
    """ Return what is told of a request that is open by this link; None when there is none.

    A link is forwarded in families and beyond: who else pays is not shown, only that somebody does.

    :return: heading, what, link, url; as the portal page of a bill tells it.
    :rtype: dict|None
    """
    # In sudo mode: the link is.
    tx_sudo = link_sudo.env['payment.transaction'].search([
        ('mpesa_link_id', '=', link_sudo.id),
        ('mpesa_push_state', 'in', (*const.OPEN_PUSH_STATES, 'receipt_pending')),
    ], order='id desc', limit=1)
    if not tx_sudo:
        return None
    if may_see_request(tx_sudo):
        return {**last_request(tx_sudo), 'url': tx_sudo.mpesa_attempt_url}
    told = others_request(tx_sudo)
    return told if told['heading'] else None


def _fill_in(form, labels, typed):
    """ Return the form with what was typed instead of what is proposed. """
    choices = [str(value) for _name, value, _text in form['choices']]
    typed = typed or {}
    chosen = typed.get('choice')
    if chosen not in choices:
        chosen = choices[0] if chosen is None or '' not in choices else ''
    return {
        **form,
        'chosen': chosen,
        'amount': typed.get('amount') or (typed.get('choice') if not chosen else '') or '',
        'phone': form['phone'] if typed.get('phone') is None else typed['phone'],
        'note': typed.get('note') or '',
        'button': labels['pay_amount'].replace('{amount}', format_kes(form['full']))
        if len(choices) == 1 else labels['pay'],
    }
