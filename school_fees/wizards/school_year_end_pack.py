from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SchoolYearEndPack(models.TransientModel):
    """What the auditor asks for at the end of a year, in one file."""

    _name = 'school.year.end.pack'
    _inherit = ['school.workbook.mixin']
    _description = "Year-End Pack"
    _has_totals = True

    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )
    date_from = fields.Date(
        string="From", required=True, default=lambda self: self._get_default_dates()[0],
    )
    date_to = fields.Date(
        string="Until", required=True, default=lambda self: self._get_default_dates()[1],
    )

    # === COMPUTE METHODS === #

    @api.model
    def _get_default_dates(self):
        """ Return the first and last day of the school's year that ends soon or ended last.

        :rtype: tuple
        """
        today = fields.Date.context_today(self)
        years = self.env['school.academic.year'].search([
            ('company_id', '=', self.env.company.id), ('date_from', '<=', today),
        ])
        soon = today + timedelta(days=60)
        year = years.filtered(lambda year: year.date_to <= soon)[:1] or years[:1]
        return (
            year.date_from or today.replace(month=1, day=1),
            year.date_to or today.replace(month=12, day=31),
        )

    @api.depends('company_id', 'date_to')
    def _compute_filename(self):
        for pack in self:
            pack.filename = f'Year-end pack {pack.company_id.name} {pack.date_to}.xlsx'

    # === CONSTRAINT METHODS === #

    @api.constrains('date_from', 'date_to')
    def _check_dates_ordered(self):
        """ Check that the year does not end before it begins.

        :raise ValidationError: If it does.
        """
        if any(pack.date_to < pack.date_from for pack in self):
            raise ValidationError(self.env._("The last day lies before the first. Change one."))

    # === BUSINESS METHODS === #

    def _get_file_heading(self, title):
        """ Override of `school.workbook.mixin` to name the school and the period. """
        period = self.env['school.statement']._format_period(self.date_from, self.date_to)
        return f'{self.company_id.name}: {title}, {period}'

    def _get_sheets(self):
        """ Override of `school.workbook.mixin`: each list is one query of the school's reports. """
        ages = ['not_due', 'days_30', 'days_60', 'days_90', 'days_more', 'owed']
        names = ['admission_no', 'student', 'class']
        headings = self._get_headings()
        return [
            (title, [headings[column] for column in columns], rows)
            for title, columns, rows in (
                (
                    self.env._("Receivables by class"), ['class', *ages, 'prepaid', 'balance'],
                    self._read_receivables(),
                ),
                (self.env._("Receivables by student"), [*names, *ages], self._read_debtors()),
                (self.env._("Prepayments"), [*names, 'prepaid'], self._read_prepayments()),
                (
                    self.env._("Concessions by type"), ['concession', 'term', 'given'],
                    self._read_concessions(),
                ),
                (
                    self.env._("Vote-head collection"),
                    ['vote_head', 'charged', 'collected', 'outstanding'], self._read_vote_heads(),
                ),
                (
                    self.env._("Receipts register"),
                    ['date', 'receipt', 'channel', 'reference', 'issued_by', 'amount'],
                    self._read_receipts(),
                ),
                (
                    self.env._("Reversals"),
                    ['date', 'receipt', 'reversed_by', 'reason', 'amount'], self._read_reversals(),
                ),
                (
                    self.env._("Work by user"), ['user', 'kind', 'count', 'amount'],
                    self._read_users(),
                ),
            )
        ]

    def _get_headings(self):
        """ Return the columns of the pack by name, as :meth:`_write_sheet` takes them.

        :rtype: dict[str, tuple]
        """
        return {
            'admission_no': (self.env._("Admission number"), 'text'),
            'student': (self.env._("Student"), 'text'),
            'class': (self.env._("Class"), 'text'),
            'not_due': (self.env._("Not due"), 'amount'),
            'days_30': (self.env._("1 to 30 days"), 'amount'),
            'days_60': (self.env._("31 to 60 days"), 'amount'),
            'days_90': (self.env._("61 to 90 days"), 'amount'),
            'days_more': (self.env._("Over 90 days"), 'amount'),
            'owed': (self.env._("Owed"), 'amount'),
            'prepaid': (self.env._("Prepaid"), 'amount'),
            'balance': (self.env._("Balance"), 'amount'),
            'concession': (self.env._("Concession"), 'text'),
            'term': (self.env._("Term"), 'text'),
            'given': (self.env._("Given"), 'amount'),
            'vote_head': (self.env._("Vote head"), 'text'),
            'charged': (self.env._("Charged"), 'amount'),
            'collected': (self.env._("Collected"), 'amount'),
            'outstanding': (self.env._("Outstanding"), 'amount'),
            'date': (self.env._("Date"), 'date'),
            'receipt': (self.env._("Receipt"), 'text'),
            'channel': (self.env._("Channel"), 'text'),
            'reference': (self.env._("Reference"), 'text'),
            'issued_by': (self.env._("Issued by"), 'text'),
            'reversed_by': (self.env._("Reversed by"), 'text'),
            'reason': (self.env._("Reason"), 'text'),
            'user': (self.env._("User"), 'text'),
            'kind': (self.env._("Kind"), 'text'),
            'count': (self.env._("Number"), 'count'),
            'amount': (self.env._("Amount"), 'amount'),
        }

    def _get_balances(self):
        """ Return the model of balances, on the last day.

        :rtype: school.balance.report
        """
        return self.env['school.balance.report'].with_context(school_as_at=self.date_to)

    def _read_receivables(self):
        """ Return what is owed by class and age on the last day.

        :rtype: list[list]
        """
        columns = [
            'not_due', 'overdue_1', 'overdue_2', 'overdue_3', 'overdue_4', 'credit', 'balance',
        ]
        return [
            [
                school_class.name or self.env._("No class"), *amounts[:5], sum(amounts[:5]),
                *amounts[5:],
            ]
            for school_class, *amounts in self._get_balances()._read_group(
                self._get_school_domain(), ['class_id'], [f'{name}:sum' for name in columns],
            )
        ]

    def _read_debtors(self):
        """ Return what each student owes by age on the last day.

        :rtype: list[list]
        """
        return [
            [
                row.admission_no, row.student_name, row.class_id.name or '', row.not_due,
                row.overdue_1, row.overdue_2, row.overdue_3, row.overdue_4,
                row.not_due + row.overdue,
            ]
            for row in self._get_balances().search([
                *self._get_school_domain(), '|', ('not_due', '!=', 0), ('overdue', '!=', 0),
            ])
        ]

    def _read_prepayments(self):
        """ Return the credit of each student on the last day.

        :rtype: list[list]
        """
        return [
            [row.admission_no, row.student_name, row.class_id.name or '', -row.credit]
            for row in self._get_balances().search([
                *self._get_school_domain(), ('credit', '!=', 0),
            ])
        ]

    def _read_concessions(self):
        """ Return what was given back in the year, by concession and term.

        :rtype: list[list]
        """
        groups = self.env['school.concession.report']._read_group(
            self._get_year_domain('date'), ['concession_id', 'term_id'], ['amount:sum'],
        )
        return [
            [concession.name, term.display_name or '', amount]
            for concession, term, amount in groups
        ]

    def _read_vote_heads(self):
        """ Return what was charged and collected on the bills of the year, by vote head.

        :rtype: list[list]
        """
        Report = self.env['school.vote.head.report'].with_context(school_as_at=self.date_to)
        return [
            [head.name or self.env._("No vote head"), *amounts]
            for head, *amounts in Report._read_group(
                self._get_year_domain('bill_date'), ['vote_head_id'],
                ['charged:sum', 'collected:sum', 'outstanding:sum'],
            )
        ]

    def _read_receipts(self):
        """ Return the receipts of the year, cancelled ones included.

        :rtype: list[list]
        """
        rows = self._read_day_book('receipt')
        channels = dict(rows._fields['channel']._description_selection(self.env))
        return [
            [
                row.date, row.number, channels[row.channel], row.external_ref or '',
                row.user_id.name or '', row.amount,
            ]
            for row in rows
        ]

    def _read_reversals(self):
        """ Return the reversals of the year with their reasons.

        :rtype: list[list]
        """
        return [
            [row.date, row.number, row.user_id.name or '', row.reason or '', row.amount]
            for row in self._read_day_book('reversal')
        ]

    def _read_users(self):
        """ Return how many receipts and reversals each person made in the year.

        :rtype: list[list]
        """
        Book = self.env['school.day.book']
        kinds = dict(Book._fields['kind']._description_selection(self.env))
        return [
            [user.name or '', kinds[kind], count, amount]
            for user, kind, count, amount in Book._read_group(
                self._get_year_domain('date'), ['user_id', 'kind'], ['__count', 'amount:sum'],
            )
        ]

    def _read_day_book(self, kind):
        """ Return the rows of one kind of the day book, by day.

        :param str kind: 'receipt' or 'reversal'.
        :rtype: school.day.book
        """
        return self.env['school.day.book'].search(
            [*self._get_year_domain('date'), ('kind', '=', kind)], order='date, number, id',
        )

    def _get_year_domain(self, field):
        """ Return the domain of the school's rows of the year.

        :param str field: The field of the date.
        :rtype: list
        """
        return [
            *self._get_school_domain(),
            (field, '>=', self.date_from), (field, '<=', self.date_to),
        ]

    def _get_school_domain(self):
        """ Return the domain of the school's rows.

        :rtype: list
        """
        return [('company_id', '=', self.company_id.id)]
