from odoo.tests import HttpCase, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestPortal(SchoolFeesCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faith = cls.create_student("Faith Otieno", "ADM-012")
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.mary = cls.create_guardian(cls.faith, "Mary Otieno", login='fees_mary').user_ids
        cls.jane = cls.create_guardian(cls.grace, "Jane Mwangi", login='fees_jane').user_ids
        cls.bill_faith = cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.bill_grace = cls.create_term_bill(cls.grace, cls.term_1, 9000)
        cls.draft_faith = cls.create_term_bill(cls.faith, cls.term_2, 15500, post=False)

    def test_guardian_lists_the_own_childrens_bills(self):
        self.authenticate('fees_mary', 'fees_mary')
        page = self.url_open('/my/invoices')
        self.assertEqual(page.status_code, 200)
        self.assertIn(self.bill_faith.name, page.text)
        self.assertNotIn(self.bill_grace.name, page.text)

    def test_guardian_opens_the_own_childs_bill(self):
        self.authenticate('fees_mary', 'fees_mary')
        page = self.url_open(f'/my/invoices/{self.bill_faith.id}')
        self.assertEqual(page.status_code, 200)
        self.assertTrue(page.url.endswith(f'/my/invoices/{self.bill_faith.id}'))
        self.assertIn(self.bill_faith.name, page.text)

    def test_guardian_prints_the_own_childs_bill(self):
        self.authenticate('fees_mary', 'fees_mary')
        page = self.url_open(f'/my/invoices/{self.bill_faith.id}?report_type=html')
        self.assertEqual(page.status_code, 200)
        self.assertIn("Mary Otieno", page.text)
        self.assertIn("Faith Otieno (ADM-012)", page.text)

    def test_guardian_opens_no_other_bill(self):
        self.authenticate('fees_mary', 'fees_mary')
        for bill in (self.bill_grace, self.draft_faith):
            for suffix in ('', '?report_type=html', '?report_type=pdf&download=true'):
                with self.subTest(bill=bill, suffix=suffix):
                    page = self.url_open(
                        f'/my/invoices/{bill.id}{suffix}', allow_redirects=False,
                    )
                    self.assertEqual(page.status_code, 303)
                    self.assertTrue(page.headers['Location'].endswith('/my'))

    def test_other_family_opens_its_own(self):
        self.authenticate('fees_jane', 'fees_jane')
        page = self.url_open(f'/my/invoices/{self.bill_grace.id}')
        self.assertTrue(page.url.endswith(f'/my/invoices/{self.bill_grace.id}'))
        page = self.url_open(f'/my/invoices/{self.bill_faith.id}', allow_redirects=False)
        self.assertEqual(page.status_code, 303)

    def test_access_ends_with_the_guardian_link(self):
        self.faith.guardian_link_ids.portal = False
        self.authenticate('fees_mary', 'fees_mary')
        page = self.url_open(f'/my/invoices/{self.bill_faith.id}', allow_redirects=False)
        self.assertEqual(page.status_code, 303)

    def test_amounts_end_with_the_right_to_see_them(self):
        self.faith.guardian_link_ids.sees_amounts = False
        self.authenticate('fees_mary', 'fees_mary')
        for suffix in ('', '?report_type=html'):
            with self.subTest(suffix=suffix):
                page = self.url_open(
                    f'/my/invoices/{self.bill_faith.id}{suffix}', allow_redirects=False,
                )
                self.assertEqual(page.status_code, 303)
        self.assertNotIn(self.bill_faith.name, self.url_open('/my/invoices').text)

    def test_guardian_cannot_change_a_bill_over_rpc(self):
        self.authenticate('fees_mary', 'fees_mary')
        for model, record, values in (
            ('account.move', self.bill_faith, {'ref': "mine"}),
            ('school.student', self.faith, {'name': "mine"}),
        ):
            with self.subTest(model=model):
                answer = self.url_open(
                    f'/web/dataset/call_kw/{model}/write',
                    json={'params': {
                        'model': model, 'method': 'write', 'args': [record.ids, values],
                        'kwargs': {},
                    }},
                ).json()
                self.assertEqual(answer['error']['data']['name'], 'odoo.exceptions.AccessError')
