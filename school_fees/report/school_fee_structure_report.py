from odoo import api, models
from odoo.tools import format_date


class ReportSchoolFeeStructure(models.AbstractModel):
    """The printed fee structure: a page for each level, as parents get it."""

    _name = 'report.school_fees.report_school_fee_structure'
    _description = "Printed Fee Structure"

    # What each row shows after its name.
    _COLUMNS = ('amount_1', 'amount_2', 'amount_3', 'amount')

    @api.model
    def _get_report_values(self, docids, data=None):
        """ Return what the pages show.

        :param list[int] docids: The structures.
        :param dict data: Unused.
        :return: The values of the template.
        :rtype: dict
        """
        structures = self.env['school.fee.structure'].browse(docids)
        return {
            'documents': [
                self._get_document(structure, level)
                for structure in structures for level in structure.level_ids
            ],
        }

    @api.model
    def _get_document(self, structure, level):
        """ Return the page of a structure for one of its levels.

        :param school.fee.structure structure: The structure.
        :param school.level level: The level.
        :return: The letterhead with `level`, `group` (whom the structure is for), `year`,
                 `version`, `is_draft`, `currency`, `terms` (name and due date of each) and `parts`
                 (each with `title`, `rows` and, where every student pays it, `total`).
        :rtype: dict
        """
        labels = dict(structure._fields['boarding']._description_selection(self.env))
        return {
            **self.env['report.school_fees.report_school_statement']._get_letterhead(
                structure.company_id
            ),
            'level': level.name,
            'group': ', '.join(filter(None, (
                labels.get(structure.boarding), structure.category_id.name,
            ))),
            'year': structure.year_id.name,
            'version': self._get_version(structure),
            'is_draft': structure.state in ('draft', 'submitted'),
            'currency': structure.currency_id.name,
            'terms': self._get_terms(structure.year_id),
            'parts': self._get_parts(structure),
        }

    @api.model
    def _get_version(self, structure):
        """ Return in words which version this is and when it was approved.

        :rtype: str
        """
        if not structure.approved_on:
            return self.env._("Version %(number)s", number=structure.version)
        return self.env._(
            "Version %(number)s, approved on %(date)s", number=structure.version,
            date=format_date(self.env, structure.approved_on, date_format='d MMM y'),
        )

    @api.model
    def _get_terms(self, year):
        """ Return the headings of the three terms; those that the year lacks have numbers only.

        :param school.academic.year year: The year.
        :rtype: list[dict]
        """
        terms = year.term_ids.grouped('sequence')
        return [
            {
                'name': terms[number].name if number in terms
                else self.env._("Term %(number)s", number=number),
                'due': format_date(self.env, terms[number].due_date, date_format='d MMM y')
                if number in terms else '',
            }
            for number in (1, 2, 3)
        ]

    @api.model
    def _get_parts(self, structure):
        """ Return the tables of a structure: what all pay, what the new pay too, what is chosen.

        :param school.fee.structure structure: The structure.
        :rtype: list[dict]
        """
        lines = structure.line_ids
        for_all = lines.filtered(lambda line: line._is_for_all())
        new = lines.filtered(
            lambda line: line.new_students_only and not line.zone_id
            and not line.product_id.is_optional
        )
        number = structure.currency_id._format_number
        parts = [
            {
                'title': title,
                'rows': [
                    {
                        'name': ', '.join(filter(None, (line.product_id.name, line.zone_id.name))),
                        'amounts': [
                            number(line[name]) if line[name] else '–' for name in self._COLUMNS
                        ],
                    }
                    for line in part
                ],
                'total': [],
            }
            for title, part in (
                (self.env._("Fees"), for_all),
                (self.env._("New students also pay"), new),
                (self.env._("Only for those who choose it"), lines - for_all - new),
            ) if part
        ]
        if for_all:
            parts[0]['total'] = [number(structure[name]) for name in self._COLUMNS]
        return parts
