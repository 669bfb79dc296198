import base64
import binascii

from odoo import fields, models
from odoo.exceptions import UserError

from ..rules import import_sheet


class SchoolUploadMixin(models.AbstractModel):
    """A file with a table that somebody uploads, and what there is to say of it."""

    _name = 'school.upload.mixin'
    _description = "Table in an Uploaded File"

    file = fields.Binary(string="File", attachment=False, help="CSV or Excel workbook (.xlsx).")
    file_name = fields.Char(string="File Name")

    # === BUSINESS METHODS === #

    def _read_sheet(self):
        """ Read the file as a table.

        :rtype: Sheet
        :raise UserError: If the file holds none, or a larger one than is read.
        """
        self.ensure_one()
        try:
            return import_sheet.read_sheet(self._get_content())
        except import_sheet.SheetError as error:
            raise UserError(self._say_sheet(error.reason)) from error

    def _get_content(self):
        """ Return the bytes of the file.

        :rtype: bytes
        :raise UserError: If they are too many, or did not arrive whole.
        """
        coded = self.with_context(bin_size=False).file or b''
        # Before it is decoded: four letters carry three bytes.
        if len(coded) * 3 // 4 > import_sheet.MAX_BYTES + 2:
            raise UserError(self._say_sheet(import_sheet.TOO_BIG))
        try:
            return base64.b64decode(coded)
        except binascii.Error as error:
            raise UserError(self._say_sheet(import_sheet.BROKEN)) from error

    def _say_sheet(self, reason):
        """ Return in words why a file cannot be read.

        :param str reason: A reason of the rules.
        :rtype: str
        """
        return {
            import_sheet.EMPTY: self.env._("The file is empty."),
            import_sheet.TOO_BIG: self.env._(
                "The file is too large: at most %(size)s MB are read. Send only the columns of the"
                " template, or cut the file in parts.",
                size=import_sheet.MAX_BYTES // (1024 * 1024),
            ),
            import_sheet.TOO_LONG: self.env._(
                "The file has more than %(count)s rows. Cut it in parts, such as one for each"
                " level.", count=import_sheet.MAX_ROWS,
            ),
            import_sheet.TOO_WIDE: self.env._(
                "The file has more than %(count)s columns: it is no table of students. Send only"
                " the columns of the template.", count=import_sheet.MAX_COLUMNS,
            ),
            import_sheet.OLD_EXCEL: self.env._(
                "This is an old Excel workbook (.xls), or one that is locked by a password. Open"
                " it in Excel and save it as .xlsx or CSV, without a password."
            ),
            import_sheet.NO_TABLE: self.env._(
                "This is neither a CSV file nor an Excel workbook. Save the table as CSV or .xlsx."
            ),
            import_sheet.BROKEN: self.env._(
                "The file is broken and cannot be read. Open it in a spreadsheet, save it again as"
                " CSV or .xlsx, and try once more."
            ),
            import_sheet.ENCODING: self.env._(
                "The letters of the file cannot be read: it is neither UTF-8 nor Windows-1252."
                " Save it as “CSV UTF-8” or .xlsx."
            ),
        }[reason]

    def _get_sheet_notices(self, sheet):
        """ Return what there is to say of how the file was read.

        :param Sheet sheet: The table.
        :rtype: list[str]
        """
        notices = []
        if sheet.encoding == import_sheet.WINDOWS_1252:
            notices.append(self.env._(
                "The file is not UTF-8 and was read as Windows-1252. Look at names with accents."
            ))
        elif sheet.encoding == import_sheet.UTF_16:
            notices.append(self.env._("The file was read as UTF-16."))
        if sheet.unread:
            notices.append(self.env._(
                "Only the first sheet of the workbook was read, not: %(sheets)s.",
                sheets=', '.join(sheet.unread),
            ))
        return notices
