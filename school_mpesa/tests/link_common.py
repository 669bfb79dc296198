import html
import re

from odoo import sql_db
from odoo.tests import HttpCase, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class LinkCommon(SchoolMpesaCommon, HttpCase):
    """A student who owes KES 32,500, and the public pages of links as a parent gets them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.school.phone = '020 123 4567'
        grade = cls.create_level()
        cls.enrol(cls.student, cls.create_class(grade))

    # === MAKERS === #

    def make_link(self, **values):
        """ Make a link as the office's wizard does.

        :rtype: mpesa.payment.link
        """
        return self.env['mpesa.payment.link'].create({'student_id': self.student.id, **values})

    # === TOOLS === #

    def get(self, link, lang='en', **kwargs):
        self.env.flush_all()
        return self.url_open(f'/p/{link.slug}?lang={lang}', **kwargs)

    def post(self, link, lang='en', **form):
        """ Send the form of a page as a browser does, without following the answer. """
        self.env.flush_all()
        return self.url_open(f'/p/{link.slug}?lang={lang}', allow_redirects=False, data={
            'intent': 'a1' * 16, 'choice': '32500', 'amount': '', 'phone': '0712000111',
            'note': '', **form,
        })

    def text_of(self, response):
        """ Return the words of a page as a reader sees them. """
        body = re.search(r'(?s)<main[^>]*>(.*?)</main>', response.text)[1]
        return ' '.join(html.unescape(re.sub(r'<[^>]*>', ' ', body)).split())

    def requests_by(self, link):
        return self.env['payment.transaction'].search([('mpesa_link_id', 'in', link.ids)])

    def pay_out(self):
        """ Let the whole road happen: prompt, PIN, callback, booking. """
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[-1])
        self.drain()

    def read_opening(self, link):
        """ Return how often a link was opened, as another connection sees it. """
        with sql_db.db_connect(self.env.cr.dbname).cursor() as cr:
            cr.execute('SELECT count FROM mpesa_link_opening WHERE link_ref = %s', [link.id])
            return sum(count for (count,) in cr.fetchall())
