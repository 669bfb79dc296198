"""The values of the page that pays for several children at once, ready for QWeb."""

import math
import secrets
from dataclasses import dataclass, field
from decimal import Decimal

from .. import const, daraja
from ..models import pay_page_labels
from .pay_attempt_values import format_kes, last_request, others_request, paybill
from .pay_form_values import parse_phone
from .pay_link_values import CHECKS, NOTE_LETTERS, can_prompt
from .pay_request import describe_error, may_see_request, read_amount


FAMILY_CHECKS = ('no_sum', 'part_over')


@dataclass
class FamilyForm:
    """What stands in the form: what was typed, or what is proposed.

    :ivar str amount: KES, as typed.
    :ivar str phone: As typed.
    :ivar str note: As typed.
    :ivar dict parts: The part of each child by id, KES, as typed.
    """

    amount: str = ''
    phone: str = ''
    note: str = ''
    parts: dict = field(default_factory=dict)

    def share_out(self, children_sudo):
        """ Replace the parts by what the school's rule proposes for the amount.

        :param school.student children_sudo: The children, in sudo mode.
        :return: None
        :raise MpesaRequestError: If the amount cannot be asked for.
        """
        env = children_sudo.env
        amount = env['payment.transaction']._mpesa_check_amount(
            read_amount(self.amount),
            env['payment.provider']._mpesa_get_default(children_sudo.company_id),
            children_sudo[:1], env['account.move'], children=children_sudo,
        )
        shares = env['school.receipt']._propose_whole_shares(children_sudo, amount)
        self.parts = {child.id: str(shares.get(child) or '') for child in children_sudo}


def family_values(children_sudo, user, form=None, error=None):
    """ Return the rendering values of the page.

    :param school.student children_sudo: The guardian's children at one school whose amounts the
                                         guardian may see, in sudo mode and the page's language.
    :param res.users user: The guardian, in the language of the page.
    :param FamilyForm form: What was typed, if anything was.
    :param MpesaRequestError error: Why it was refused.
    :rtype: dict
    """
    env, school_sudo = children_sudo.env, children_sudo.company_id
    provider_sudo = env['payment.provider']._mpesa_get_default(school_sudo)
    dues = {child: math.ceil(round(max(child.balance, 0), 2)) for child in children_sudo}
    total = sum(dues.values())
    full = most = min(total, daraja.MOST_AMOUNT)
    if provider_sudo.mpesa_allow_credit:
        most = daraja.MOST_AMOUNT
    words = {
        'asked': format_kes(total),
        'full': format_kes(full),
        'rest': format_kes(total - full),
        'least': format_kes(min(provider_sudo.mpesa_least_amount or 1, total or 1)),
        'most': format_kes(most),
        'shown_name': provider_sudo.mpesa_shown_name or school_sudo.name,
    }
    labels = pay_page_labels.say_all(env, pay_page_labels.FAMILY_PAGE, words)
    may_pay = bool(total and can_prompt(provider_sudo))
    own = parse_phone(user.partner_id.sudo().phone)
    takers = [child for child in dues if dues[child] or provider_sudo.mpesa_allow_credit]
    if may_pay and form is None:
        form = FamilyForm(amount=str(full), phone=own.masked if own else '')
        form.parts = {
            child.id: str(part) for child, part in env['school.receipt']._propose_whole_shares(
                children_sudo, Decimal(full),
            ).items()
        }
    title = labels['title'] if total else labels['nothing']
    return {
        'labels': labels,
        'page_title': f'{title} - {school_sudo.name}',
        'school': school_sudo.name,
        'office_phone': school_sudo.phone,
        'watermark': provider_sudo._mpesa_get_watermark(),
        'asked': total,
        'asked_text': f"KES {words['asked']}",
        'last': _describe_open_request(children_sudo),
        'children': [
            {
                'id': child.id,
                'name': child.name,
                'details': ', '.join(filter(None, (child.admission_no, child.class_id.name))),
                'due': due,
                'says': labels['child_due'].replace('{due}', format_kes(due)) if due
                else labels['child_nothing'],
                'takes': child in takers,
                'most': None if provider_sudo.mpesa_allow_credit else due,
                'part': form.parts.get(child.id, '') if form else '',
                'error': str(error) if error and error.field == f'share_{child.id}' else '',
            }
            for child, due in dues.items()
        ],
        # Beside these an error is shown, any other above the form.
        'fields': ['amount', 'phone', 'shares', *(f'share_{child.id}' for child in takers)],
        'form': may_pay and {
            'intent': secrets.token_hex(16),
            'amount': form.amount,
            'phone': form.phone,
            'phone_mask': own.masked if own else '',
            'note': form.note,
            'least': min(provider_sudo.mpesa_least_amount or 1, total),
            'most': most,
            'is_split': total > full,
            'button': _say_button(form, labels),
        },
        'checks': {f'data-{name}': labels[name] for name in (*CHECKS, *FAMILY_CHECKS)},
        'note_letters': NOTE_LETTERS,
        'paybill': _paybill_of_family(provider_sudo, children_sudo, full) if total else None,
        'error': error and describe_error(env, error, children_sudo),
    }


def read_own_phone(text, user):
    """ Return the number a guardian means: the mask stands for the guardian's own.

    :param str text: What came from the browser.
    :param res.users user: The guardian.
    :return: E.164, or the text as it came when it is no Kenyan mobile number.
    :rtype: str
    """
    text = (text or '').strip()
    own = parse_phone(user.partner_id.sudo().phone)
    parsed = own if own and text == own.masked else parse_phone(text)
    return parsed.e164 if parsed else text


def _say_button(form, labels):
    """ Return the words of the main button: with the amount, where it is one. """
    amount = read_amount(form.amount).replace(',', '')
    if not (amount.isascii() and amount.isdigit() and len(amount) <= 12):
        return labels['pay']
    return labels['pay_amount'].replace('{amount}', format_kes(int(amount)))


def _paybill_of_family(provider_sudo, children_sudo, amount):
    """ Return how to pay by hand for all children at once; None where no number stands for them.

    A family's code stands for all its children, those of another guardian too, and those who left
    and still owe; whoever has one of them outside the family pays for each child by itself.
    """
    family_sudo = children_sudo.family_id
    if not provider_sudo or provider_sudo.mpesa_shortcode_type == 'till' or len(
        family_sudo
    ) != 1 or family_sudo.student_ids.filtered(
        lambda student: student.state == 'active' or student.balance > 0
    ) - children_sudo or not all(child.family_id for child in children_sudo):
        return None
    return paybill(provider_sudo, children_sudo[:1], amount, account=family_sudo.code)


def _describe_open_request(children_sudo):
    """ Return what is told of a request that is open for one of the children; None without one.

    :return: heading, what, link, url; as the portal page of a bill tells it.
    :rtype: dict | None
    """
    tx_sudo = children_sudo.env['payment.transaction'].search([
        '|', ('mpesa_student_id', 'in', children_sudo.ids),
        ('mpesa_share_ids.student_id', 'in', children_sudo.ids),
        ('mpesa_push_state', 'in', (*const.OPEN_PUSH_STATES, 'receipt_pending')),
    ], order='id desc', limit=1)
    if not tx_sudo:
        return None
    if may_see_request(tx_sudo):
        return {**last_request(tx_sudo), 'url': tx_sudo.mpesa_attempt_url}
    told = others_request(tx_sudo, children_sudo)
    return told if told['heading'] else None
