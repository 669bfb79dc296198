import base64
import csv
import io

import openpyxl

from odoo.fields import Command
from odoo.tests import new_test_user

from odoo.addons.school_fees.tests.common import SchoolFeesCommon


class ImportCommon(SchoolFeesCommon):
    """A school with three classes and its bursar, and makers of files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level = cls.create_level()
        cls.north = cls.create_class(cls.level, "North")
        cls.south = cls.create_class(cls.level, "South")
        cls.seven = cls.create_class(cls.create_level("Grade 7", 'G7'))
        cls.bursar = cls.create_user('imports_bursar', 'school_fees.group_bursar')

    @classmethod
    def create_user(cls, login, groups):
        """ Create a user of the school.

        :rtype: res.users
        """
        return new_test_user(
            cls.env, login=login, groups=groups, company_id=cls.school.id,
            company_ids=[Command.set(cls.school.ids)],
        )

    @classmethod
    def make_csv(cls, *rows, codec='utf-8', delimiter=','):
        """ Return the bytes of a CSV file. """
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows(rows)
        return out.getvalue().encode(codec)

    @classmethod
    def make_workbook(cls, *rows):
        """ Return the bytes of an Excel workbook. """
        book, out = openpyxl.Workbook(), io.BytesIO()
        for row in rows:
            book.active.append(row)
        book.save(out)
        return out.getvalue()

    def start(self, content, user=None, **values):
        """ Start an import as the bursar, without a look at its rows.

        :param content: The bytes of the file, or the rows of a CSV file.
        :rtype: school.import
        """
        if not isinstance(content, bytes):
            content = self.make_csv(*content)
        return self.env(user=user or self.bursar)['school.import'].create({
            'file': base64.b64encode(content), 'file_name': "school.csv",
            'company_id': self.school.id, **values,
        })

    def preview(self, content, user=None, **values):
        """ Preview a file as the bursar.

        :rtype: school.import
        """
        wizard = self.start(content, user, **values)
        wizard.action_preview()
        return wizard

    def run_import(self, content, **values):
        """ Import a file as the bursar; all that a preview warns of is all right.

        :rtype: school.import
        """
        wizard = self.preview(content, **values)
        wizard.accept_warnings = True
        if wizard.kind == 'openings' and not wizard.control_total:
            wizard.control_total = str(wizard.total_net)
        wizard.action_import()
        return wizard

    def assert_states(self, wizard, *states):
        """ Assert what would become of each row, in the order of the file. """
        rows = wizard.row_ids.sorted('number')
        self.assertEqual(rows.mapped('state'), list(states), rows.mapped('message'))

    def assert_refused(self, wizard, message, row=0):
        """ Assert that a row is an error, that it says why, and that nothing is imported. """
        line = wizard.row_ids.sorted('number')[row]
        self.assertEqual(line.state, 'error', line.message)
        self.assertRegex(line.message, message)
