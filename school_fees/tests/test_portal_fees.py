from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from odoo.addons.school_fees.controllers import portal_fees
from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestPortalFees(SchoolFeesCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        portal_fees.PRINTS.clear()
        cls.faith = cls.create_student("Faith Otieno", "ADM-012")
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")
        cls.grace = cls.create_student("Grace Mwangi", "ADM-020")
        cls.enrol(cls.faith, cls.create_class(cls.create_level()))
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Otieno", login='fees_mary')
        cls.john = cls.create_guardian(
            cls.faith, "John Otieno", login='fees_john', sees_other_payers=False,
        )
        cls.faith.guardian_link_ids = [
            Command.update(link.id, {'share_percent': 60 if link.partner_id == cls.mary else 40})
            for link in cls.faith.guardian_link_ids
        ]
        cls.jane = cls.create_guardian(cls.grace, "Jane Mwangi", login='fees_jane')
        cls.bill_faith = cls.create_term_bill(cls.faith, cls.term_1, 35000)
        cls.create_term_bill(cls.brian, cls.term_1, 9000)
        cls.create_term_bill(cls.grace, cls.term_1, 8000)
        cls.receipt = cls.create_receipt(
            {cls.faith: 14000, cls.brian: 2000}, payer_partner_id=cls.mary.id,
        )
        cls.receipt_grace = cls.create_receipt({cls.grace: 333}, external_ref="CHQ-G")

    def _open(self, login, path, status=200):
        self.authenticate(login, login)
        answer = self.url_open(path, allow_redirects=False)
        self.assertEqual(answer.status_code, status)
        return answer

    def _page(self, login, path):
        return html.fromstring(self._open(login, path).content)

    def _text(self, node):
        return ' '.join(node.text_content().split())

    # === HOME === #

    def test_home_lists_the_own_children_with_their_balances(self):
        with freeze_time('2026-02-01'):
            page = self._page('fees_mary', '/my/fees')
        cards = [self._text(card) for card in page.xpath('//a[@class="card"]')]
        self.assertEqual(len(cards), 2)
        self.assertIn("Brian Otieno ADM-013", cards[0])
        self.assertIn("KES 7,000", cards[0])
        self.assertIn("Faith Otieno ADM-012, Grade 8 2026", cards[1])
        self.assertIn("KES 21,000 Balance, due now: KES 21,000", cards[1])
        self.assertIn("Balance of all children: KES 28,000", self._text(page))
        self.assertNotIn("Grace", page.text_content())

    def test_home_tells_the_next_due_date(self):
        with freeze_time('2026-01-08'):
            self.create_term_bill(self.brian, self.term_2, 5000)
            page = self._page('fees_mary', '/my/fees')
        self.assertIn("Next due on 12 Jan 2026", self._text(page.xpath('//a[@class="card"]')[1]))

    def test_children_of_two_schools(self):
        other_school = self.create_school("Mwangaza School")
        self.env.user.company_ids |= other_school
        env = self.env(context={**self.env.context, 'allowed_company_ids': other_school.ids})
        child = env['school.student'].create({
            'name': "Hope Otieno", 'admission_no': "M-1", 'company_id': other_school.id,
        })
        env['school.guardian.link'].create({
            'student_id': child.id, 'partner_id': self.mary.id,
        })
        page = self._page('fees_mary', '/my/fees')
        self.assertEqual(
            {self._text(school) for school in page.xpath('//p[@class="school"]')},
            {"Uhuru Academy", "Mwangaza School"},
        )
        self.assertEqual(len(page.xpath('//a[@class="card"]')), 3)

    def test_home_without_children(self):
        self.jane.guardian_link_ids.portal = False
        page = self._page('fees_jane', '/my/fees')
        self.assertIn("No child is linked", page.text_content())
        self.assertFalse(page.xpath('//a[@class="card"]'))

    def test_entry_on_the_portals_first_page(self):
        self.assertIn('/my/fees', self._open('fees_mary', '/my').text)
        answer = self.url_open('/my/counters', json={'params': {
            'counters': ['school_child_count'],
        }}).json()
        self.assertEqual(answer['result']['school_child_count'], 2)

    def test_pages_are_light_and_need_no_script(self):
        for path in ('/my/fees', f'/my/fees/{self.faith.id}'):
            answer = self._open('fees_mary', path)
            with self.subTest(path=path):
                self.assertLess(len(answer.content), 14 * 1024)
                self.assertNotIn('<script', answer.text)
                self.assertEqual(answer.headers['Cache-Control'], 'no-store')

    # === CHILD === #

    def test_child_page_shows_the_statement(self):
        page = self._page('fees_mary', f'/my/fees/{self.faith.id}')
        text = self._text(page)
        self.assertIn("KES 21,000", self._text(page.xpath('//p[@class="amount"]')[0]))
        balances = page.xpath('//table[contains(@class, "statement")]/tbody/tr/td[last()]')
        self.assertEqual([self._text(cell) for cell in balances], ["0", "35,000", "21,000"])
        self.assertIn(self.bill_faith.name, text)
        self.assertIn(self.receipt.number, text)
        self.assertIn("paid by Mary Otieno", text)

    def test_past_period_keeps_the_balance_of_now(self):
        self.env['school.academic.year'].create({
            'name': "2025", 'date_from': '2025-01-01', 'date_to': '2025-12-31',
        })
        page = self._page('fees_mary', f'/my/fees/{self.faith.id}?period=2025-01-01')
        self.assertIn("KES 21,000", self._text(page.xpath('//p[@class="amount"]')[0]))
        self.assertIn("No bills in this period.", page.text_content())
        self.assertNotIn(self.receipt.number, page.text_content())
        # An address that somebody made up shows the year that runs.
        page = self._page('fees_mary', f'/my/fees/{self.faith.id}?period=%27x')
        self.assertIn(self.receipt.number, page.text_content())

    def test_separated_parents_see_their_parts(self):
        mary = self._text(self._page('fees_mary', f'/my/fees/{self.faith.id}'))
        self.assertIn(
            "Your part (60 %): KES 21,000. You paid KES 14,000; KES 7,000 is left", mary,
        )
        john = self._text(self._page('fees_john', f'/my/fees/{self.faith.id}'))
        self.assertIn("Your part (40 %): KES 14,000. You paid KES 0; KES 14,000 is left", john)

    def test_guardian_who_sees_no_other_payers(self):
        page = self._open('fees_john', f'/my/fees/{self.faith.id}').text
        self.assertIn(self.receipt.number, page)
        self.assertNotIn("Mary Otieno", page)

    def test_guardian_who_sees_no_amounts(self):
        self.john.guardian_link_ids.sees_amounts = False
        for path in ('/my/fees', f'/my/fees/{self.faith.id}'):
            with self.subTest(path=path):
                page = self._open('fees_john', path).text
                self.assertIn("Faith Otieno", page)
                self.assertNotIn("KES", page)
                self.assertNotIn(self.receipt.number, page)
        self._open('fees_john', f'/my/fees/{self.faith.id}/statement.pdf', 404)
        self._open('fees_john', f'/my/fees/{self.faith.id}/receipt/{self.receipt.id}.pdf', 404)
        env = self.env(user=self.john.user_ids, context={})
        for model in ('account.move', 'account.move.line', 'school.receipt', 'school.receipt.line'):
            with self.subTest(model=model):
                self.assertFalse(env[model].search([]))

    # === PDF === #

    def test_pdfs(self):
        number = self.receipt.number.replace('/', '-')
        for path, filename in (
            ('statement.pdf', 'Statement-ADM-012-Faith-O.pdf'),
            (f'receipt/{self.receipt.id}.pdf', f'Receipt-{number}.pdf'),
        ):
            # Under test Odoo answers a print with the HTML that it would have printed.
            answer = self._open('fees_mary', f'/my/fees/{self.faith.id}/{path}')
            with self.subTest(path=path):
                self.assertEqual(answer.headers['Content-Type'], 'application/pdf')
                self.assertIn(filename, answer.headers['Content-Disposition'])
                self.assertIn("Faith Otieno", answer.text)
                self.assertIn("14,000", answer.text)

    def test_a_guardian_prints_a_real_pdf(self):
        env = self.env(user=self.mary.user_ids, context={'force_report_rendering': True})
        for report, record in (
            ('school_fees.report_school_statement', self.faith),
            ('school_fees.report_school_receipt', self.receipt),
        ):
            with self.subTest(report=report):
                pdf, _type = env['ir.actions.report']._render_qweb_pdf(report, record.ids)
                self.assertTrue(pdf.startswith(b'%PDF'))
                self.assertLess(len(pdf), 60 * 1024)

    def test_printed_receipt_names_no_child_of_another_guardian(self):
        env = self.env(user=self.john.user_ids, context={})
        values = self.receipt.with_env(env)._get_print_values(full=True)
        self.assertEqual([line['student'] for line in values['lines']], ["Faith Otieno"])
        self.assertEqual(values['others'], "and KES 2,000 for other children of the family")
        self.assertEqual(values['payer'], '')
        env = self.env(user=self.mary.user_ids, context={})
        values = self.receipt.with_env(env)._get_print_values(full=True)
        self.assertEqual(len(values['lines']), 2)
        self.assertEqual(values['payer'], "Mary Otieno")

    def test_printing_over_and_over_is_slowed_down(self):
        self.authenticate('fees_mary', 'fees_mary')
        for _count in range(portal_fees.PRINTS.most):
            portal_fees.PRINTS.allow(self.mary.user_ids.id)
        answer = self.url_open(
            f'/my/fees/{self.faith.id}/statement.pdf', allow_redirects=False,
        )
        self.assertEqual(answer.status_code, 303)

    # === STRANGERS === #

    def test_other_families_get_nothing(self):
        paths = [
            f'/my/fees/{self.faith.id}',
            f'/my/fees/{self.faith.id}/statement.pdf',
            f'/my/fees/{self.faith.id}/receipt/{self.receipt.id}.pdf',
            f'/my/fees/{self.grace.id}/receipt/{self.receipt.id}.pdf',
            '/my/fees/999999999',
        ]
        for path in paths:
            with self.subTest(path=path):
                answer = self._open('fees_jane', path, 404)
                self.assertNotIn("Faith", answer.text)
                self.assertNotIn("KES", answer.text)
        report = '/report/html/school_fees.report_school_statement'
        for path in (
            f'{report}/{self.faith.id}',
            f'{report}?options={{"student_ids":[{self.faith.id}]}}',
            f'/report/html/school_fees.report_school_receipt/{self.receipt.id}',
        ):
            with self.subTest(path=path):
                self.authenticate('fees_jane', 'fees_jane')
                answer = self.url_open(path, allow_redirects=False)
                self.assertNotEqual(answer.status_code, 200)
                self.assertNotIn("Faith", answer.text)

    def test_access_ends_with_the_link(self):
        self.jane.guardian_link_ids.date_to = '2020-12-31'
        self._open('fees_jane', f'/my/fees/{self.grace.id}', 404)

    def test_staff_see_only_their_own_children_here(self):
        bursar = new_test_user(
            self.env, login='fees_bursar', groups='school_fees.group_bursar',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        self._open('fees_bursar', f'/my/fees/{self.faith.id}', 404)
        self.env['school.guardian.link'].create({
            'student_id': self.grace.id, 'partner_id': bursar.partner_id.id,
        })
        self.assertIn("Grace Mwangi", self._open('fees_bursar', '/my/fees').text)

    def test_nobody_gets_in_without_a_log_in(self):
        answer = self.url_open(f'/my/fees/{self.faith.id}', allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn('/web/login', answer.headers['Location'])
