import re

from lxml import html

from odoo.tests import HttpCase

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


class PortalForms:
    """How guardians fill in the forms of their pages, as a browser without scripts does."""

    def get(self, path, status=200):
        """ Open a page.

        :rtype: requests.Response
        """
        self.env.flush_all()
        answer = self.url_open(path, allow_redirects=False)
        self.assertEqual(answer.status_code, status)
        return answer

    def post(self, path, status=303, page=None, **form):
        """ Send a form of a page, with its token, without following the answer.

        :param str page: The page that has the form; by default what `path` shows.
        :rtype: requests.Response
        """
        self.env.flush_all()
        token = re.search(
            r'name="csrf_token" value="([^"]+)"', self.url_open(page or path).text,
        )
        answer = self.url_open(path, allow_redirects=False, data={
            'csrf_token': token[1] if token else '', **form,
        })
        self.env.invalidate_all()
        self.assertEqual(answer.status_code, status)
        return answer

    def text_of(self, answer):
        """ Return the words of a page as a reader sees them.

        :rtype: str
        """
        return ' '.join(html.fromstring(answer.content).xpath('//main')[0].text_content().split())

    def notes_of(self, partner):
        """ Return all that stands in a guardian's chatter, what Odoo tracked too.

        :rtype: str
        """
        messages = partner.message_ids
        return ' '.join([
            *messages.mapped('body'),
            *(f'{value.old_value_char} {value.new_value_char}'
              for value in messages.sudo().tracking_value_ids),
        ])


class PortalFormCommon(PortalForms, SchoolFeesCommon, HttpCase):
    """Two guardians with a log-in each, strangers to each other.

    Mary is the mother of Faith and Jane that of Grace; a form of Mary's never reaches Jane.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.faith = cls.create_student("Faith Otieno", "ADM-012")
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.mary = cls.create_guardian(
            cls.faith, "Mary Otieno", '0712 000 001', login='form_mary',
        )
        cls.jane = cls.create_guardian(
            cls.grace, "Jane Mwangi", '0733 000 002', login='form_jane',
        )
