import hmac

from odoo import http
from odoo.http import request

from .rate_limit import RateLimit


# Wrong addresses are counted; the right one is never refused for its rate.
WRONG_TOKENS = RateLimit(60)  # A minute, for each caller.
MOST_BYTES = 16384
MOST_LETTERS = 100


class SchoolSmsController(http.Controller):
    _report_url = '/school-sms/<string:token>/report'

    # === ROUTES === #

    @http.route(
        _report_url, type='http', auth='public', methods=['POST'], csrf=False, save_session=False,
        sitemap=False, max_content_length=MOST_BYTES, readonly=False,
    )
    def school_sms_report(self, token, **_fields):
        """ Take a delivery report of the gateway.

        :param str token: The secret of the school's address.
        :return: The same answer for every report at a right address, known or not, new or repeated.
        :rtype: odoo.http.Response
        """
        company_sudo = self._find_company(token)
        if not company_sudo:
            allowed = WRONG_TOKENS.allow(request.httprequest.remote_addr or '')
            return self._answer('', 404 if allowed else 429)
        told = {
            name: ''.join(
                letter for letter in request.httprequest.form.get(name, '')[:MOST_LETTERS]
                if letter.isprintable()
            )
            for name in ('id', 'status', 'phoneNumber', 'failureReason')
        }
        # The address stands for the right to tell; nobody may read or write the records themselves.
        request.env['sms.tracker'].sudo()._take_report(
            company_sudo, told['id'], told['status'], told['phoneNumber'], told['failureReason'],
        )
        return self._answer('OK', 200)

    # === HELPERS === #

    def _find_company(self, token):
        """ Return the school of an address, compared in constant time.

        :param str token: The secret, as the address gave it.
        :return: The school in sudo mode; empty for a wrong secret.
        :rtype: res.company
        """
        companies_sudo = request.env['res.company'].sudo()
        given = token.encode('utf-8', 'replace')
        found = companies_sudo.browse()
        for company in companies_sudo.search([('school_sms_report_token', '!=', False)]):
            if hmac.compare_digest(company.school_sms_report_token.encode(), given):
                found = company
        return found

    def _answer(self, text, status):
        return request.make_response(text, status=status, headers=[
            ('Content-Type', 'text/plain; charset=utf-8'), ('Cache-Control', 'no-store'),
        ])
