from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.school_guardian_phone import to_e164, to_local
from .light_page import answer, find_languages
from .portal_fees import PortalFees
from .rate_limit import RateLimit


CHANGES = RateLimit(20, seconds=3600)  # Each writes a note for the office.
MOST_BYTES = 16_384  # Of a form; its few fields need far less.


class PortalContact(PortalFees):
    """The phone numbers and the language of the guardian who is logged in."""

    _contact_url = '/my/fees/contact'
    _phone_url = '/my/fees/contact/phone'
    _remove_url = '/my/fees/contact/phone/<int:phone_id>/remove'
    _language_url = '/my/fees/contact/language'

    # === ROUTES === #

    @http.route(
        _contact_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False,
    )
    def school_portal_contact(self, done=None, lang=None, **_kwargs):
        """ Show the guardian's own phone numbers and language.

        :param str done: What was changed just now, if anything was.
        :param str lang: 'en' or 'sw'; by default that of the log-in.
        :return: The page, or the neutral one with status 404 for who has no child here.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        if not self._get_children():
            return self._answer_no_child()
        return self._answer_contact(lang, done=done)

    @http.route(
        _phone_url, type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def school_portal_contact_phone(self, phone='', is_first=None, lang=None, **_kwargs):
        """ Propose a number to the school's office, by the rule of `_propose_phone`.

        :param str phone: The number as typed.
        :param str is_first: Given when it is to replace the first number.
        :param str lang: As above.
        :return: A redirection to the page, or the page with the error beside the field (422).
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        if not self._get_children():
            return self._answer_no_child()
        typed = {'phone': phone, 'is_first': bool(is_first)}
        if not self._may_change():
            return self._answer_contact(lang, typed=typed, error=self._say_too_often(), status=429)
        try:
            waits = request.env.user.partner_id._propose_phone(phone, is_first=bool(is_first))
        except UserError as error:
            return self._answer_contact(lang, typed=typed, error=str(error), status=422)
        return self._go_back('waits' if waits else 'first', lang)

    @http.route(
        _remove_url, type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def school_portal_contact_remove(self, phone_id, lang=None, **_kwargs):
        """ Remove a further number of the guardian, or take back one that waits.

        :param int phone_id: The number; that of anybody else is not found.
        :param str lang: As above.
        :return: A redirection to the page, or the page that says why not (422).
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        if not self._get_children():
            return self._answer_no_child()
        if not self._may_change():
            return self._answer_contact(lang, error=self._say_too_often(), status=429)
        try:
            is_removed = request.env.user.partner_id._remove_phone(phone_id)
        except UserError as error:
            return self._answer_contact(lang, error=str(error), status=422)
        if not is_removed:
            return self._answer_no_child()
        return self._go_back('removed', lang)

    @http.route(
        _language_url, type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def school_portal_contact_language(self, language='', lang=None, **_kwargs):
        """ Keep the language of the guardian's pages and messages.

        :param str language: 'en' or 'sw', as chosen.
        :param str lang: As above.
        :return: A redirection to the page, in the language chosen.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        if not self._get_children():
            return self._answer_no_child()
        code = find_languages().get(language)
        if not code:
            return self._answer_contact(lang, status=422)
        if not self._may_change():
            return self._answer_contact(lang, error=self._say_too_often(), status=429)
        request.env.user.partner_id._choose_own_language(code)
        return self._go_back('language', language)

    # === PORTAL ADDRESSES === #

    def _validate_address_values(
        self, address_values, partner_sudo, address_type, use_delivery_as_billing,
        required_fields, **kwargs,
    ):
        """ Override of `portal`: a guardian's number there is proposed too, so it must be one. """
        invalid, missing, messages = super()._validate_address_values(
            address_values, partner_sudo, address_type, use_delivery_as_billing, required_fields,
            **kwargs,
        )
        number = address_values.get('phone')
        kept_sudo = partner_sudo._filter_self_kept()
        if number and kept_sudo and not kept_sudo._has_first_phone(number):
            try:
                kept_sudo._check_own_phone(number, is_first=True, abroad=True)
            except UserError as error:
                invalid.add('phone')
                messages.append(str(error))
        return invalid, missing, messages

    # === HELPERS === #

    def _may_change(self):
        """ Count a change by the guardian who is logged in, and tell whether it is allowed.

        :rtype: bool
        """
        return CHANGES.allow(request.env.uid)

    def _say_too_often(self):
        """ Return what is said to who changes something over and over.

        :rtype: str
        """
        return request.env._(
            "Too many changes within an hour. Nothing was changed. Try again later."
        )

    def _go_back(self, done, lang):
        """ Return to the page after a change.

        :param str done: What was changed.
        :param str lang: The language of the page, if one was chosen.
        :rtype: odoo.http.Response
        """
        return request.redirect(
            f'{self._contact_url}?done={done}{self._get_suffix(lang)}', code=303,
        )

    def _answer_contact(self, lang, done=None, typed=None, error='', status=200):
        """ Answer with the page of the guardian's phones and language.

        :param str lang: What the address asks for, if anything.
        :param str done: What was changed just now, if anything was.
        :param dict typed: What was typed into a refused form.
        :param str error: Why it was refused.
        :param int status: The HTTP status.
        :rtype: odoo.http.Response
        """
        partner_sudo = request.env.user.partner_id.sudo()  # The own phone book, and no other.
        first = to_e164(partner_sudo.phone)
        own = (partner_sudo.lang or '')[:2]
        return answer('school_fees.portal_fees_contact', {
            'path': self._contact_url,
            'suffix': self._get_suffix(lang),
            'csrf_token': request.csrf_token(),
            'done': done,
            'first': to_local(first) if first else '',
            'phones': [
                {
                    'id': phone.id, 'number': to_local(phone.e164),
                    'may_remove': phone.from_portal,
                }
                for phone in partner_sudo.guardian_phone_ids if phone.e164 != first
            ],
            'waiting': [
                {'id': phone.id, 'number': to_local(phone.e164), 'is_first': phone.is_first}
                for phone in partner_sudo.proposed_phone_ids
            ],
            'typed': typed or {'phone': '', 'is_first': False},
            'error': error,
            'own_language': own if own in find_languages() else 'en',
        }, status=status)
