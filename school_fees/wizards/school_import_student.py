from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..rules.import_value import DIFFERENT, SAME, compare_names


BOARDING = {
    'day': 'day', 'd': 'day', 'day scholar': 'day', 'dayscholar': 'day', 'day student': 'day',
    'boarding': 'boarding', 'b': 'boarding', 'boarder': 'boarding', 'full boarding': 'boarding',
    'full boarder': 'boarding',
    'weekly': 'weekly', 'w': 'weekly', 'weekly boarding': 'weekly', 'weekly boarder': 'weekly',
}


class SchoolImport(models.TransientModel):
    """What a row says of a student: the name, the class, day or boarding."""

    _inherit = 'school.import'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _plan_students(self, rows, header):
        """ Find out what is to become of rows of students.

        What a row leaves empty stays as it is.

        :param list rows: The rows, to which the findings are added.
        :param Header header: The header.
        :return: None
        """
        students = self._match_students(rows)
        year = self._get_year(header)
        classes = self._get_classes(year)
        enrolments = self._get_enrolments(students)
        for row in rows:
            student = row.data['student']
            row.is_new = not student
            joined_on = self._parse_date(row, 'joined_on')
            if not student:
                row.data['joined_on'] = joined_on
            elif row.text('name'):
                self._plan_name(row)
            self._plan_class(row, year, classes)
            self._plan_enrolment(row, year, enrolments.get(student))
        self._flag_us_dates(rows, 'joined_on')
        self._plan_guardians(rows, students)
        self._plan_families(rows)

    def _get_year(self, header):
        """ Return the academic year of today, if the file needs one.

        :rtype: school.academic.year
        :raise UserError: If there is none.
        """
        Year = self.env['school.academic.year']
        if not header.fields & {'class', 'stream', 'boarding'}:
            return Year
        today = fields.Date.context_today(self)
        year = Year.search([
            ('company_id', '=', self.company_id.id), ('date_from', '<=', today),
            ('date_to', '>=', today),
        ], limit=1)
        if not year:
            raise UserError(self.env._(
                "The file has classes, but no academic year holds today. Make the year and its"
                " classes first, or take the columns out."
            ))
        return year

    def _get_classes(self, year):
        """ Return the classes of the year by all that a file may call them.

        :param school.academic.year year: The year.
        :return: The classes for each name; more than one where only the level is named.
        :rtype: dict[str, school.class]
        """
        classes = self.env['school.class'].search_fetch(
            [('year_id', '=', year.id)], ['name', 'level_id', 'stream'],
        )
        classes.level_id.fetch(['name', 'code'])
        by_name = {}
        for school_class in classes:
            level, stream = school_class.level_id, school_class.stream or ''
            for word in {level.name, level.code}:
                for name in {word, f'{word} {stream}', f'{word}{stream}', school_class.name}:
                    key = self._get_class_key(name)
                    by_name[key] = by_name.get(key, classes.browse()) | school_class
        return by_name

    def _get_class_key(self, name):
        """ Return the name of a class without case, signs and blanks, such as 'g8n'.

        :rtype: str
        """
        return ''.join(sign for sign in (name or '').casefold() if sign.isalnum())

    def _get_enrolments(self, students):
        """ Return the enrolments of students that hold today or later, with one query.

        :rtype: dict[school.student, school.enrolment]
        """
        return self.env['school.enrolment'].search_fetch([
            ('student_id', 'in', students.ids),
            '|', ('date_to', '=', False), ('date_to', '>=', fields.Date.context_today(self)),
        ], ['student_id', 'class_id', 'year_id', 'boarding', 'date_from', 'date_to']).grouped(
            'student_id'
        )

    def _plan_name(self, row):
        """ Compare the name of a row with that of its student.

        :param ImportRow row: The row.
        :return: None
        """
        student, name = row.data['student'], row.text('name')
        likeness = compare_names(student.name, name)
        if likeness == DIFFERENT:
            row.errors.append(self.env._(
                "This number belongs to %(student)s in Odoo. Numbers are never given again; if the"
                " student has another name now, change it on the student.", student=student.name,
            ))
        elif likeness != SAME:
            row.data['name'] = name
            row.changes.append(self.env._(
                "Name: %(old)s → %(new)s.", old=student.name, new=name,
            ))

    def _plan_class(self, row, year, classes):
        """ Find the class that a row names.

        :param ImportRow row: The row.
        :param school.academic.year year: The year of today.
        :param dict classes: The classes by name.
        :return: None
        """
        row.data['class'] = self.env['school.class']
        row.data['boarding'] = BOARDING.get(row.text('boarding').casefold().replace('-', ' '))
        if row.text('boarding') and not row.data['boarding']:
            row.errors.append(self.env._(
                "“%(text)s” is neither day, boarding nor weekly.", text=row.text('boarding')[:40],
            ))
        level, stream = row.text('class'), row.text('stream')
        row.data['details'] = ' '.join(filter(None, (level, stream)))[:64]
        if not level:
            if stream:
                row.errors.append(self.env._("The class is missing beside its stream."))
            return
        found = classes.get(self._get_class_key(f'{level} {stream}'))
        found = found or (classes.get(self._get_class_key(level)) if not stream else None)
        if not found:
            row.errors.append(self.env._(
                "There is no class %(name)s in the year %(year)s. Make it first, or write it as"
                " Odoo does.", name=row.data['details'], year=year.name,
            ))
        elif len(found) > 1:
            row.errors.append(self.env._(
                "%(name)s may be any of these: %(classes)s. Name the stream.",
                name=row.data['details'], classes=', '.join(found.mapped('name')),
            ))
        else:
            row.data['class'] = found

    def _plan_enrolment(self, row, year, enrolments):
        """ Find out which enrolment a row needs: none, another one, or its first one.

        :param ImportRow row: The row.
        :param school.academic.year year: The year of today.
        :param school.enrolment enrolments: Those of the student that have not ended.
        :return: None
        """
        student, school_class = row.data['student'], row.data['class']
        boarding = row.data['boarding']
        if row.errors or not (school_class or boarding):
            return
        today = fields.Date.context_today(self)
        enrolments = enrolments or self.env['school.enrolment']
        live = enrolments.filtered(lambda enrolment: enrolment.date_from <= today)
        school_class = school_class or live.class_id
        boarding = boarding or live.boarding or 'day'
        if not school_class:
            row.errors.append(self.env._("The class is missing: day or boarding belongs to one."))
            return
        if (live.class_id, live.boarding) == (school_class, boarding):
            return
        if student.state in {'left', 'graduated'}:
            row.errors.append(self.env._(
                "%(student)s has left the school. Re-admit the student on the student's form"
                " first.", student=student.name,
            ))
            return
        later = enrolments - live
        if later:
            row.errors.append(self.env._(
                "%(student)s is already enrolled in %(school_class)s from %(date)s. Change that"
                " enrolment instead.",
                student=student.name, school_class=later[0].class_id.name,
                date=format_date(self.env, later[0].date_from),
            ))
            return
        first = row.data.get('joined_on')
        first = first if first and year.date_from <= first <= year.date_to else year.date_from
        row.data['enrolment'] = {
            'class_id': school_class.id,
            'boarding': boarding,
            'date_from': today if live.year_id == year else first,
        }
        row.data['live_enrolment'] = live
        if student:
            words = dict(live._fields['boarding']._description_selection(self.env))
            row.changes.append(self.env._(
                "Class: %(old)s → %(new)s.",
                old=', '.join(filter(None, (live.class_id.name, words.get(live.boarding)))) or '-',
                new=f'{school_class.name}, {words[boarding]}',
            ))

    def _import_students(self, rows):
        """ Write the students of rows, with their families, guardians and enrolments.

        :param list rows: The rows.
        :return: None
        """
        self._make_families(rows)
        new = [row for row in rows if row.is_new]
        students = self.env['school.student'].with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True, tracking_disable=True,
        ).create([
            {
                'name': row.text('name'),
                'admission_no': row.text('admission_no'),
                'joined_on': row.data['joined_on'],
                'family_id': row.data['family'].id,
                'company_id': self.company_id.id,
            }
            for row in new
        ])
        for row, student in zip(new, students, strict=True):
            row.data['student'] = student.with_env(self.env)
        for row in rows:
            values = {}
            if not row.is_new and row.data.get('name'):
                values['name'] = row.data['name']
            if not row.is_new and row.data['family'] != row.data['student'].family_id:
                values['family_id'] = row.data['family'].id
            if values:
                row.data['student'].write(values)
        self._make_enrolments(rows)
        self._make_guardians(rows)

    def _make_enrolments(self, rows):
        """ Enrol the students of rows, and end what their new enrolments replace.

        :param list rows: The rows.
        :return: None
        """
        vals_list = []
        for row in rows:
            values, live = row.data.get('enrolment'), row.data.get('live_enrolment')
            if not values:
                continue
            if live and live.date_from >= values['date_from']:
                live.write({'class_id': values['class_id'], 'boarding': values['boarding']})
                continue
            if live:
                live.date_to = values['date_from'] - timedelta(days=1)
            vals_list.append({**values, 'student_id': row.data['student'].id})
        self.env['school.enrolment'].create(vals_list)
