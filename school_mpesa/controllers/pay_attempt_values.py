"""The values of the waiting page: what one attempt lets its payer see, ready for QWeb."""

import math
import secrets
import time
from decimal import Decimal

from odoo.tools import format_datetime
from odoo.tools.translate import LazyTranslate

from .. import const, daraja
from ..models import pay_page_labels, pay_page_text
from .pay_request import describe_error


_lt = LazyTranslate(__name__)

# How long M-PESA keeps the PIN pop-up open on the handset, in seconds: the length of the bar.
PROMPT_SECONDS = 60
NAIROBI = 'Africa/Nairobi'
TONE_ICONS = {'wait': '…', 'check': '?', 'good': '✓', 'bad': '!'}
CALL_OFFICE = _lt("call %(phone)s")
CALL_OFFICE_UNKNOWN = _lt("call the accounts office")
AND_OTHERS = _lt("%(named)s and other children")


def format_kes(amount):
    """ Write an amount as pages, receipts and SMS do: thousands by comma, cents only if present.

    :param amount: The amount in KES.
    :rtype: str
    """
    amount = Decimal(str(amount)).quantize(Decimal('0.01'))
    return f'{amount:,.0f}' if amount == amount.to_integral_value() else f'{amount:,.2f}'


def first_name(student):
    """ Return the part of the student's name that a link alone may show. """
    return (student.name or '').split(' ')[0]


