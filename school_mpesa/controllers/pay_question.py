"""The public page that asks a payer whom a payment is for."""

from ..models import pay_page_labels
from .pay_attempt_values import format_kes
from .pay_claim_values import say_error
from .pay_page import page_language, render_page


ANSWER_LETTERS = 80


def answer_question(question_sudo, who, class_name):
    """ Keep what a payer says.

    The page says the same whether there is such a student or not.

    :param mpesa.payer.question question_sudo: The question, in sudo mode and in the language of
                                               the page.
    :param str who: Name or admission number, as typed.
    :param str class_name: The class, as typed; it may be empty.
    :return: None
    :raise MpesaRequestError: If nothing was typed.
    """
    who, class_name = (
        ' '.join((text or '').split())[:ANSWER_LETTERS] for text in (who, class_name)
    )
    if not who:
        raise say_error(question_sudo.env, 'no_student', 'who')
    question_sudo._take_answer(who, class_name)


def render_question(question_sudo, lang, typed=None, error=None, is_answered=False, status=200):
    """ Answer with the page of a question.

    Its holder is the payer: it shows what M-PESA has told the payer, and of any student nothing.

    :param mpesa.payer.question question_sudo: The question, in sudo mode.
    :param str lang: The page language the payer chose.
    :param dict typed: What was typed into a refused form: who, class_name.
    :param MpesaRequestError error: Why it was refused.
    :param bool is_answered: Whether the answer was kept just now.
    :param int status: The HTTP status.
    :rtype: odoo.http.Response
    """
    code, odoo_lang = page_language(lang)
    question_sudo = question_sudo.with_context(lang=odoo_lang)
    movement_sudo = question_sudo.mpesa_transaction_id
    school_sudo = question_sudo.company_id
    labels = pay_page_labels.say_all(question_sudo.env, pay_page_labels.QUESTION_PAGE, {
        'amount': format_kes(movement_sudo.amount),
        'code': movement_sudo.receipt,
        'account': movement_sudo.account_reference or '',
    })
    heading = labels['thanks' if is_answered else 'who_for']
    return render_page('school_mpesa.pay_question_page', {
        'labels': labels,
        'heading': heading,
        'page_title': f'{heading} - {school_sudo.name}',
        'school': school_sudo.name,
        'office_phone': school_sudo.phone,
        'watermark': movement_sudo.provider_id._mpesa_get_watermark(),
        'url': question_sudo._get_public_path(),
        'names_nobody': movement_sudo._names_nobody(),
        'typed': {
            name: ((typed or {}).get(name) or '')[:ANSWER_LETTERS] for name in ('who', 'class_name')
        },
        'error': error and {'field': error.field, 'message': str(error)},
        'is_answered': is_answered,
        'letters': ANSWER_LETTERS,
    }, code, odoo_lang, question_sudo._get_public_path(), status=status)
