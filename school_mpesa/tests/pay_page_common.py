import html
import re

from odoo.tests import HttpCase, tagged

from odoo.addons.school_mpesa.tests.common import SchoolMpesaCommon


@tagged('post_install', '-at_install')
class PayPageCommon(SchoolMpesaCommon, HttpCase):
    """One attempt of KES 15,500 by 0712 000 111, and its page as a payer gets it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang']._activate_lang('sw')
        cls.school.phone = '020 123 4567'

    def setUp(self):
        super().setUp()
        self.tx = self.ask(amount=15_500)
        self.url = self.tx.mpesa_attempt_url

    # === TOOLS === #

    def get(self, url=None, lang='en', **kwargs):
        self.env.flush_all()
        return self.url_open(f'{url or self.url}?lang={lang}', **kwargs)

    def text_of(self, response):
        """ Return the words of a page as a reader sees them, without what a script may show. """
        body = re.search(r'(?s)<main[^>]*>(.*?)</main>', response.text)[1]
        body = re.sub(r'(?s)<template.*?</template>', '', body)
        return ' '.join(html.unescape(re.sub(r'<[^>]*>', ' ', body)).split())

    def say(self, text, lang, **words):
        env = self.env(context={'lang': {'en': 'en_US', 'sw': 'sw'}[lang]})
        sentence = env._(text)
        return sentence % {
            'amount': '15,500', 'cap': '250,000', 'phone': '0712 *** 111', 'pupil': 'Faith',
            **words,
        }

    def decline(self, code, **values):
        self.tx._mpesa_move_to('declined', mpesa_result_code=code, **values)

    def pay(self):
        """ Let the whole road happen: prompt, PIN, callback, booking. """
        self.send()
        self.control.pay('254712000111')
        self.accept(self.wait_deliveries(kind='stk')[0])
        self.drain()
