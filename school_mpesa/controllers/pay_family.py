from odoo import http
from odoo.http import request

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.school_fees.controllers.light_page import answer, choose_language

from ..models import pay_page_labels
from ..models.request_error import MpesaRequestError
from .pay_family_values import FamilyForm, family_values, read_own_phone
from .pay_link import MOST_BYTES
from .pay_link_values import NOTE_LETTERS, can_prompt
from .pay_page import PRIVATE_HEADERS, page_language, render_page
from .pay_request import bind_intent, count_prompt, find_own_children, read_amount


class PayFamily(http.Controller):
    """One payment for several children, by a guardian who has logged in.

    The log-in is the authority here, so forms carry Odoo's CSRF token. Nothing here calls Daraja.
    """

    _url = '/my/fees/pay'
    _school_url = '/my/fees/pay/<int:school_id>'
    _split_url = '/my/fees/pay/<int:school_id>/split'

    @http.route(
        [_url, _school_url], type='http', auth='user', methods=['GET'], readonly=True,
        sitemap=False,
    )
    def pay_family_page(self, school_id=None, lang=None, **_kwargs):
        """ Show what the guardian's children owe, and the form to pay it.

        :param int school_id: The school, for a guardian with children in several.
        :param str lang: The page language the guardian chose: 'en' or 'sw'.
        :return: The page; the neutral one of the portal (404) for who has no child there.
        :rtype: odoo.http.Response
        """
        children = self._find_children(school_id)
        if not children:
            return self._answer_no_child(lang)
        return self._render_family(children, lang)

    @http.route(
        [_url, _school_url], type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def pay_family_ask(
        self, school_id=None, amount=None, phone=None, note=None, show=None, intent=None,
        lang=None, **kwargs,
    ):
        """ Send the prompt, or show how another amount would be shared.

        :param int school_id: As above.
        :param str amount: The amount in whole KES, as typed.
        :param str phone: The phone as typed; the mask stands for the guardian's own.
        :param str note: What the payer tells the school.
        :param str show: Given by the button that asks for the split only.
        :param str intent: The random id of the rendered form: the same one never prompts twice.
        :param str lang: The page language.
        :param dict kwargs: `share_<id>`: the part of a child, as typed.
        :return: A redirection to the attempt, or this page again, with the error (422) if any.
        :rtype: odoo.http.Response
        """
        children = self._find_children(school_id)
        if not children:
            return self._answer_no_child(lang)
        children_sudo, code = self._in_language(children, lang)
        form = FamilyForm(
            amount=amount or '', phone=phone or '', note=note or '',
            # Of the children whom this guardian pays for; any other name is not read.
            parts={child.id: kwargs.get(f'share_{child.id}') or '' for child in children_sudo},
        )
        try:
            if show is not None:
                form.share_out(children_sudo)
                return self._render_family(children, code, form=form)
            tx_sudo = self._ask(children_sudo, form, intent)
        except MpesaRequestError as error:
            return self._render_family(children, code, form=form, error=error, status=422)
        PaymentPostProcessing.monitor_transaction(tx_sudo)
        return request.redirect(f'{tx_sudo.mpesa_attempt_url}?lang={code}', code=303)

    @http.route(
        _split_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False,
    )
    def pay_family_split(self, school_id, amount='', **_kwargs):
        """ Tell the page's script how an amount would be shared.

        :param int school_id: As above.
        :param str amount: The amount in whole KES, as typed.
        :return: JSON: the part of each child by id, whole KES; nothing for what is no amount.
        :rtype: odoo.http.Response
        """
        form = FamilyForm(amount=amount)
        children = self._find_children(school_id)
        try:
            form.share_out(children.sudo())  # Whoever may see what they owe may pay it.
        except MpesaRequestError:
            form.parts = {}
        return request.make_json_response(form.parts, headers=PRIVATE_HEADERS)

    # === TOOLS === #

    @staticmethod
    def _find_children(school_id):
        """ Return the guardian's children at one school whose amounts the guardian may see.

        :param int school_id: The school; by default the first one that collects by M-PESA.
        :rtype: school.student
        """
        children = find_own_children()
        groups = children.grouped(lambda child: child.company_id.sudo())
        if school_id:
            return next((
                group for school, group in groups.items() if school.id == school_id
            ), children.browse())
        Provider = request.env['payment.provider']
        return next(
            (group for school, group in groups.items() if Provider._mpesa_get_default(school)),
            next(iter(groups.values()), children),
        )

    @staticmethod
    def _in_language(children, lang):
        """ Return the children in sudo mode and the language of the page, and its short code. """
        code, odoo_lang = page_language(lang, request.env.user.lang)
        return children.sudo().with_context(lang=odoo_lang), code

    @staticmethod
    def _answer_no_child(lang):
        choose_language(lang or (request.env.user.lang or '')[:2])
        return answer('school_fees.portal_fees_not_found', {}, status=404)

    @staticmethod
    def _ask(children_sudo, form, intent):
        """ Make the request.

        :param school.student children_sudo: The children, in sudo mode.
        :param FamilyForm form: What was typed.
        :param str intent: The random id of the form.
        :return: The request, in sudo mode.
        :rtype: payment.transaction
        :raise MpesaRequestError: If something must be corrected.
        """
        env, user = children_sudo.env, request.env.user
        provider_sudo = env['payment.provider']._mpesa_get_default(children_sudo.company_id)
        if not can_prompt(provider_sudo):
            labels = pay_page_labels.say_all(env, pay_page_labels.NO_PROMPT, {})
            raise MpesaRequestError(labels['no_prompt'], 'provider')
        shares = [
            (child, part) for child in children_sudo
            if (part := read_amount(form.parts[child.id])) not in {'', '0'}
        ]
        amount = read_amount(form.amount)
        if not shares:
            env['payment.transaction']._mpesa_check_amount(
                amount, provider_sudo, children_sudo[:1], env['account.move'],
                children=children_sudo,
            )
            labels = pay_page_labels.say_all(env, pay_page_labels.FAMILY_ERRORS, {})
            raise MpesaRequestError(labels['no_parts'], 'shares')
        count_prompt(env)
        phone = read_own_phone(form.phone, user)
        agreed = '|'.join([amount, *(f'{child.id}:{part}' for child, part in shares)])
        return env['payment.transaction']._mpesa_ask(
            provider=provider_sudo,
            student=shares[0][0],
            shares=shares,
            amount=amount,
            phone=phone,
            channel='statement',
            note=' '.join(form.note.split())[:NOTE_LETTERS] or None,
            intent=bind_intent(intent, user.partner_id, agreed, phone),
            payer_lang=env.lang,
        )

    def _render_family(self, children, lang, form=None, error=None, status=200):
        children_sudo, code = self._in_language(children, lang)
        user = request.env.user.with_context(lang=children_sudo.env.lang)
        schools = find_own_children().company_id
        url = f'{self._url}/{children_sudo.company_id.id}' if len(schools) > 1 else self._url
        values = family_values(children_sudo, user, form=form, error=error)
        values.update({
            'url': url,
            'split_url': f'{self._url}/{children_sudo.company_id.id}/split',
            'csrf_token': request.csrf_token(),
        })
        return render_page(
            'school_mpesa.pay_family_page', values, code, children_sudo.env.lang, url,
            scripts=('pay_page.js', 'pay_link.js', 'pay_family.js'), status=status,
        )
