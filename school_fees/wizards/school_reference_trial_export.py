import base64
import io
import re

import xlsxwriter

from odoo import fields, models
from odoo.exceptions import UserError


FILE_NAME = 'dry-run-of-references.xlsx'


class SchoolReferenceTrial(models.TransientModel):
    """The result as a workbook, to look at with others."""

    _inherit = 'school.reference.trial'  # pylint: disable=consider-merging-classes-inherited

    result_file = fields.Binary(string="Result as a File", compute='_compute_result_file')

    # === COMPUTE METHODS === #

    def _compute_result_file(self):
        for trial in self:
            trial.result_file = trial.state == 'result' and base64.b64encode(
                trial._make_workbook(),
            )

    # === ACTION METHODS === #

    def action_download(self):
        """ Download the result as an Excel workbook. It is made anew each time, and not kept.

        :return: An address action.
        :rtype: dict
        :raise UserError: If no file was tried.
        """
        self.ensure_one()
        if self.state != 'result':
            raise UserError(self.env._("Try a file first: there is no result to download yet."))
        return {
            'type': 'ir.actions.act_url',
            'url': f'/web/content/{self._name}/{self.id}/result_file'
                   f'?download=true&filename={FILE_NAME}',
            'target': 'download',
        }

    # === BUSINESS METHODS === #

    def _make_workbook(self):
        """ Return the totals and the rows as an XLSX file.

        A reference that begins like a formula or an address is written as the text that it is.

        :rtype: bytes
        """
        output = io.BytesIO()
        workbook = xlsxwriter.Workbook(output, {
            'in_memory': True, 'strings_to_formulas': False, 'strings_to_urls': False,
        })
        styles = {
            'bold': workbook.add_format({'bold': True}),
            'amount': workbook.add_format({'num_format': '#,##0.00', 'valign': 'top'}),
            'text': workbook.add_format({'text_wrap': True, 'valign': 'top'}),
        }
        self._write_totals(workbook.add_worksheet(self.env._("Totals")[:31]), styles)
        self._write_rows(workbook.add_worksheet(self.env._("References")[:31]), styles)
        workbook.close()
        return output.getvalue()

    def _get_outcome_words(self):
        """ Return the words of the outcomes, by code.

        :rtype: dict[str, str]
        """
        Row = self.env['school.reference.trial.row']
        return dict(Row._fields['outcome']._description_selection(self.env))

    def _write_totals(self, sheet, styles):
        """ Write how many payments, and how much money, have which outcome.

        :param sheet: The worksheet.
        :param dict styles: The formats by name.
        :return: None
        """
        words = self._get_outcome_words()
        words['booked'] = self.env._("Booked at once")
        words['row'] = self.env._("All payments")
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 2, 18)
        sheet.write(0, 0, self.env._(
            "%(school)s: dry run of references. Nothing was booked.", school=self.company_id.name,
        ), styles['bold'])
        headings = [self.env._("Outcome"), self.env._("Payments")]
        if self.has_amounts:
            headings.append(self.env._("Amount"))
        sheet.write_row(2, 0, headings, styles['bold'])
        for index, name in enumerate(
            ('booked', 'exact', 'normalised', 'suggest', 'unmatched', 'row'), start=3,
        ):
            sheet.write(
                index, 0, words[name], styles['bold'] if name in {'booked', 'row'} else None,
            )
            sheet.write(index, 1, self[f'{name}_count'])
            if self.has_amounts:
                sheet.write(index, 2, self[f'{name}_amount'], styles['amount'])
        for index, line in enumerate((self.notice or '').splitlines(), start=10):
            sheet.write(index, 0, line)

    def _write_rows(self, sheet, styles):
        """ Write each payment with its outcome.

        :param sheet: The worksheet.
        :param dict styles: The formats by name.
        :return: None
        """
        rows = self.row_ids
        words = self._get_outcome_words()
        headings = [
            self.env._("Row"), self.env._("Reference"), self.env._("Amount"),
            self.env._("Outcome"), self.env._("Who, and Why"),
        ]
        for index, width in enumerate((8, 28, 14, 30, 70)):
            sheet.set_column(index, index, width, styles['text'])
        sheet.write_row(0, 0, headings, styles['bold'])
        for index, row in enumerate(rows, start=1):
            sheet.write_number(index, 0, row.number, styles['text'])
            sheet.write_string(index, 1, _printable(row.reference or ''), styles['text'])
            if row.has_amount:
                sheet.write_number(index, 2, row.amount, styles['amount'])
            sheet.write_string(index, 3, words[row.outcome], styles['text'])
            sheet.write_string(index, 4, _printable(row.found or ''), styles['text'])
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(headings) - 1)


def _printable(text):
    """ Return a text without the signs that no XML file may hold, which break a workbook. """
    return re.sub('[\ufffe\uffff]', '', text)
