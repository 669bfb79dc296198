import base64
import io

import openpyxl

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


@tagged('post_install', '-at_install')
class TestDataExport(SchoolFeesCommon):
    """A guardian gets what the school keeps of the guardian, and of nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bursar = cls.create_staff('export_bursar', 'bursar')
        cls.faith = cls.create_student()
        cls.mary = cls.create_guardian(cls.faith, "Mary Otieno", '0712 000 111')
        cls.john = cls.create_guardian(cls.faith, "John Otieno", '0733 000 222')
        cls.create_student("Grace Mwangi", "ADM-020")
        cls.create_term_bill(cls.faith, cls.term_1, 15_500)
        cls.create_receipt({cls.faith: 4_000}, payer_partner_id=cls.mary.id)
        cls.create_receipt({cls.faith: 1_234}, payer_partner_id=cls.john.id)

    def export(self, partner, user=None):
        """ Return the cells of the file, by sheet.

        :rtype: dict[str, list[list]]
        """
        wizard = self.env['school.data.export'].with_user(user or self.bursar).create({
            'partner_id': partner.id, 'company_id': self.school.id,
        })
        wizard.action_download()
        book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(wizard.file)))
        return {
            sheet.title: [[cell for cell in row if cell is not None]
                          for row in sheet.iter_rows(values_only=True)]
            for sheet in book
        }

    def text_of(self, cells):
        return ' '.join(str(cell) for rows in cells.values() for row in rows for cell in row)

    def test_what_is_kept_of_the_guardian_and_shown_of_the_child(self):
        cells = self.export(self.mary)
        self.assertIn(["Phone", "0712 000 111"], cells["You"])
        self.assertEqual([row[:2] for row in cells["Your children"][3:]], [
            [self.faith.name, self.faith.admission_no],
        ])
        self.assertEqual([row[-1] for row in cells["Your payments"][3:]], [4_000])
        self.assertEqual([row[-1] for row in cells["Accounts"][3:]][-1], self.faith.balance)
        text = self.text_of(cells)
        for other in ("Grace", "John", "0733", "733000222"):
            self.assertNotIn(other, text)
        self.assertIn("made for handing over", str(self.mary.message_ids.mapped('body')))

    def test_what_the_guardian_may_not_see_is_left_out(self):
        self.john.guardian_link_ids.sees_amounts = False
        cells = self.export(self.john)
        self.assertEqual(cells["Accounts"][3:], [])
        self.assertEqual([row[-1] for row in cells["Your payments"][3:]], [1_234])
        self.john.guardian_link_ids.date_to = '2020-12-31'
        self.assertEqual(self.export(self.john)["Your children"][3:], [])

    def test_in_the_guardians_language(self):
        self.env['res.lang']._activate_lang('sw')
        self.env['ir.module.module']._get('school_fees')._update_translations('sw')
        self.mary.lang = 'sw'
        cells = self.export(self.mary)
        self.assertNotIn("Your payments", cells)
        self.assertNotIn("Your payments", self.text_of(cells))

    def test_who_may(self):
        other = self.create_school("Mwangaza School")
        stranger = self.create_staff('export_stranger', 'bursar')
        stranger.write({'company_id': other.id, 'company_ids': [Command.set(other.ids)]})
        for user in (
            self.create_staff('export_cashier', 'cashier'),
            self.create_staff('export_teacher', 'class_teacher'), stranger,
        ):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.export(self.mary, user)
