from odoo import http
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal

from .light_page import HEADERS, answer, choose_language
from .rate_limit import RateLimit


PRINTS = RateLimit(12)  # A minute, for each person: printing starts a program of its own.


class PortalFees(CustomerPortal):
    """The fees of a guardian's children, to read only."""

    _home_url = '/my/fees'
    _child_url = '/my/fees/<int:student_id>'
    _statement_url = '/my/fees/<int:student_id>/statement.pdf'
    _receipt_url = '/my/fees/<int:student_id>/receipt/<int:receipt_id>.pdf'

    # === ROUTES === #

    @http.route(_home_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False)
    def school_portal_fees(self, lang=None, **_kwargs):
        """ Show the children of the guardian who is logged in.

        :param str lang: 'en' or 'sw'; by default that of the log-in.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        Statement = request.env['school.statement']
        return answer('school_fees.portal_fees_home', {
            'path': self._home_url,
            'home': Statement._get_portal_home(self._get_children()),
            'suffix': self._get_suffix(lang),
        })

    @http.route(_child_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False)
    def school_portal_child(self, student_id, period=None, lang=None, **_kwargs):
        """ Show the account of one child.

        :param int student_id: The child.
        :param str period: The key of the period; by default the year that runs.
        :param str lang: As above.
        :return: The page, or a neutral one with status 404 for anybody else's child.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        child = self._find_child(student_id)
        if not child:
            return self._answer_no_child()
        return answer('school_fees.portal_fees_child', {
            'path': f'/my/fees/{child.id}',
            'suffix': self._get_suffix(lang),
            **request.env['school.statement']._get_portal_child(child, period),
        })

    @http.route(
        _statement_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False,
    )
    def school_portal_statement_pdf(self, student_id, period=None, lang=None, **_kwargs):
        """ Print the account of one child.

        :param int student_id: The child.
        :param str period: As above.
        :param str lang: As above.
        :return: The PDF file, or the neutral page.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        child = self._find_child(student_id)
        if not child or not self._may_see_amounts(child):
            return self._answer_no_child()
        chosen = request.env['school.statement']._choose_period(child, period)
        return self._answer_pdf(
            child, 'school_fees.report_school_statement', child._get_statement_filename(), None,
            data={
                'student_ids': child.ids,
                'date_from': str(chosen['date_from'] or ''),
                'date_to': str(chosen['date_to'] or ''),
            },
        )

    @http.route(
        _receipt_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False,
    )
    def school_portal_receipt_pdf(self, student_id, receipt_id, lang=None, **_kwargs):
        """ Print a receipt of one child.

        :param int student_id: The child.
        :param int receipt_id: The receipt.
        :param str lang: As above.
        :return: The PDF file, or the neutral page.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        child = self._find_child(student_id)
        receipt = child and request.env['school.receipt'].search([
            ('id', '=', receipt_id), ('line_ids.student_id', '=', child.id),
        ])
        if not receipt or not self._may_see_amounts(child):
            return self._answer_no_child()
        return self._answer_pdf(
            child, 'school_fees.report_school_receipt',
            f"Receipt-{receipt.number.replace('/', '-')}", receipt.ids,
        )

    # === PORTAL HOME === #

    def _prepare_home_portal_values(self, counters):
        """ Override of `portal` to count the guardian's children. """
        values = super()._prepare_home_portal_values(counters)
        if 'school_child_count' in counters:
            values['school_child_count'] = len(self._get_children())
        return values

    # === HELPERS === #

    def _get_children(self):
        """ Return the children whom the guardian who is logged in may see.

        :rtype: school.student
        """
        return request.env['school.statement']._get_portal_children()

    def _find_child(self, student_id):
        """ Return a child of the guardian who is logged in.

        :param int student_id: The child as the address gave it.
        :return: The child, or nothing.
        :rtype: school.student
        """
        return self._get_children().filtered(lambda student: student.id == student_id)

    def _may_see_amounts(self, child):
        """ Tell whether the guardian who is logged in may see a child's amounts.

        :param school.student child: The child.
        :rtype: bool
        """
        return request.env['school.statement']._get_reader_rights(child)[child]['amounts']

    def _choose_portal_language(self, wanted):
        """ Set the language of the answer.

        :param str wanted: What the address asks for, if anything.
        :return: None
        """
        choose_language(wanted or (request.env.user.lang or '')[:2])

    def _get_suffix(self, lang):
        """ Return what keeps the chosen language when a link is followed.

        :param str lang: What the address asks for, if anything.
        :rtype: str
        """
        return f'&lang={lang}' if lang in {'en', 'sw'} else ''

    def _answer_no_child(self):
        """ Answer for children and receipts of others and for those who do not exist alike.

        :rtype: odoo.http.Response
        """
        return answer('school_fees.portal_fees_not_found', {}, status=404)

    def _answer_pdf(self, child, report, filename, res_ids, data=None):
        """ Print a report with the rights of the guardian who is logged in.

        :param school.student child: The child whom it is about.
        :param str report: The name of the report.
        :param str filename: The name of the file, without its ending.
        :param list[int] res_ids: The records, or None.
        :param dict data: The data of the report, or None.
        :return: The file; the child's page when the person prints too often.
        :rtype: odoo.http.Response
        """
        if not PRINTS.allow(request.env.uid):
            return request.redirect(f'/my/fees/{child.id}', code=303)
        Report = request.env['ir.actions.report'].with_company(child.company_id)
        pdf, _type = Report._render_qweb_pdf(report, res_ids, data=data)
        return request.make_response(pdf, headers=list({
            **HEADERS,
            'Content-Type': 'application/pdf',
            'Content-Length': str(len(pdf)),
            'Content-Disposition': content_disposition(
                f'{filename}.pdf', disposition_type='inline',
            ),
        }.items()))
