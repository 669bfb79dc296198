from lxml import html

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-06-15')
class TestStatementPrint(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.school.write({'street': "Moi Avenue 1", 'city': "Nakuru", 'phone': "+254712000099"})
        cls.family = cls.create_family("Otieno")
        cls.faith = cls.create_student("Faith Otieno", "ADM-012", family_id=cls.family.id)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013", family_id=cls.family.id)
        cls.mary = cls.create_guardian(cls.faith | cls.brian, "Mary Otieno", login='fees_mary')
        cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.create_term_bill(cls.brian, cls.term_1, 9000)
        cls.create_receipt(
            {cls.faith: 10000, cls.brian: 10000}, date='2026-02-01', payer_partner_id=cls.mary.id,
        )

    def _print(self, students, user=None, **data):
        report = self.env(user=user)['ir.actions.report'] if user else self.env['ir.actions.report']
        content, _type = report._render_qweb_html(
            'school_fees.report_school_statement', students.ids if not data else None, data=data,
        )
        return html.fromstring(content)

    def _texts(self, page, path):
        return [' '.join(node.text_content().split()) for node in page.xpath(path)]

    def test_statement_of_a_student(self):
        page = self._print(self.faith)
        self.assertEqual(self._texts(page, '//h1'), ["Uhuru Academy"])
        self.assertIn("Moi Avenue 1 · Nakuru · +254712000099", page.text_content())
        self.assertIn("To: Mary Otieno", ' '.join(page.text_content().split()))
        self.assertEqual(
            self._texts(page, '//table[contains(@class, "statement")]/tbody/tr/td[last()]'),
            ["0", "15,500", "5,500"],
        )
        self.assertEqual(self._texts(page, '//p[@class="balance"]'), ["Balance due: KES 5,500"])
        self.assertIn("paid by Mary Otieno", page.text_content())
        self.assertFalse(page.xpath('//table[contains(@class, "total")]'))

    def test_each_student_gets_a_page(self):
        page = self._print(self.faith | self.brian)
        self.assertEqual(len(page.xpath('//div[@class="document"]')), 2)
        self.assertEqual(
            self._texts(page, '//p[@class="balance"]'),
            ["Balance due: KES 5,500", "Credit: KES 1,000"],
        )

    def test_family_gets_one_document_with_a_total(self):
        action = self.family.action_view_statement()
        wizard = self.env[action['res_model']].browse(action['res_id'])
        page = self._print(self.env['school.student'], **wizard.action_print()['data'])
        self.assertEqual(len(page.xpath('//div[@class="document"]')), 1)
        self.assertEqual(
            self._texts(page, '//table[contains(@class, "total")]//th'),
            ["Balance due for all children", "KES 4,500"],
        )

    def test_other_dates(self):
        wizard = self.env['school.statement.wizard'].create({'student_ids': self.faith.ids})
        self.assertEqual((str(wizard.date_from), wizard.date_to), ('2026-01-01', False))
        self.assertIn("KES 5,500", wizard.body)
        wizard.write({'period': 'dates', 'date_from': '2026-01-10', 'date_to': '2026-01-31'})
        self.assertIn("KES 15,500", wizard.body)
        page = self._print(self.env['school.student'], **wizard.action_print()['data'])
        self.assertEqual(
            self._texts(page, '//table[contains(@class, "statement")]/tbody/tr/td[last()]'),
            ["15,500"],
        )
        wizard.period = 'all'
        self.assertEqual((wizard.date_from, wizard.date_to), (False, False))

    def test_names_are_escaped(self):
        self.faith.name = "<b>Faith</b>"
        wizard = self.env['school.statement.wizard'].create({'student_ids': self.faith.ids})
        self.assertIn("&lt;b&gt;Faith&lt;/b&gt;", wizard.body)

    def test_pdf(self):
        pdf, kind = self.env['ir.actions.report'].with_context(force_report_rendering=True) \
            ._render_qweb_pdf('school_fees.report_school_statement', self.faith.ids)
        self.assertEqual(kind, 'pdf')
        self.assertTrue(pdf.startswith(b'%PDF'))
        self.assertLess(len(pdf), 60 * 1024)

    def test_who_may_not_read_may_not_print(self):
        stranger = self.create_guardian(
            self.create_student("Grace Mwangi", "ADM-020"), "Jane Mwangi", login='fees_jane',
        ).user_ids
        cashier = new_test_user(
            self.env, login='fees_cashier', groups='school_fees.group_cashier',
            company_id=self.school.id, company_ids=[Command.set(self.school.ids)],
        )
        for user in (stranger, cashier):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._print(self.faith, user=user)
