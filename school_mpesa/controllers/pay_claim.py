from odoo import http
from odoo.http import request

from .. import const
from ..models.request_error import MpesaRequestError
from .pay_claim_values import claim_values, read_claim, say_error
from .pay_link import MOST_BYTES
from .pay_page import link_in_language, neutral_page, page_language, render_page
from .pay_question import answer_question, render_question
from .pay_request import count_hour


# Claims an hour from one address, whatever students they are for; as many as prompts.
CLAIMS_PER_HOUR = 100


class PayClaim(http.Controller):
    """Whoever says "I already paid" names the M-PESA code of the payment; and whoever is asked
    whom a payment is for says it.

    The slug in the address is the whole authority, that of a pay page or of a question: no session,
    no log-in, no CSRF token, since no cookie gives any right here. What comes in is a hint, which
    books nothing. Nothing here calls Daraja: a flood of codes must not use up the school's calls.
    """

    @http.route(
        '/c/<string:slug>', type='http', auth='public', methods=['GET'], readonly=True,
        sitemap=False,
    )
    def pay_claim_page(self, slug, lang=None, **_kwargs):
        """ Show the form that takes the code, or the one that takes the student.

        :param str slug: The end of the address.
        :param str lang: The page language the payer chose: 'en' or 'sw'.
        :return: The page, or the neutral page (404) when the address opens nothing.
        :rtype: odoo.http.Response
        """
        if link_sudo := request.env['mpesa.payment.link']._find_slug(slug):
            return self._render_claim(link_sudo, lang)
        if question_sudo := request.env['mpesa.payer.question']._find_slug(slug):
            return render_question(question_sudo, lang)
        return neutral_page(lang)

    @http.route(
        '/c/<string:slug>', type='http', auth='public', methods=['POST'], csrf=False,
        sitemap=False, max_content_length=MOST_BYTES,
    )
    def pay_claim_send(
        self, slug, message=None, amount=None, who=None, class_name=None, lang=None, **_kwargs,
    ):
        """ Look for a payment and note the claim, or note whom a payment is for.

        The answer is no redirection: an address that says "it is there" could be made up.

        :param str slug: The end of the address.
        :param str message: Of a claim: the code as typed, or the whole message.
        :param str amount: Of a claim: the amount as typed; it may be empty.
        :param str who: Of a question: the student's name or number as typed.
        :param str class_name: Of a question: the class as typed; it may be empty.
        :param str lang: The page language.
        :return: The page with the answer, or with the error (422).
        :rtype: odoo.http.Response
        """
        if link_sudo := request.env['mpesa.payment.link']._find_slug(slug):
            return self._take_claim(link_sudo, message, amount, lang)
        if question_sudo := request.env['mpesa.payer.question']._find_slug(slug):
            return self._take_answer(question_sudo, who, class_name, lang)
        return neutral_page(lang)

    # === TOOLS === #

    def _take_claim(self, link_sudo, message, amount, lang):
        """ Look for a payment on the student's account, and note the claim when it is not there.

        :param mpesa.payment.link link_sudo: The link, in sudo mode.
        :rtype: odoo.http.Response
        """
        link_sudo, code = link_in_language(link_sudo, lang)
        env = link_sudo.env
        try:
            claimed_code, claimed_amount = read_claim(env, message, amount)
            self._count(env, 'claim', link_sudo.student_id, 'message')
        except MpesaRequestError as error:
            typed = {'message': message, 'amount': amount}
            return self._render_claim(link_sudo, code, typed=typed, error=error, status=422)
        # In nobody's name: without a CSRF token another site could send it for who is logged in.
        claims = env['school.payment.claim'].with_user(request.env.ref('base.public_user'))
        claim_sudo = claims._file(
            link_sudo.student_id, claimed_code, claimed_amount, source='page', link=link_sudo,
        )
        answer = 'noted' if link_sudo._is_for_relatives() else 'not_here' if claim_sudo else 'here'
        return self._render_claim(link_sudo, code, answer=answer, claimed_code=claimed_code)

    def _take_answer(self, question_sudo, who, class_name, lang):
        """ Keep whom a payment is for, as its payer says.

        :param mpesa.payer.question question_sudo: The question, in sudo mode.
        :rtype: odoo.http.Response
        """
        _code, odoo_lang = page_language(lang)
        question_sudo = question_sudo.with_context(lang=odoo_lang)
        try:
            self._count(question_sudo.env, 'payer answer', question_sudo, 'who')
            answer_question(question_sudo, who, class_name)
        except MpesaRequestError as error:
            typed = {'who': who, 'class_name': class_name}
            return render_question(question_sudo, lang, typed=typed, error=error, status=422)
        return render_question(question_sudo, lang, is_answered=True)

    @staticmethod
    def _count(env, kind, record, field):
        """ Count one more of what comes in, before anything is looked up.

        :param odoo.api.Environment env: The environment, in the language of the page.
        :param str kind: What is counted.
        :param record: The student or question that it is about.
        :param str field: The field beside which it is said.
        :return: None
        :raise MpesaRequestError: If too many came from this address, or about this record.
        """
        counter_sudo = env['mpesa.rate.counter'].sudo()  # Nobody else may count.
        if count_hour(env, 'claim page') > CLAIMS_PER_HOUR or any(
            counter_sudo._hit(kind, str(record.id), seconds) > most
            for most, seconds in const.CLAIM_LIMITS
        ):
            raise say_error(env, 'too_many', field)

    @staticmethod
    def _render_claim(link_sudo, lang, status=200, **kwargs):
        link_sudo, code = link_in_language(link_sudo, lang)
        values = claim_values(link_sudo, **kwargs)
        return render_page(
            'school_mpesa.pay_claim_page', values, code, link_sudo.env.lang, values['url'],
            status=status,
        )
