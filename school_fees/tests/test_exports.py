import base64
import io
import json

from openpyxl import load_workbook

from odoo import fields, http
from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from odoo.addons.school_fees.controllers.export import quote_formulas
from odoo.addons.school_fees.tests.common import SchoolFeesCommon


FORMULA = '=HYPERLINK("http://example.com","Click")'


@tagged('post_install', '-at_install')
class TestExports(SchoolFeesCommon, HttpCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.north = cls.create_class(cls.create_level(FORMULA), "North")
        cls.faith = cls.create_student(FORMULA, "ADM-012")
        cls.enrol(cls.faith, cls.north)
        cls.brian = cls.create_student("Brian Otieno", "ADM-013")
        cls.create_term_bill(cls.faith, cls.term_1, 15500)
        cls.create_receipt({cls.brian: 1000}, date='2026-02-01')
        cls.wrong = cls.create_receipt({cls.brian: 700}, date='2026-03-01', external_ref="CHQ-9")
        with freeze_time('2026-03-05'):
            cls.wrong._reverse("=Bounced")
        cls.create_receipt({cls.faith: 500}, date='2026-02-02')
        cls.create_receipt({cls.faith: 100}, date='2027-01-20')
        cls.bursar = new_test_user(
            cls.env, login='fees_bursar', groups='school_fees.group_bursar',
            company_id=cls.school.id, company_ids=[Command.set(cls.school.ids)],
        )

    def _cells(self, content):
        """ Return the cells of all sheets of an XLSX file, and assert that none is a formula. """
        workbook = load_workbook(io.BytesIO(content))
        cells = {
            sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()]
            for sheet in workbook
        }
        for sheet in workbook:
            for row in sheet.iter_rows():
                for cell in row:
                    self.assertNotEqual(cell.data_type, 'f', cell.value)
        return cells

    # === ODOO'S EXPORTS === #

    def test_list_export(self):
        self.authenticate('fees_bursar', 'fees_bursar')
        for groupby in ([], ['class_id']):
            answer = self.url_open('/web/export/xlsx', data={'data': json.dumps({
                'model': 'school.balance.report', 'ids': False, 'import_compat': False,
                'domain': [('company_id', '=', self.school.id)], 'groupby': groupby,
                'fields': [
                    {'name': 'student_name', 'label': "Name", 'type': 'char'},
                    {'name': 'balance', 'label': "Balance", 'type': 'monetary'},
                ],
            }), 'csrf_token': http.Request.csrf_token(self)})
            with self.subTest(groupby=groupby):
                self.assertEqual(answer.status_code, 200)
                [cells] = self._cells(answer.content).values()
                self.assertIn([f"'{FORMULA}", 14900.0], cells)
                self.assertIn(["Brian Otieno", -1000.0], cells)

    def test_pivot_export(self):
        self.authenticate('fees_bursar', 'fees_bursar')
        answer = self.url_open('/web/pivot/export_xlsx', data={'data': json.dumps({
            'title': "Balances", 'model': 'school.balance.report', 'measure_count': 1,
            'col_group_headers': [[{'title': FORMULA, 'width': 1, 'height': 1}]],
            'measure_headers': [{'title': "Balance", 'is_bold': False}],
            'rows': [{'title': FORMULA, 'indent': 0, 'values': [{'value': 15400.0}]}],
        }), 'csrf_token': http.Request.csrf_token(self)})
        self.assertEqual(answer.status_code, 200)
        [cells] = self._cells(answer.content).values()
        self.assertEqual(cells[-1], [f"'{FORMULA}", 15400])

    def test_only_formulas_are_marked(self):
        day = fields.Date.to_date('2026-01-01')
        self.assertEqual(
            quote_formulas([("a", 1.5, False, None, day), {'x': [" =1", "{=1}", "-1", "+254"]}]),
            [("a", 1.5, False, None, day), {'x': ["' =1", "'{=1}", "-1", "+254"]}],
        )

    # === YEAR-END PACK === #

    def test_year_end_pack_is_of_the_year_that_ends(self):
        self.env['school.academic.year'].create({
            'name': "2025", 'date_from': '2025-01-01', 'date_to': '2025-12-31',
        })
        for today, last_day in (
            ('2026-10-01', '2025-12-31'), ('2026-12-31', '2026-12-31'),
            ('2027-02-01', '2026-12-31'),
        ):
            with self.subTest(today=today), freeze_time(today):
                pack = self.env['school.year.end.pack'].create({})
                self.assertEqual(str(pack.date_to), last_day)

    def test_year_end_pack(self):
        Pack = self.env['school.year.end.pack'].with_user(self.bursar)
        with freeze_time('2027-01-31'):
            pack = Pack.create({})
            self.assertEqual((str(pack.date_from), str(pack.date_to)), ('2026-01-01', '2026-12-31'))
            action = pack.action_download()
        self.assertIn('.xlsx', action['url'])
        cells = self._cells(base64.b64decode(pack.file))
        self.assertEqual(
            list(cells),
            ["Receivables by class", "Receivables by student", "Prepayments",
             "Concessions by type", "Vote-head collection", "Receipts register", "Reversals",
             "Work by user"],
        )
        day = fields.Datetime.to_datetime
        # On the last day of the year: what came later does not count.
        self.assertIn(
            [self.north.name, 0, 0, 0, 0, 15000, 15000, 0, 15000], cells["Receivables by class"],
        )
        self.assertEqual(cells["Receivables by class"][-1][-1], 14000)
        self.assertIn(
            ["ADM-012", FORMULA, self.north.name, 0, 0, 0, 0, 15000, 15000],
            cells["Receivables by student"],
        )
        self.assertIn(["ADM-013", "Brian Otieno", None, 1000], cells["Prepayments"])
        self.assertEqual(cells["Vote-head collection"][3], ["No vote head", 15500, 500, 15000])
        self.assertEqual(
            [row[-1] for row in cells["Receipts register"][3:]], [1000, 500, 700, 2200],
        )
        self.assertIn(
            [day('2026-03-05'), self.wrong.number, self.env.user.name, "=Bounced", -700],
            cells["Reversals"],
        )
        self.assertEqual(
            cells["Work by user"][3:], [
                [self.env.user.name, "Receipt", 3, 2200],
                [self.env.user.name, "Reversal", 1, -700],
                [None, None, None, 1500],
            ],
        )
