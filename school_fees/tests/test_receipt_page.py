from datetime import timedelta

from lxml import html as lxml_html

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.school_fees.controllers import rate_limit, school_receipt
from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestReceiptPage(SchoolFeesCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faith = cls.create_student("Faith Achieng Otieno", "ADM-012")
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Otieno", "0712000001")
        cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.receipt = cls.create_receipt(
            {cls.faith: 5500}, external_ref="CHQ-77", paid_at='2026-01-20 22:30:00',
            date='2026-01-21', payer_partner_id=cls.mary.id,
        )
        cls.url = cls.receipt._get_public_url()

    def setUp(self):
        super().setUp()
        for limit in (school_receipt.PRINTS, school_receipt.WRONG_CODES):
            limit.clear()
            self.addCleanup(limit.clear)

    def _open(self, path, status=200):
        page = self.url_open(path)
        self.assertEqual(page.status_code, status)
        return page

    def _text(self, page):
        return ' '.join(lxml_html.fromstring(page.text).text_content().split())

    # === RECEIPT === #

    def test_page_shows_what_a_public_code_may_show(self):
        page = self._open(self.url)
        text = self._text(page)
        for shown in (
            "Uhuru Academy", "Faith", "ADM-012", "KES 5,500", self.receipt.number,
            "21 Jan 2026, 01:30",  # 22:30 UTC is the next day in Nairobi.
            "CHQ-77", "Cheque",
        ):
            with self.subTest(shown=shown):
                self.assertIn(shown, text)
        for hidden in ("Otieno", "Achieng", "Mary", "0712", "ADM-013", "15,500"):
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, page.text)

    def test_page_stands_alone(self):
        page = self._open(self.url)
        tree = lxml_html.fromstring(page.text)
        self.assertEqual(tree.get('lang'), 'en')
        self.assertEqual(len(tree.findall('.//h1')), 1)
        self.assertFalse(tree.xpath('//script | //link[@href != "data:,"] | //img'))
        self.assertNotIn("odoo", page.text.lower())
        self.assertIn("width=device-width", page.text)
        self.assertIn(self.receipt.number, tree.findtext('.//title'))
        self.assertLess(len(page.content), 12 * 1024)

    def test_page_is_neither_kept_nor_indexed_and_sets_no_cookie(self):
        for path in (self.url, f'/rc/check/{self.receipt.slug}', '/rc/000000000000'):
            with self.subTest(path=path):
                page = self.url_open(path)
                self.assertEqual(page.headers['Cache-Control'], 'no-store')
                self.assertIn('noindex', page.headers['X-Robots-Tag'])
                self.assertEqual(page.headers['Referrer-Policy'], 'no-referrer')
                self.assertNotIn('Set-Cookie', page.headers)

    def test_family_receipt_names_its_first_child_only(self):
        receipt = self.create_receipt(
            {self.faith: 1000, self.brian: 2000}, paid_at=fields.Datetime.now(),
        )
        text = self._text(self._open(receipt._get_public_url()))
        for shown in (
            "KES 3,000", "Faith, ADM-012 Paid: KES 1,000 Balance now: KES 9,000",
            "and KES 2,000 for other children of the family",
        ):
            with self.subTest(shown=shown):
                self.assertIn(shown, text)
        for hidden in ("Brian", "ADM-013", "Credit now"):
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, text)
        full = receipt._get_print_values(full=True)
        self.assertEqual(
            [line['student'] for line in full['lines']], ["Faith Achieng Otieno", "Brian Otieno"],
        )
        self.assertFalse(full['others'])

    def test_an_old_receipt_tells_no_balance(self):
        now = fields.Datetime.now()
        for paid_at, date, shown in (
            (now - timedelta(days=6), '2026-01-20', True),
            (now - timedelta(days=8), '2026-01-20', False),
            (False, fields.Date.today() - timedelta(days=7), True),
            (False, fields.Date.today() - timedelta(days=8), False),
        ):
            self.receipt.write({'paid_at': paid_at, 'date': date})
            with self.subTest(paid_at=paid_at, date=date):
                text = self._text(self._open(self.url))
                self.assertEqual("Balance now: KES 10,000" in text, shown)
                self.assertEqual("10,000" in text, shown)
                full = self.receipt._get_print_values(full=True)['lines'][0]
                self.assertEqual(full['balance'], "KES 10,000")

    def test_cancelled_receipt_says_so(self):
        self.assertNotIn("REVERSED", self._open(self.url).text)
        self.receipt._reverse("Bounced for Mary Otieno")
        for path in (self.url, f'/rc/check/{self.receipt.slug}'):
            with self.subTest(path=path):
                page = self._open(path)
                self.assertIn("REVERSED", page.text)
                self.assertNotIn("Bounced", page.text)
                self.assertNotIn("Genuine", page.text)

    # === CHECK === #

    def test_check_shows_only_what_proves_the_receipt(self):
        page = self._open(f'/rc/check/{self.receipt.slug}')
        text = self._text(page)
        for shown in ("Genuine", self.receipt.number, "21 Jan 2026", "KES 5,500", "FAO"):
            with self.subTest(shown=shown):
                self.assertIn(shown, text)
        for hidden in ("Faith", "ADM-012", "10,000", "CHQ-77"):
            with self.subTest(hidden=hidden):
                self.assertNotIn(hidden, page.text)

    # === WRONG CODES === #

    def test_wrong_codes_get_one_neutral_page(self):
        draft = self.receipt.copy()
        self.assertEqual(draft.state, 'draft')
        neutral = self._open('/rc/000000000000', 404).text
        for slug in (
            self.receipt.slug.swapcase(), self.receipt.slug[:-1], draft.slug, 'check',
            "12345678901'", '%00' * 12, '١٢٣٤٥٦٧٨٩٠١٢',
        ):
            for path in (f'/rc/{slug}', f'/rc/{slug}/pdf', f'/rc/check/{slug}'):
                with self.subTest(path=path):
                    self.assertEqual(self._open(path, 404).text, neutral)

    def test_many_wrong_codes_are_slowed_down_and_right_ones_never(self):
        self.patch(school_receipt.WRONG_CODES, 'most', 2)
        for status in (404, 404, 429):
            self._open('/rc/000000000000/pdf', status)
        self._open('/rc/check/000000000000', 429)
        self._open(self.url)

    def test_a_receipt_is_printed_a_few_times_a_minute(self):
        other = self.create_receipt({self.faith: 100})
        for _print in range(6):
            self._open(f'{self.url}/pdf')
        answer = self.url_open(f'{self.url}/pdf', allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers['Location'].endswith(self.url))
        self._open(f'{other._get_public_url()}/pdf')

    def test_limit_counts_by_window_and_stays_small(self):
        now = [100.0]
        limit = rate_limit.RateLimit(2, seconds=60, size=3, clock=lambda: now[0])
        self.assertEqual([limit.allow('a') for _event in range(3)], [True, True, False])
        self.assertTrue(limit.allow('b'))
        now[0] += 59.9
        self.assertFalse(limit.allow('a'))
        now[0] += 0.1
        self.assertTrue(limit.allow('a'), "A new window has begun.")
        for key in range(100):
            limit.allow(str(key))
        self.assertEqual(len(limit._windows), 3)

    def test_codes_of_receipts_differ(self):
        other = self.create_receipt({self.faith: 100})
        self.assertRegex(other.slug, r'^[0-9A-Za-z]{12}$')
        self.assertNotEqual(other.slug, self.receipt.slug)

    # === LANGUAGE === #

    def test_swahili_is_offered_where_the_school_switched_it_on(self):
        self.assertIn('lang="en"', self._open(f'{self.url}?lang=sw').text)
        self.assertNotIn("Kiswahili", self._open(self.url).text)
        self.env['res.lang']._activate_lang('sw')
        page = self._open(f'{self.url}?lang=sw')
        self.assertEqual(lxml_html.fromstring(page.text).get('lang'), 'sw')
        self.assertIn(f'{self.url}?lang=en', page.text)
        self.assertIn(f'{self.url}/pdf?lang=sw', page.text)
        page = self.url_open(self.url, headers={'Accept-Language': 'sw-KE,sw;q=0.9,en;q=0.5'})
        self.assertEqual(lxml_html.fromstring(page.text).get('lang'), 'sw')
        page = self._open(f'{self.url}?lang=xx')
        self.assertEqual(lxml_html.fromstring(page.text).get('lang'), 'en')
