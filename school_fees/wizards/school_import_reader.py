from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..rules import import_sheet, import_value
from ..rules.admission_number import canonical_key
from ..rules.import_header import OPENING_COLUMNS, STUDENT_COLUMNS, TermColumn, find_header
from ..rules.import_row import make_rows


MAX_TEXT = 200  # Longer cells are no names.
MAX_ADMISSION_NO = 12


class SchoolImport(models.TransientModel):
    """Reading the file, and what every row of it must have."""

    _inherit = 'school.import'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _read_rows(self):
        """ Read the file as rows, each checked by itself.

        :return: The rows, the header, and what there is to say of the file.
        :rtype: tuple[list, Header, list[str]]
        :raise UserError: If the file holds no such table.
        """
        self.ensure_one()
        sheet = self._read_sheet()
        is_openings = self.kind == 'openings'
        header = find_header(
            sheet.rows, has_terms=is_openings, guardians=not is_openings,
            columns=OPENING_COLUMNS if is_openings else STUDENT_COLUMNS,
        )
        self._check_header(header)
        rows = make_rows(sheet.rows, header)
        if not rows:
            raise UserError(self.env._("The file has a header and no row below it."))
        self._check_rows(rows)
        return rows, header, self._get_notices(sheet, header)

    def _check_header(self, header):
        """ Ensure that the file has the columns that it needs, each once.

        :param Header header: The header.
        :return: None
        :raise UserError: If it does not.
        """
        names = {
            'admission_no': self.env._("Admission Number"),
            'name': self.env._("Name"),
            'balance': self.env._("Balance"),
        }
        missing = {'admission_no', 'name'} - header.fields
        if self.kind == 'openings' and not any(
            name == 'balance' or isinstance(name, TermColumn) for name in header.fields
        ):
            missing.add('balance')
        if missing:
            raise UserError(self.env._(
                "The file has no column %(missing)s. Row %(number)s was read as the header; not"
                " understood in it: %(unknown)s. Name the columns as in the template.",
                missing=', '.join(names[name] for name in names if name in missing),
                number=header.number, unknown=', '.join(header.unknown) or self.env._("nothing"),
            ))
        if header.doubled:
            raise UserError(self.env._(
                "The file has more than one column for the same thing: %(columns)s. Take out those"
                " that do not count.", columns=', '.join(header.doubled),
            ))

    def _get_notices(self, sheet, header):
        """ Return what there is to say of the file as a whole.

        :rtype: list[str]
        """
        notices = self._get_sheet_notices(sheet)
        if header.unknown:
            notices.append(self.env._(
                "These columns are not understood and left out: %(columns)s.",
                columns=', '.join(header.unknown),
            ))
        return notices

    def _check_rows(self, rows):
        """ Check what every row must have, and that no student stands in the file twice.

        :param list rows: The rows.
        :return: None
        """
        by_key = {}
        for row in rows:
            if row.has_loose_cells:
                row.errors.append(self.env._(
                    "There are more cells than columns. Perhaps an amount like 1,250 has a comma:"
                    " put it in quotes, or write it without."
                ))
            if any(len(row.text(name)) > MAX_TEXT for name in row.cells):
                row.errors.append(self.env._("A text is too long."))
            for name in ('admission_no', 'name', 'class', 'stream', 'family_code', 'family'):
                if import_sheet.is_formula(row.text(name)):
                    row.errors.append(self.env._(
                        "“%(text)s” begins like a formula. It was taken as text and not worked"
                        " out; write what it stands for.", text=row.text(name)[:40],
                    ))
            self._check_row_names(row)
            if row.data['key']:
                by_key.setdefault(row.data['key'], []).append(row)
        for same in by_key.values():
            for row in same if len(same) > 1 else ():
                others = [other for other in same if other is not row]
                row.errors.append(self.env._(
                    "Row %(number)s has this admission number too, written %(text)s. Signs and"
                    " leading zeros make no difference.",
                    number=others[0].number, text=others[0].text('admission_no'),
                ))

    def _check_row_names(self, row):
        """ Check the admission number and the name of a row.

        :param ImportRow row: The row.
        :return: None
        """
        number = row.text('admission_no')
        row.data['key'] = canonical_key(number)
        if not row.data['key']:
            row.errors.append(self.env._("The admission number is missing."))
        elif len(number) > MAX_ADMISSION_NO:
            row.errors.append(self.env._(
                "The admission number has more than %(count)s characters.", count=MAX_ADMISSION_NO,
            ))
        if not row.text('name'):
            row.errors.append(self.env._("The name is missing."))
        elif not any(sign.isalpha() for sign in row.text('name')):
            row.errors.append(self.env._("The name has no letter."))

    def _match_students(self, rows):
        """ Find the student whom each row means, by the admission number.

        :param list rows: The rows.
        :return: The students that were found.
        :rtype: school.student
        """
        keys = {row.data['key'] for row in rows} - {''}
        holders = self.env['school.student.alias']._find_holders(self.company_id, list(keys))
        Student = self.env['school.student']
        found = Student.union(*(
            holder for of_key in holders.values() for holder in of_key
            if holder._name == Student._name
        ))
        found.fetch(['name', 'admission_no', 'admission_key', 'state', 'family_id'])
        for row in rows:
            row.data['student'] = Student
            for holder in holders.get(row.data['key'], ()):
                if holder._name == Student._name and holder.admission_key == row.data['key']:
                    row.data['student'] = holder
                else:
                    row.errors.append(self.env._(
                        "%(number)s is another reference of %(holder)s. Write the admission"
                        " number.",
                        number=row.text('admission_no'), holder=holder.display_name,
                    ))
            student = row.data['student']
            if student and student.admission_no != row.text('admission_no'):
                row.warnings.append(self.env._(
                    "The number is written %(number)s in Odoo: it is the same one.",
                    number=student.admission_no,
                ))
        return found

    def _parse_date(self, row, name):
        """ Return the date in a cell; what is none becomes an error of the row.

        :param ImportRow row: The row.
        :param str name: The column.
        :rtype: date | None
        """
        try:
            return import_value.parse_date(row.cells.get(name))
        except import_value.ValueRefusedError as error:
            row.data['us_order'] = error.reason == import_value.US_ORDER
            row.errors.append({
                import_value.NO_DATE: self.env._(
                    "“%(text)s” is no date. Write it like 31/01/2026 or 2026-01-31.",
                    text=row.text(name)[:40],
                ),
                import_value.NO_SUCH_DAY: self.env._(
                    "There is no day %(text)s.", text=row.text(name),
                ),
                import_value.US_ORDER: self.env._(
                    "%(text)s has the month first. Write the day first, like 31/01/2026.",
                    text=row.text(name),
                ),
                import_value.SERIAL: self.env._(
                    "%(text)s is a number, as Excel keeps dates. Perhaps %(date)s is meant: format"
                    " the column as a date.",
                    text=row.text(name), date=format_date(self.env, error.hint),
                ),
                import_value.SHORT_YEAR: self.env._(
                    "%(text)s needs a year of four digits.", text=row.text(name),
                ),
            }[error.reason])
            return None

    def _flag_us_dates(self, rows, name):
        """ Refuse dates that may have the month first, in a file where another one has it.

        :param list rows: The rows.
        :param str name: The column.
        :return: None
        """
        if not any(row.data.get('us_order') for row in rows):
            return
        for row in rows:
            if import_value.could_be_us_date(row.cells.get(name)):
                row.errors.append(self.env._(
                    "%(text)s may have the month first, as other dates of the file do. Write it"
                    " like 2026-01-31.", text=row.text(name),
                ))
