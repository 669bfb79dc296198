from odoo import http
from odoo.http import request

from .light_page import answer
from .portal_contact import MOST_BYTES
from .portal_fees import PortalFees
from .rate_limit import RateLimit


REQUESTS = RateLimit(6, seconds=86_400)  # For each person, however fast the office answers.


class PortalData(PortalFees):
    """A guardian asks the school for the data that it keeps of the guardian and the children."""

    _data_url = '/my/fees/data'
    _ask_url = '/my/fees/data/<int:school_id>'

    # === ROUTES === #

    @http.route(
        _data_url, type='http', auth='user', methods=['GET'], readonly=True, sitemap=False,
    )
    def school_portal_data(self, lang=None, **_kwargs):
        """ Show what may be asked for, and what was asked.

        :param str lang: 'en' or 'sw'; by default that of the log-in.
        :return: The page, or the neutral one with status 404 for who has no child here.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        schools = self._get_schools()
        if not schools:
            return self._answer_no_child()
        return self._answer_data(schools, lang)

    @http.route(
        _ask_url, type='http', auth='user', methods=['POST'], sitemap=False,
        max_content_length=MOST_BYTES,
    )
    def school_portal_data_ask(self, school_id, lang=None, **_kwargs):
        """ Ask one school.

        :param int school_id: The school of a child.
        :param str lang: As above.
        :return: A redirection to the page, which shows the request.
        :rtype: odoo.http.Response
        """
        self._choose_portal_language(lang)
        schools = self._get_schools()
        school = schools.filtered(lambda school: school.id == school_id)
        if not school:
            return self._answer_no_child()
        if not REQUESTS.allow(request.env.uid):
            return self._answer_data(schools, lang, error=request.env._(
                "You asked several times today. Nothing new was asked. Try again tomorrow, or call"
                " the school office."
            ), status=429)
        request.env['school.data.request']._ask(request.env.user.partner_id, school)
        return request.redirect(f'{self._data_url}?{self._get_suffix(lang)[1:]}', code=303)

    # === HELPERS === #

    def _get_schools(self):
        """ Return the schools of the guardian's children.

        :return: In sudo mode: a guardian reads no company but the own user's.
        :rtype: res.company
        """
        return self._get_children().company_id.sudo()

    def _answer_data(self, schools, lang, error='', status=200):
        """ Answer with the page of the guardian's requests.

        :param res.company schools: The schools of the children.
        :param str lang: What the address asks for, if anything.
        :param str error: Why nothing was asked.
        :param int status: The HTTP status.
        :rtype: odoo.http.Response
        """
        say_day = request.env['school.statement']._format_day
        last = request.env['school.data.request']._get_last(request.env.user.partner_id, schools)
        return answer('school_fees.portal_fees_data', {
            'path': self._data_url,
            'suffix': self._get_suffix(lang),
            'csrf_token': request.csrf_token(),
            'error': error,
            'schools': [
                {
                    'id': school.id,
                    'name': school.name,
                    'last': asked and {
                        'is_open': asked.state == 'open',
                        'asked_on': say_day(asked.asked_on),
                        'due_on': say_day(asked.due_on),
                        'closed_on': say_day(asked.closed_on) if asked.closed_on else '',
                    },
                }
                for school, asked in last.items()
            ],
        }, status=status)
