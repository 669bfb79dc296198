import re

from odoo import http
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..models.request_error import MpesaRequestError
from .pay_attempt_values import attempt_values, attempt_version
from .pay_page import (
    PRIVATE_HEADERS,
    count_wrong_token,
    neutral_page,
    page_language,
    render_page,
)
from .pay_request import bind_intent, count_prompt, find_own_children, read_amount


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
            return neutral_page(lang)
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
            status = count_wrong_token()
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
            return neutral_page(lang)
        code, odoo_lang = page_language(lang, tx_sudo.partner_lang)
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

    def _render_attempt(self, tx_sudo, lang, typed=None, error=None, status=200):
        code, odoo_lang = page_language(lang, tx_sudo.partner_lang)
        tx_sudo = tx_sudo.with_context(lang=odoo_lang)
        # Of one child the page shows the same to everybody.
        own = tx_sudo.mpesa_share_ids and find_own_children()
        values = attempt_values(
            tx_sudo, typed=typed, error=error, own_children=own and own.sudo().filtered(
                lambda child: child.company_id == tx_sudo.mpesa_student_id.company_id
            ),
        )
        values.update({
            'page_url': f"{values['url']}?lang={code}",
            'state_url': f"{values['url']}/state",
        })
        return render_page(
            'school_mpesa.pay_attempt_page', values, code, odoo_lang, values['url'],
            scripts=('pay_page.js', 'pay_attempt.js'), status=status,
        )


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
