import base64
import io
import zipfile

from odoo.exceptions import UserError
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.school_fees.tests.import_common import ImportCommon


HEADER = ["Adm No", "Name"]
ROW = ["ADM-012", "Zoë Otieno"]


@tagged('post_install', '-at_install')
@freeze_time('2026-02-10 09:00:00')
class TestImportFiles(ImportCommon):

    def test_files_of_all_kinds_are_read(self):
        for content, notice in (
            (self.make_csv(HEADER, ROW), False),
            (self.make_csv(HEADER, ROW, codec='utf-8-sig'), False),
            (self.make_csv(HEADER, ROW, delimiter=';'), False),
            (self.make_csv(HEADER, ROW, delimiter='\t'), False),
            (self.make_csv(HEADER, ROW, codec='cp1252'), "read as Windows-1252"),
            (self.make_csv(HEADER, ROW, codec='utf-16', delimiter='\t'), "read as UTF-16"),
            (self.make_workbook(HEADER, ROW), False),
            (self.make_csv(["UHURU ACADEMY"], [], HEADER, ROW), False),
            (self.make_csv([*HEADER, "House"], [*ROW, "Lions"]), "left out: House"),
        ):
            with self.subTest(content=content[:40]):
                wizard = self.preview(content)
                self.assert_states(wizard, 'new')
                self.assertEqual(wizard.row_ids.name, "Zoë Otieno")
                if notice:
                    self.assertIn(notice, wizard.notice)
                else:
                    self.assertFalse(wizard.notice)

    def test_files_that_are_none_say_so(self):
        bomb = io.BytesIO()
        with zipfile.ZipFile(bomb, 'w', zipfile.ZIP_DEFLATED) as archive:
            archive.writestr('xl/workbook.xml', b'0' * (80 * 1024 * 1024))
        for content, message in (
            (b' ', "file is empty"), (b',,\n', "file is empty"),
            (b'0' * (50 * 1024 * 1024), "too large: at most 10 MB"),
            (bomb.getvalue(), "too large: at most 10 MB"),
            (self.make_csv(HEADER, *[ROW] * 10_001), "more than 10000 rows"),
            (self.make_csv(HEADER, ["x"] * 201), "more than 200 columns"),
            (b'\xd0\xcf\x11\xe0', "old Excel workbook"), (b'PK\x03\x04', "broken"),
            (b'%PDF-1.4\n\0\0', "neither a CSV file nor"), (b'adm\n\x81', "letters of the file"),
            (
                self.make_csv(["Class", "Stream"], ["8", "N"]),
                "no column Admission Number, Name. Row 1 was read as the header.*in it: nothing",
            ),
            (self.make_csv(["Adm", "Blood Group"], ["8", "A"]), "no column Name.*Blood Group"),
            (self.make_csv([*HEADER, "Learner"], ROW), "same thing: Learner"),
            (self.make_csv(HEADER), "no row below"),
        ):
            with self.subTest(message=message), self.refusal(UserError, message):
                self.preview(content)
        with self.refusal(UserError, "no column Balance"):
            self.preview([HEADER, ROW], kind='openings')
        wizard = self.start([HEADER, ROW])
        wizard.file = False
        for action in ('action_preview', 'action_import'):
            with self.refusal(UserError, "Choose a file first"):
                getattr(wizard, action)()

    def test_a_large_file_is_previewed(self):
        rows = [[f"N{number}", f"Child Number{number}"] for number in range(1, 3001)]
        rows.append(["N1", "Again"])
        wizard = self.preview([HEADER, *rows])
        self.assertEqual((wizard.new_count, wizard.error_count), (2999, 2))
        # What needs a look stands first.
        wizard.invalidate_recordset()
        self.assertEqual(wizard.row_ids[:2].mapped('number'), [2, 3002])


@tagged('post_install', '-at_install')
class TestImportTemplate(ImportCommon, HttpCase):

    def test_the_template_is_for_those_who_import(self):
        for login, group, status in (
            ('imports_cashier', 'group_cashier', 404), ('imports_approver', 'group_approver', 404),
            ('imports_bursar', None, 200),
        ):
            if group:
                self.create_user(login, f'school_fees.{group}')
            wizard = self.env(user=self.bursar)['school.import'].create({'kind': 'openings'})
            self.authenticate(login, login)
            with self.subTest(login=login):
                response = self.url_open(wizard.action_download_template()['url'])
                self.assertEqual(response.status_code, status)
        self.assertEqual(
            response.content, base64.b64decode(wizard.template_file),
        )
        self.assertTrue(response.content.decode('utf-8-sig').startswith("Admission Number,Name"))
        self.assertIn("openings.csv", response.headers['Content-Disposition'])
