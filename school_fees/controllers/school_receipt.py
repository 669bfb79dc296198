import logging
import re

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from .light_page import HEADERS, answer, choose_language
from .rate_limit import RateLimit


_logger = logging.getLogger(__name__)

SLUG = re.compile(r'[0-9A-Za-z]{12}', re.ASCII)
# Printing starts a program of its own; guessing codes is slowed down. Right codes are never refused
# for their address: parents share it.
PRINTS = RateLimit(6)  # A minute, for each receipt.
WRONG_CODES = RateLimit(60)  # A minute, for each address.


class SchoolReceiptController(http.Controller):
    _page_url = '/rc/<string:slug>'
    _pdf_url = '/rc/<string:slug>/pdf'
    _check_url = '/rc/check/<string:slug>'

    # === ROUTES === #

    @http.route(
        _page_url, type='http', auth='public', methods=['GET'], readonly=True, save_session=False,
        sitemap=False,
    )
    def school_receipt_page(self, slug, lang=None, **_kwargs):
        """ Show a receipt to whoever holds its public code.

        :param str slug: The receipt's public code.
        :param str lang: 'en' or 'sw'; by default what the browser prefers.
        :return: The page, or one neutral page with status 404.
        :rtype: odoo.http.Response
        """
        choose_language(lang)
        receipt = self._find_receipt(slug)
        if not receipt:
            return self._answer_not_found()
        return answer('school_fees.receipt_page', {
            'values': receipt._get_print_values(), 'path': receipt._get_public_url(),
        })

    @http.route(
        _check_url, type='http', auth='public', methods=['GET'], readonly=True,
        save_session=False, sitemap=False,
    )
    def school_receipt_check(self, slug, lang=None, **_kwargs):
        """ Say whether a receipt is genuine, with just enough to compare it by.

        :param str slug: The receipt's public code.
        :param str lang: As above.
        :return: The page, or one neutral page with status 404.
        :rtype: odoo.http.Response
        """
        choose_language(lang)
        receipt = self._find_receipt(slug)
        if not receipt:
            return self._answer_not_found()
        return answer('school_fees.receipt_check_page', {
            'values': receipt._get_check_values(), 'path': f'/rc/check/{slug}',
        })

    @http.route(
        _pdf_url, type='http', auth='public', methods=['GET'], save_session=False, sitemap=False,
    )
    def school_receipt_pdf(self, slug, lang=None, **_kwargs):
        """ Print a receipt for whoever holds its public code: no more than its page shows.

        :param str slug: The receipt's public code.
        :param str lang: As above.
        :return: The PDF file; its page when it is printed too often; or one neutral page with
                 status 404.
        :rtype: odoo.http.Response
        """
        choose_language(lang)
        receipt = self._find_receipt(slug)
        if not receipt:
            return self._answer_not_found()
        if not PRINTS.allow(slug):
            return request.redirect(receipt._get_public_url(), code=303)
        # The code stands for the right to read; reports are for internal users.
        report_sudo = request.env['ir.actions.report'].sudo().with_company(receipt.company_id)
        try:
            pdf, _type = report_sudo.with_context(school_receipt_public=True)._render_qweb_pdf(
                'school_fees.report_school_receipt', receipt.ids,
            )
        except UserError:
            # The printing program failed. The page shows the same; its words are for no payer.
            _logger.warning("A receipt could not be printed; its page was shown instead.")
            return request.redirect(receipt._get_public_url(), code=303)
        return request.make_response(pdf, headers=list({
            **HEADERS,
            'Content-Type': 'application/pdf',
            'Content-Length': str(len(pdf)),
            'Content-Disposition': content_disposition(
                f'{receipt._get_print_filename()}.pdf', disposition_type='inline',
            ),
        }.items()))

    # === HELPERS === #

    def _find_receipt(self, slug):
        """ Return the receipt of a public code.

        :param str slug: The code as the address gave it.
        :return: The receipt in sudo mode, empty for a wrong code and for a receipt not yet posted.
        :rtype: school.receipt
        """
        # The code stands for the right to read.
        receipt_sudo = request.env['school.receipt'].sudo()
        if not SLUG.fullmatch(slug):
            return receipt_sudo
        return receipt_sudo.search([('slug', '=', slug), ('state', '!=', 'draft')], limit=1)

    def _answer_not_found(self):
        """ Answer unknown, wrong and revoked codes alike.

        :return: The neutral page, with status 404, or 429 for an address that tries many.
        :rtype: odoo.http.Response
        """
        allowed = WRONG_CODES.allow(request.httprequest.remote_addr or '')
        return answer(
            'school_fees.receipt_not_found_page', {}, status=404 if allowed else 429,
        )
