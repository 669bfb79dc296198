from odoo import api, fields, models
from odoo.tools.image import image_data_uri


class ReportSchoolStatement(models.AbstractModel):
    """The printed statement: of one student, of many, or of a family as one document."""

    _name = 'report.school_fees.report_school_statement'
    _description = "Printed Fee Statement"

    @api.model
    def _get_report_values(self, docids, data=None):
        """ Return what the statements show.

        :param list[int] docids: The students; each gets a document of one's own. Empty: those of
                                 `data`.
        :param dict data: Optionally `student_ids`, `date_from` and `date_to` (ISO dates; without
                          them the year that runs is printed), and `together`, whether the
                          students share one document with a total.
        :return: The values of the template.
        :rtype: dict
        """
        data = data or {}
        students = self.env['school.student'].browse(docids or data.get('student_ids') or [])
        return {
            'documents': self._get_documents(
                students,
                *self._read_period(data, students),
                together=bool(data.get('together')),
            ),
        }

    @api.model
    def _read_period(self, data, students):
        """ Return the first and the last day that were asked for.

        :param dict data: As in :meth:`_get_report_values`.
        :param school.student students: The students.
        :rtype: tuple
        """
        if 'date_from' not in data and 'date_to' not in data:
            period = self.env['school.statement']._get_periods(students.company_id)[0]
            return period['date_from'], period['date_to']
        return tuple(
            fields.Date.to_date(data.get(key) or None) or None for key in ('date_from', 'date_to')
        )

    @api.model
    def _get_documents(self, students, date_from, date_to, together=False):
        """ Return the documents to print.

        :param school.student students: The students.
        :param date date_from: The first day, or None.
        :param date date_to: The last day, or None.
        :param bool together: Whether the students share one document.
        :return: For each document its `school`, `contact`, `logo`, `addressee`, `today`, `blocks`
                 as in `school.statement._get_texts` with `pay` as in
                 `school.student._get_pay_block`, and the `total` of several blocks.
        :rtype: list[dict]
        """
        Statement = self.env['school.statement']
        statements = Statement._get_statements(students, date_from, date_to)
        texts = Statement._get_texts(statements)
        if together:
            groups = students.grouped('company_id').values()
        else:
            groups = list(students)
        return [
            {
                **self._get_letterhead(group.company_id),
                'addressee': group[:1]._primary_guardian().sudo().name or '',
                'today': Statement._format_day(fields.Date.context_today(self)),
                'blocks': [
                    {**texts[student], 'pay': student._get_pay_block_of_account()}
                    for student in group
                ],
                'total': Statement._get_balance_texts(
                    group.currency_id,
                    sum(statements[student]['closing'] for student in group),
                ) if len(group) > 1 else {},
            }
            for group in groups
        ]

    @api.model
    def _get_letterhead(self, school):
        """ Return the head of the school's letters.

        :param res.company school: The school.
        :return: `school`, `contact`, `logo` (a `data:` address, or empty) and `watermark`.
        :rtype: dict
        """
        school_sudo = school.sudo()  # Guardians print statements too.
        return {
            'school': school_sudo.name,
            'watermark': school_sudo._get_watermark(),
            'contact': ' · '.join(filter(None, (
                school_sudo.street, school_sudo.city, school_sudo.phone, school_sudo.email,
            ))),
            'logo': image_data_uri(school_sudo.logo_web)
            if school_sudo.logo_web and not school_sudo.uses_default_logo else '',
        }
