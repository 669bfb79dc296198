import math
import secrets

from odoo import http
from odoo.http import request

from odoo.addons.school_fees.controllers.light_page import answer
from odoo.addons.school_fees.controllers.portal_fees import PortalFees

from ..models.mpesa_payment_link_guardian import LINK_DAYS
from ..models.request_error import MpesaRequestError
from .pay_link import MOST_BYTES
from .pay_request import bind_intent, read_amount


class PortalLinks(PortalFees):
    """A guardian asks a relative to pay, by a link that lets pay and shows nothing else."""

    _links_url = '/my/fees/<int:student_id>/links'
    _cancel_url = '/my/fees/<int:student_id>/links/<int:link_id>/cancel'

    # === ROUTES === #

    @http.route(
        _links_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False,
    )
    def school_portal_links(self, student_id, done=None, lang=None, **_kwargs):
        """ Show the guardian's open links for a child, and the form that makes one.

        :param int student_id: The child.
        :param str done: What was done just now, if anything was.
        :param str lang: 'en' or 'sw'; by default that of the log-in.
        :return: The page; the neutral one (404) for anybody else's child, and for a guardian who
                 may not see its amounts.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        child = self._find_payable_child(student_id)
        if not child:
            return self._answer_no_child()
        return self._answer_links(child, lang, done=done)

    @http.route(
        _links_url, type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def school_portal_links_make(
        self, student_id, amount='', days='', intent=None, lang=None, **_kwargs,
    ):
        """ Make a link.

        :param int student_id: The child.
        :param str amount: KES as typed.
        :param str days: For how many days it is open.
        :param str intent: The random id of the rendered form: the same one makes one link.
        :param str lang: As above.
        :return: A redirection to the page, or the page with the error (422).
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        child = self._find_payable_child(student_id)
        if not child:
            return self._answer_no_child()
        value = read_amount(amount)
        try:
            request.env['mpesa.payment.link']._make_for_relative(
                child, value, days, intent=bind_intent(intent, child, value, days),
            )
        except MpesaRequestError as error:
            typed = {'amount': amount, 'days': days}
            return self._answer_links(child, lang, typed=typed, error=error, status=422)
        return self._return_to_links(child, 'made', lang)

    @http.route(
        _cancel_url, type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def school_portal_links_cancel(self, student_id, link_id, lang=None, **_kwargs):
        """ Cancel a link that this guardian has made.

        :param int student_id: The child.
        :param int link_id: The link; anybody else's is not found.
        :param str lang: As above.
        :return: A redirection to the page, or the neutral page.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        child = self._find_payable_child(student_id)
        link_sudo = child and request.env['mpesa.payment.link']._get_own(child).filtered(
            lambda link: link.id == link_id
        )
        if not link_sudo:
            return self._answer_no_child()
        link_sudo._cancel_own()
        return self._return_to_links(child, 'cancelled', lang)

    # === HELPERS === #

    def _find_payable_child(self, student_id):
        """ Return a child of the guardian who is logged in, if its amounts may be seen.

        :param int student_id: The child as the address gave it.
        :rtype: school.student
        """
        return self._find_child(student_id).filtered(self._may_see_amounts)

    def _return_to_links(self, child, done, lang):
        """ Return to the page after a change.

        :param school.student child: The child.
        :param str done: What was done.
        :param str lang: The language of the page, if one was chosen.
        :rtype: odoo.http.Response
        """
        return request.redirect(
            f'/my/fees/{child.id}/links?done={done}{self._get_suffix(lang)}', code=303,
        )

    def _answer_links(self, child, lang, done=None, typed=None, error=None, status=200):
        """ Answer with the page of a child's links.

        :param school.student child: The child.
        :param str lang: What the address asks for, if anything.
        :param str done: What was done just now, if anything was.
        :param dict typed: What was typed into a refused form.
        :param MpesaRequestError error: Why it was refused.
        :param int status: The HTTP status.
        :rtype: odoo.http.Response
        """
        due = math.ceil(round(max(child.sudo().balance, 0), 2))
        return answer('school_mpesa.portal_fees_links', {
            'path': f'/my/fees/{child.id}/links',
            'child_path': f'/my/fees/{child.id}',
            'suffix': self._get_suffix(lang),
            'csrf_token': request.csrf_token(),
            'intent': secrets.token_hex(16),
            'done': done,
            'child': child,
            'first_name': child._get_first_name(),
            'school': child.company_id.sudo().name,
            'due': due,
            'due_text': child.sudo().currency_id._format_plain(due),
            'links': [
                link._get_share_values()
                for link in request.env['mpesa.payment.link']._get_own(child)
            ],
            'days': [
                (str(number), request.env._("%(number)s days", number=number))
                for number in LINK_DAYS
            ],
            'typed': typed or {'amount': str(due), 'days': str(LINK_DAYS[1])},
            'field': error and error.field,
            'error': str(error or ''),
        }, status=status)
