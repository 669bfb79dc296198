import base64
import io

import xlsxwriter

from odoo import fields, models


class SchoolWorkbookMixin(models.AbstractModel):
    """A wizard whose result is an Excel file of some lists, made anew each time."""

    _name = 'school.workbook.mixin'
    _description = "Excel File"
    _has_totals = False  # Whether a list ends with the sum of each column of amounts.

    filename = fields.Char(string="File Name", compute='_compute_filename')
    file = fields.Binary(string="File", compute='_compute_file')

    # === COMPUTE METHODS === #

    def _compute_filename(self):
        """ Name the file; to be overridden by something that tells more. """
        for wizard in self:
            wizard.filename = f'{wizard._description}.xlsx'

    def _compute_file(self):
        for wizard in self:
            wizard.file = base64.b64encode(wizard._make_workbook())

    # === ACTION METHODS === #

    def action_download(self):
        """ Download the file. It is made by the download, and not kept.

        :return: A URL action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_url',
            'url': f'/web/content/{self._name}/{self.id}/file/{self.filename}?download=true',
            'target': 'self',
        }

    # === BUSINESS METHODS === #

    def _get_sheets(self):
        """ Return the lists of the file.

        :return: For each sheet its title, for each column its heading and whether it is an
                 `amount`, a `date` or a `text`, or a `count` of records, and the values of each
                 row.
        :rtype: list[tuple]
        """
        raise NotImplementedError

    def _get_file_heading(self, title):
        """ Return what stands above a list.

        :param str title: The list's own title.
        :rtype: str
        """
        return title

    def _make_workbook(self):
        """ Return the lists as an XLSX file.

        A name that begins like a formula or an address is written as the text that it is.

        :rtype: bytes
        """
        output = io.BytesIO()
        workbook = xlsxwriter.Workbook(output, {
            'in_memory': True, 'strings_to_formulas': False, 'strings_to_urls': False,
        })
        styles = {
            'bold': workbook.add_format({'bold': True}),
            'amount': workbook.add_format({'num_format': '#,##0.00'}),
            'total': workbook.add_format({'num_format': '#,##0.00', 'bold': True, 'top': 1}),
            'date': workbook.add_format({'num_format': 'dd/mm/yyyy'}),
        }
        for title, columns, rows in self._get_sheets():
            sheet = workbook.add_worksheet(title[:31])
            sheet.write(0, 0, self._get_file_heading(title), styles['bold'])
            self._write_list(sheet, styles, columns, rows)
        workbook.close()
        return output.getvalue()

    def _write_list(self, sheet, styles, columns, rows):
        """ Write one list, with its totals where it has them.

        :param sheet: The worksheet.
        :param dict styles: The formats by name.
        :param list columns: As in :meth:`_get_sheets`.
        :param list rows: The same.
        :return: None
        """
        for index, (heading, kind) in enumerate(columns):
            sheet.set_column(index, index, 28 if kind == 'text' else 14)
            sheet.write(2, index, heading, styles['bold'])
        for row_index, row in enumerate(rows, start=3):
            for index, value in enumerate(row):
                sheet.write(row_index, index, value, styles.get(columns[index][1]))
        for index, (_heading, kind) in enumerate(columns):
            if kind == 'amount' and self._has_totals:
                total = self.company_id.currency_id.round(sum(row[index] for row in rows))
                sheet.write(len(rows) + 3, index, total, styles['total'])
        sheet.freeze_panes(3, 0)