def attempt_values(tx, typed=None, error=None, own_children=()):
    """ Return the rendering values of the waiting page of one attempt.

    :param payment.transaction tx: The attempt, in sudo mode (its token is the authority) and in
                                   the language of the page.
    :param dict typed: What the payer typed into a refused retry form: amount, phone.
    :param MpesaRequestError error: Why that retry was refused.
    :param own_children: The students of whom the reader may see more than a link alone shows.
    :rtype: dict
    """
    env = tx.env
    view = attempt_view(tx)
    words = attempt_words(tx, view, own_children)
    labels = pay_page_labels.say_all(env, pay_page_labels.ATTEMPT_PAGE, words)
    elapsed = _elapsed(view)
    phases = [
        {
            'from': start,
            'heading': _say(env, text.heading, words),
            'body': _say(env, text.body, words),
            'strong': _say(env, text.strong, words),
            'tone': text.tone,
            'icon': TONE_ICONS[text.tone],
            'title': _page_title(tx, _say(env, text.heading, words), words),
        }
        for start, text in pay_page_text.phases(view)
    ]
    current = [phase for phase in phases if phase['from'] <= elapsed][-1]
    declined = view['state'] == 'declined'
    has_receipt = view['state'] == 'paid' and not (view['given_back'] or view['denied'])
    return {
        'view': view,
        'version': attempt_version(view),
        'now': current,
        'phases': phases,
        'elapsed': elapsed,
        'bar_percent': min(100, elapsed * 100 // PROMPT_SECONDS),
        'bar_left': max(0, PROMPT_SECONDS - elapsed),
        'page_title': current['title'],
        'school': tx.company_id.name,
        'watermark': tx.provider_id._mpesa_get_watermark(),
        'url': tx.mpesa_attempt_url,
        'office_phone': tx.company_id.phone,
        'labels': labels,
        'facts': _receipt_facts(tx, view, words, labels, own_children) if has_receipt else [],
        'pay_rest': _pay_rest(tx, labels, own_children) if has_receipt else None,
        'receipt': tx.mpesa_receipt_id if has_receipt else None,
        'paybill': _paybill_of_attempt(tx, view),
        'claim_url': _claim_url(tx, view),
        'retry': _retry(tx, view, typed, error) if view['retry'] else None,
        'retry_later': declined and not view['retry'] and _may_retry_later(view),
        'error': error and describe_error(env, error, tx._mpesa_get_students(), tx),
    }


def attempt_view(tx):
    """ Return what the payer may know of an attempt, with whether the student now has credit.

    :param payment.transaction tx: The attempt, in sudo mode.
    :rtype: dict
    """
    view = dict(tx._mpesa_payer_view())
    view['balance'] = tx.mpesa_student_id.balance if view['state'] == 'paid' else 0
    view['is_family'] = len(tx._mpesa_get_students()) > 1
    view['is_relative'] = bool(tx.mpesa_link_id) and tx.mpesa_link_id._is_for_relatives()
    view['credit'] = tx.currency_id.compare_amounts(view['balance'], 0) < 0
    return view


def attempt_words(tx, view, own_children=()):
    """ Return what the placeholders of the page's words stand for.

    :param payment.transaction tx: The attempt, in sudo mode.
    :param dict view: What `attempt_view` returned.
    :param own_children: As in :func:`attempt_values`.
    :rtype: dict[str, str]
    """
    student = tx.mpesa_student_id
    shown, others = _known_children(tx, own_children)
    named = ', '.join(f'{first_name(child)} ({child.admission_no})' for child in shown)
    return {
        'amount': format_kes(view['amount']),
        'balance': format_kes(max(view['balance'], 0)),
        # Of what came twice, only what is not due is extra.
        'extra': format_kes(sum(
            min(part, max(Decimal(str(-child.balance)), 0)) for child, part in _get_parts(tx)
        )) if view['state'] == 'paid' else '0',
        'credit': format_kes(max(-view['balance'], 0)),
        'cap': format_kes(daraja.MOST_AMOUNT),
        'phone': view['phone_mask'],
        'pupil': first_name(student),
        'part': format_kes(tx._mpesa_get_part(student)),
        'office': _office(tx.env, tx.company_id),
        'student': _say(tx.env, AND_OTHERS, {'named': named}) if others else named,
    }


def last_request(tx):
    """ Return how the page of a bill tells about its last request.

    :param payment.transaction tx: The attempt, in sudo mode and in the language of the page.
    :return: heading, what, link.
    :rtype: dict[str, str]
    """
    view = attempt_view(tx)
    words = attempt_words(tx, view)
    current = [text for start, text in pay_page_text.phases(view) if start <= _elapsed(view)][-1]
    return {
        'heading': _say(tx.env, current.heading, words),
        **pay_page_labels.say_all(tx.env, pay_page_labels.LAST_REQUEST, words),
    }


def others_request(tx, children=()):
    """ Return how the page of a bill tells about a request that is not the reader's own.

    :param payment.transaction tx: The attempt, in sudo mode and in the language of the page.
    :param children: The students of whose parts the reader is told; by default the whole sum.
    :return: heading ('' once it is no longer open), and no link.
    :rtype: dict[str, str]
    """
    is_open = tx.mpesa_push_state in {*const.OPEN_PUSH_STATES, 'receipt_pending'}
    if not is_open or tx.mpesa_needs_person:
        return {'heading': '', 'what': '', 'link': '', 'url': ''}
    amount = sum(tx._mpesa_get_part(child) for child in children) if children else tx.amount
    words = {'amount': format_kes(amount)}
    heading = _say(tx.env, pay_page_labels.OTHERS_REQUEST, words)
    return {'heading': heading, 'what': '', 'link': '', 'url': ''}


def attempt_version(view):
    """ Return what changes whenever the page would show something else.

    The seconds of a countdown are left out: the page counts them down by itself.

    :param dict view: What the payer may know.
    :rtype: str
    """
    shown = ('version', 'state', 'code', 'late', 'retry', 'paid_twice')
    return '-'.join(str(view.get(key, '')) for key in shown).replace('False', '0').replace(
        'True', '1',
    )


def paybill(provider_sudo, student_sudo, amount, account=None):
    """ Return how to pay by hand, without the prompt.

    :param payment.provider provider_sudo: The shortcode, in sudo mode.
    :param school.student student_sudo: The student, in sudo mode.
    :param amount: The amount in KES.
    :param str account: Another account number than the student's own.
    :return: is_till; lines, as (label, what to read, what to copy). A till takes no account.
    :rtype: dict
    """
    is_till = provider_sudo.mpesa_shortcode_type == 'till'
    number = provider_sudo._mpesa_get_payer_number()
    account = account or student_sudo.admission_no
    amount = int(amount)
    return {
        'is_till': is_till,
        'lines': [
            ('till_number' if is_till else 'paybill_number', number, number),
            *([] if is_till else [('account', account, account)]),
            ('amount', f'KES {format_kes(amount)}', str(amount)),
        ],
    }


def _paybill_of_attempt(tx, view):
    """ Return how to pay an attempt by hand; None where that would not be right.

    What is typed on one child's account is that child's: of several children's sum only the part of
    the named child is told, and at a till, which takes no account, nothing.
    """
    is_till = tx.provider_id.mpesa_shortcode_type == 'till'
    if view['state'] in {'paid', 'receipt_pending'} or (view['is_family'] and is_till):
        return None
    student = tx.mpesa_student_id
    return paybill(tx.provider_id, student, tx._mpesa_get_part(student))


def _claim_url(tx, view):
    """ Return where a payer who has paid already says so; None where nothing is open.

    Only on the way that the payer came by: an attempt's address opens no other.
    """
    link = tx.mpesa_link_id
    may_be_paid = view['state'] in {'checking', 'declined'} and link.state == 'active'
    return f'/c/{link.slug}' if may_be_paid else None


def _get_parts(tx):
    """ Return what a request asks for each child, as (student, Decimal KES), in order. """
    return [(student, tx._mpesa_get_part(student)) for student in tx._mpesa_get_students()]


def _known_children(tx, own_children):
    """ Return the children whom the reader may know of, and the others.

    The address of an attempt shows the child that the request names; brothers and sisters need a
    log-in (design section 5).
    """
    students = tx._mpesa_get_students()
    shown = students.filtered(
        lambda student: student == tx.mpesa_student_id or student in own_children
    )
    return shown, students - shown


def _pay_rest(tx, labels, own_children):
    """ Return the way to what M-PESA did not take at once; None when nothing is left to pay. """
    if not own_children or tx.amount < daraja.MOST_AMOUNT:
        return None
    rest = sum(math.ceil(round(max(child.balance, 0), 2)) for child in own_children)
    return {
        'url': f'/my/fees/pay/{tx.mpesa_student_id.company_id.id}',
        'label': labels['pay_rest'].replace('{rest}', format_kes(rest)),
    } if rest else None


def _receipt_facts(tx, view, words, labels, own_children=()):
    """ Return the lines of the receipt, as (label, value). """
    env = tx.env
    receipt = tx.mpesa_receipt_id
    facts = [
        (labels['receipt'], receipt.number),
        (labels['code'], tx.mpesa_receipt_number),
        (labels['amount'], f"KES {format_kes(receipt.amount or view['amount'])}"),
    ]
    if receipt.paid_at:
        date = format_datetime(
            env, receipt.paid_at, tz=NAIROBI, dt_format='d MMM yyyy, HH:mm',
            lang_code=env.context.get('lang'),
        )
        facts.append((labels['date'], date))
    if view['is_family']:
        shown, others = _known_children(tx, own_children)
        parts = dict(_get_parts(tx))
        for child in shown:
            said = labels['with_credit' if child.balance < 0 else 'with_balance']
            facts.append((
                f'{first_name(child)} ({child.admission_no})',
                said.replace('{part}', format_kes(parts[child])).replace(
                    '{balance}', format_kes(abs(child.balance)),
                ),
            ))
        if others:
            rest = sum(parts[child] for child in others)
            facts.append((labels['other_children'], f'KES {format_kes(rest)}'))
        return [fact for fact in facts if fact[1]]
    facts.append((labels['student'], words['student']))
    if view['is_relative']:  # What the family owes is not told.
        return [fact for fact in facts if fact[1]]
    if view['credit']:
        facts.append((labels['credit'], f"KES {words['credit']}"))
    else:
        facts.append((labels['balance'], f"KES {words['balance']}"))
    return [fact for fact in facts if fact[1]]


def _say(env, text, words):
    sentence = env._(text) if text else ''
    return sentence % words


def _elapsed(view):
    """ Return for how many seconds the request has been out, 0 before it is. """
    return max(0, int(time.time() - view['sent_at'])) if view['sent_at'] else 0


def _page_title(tx, heading, words):
    amount = f"KES {words['amount']}"
    parts = [heading, *([] if amount in heading else [amount]), tx.company_id.name]
    return ' - '.join(parts)


def _office(env, company):
    sentence = env._(CALL_OFFICE if company.phone else CALL_OFFICE_UNKNOWN)
    return sentence % {'phone': company.phone}


def _may_retry_later(view):
    """ Return whether a retry is held back only until a query has confirmed the outcome. """
    return bool(view['code']) and daraja.result_code(view['code']).retry == 'after_query'


def _retry(tx, view, typed, error):
    """ Return the values of the retry form: what was typed stays, the rest is the last attempt. """
    typed = typed or {}
    code_words = pay_page_text.BY_CODE.get(view['code'], pay_page_text.NOT_SENT)
    is_fixed = tx.mpesa_share_ids or (tx.mpesa_link_id and not tx.mpesa_link_id.may_change)
    return {
        'fields': ('phone',) if is_fixed else ('amount', 'phone'),
        'change': 'change_number' if is_fixed else 'change',
        # Behind a log-in: there the guardian sees all the children again.
        'other_url': tx.mpesa_share_ids and f'/my/fees/pay/{tx.mpesa_student_id.company_id.id}',
        'amount': typed.get('amount') or str(view['amount']),
        'phone': typed.get('phone') or view['phone_mask'],
        'mask': view['phone_mask'],
        'wait': view.get('retry_in') or 0,
        'open': bool(error) or code_words.change_amount,
        'intent': secrets.token_hex(16),
    }
