import functools
import re

from markupsafe import Markup

from odoo import http
from odoo.http import request
from odoo.tools import file_open

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..models import pay_page_labels
from ..models.request_error import MpesaRequestError
from . import pay_language
from .pay_attempt_values import attempt_values, attempt_version
from .pay_request import bind_intent, count_prompt, read_amount


# Nothing of a payer's page may be kept by a proxy, found by a search engine or told to a link.
PRIVATE_HEADERS = [
    ('Cache-Control', 'no-store'),
    ('X-Robots-Tag', 'noindex'),
    ('Referrer-Policy', 'no-referrer'),
    ('X-Content-Type-Options', 'nosniff'),
]
# A page brings its style and script along; it talks to its own server only.
PAGE_HEADERS = [
    *PRIVATE_HEADERS,
    ('Content-Security-Policy', (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
        " connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )),
]
WRONG_TOKENS_PER_MINUTE = 60
LANGUAGE_LABELS = {'en': "English", 'sw': "Kiswahili"}
# What an attempt token looks like: anything else is answered without asking the database.
TOKEN_PATTERN = re.compile(r'[0-9a-f]{32}')


class PayAttempt(http.Controller):
    """The waiting page of one payment attempt.

    The token in the address is the whole authority: no session, no log-in. The same address in
    another browser, or after a restart, shows the same state. Nothing here calls Daraja.
    """

    @http.route(
        '/p/a/<string:attempt>', type='http', auth='public', methods=['GET'], readonly=True,
        sitemap=False,
    )
    def pay_attempt_page(self, attempt, lang=None, **_kwargs):
        """ Show what happened to one attempt, and what the payer can do now.

        :param str attempt: The attempt token.
        :param str lang: The page language the payer chose: 'en' or 'sw'.
        :return: The page, or the neutral page (404) when the token is not that of an attempt.
        :rtype: odoo.http.Response
        """
        tx_sudo = self._find_attempt(attempt)
        if not tx_sudo:
            return self._neutral_page(lang)
        return self._render_attempt(tx_sudo, lang)

    @http.route(
        '/p/a/<string:attempt>/state', type='http', auth='public', methods=['GET'], readonly=True,
        sitemap=False, save_session=False,
    )
    def pay_attempt_state(self, attempt, v='', **_kwargs):
        """ Tell the waiting page whether it still shows the truth. Reads the database only.

        :param str attempt: The attempt token.
        :param str v: The version that the page shows.
        :return: 204 when nothing changed; else JSON: v (version), s (state), d (1 when nothing
                 more is expected), u (the page to show). Never a name, a phone or M-PESA's words.
        :rtype: odoo.http.Response
        """
        tx_sudo = self._find_attempt(attempt)
        if not tx_sudo:
            status = self._count_wrong_token()
            return request.make_response('', headers=PRIVATE_HEADERS, status=status)
        view = tx_sudo._mpesa_payer_view()
        version = attempt_version(view)
        if version == v:
            return request.make_response('', headers=PRIVATE_HEADERS, status=204)
        return request.make_json_response({
            'v': version,
            's': view['state'],
            'd': int(view['state'] == 'paid'),
            'u': tx_sudo.mpesa_attempt_url,
        }, headers=PRIVATE_HEADERS)

    @http.route(
        '/p/a/<string:attempt>/again', type='http', auth='public', methods=['POST'], csrf=False,
        sitemap=False,
    )
    def pay_attempt_again(
        self, attempt, amount=None, phone=None, intent=None, lang=None, **_kwargs
    ):
        """ Ask for the money again, where the server allows it.

        There is no CSRF token: no cookie gives any right here, only the token in the address does.

        :param str attempt: The attempt token.
        :param str amount: The amount in whole KES, as typed.
        :param str phone: The phone as typed; the mask stands for the phone of this attempt.
        :param str intent: The random id of the rendered form: the same one never prompts twice.
        :param str lang: The page language.
        :return: A redirection to the new attempt, or this page again with the error (422).
        :rtype: odoo.http.Response
        """
        tx_sudo = self._find_attempt(attempt)
        if not tx_sudo:
            return self._neutral_page(lang)
        code, odoo_lang = self._page_language(lang, tx_sudo)
        tx_sudo = tx_sudo.with_context(lang=odoo_lang)
        new_amount, new_phone = read_amount(amount), (phone or '').strip()
        if new_phone == tx_sudo.mpesa_phone_mask:
            new_phone = ''
        try:
            count_prompt(tx_sudo.env)
            new_tx_sudo = tx_sudo._mpesa_retry(
                amount=new_amount or None,
                phone=new_phone or None,
                intent=bind_intent(intent, tx_sudo, new_amount, new_phone),
            )
        except MpesaRequestError as error:
            return self._render_attempt(
                tx_sudo, code, typed={'amount': amount, 'phone': phone}, error=error, status=422,
            )
        if request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY) == tx_sudo.id:
            PaymentPostProcessing.monitor_transaction(new_tx_sudo)
        return request.redirect(f'{new_tx_sudo.mpesa_attempt_url}?lang={code}', code=303)

    # === TOOLS === #

    @staticmethod
    def _find_attempt(token):
        """ Return the attempt of a token in sudo mode, or an empty recordset. """
        transactions_sudo = request.env['payment.transaction'].sudo()  # The token is the authority.
        if not TOKEN_PATTERN.fullmatch(token):
            return transactions_sudo.browse()
        return transactions_sudo._mpesa_find_attempt(token)

    @staticmethod
    def _page_language(wish, tx_sudo=None):
        """ Return the short and the Odoo code of the page language.

        The choice of the payer, then the language of the request, the browser, the guardian.
        """
        offered = pay_language.offered_languages(request.env)
        wishes = [wish]
        if tx_sudo:
            wishes += [tx_sudo.partner_lang, request.httprequest.accept_languages.best]
        else:
            wishes.append(request.httprequest.accept_languages.best)
        code = pay_language.choose_language(offered, *wishes)
        return code, offered[code]

    def _render_attempt(self, tx_sudo, lang, typed=None, error=None, status=200):
        code, odoo_lang = self._page_language(lang, tx_sudo)
        tx_sudo = tx_sudo.with_context(lang=odoo_lang)
        values = attempt_values(tx_sudo, typed=typed, error=error)
        values.update({
            'page_url': f"{values['url']}?lang={code}",
            'state_url': f"{values['url']}/state",
        })
        return self._render_page(
            'school_mpesa.pay_attempt_page', values, code, odoo_lang, values['url'],
            script='school_mpesa/static/src/pay/pay_attempt.js', status=status,
        )

    def _neutral_page(self, lang):
        """ Answer a link that opens nothing, always with the same bytes. """
        code, odoo_lang = self._page_language(lang)
        labels = pay_page_labels.say_all(
            request.env(context={'lang': odoo_lang}), pay_page_labels.NEUTRAL_PAGE, {},
        )
        values = {'labels': labels, 'page_title': labels['heading']}
        return self._render_page(
            'school_mpesa.pay_neutral_page', values, code, odoo_lang, None,
            status=self._count_wrong_token(),
        )

    @staticmethod
    def _count_wrong_token():
        """ Count a wrong token and return the HTTP status to answer with.

        Only wrong tokens are counted: parents share addresses, and a right one is never refused.

        :return: 404, or 429 for an address that tries many.
        :rtype: int
        """
        counter_sudo = request.env['mpesa.rate.counter'].sudo()  # Nobody else may count.
        hits = counter_sudo._hit('wrong page', request.httprequest.remote_addr or '', 60)
        return 404 if hits <= WRONG_TOKENS_PER_MINUTE else 429

    @staticmethod
    def _render_page(template, values, code, odoo_lang, url, script=None, status=200):
        """ Render a stand-alone page: style and script inside, nothing else to fetch.

        :param str template: The template.
        :param dict values: Its values.
        :param str code: The short code of the page language.
        :param str odoo_lang: The `res.lang` code of that language.
        :param str url: The address of the page, for the link to the other language.
        :param str script: The script file to inline.
        :param int status: The HTTP status.
        :rtype: odoo.http.Response
        """
        other = next((
            other for other in pay_language.offered_languages(request.env) if other != code
        ), None)
        html = request.env['ir.qweb'].with_context(lang=odoo_lang)._render(template, {
            **values,
            'doctype': Markup('<!DOCTYPE html>'),
            'page_lang': code,  # 'lang' is taken: QWeb keeps the Odoo code there.
            'css': _inline('school_mpesa/static/src/pay/pay.css'),
            'js': _inline(script) if script else '',
            'other_lang': url and other and {
                'code': other, 'label': LANGUAGE_LABELS[other], 'url': f'{url}?lang={other}',
            },
        })
        return request.make_response(html.strip(), headers=[
            ('Content-Type', 'text/html; charset=utf-8'), *PAGE_HEADERS,
        ], status=status)


class MpesaPostProcessing(PaymentPostProcessing):

    @http.route()
    def display_status(self, **kwargs):
        """ Override of `payment` to show an M-PESA attempt on its own page.

        Odoo's page would say that the payment is on its way before a PIN was typed.
        """
        tx_sudo = self._get_monitored_transaction()
        if tx_sudo.provider_code == 'mpesa' and tx_sudo.mpesa_attempt_url:
            return request.redirect(tx_sudo.mpesa_attempt_url)
        return super().display_status(**kwargs)


@functools.cache
def _inline(path):
    """ Return a style or script file of this add-on, to stand inside a page.

    :param str path: The path below the add-ons folder.
    :rtype: Markup
    """
    with file_open(path) as source_file:
        return Markup(source_file.read())  # noqa: S704 - our own file, no user input
