from odoo import http
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..models import pay_page_labels
from ..models.request_error import MpesaRequestError
from .pay_form_values import read_phone
from .pay_link_values import NOTE_LETTERS, can_prompt, link_values
from .pay_page import link_in_language, neutral_page, render_page
from .pay_request import bind_intent, count_prompt, read_amount


MOST_BYTES = 16_384  # Of a form; its few fields need far less.
# They fetch an address to show a preview in a chat; nobody has opened the link then.
PREVIEW_AGENTS = ('whatsapp', 'facebookexternalhit', 'telegrambot', 'twitterbot', 'bot/')


class PayLink(http.Controller):
    """The public pay page of a link, a bill or a statement.

    The slug in the address is the whole authority: no session, no log-in, no CSRF token, since no
    cookie gives any right here. Nothing here calls Daraja.
    """

    @http.route(
        '/p/<string:slug>', type='http', auth='public', methods=['GET'], readonly=True,
        sitemap=False,
    )
    def pay_link_page(self, slug, lang=None, **_kwargs):
        """ Show what a link asks for, and the form to pay it.

        :param str slug: The end of the address.
        :param str lang: The page language the payer chose: 'en' or 'sw'.
        :return: The page, or the neutral page (404) when the link cannot be opened.
        :rtype: odoo.http.Response
        """
        link_sudo = request.env['mpesa.payment.link']._find_slug(slug)
        if not link_sudo:
            return neutral_page(lang)
        agent = (request.httprequest.user_agent.string or '').lower()
        if not request.env.user._is_internal() and not any(
            name in agent for name in PREVIEW_AGENTS
        ):
            link_sudo.env['mpesa.link.opening']._count_one(link_sudo.id)
        return self._render_link(link_sudo, lang)

    @http.route(
        '/p/<string:slug>', type='http', auth='public', methods=['POST'], csrf=False,
        sitemap=False, max_content_length=MOST_BYTES,
    )
    def pay_link_ask(
        self, slug, choice=None, amount=None, phone=None, note=None, intent=None, lang=None,
        **_kwargs,
    ):
        """ Send the prompt.

        :param str slug: The end of the address.
        :param str choice: The amount of the chosen button; empty for another amount.
        :param str amount: That other amount in whole KES, as typed.
        :param str phone: The phone as typed; the mask stands for the first guardian's.
        :param str note: What the payer tells the school.
        :param str intent: The random id of the rendered form: the same one never prompts twice.
        :param str lang: The page language.
        :return: A redirection to the attempt, or this page again with the error (422).
        :rtype: odoo.http.Response
        """
        link_sudo = request.env['mpesa.payment.link']._find_slug(slug)
        if not link_sudo:
            return neutral_page(lang)
        link_sudo, code = link_in_language(link_sudo, lang)
        student_sudo = link_sudo.student_id
        new_amount = read_amount(choice or amount)
        new_phone = read_phone(phone, student_sudo, link_sudo)
        provider_sudo = link_sudo._get_provider()
        try:
            if not can_prompt(provider_sudo):
                labels = pay_page_labels.say_all(link_sudo.env, pay_page_labels.NO_PROMPT, {})
                raise MpesaRequestError(labels['no_prompt'], 'provider')
            count_prompt(link_sudo.env)
            tx_sudo = link_sudo.env['payment.transaction']._mpesa_ask(
                provider=provider_sudo,
                student=student_sudo,
                invoices=link_sudo._get_bills(),
                amount=new_amount,
                phone=new_phone,
                channel=link_sudo._get_channel(),
                note=' '.join((note or '').split())[:NOTE_LETTERS] or None,
                intent=bind_intent(intent, link_sudo, new_amount, new_phone),
                payer_lang=link_sudo.env.lang,
                link=link_sudo,
            )
        except MpesaRequestError as error:
            typed = {'choice': choice, 'amount': amount, 'phone': phone, 'note': note}
            return self._render_link(link_sudo, code, typed=typed, error=error, status=422)
        PaymentPostProcessing.monitor_transaction(tx_sudo)
        return request.redirect(f'{tx_sudo.mpesa_attempt_url}?lang={code}', code=303)

    # === TOOLS === #

    def _render_link(self, link_sudo, lang, typed=None, error=None, status=200):
        link_sudo, code = link_in_language(link_sudo, lang)
        user = request.env.user.with_context(lang=link_sudo.env.lang)
        values = link_values(link_sudo, user, typed=typed, error=error)
        return render_page(
            'school_mpesa.pay_link_page', values, code, link_sudo.env.lang, values['url'],
            scripts=('pay_page.js', 'pay_link.js'), status=status,
        )
