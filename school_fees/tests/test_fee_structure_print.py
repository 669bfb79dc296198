from lxml import html

from odoo.tests import freeze_time, tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
@freeze_time('2026-06-15')
class TestFeeStructurePrint(SchoolFeesCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.school.write({'street': "Moi Avenue 1", 'city': "Nakuru", 'phone': "+254712000099"})
        cls.levels = cls.create_level() | cls.create_level("Grade 9", 'G9')
        hillside = cls.env['school.zone'].create({'name': "Hillside"})
        cls.structure = cls.create_structure(cls.levels, [
            (cls.create_fee(), {'amount_1': 12000, 'amount_2': 11000, 'amount_3': 10000.5}),
            (cls.create_fee("Activity", 'ACT', charge_basis='year'), {'amount': 1500}),
            (
                cls.create_fee("Admission", 'ADM', charge_basis='once'),
                {'amount': 5000, 'new_students_only': True},
            ),
            (
                cls.create_fee("Transport", 'TRA', is_optional=True),
                {'amount': 18000, 'zone_id': hillside.id},
            ),
        ], boarding='day')

    def _print(self, structures=None, **context):
        content, _type = self.env['ir.actions.report'].with_context(**context)._render_qweb_html(
            'school_fees.report_school_fee_structure', (structures or self.structure).ids,
        )
        return html.fromstring(content)

    def _texts(self, page, path):
        return [' '.join(node.text_content().split()) for node in page.xpath(path)]

    def _rows(self, table, path='.//tbody/tr'):
        return [self._texts(row, './td | ./th') for row in table.xpath(path)]

    def test_each_level_gets_a_page(self):
        page = self._print()
        self.assertEqual(self._texts(page, '//h1'), ["Uhuru Academy"] * 2)
        self.assertEqual(self._texts(page, '//h3'), ["Grade 8, 2026, Day", "Grade 9, 2026, Day"])
        self.assertIn("Moi Avenue 1 · Nakuru · +254712000099", page.text_content())
        self.assertFalse(page.xpath('//p[@class="draft"]'))

    def test_items_by_terms_with_totals(self):
        first = self._print().xpath('//div[@class="document"]')[0]
        self.assertEqual(self._texts(first, './/h4'), [
            "Fees", "New students also pay", "Only for those who choose it",
        ])
        for_all, new, chosen = first.xpath('.//table')
        self.assertEqual(self._rows(for_all, './/thead/tr'), [[
            "KES", "Term 1 due 12 Jan 2026", "Term 2 due 4 May 2026", "Term 3 due 31 Aug 2026",
            "Year",
        ]])
        self.assertEqual(self._rows(for_all), [
            ["Tuition", "12,000", "11,000", "10,000.50", "33,000.50"],
            ["Activity", "1,500", "–", "–", "1,500"],
        ])
        self.assertEqual(self._rows(for_all, './/tfoot/tr'), [
            ["Total", "13,500", "11,000", "10,000.50", "34,500.50"],
        ])
        self.assertEqual(self._rows(new), [["Admission", "5,000", "–", "–", "5,000"]])
        self.assertEqual(self._rows(chosen), [
            ["Transport, Hillside", "6,000", "6,000", "6,000", "18,000"],
        ])
        self.assertFalse(new.xpath('.//tfoot') + chosen.xpath('.//tfoot'))

    def test_what_nobody_approved_says_so(self):
        self.assertIn("Version 1", self._print().text_content())
        draft = self.structure.copy()
        page = self._print(draft)
        self.assertEqual(
            self._texts(page, '//p[@class="draft"]'), ["Proposal: not approved yet"] * 2,
        )

    def test_in_swahili(self):
        self.env['res.lang']._activate_lang('sw')
        self.env['ir.module.module']._get('school_fees')._update_translations('sw')
        page = self._print(lang='sw')
        self.assertEqual(page.get('lang'), 'sw')
        self.assertEqual(self._texts(page, '//tfoot//th[1]'), ["Jumla"] * 2)
        self.assertEqual(self._texts(page, '//thead//th[last()]')[0], "Mwaka")
        self.assertEqual(self._texts(page, '//h4')[0], "Ada")
        self.assertEqual(self._texts(page, '//h3')[0], "Grade 8, 2026, Kutwa")

    def test_pdf(self):
        pdf, kind = self.env['ir.actions.report'].with_context(force_report_rendering=True) \
            ._render_qweb_pdf('school_fees.report_school_fee_structure', self.structure.ids)
        self.assertEqual(kind, 'pdf')
        self.assertTrue(pdf.startswith(b'%PDF'))
        self.assertLess(len(pdf), 60 * 1024)
