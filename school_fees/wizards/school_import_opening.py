from decimal import Decimal

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..rules import import_value
from ..rules.import_header import TermColumn
from ..rules.import_value import SAME, compare_names


class SchoolImport(models.TransientModel):
    """Opening balances: what students owe, or have paid ahead, when the school begins with Odoo.

    Each debt keeps its true due date, so that the oldest is paid first.
    """

    _inherit = 'school.import'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _plan_openings(self, rows, header):
        """ Find out what is to become of rows of balances.

        :param list rows: The rows, to which the findings are added.
        :param Header header: The header.
        :return: What there is to say of the file.
        :rtype: list[str]
        :raise UserError: If a column names a term that is not there.
        """
        students = self._match_students(rows)
        terms = self._get_terms(header)
        booked = self._get_booked_openings(students)
        students.fetch(['partner_id'])
        today = fields.Date.context_today(self)
        for row in rows:
            self._plan_owner(row)
            row.data['as_at'] = self._parse_date(row, 'as_at') or self.as_at
            if not row.data['as_at']:
                row.errors.append(self.env._("The day of the balance is missing."))
            elif row.data['as_at'] > today:
                row.errors.append(self.env._(
                    "%(date)s lies ahead: an opening balance is what is owed by today.",
                    date=format_date(self.env, row.data['as_at']),
                ))
            self._plan_amounts(row, terms)
        self._flag_us_dates(rows, 'as_at')
        for row in rows:
            if not row.errors:
                self._compare_booked(row, booked.get(row.data['student'].partner_id))
        return [self.env._(
            "Above zero a student owes, below zero the student has paid ahead."
        )]

    def _get_terms(self, header):
        """ Return the terms that the columns name.

        :rtype: dict[TermColumn, school.term]
        :raise UserError: If one of them is not there.
        """
        columns = [name for name in header.fields if isinstance(name, TermColumn)]
        if not columns:
            return {}
        terms = {}
        for term in self.env['school.term'].search([('company_id', '=', self.company_id.id)]):
            terms[TermColumn(term.sequence, term.year_id.date_from.year)] = term
        missing = [column for column in sorted(columns) if column not in terms]
        if missing:
            raise UserError(self.env._(
                "A column names %(term)s, which is not in Odoo. Write the number and the year, such"
                " as Term 1 2026, and make the academic year with its terms first: the balance"
                " falls due when its term says.",
                term=self.env._("term %(number)s of %(year)s", number=missing[0].number,
                                year=missing[0].year or self.env._("no year")),
            ))
        return {column: terms[column] for column in sorted(columns, key=lambda c: c[::-1])}

    def _plan_owner(self, row):
        """ Check that the student is there, and has the name that the row says.

        :param ImportRow row: The row.
        :return: None
        """
        student = row.data['student']
        if not student and row.data['key']:
            row.errors.append(self.env._(
                "No student has the admission number %(number)s. Import the students first.",
                number=row.text('admission_no'),
            ))
        elif student and compare_names(student.name, row.text('name')) != SAME:
            row.warnings.append(self.env._(
                "The student is called %(name)s in Odoo.", name=student.name,
            ))

    def _plan_amounts(self, row, terms):
        """ Read what is owed, and when it falls due.

        :param ImportRow row: The row.
        :param dict terms: The terms that the columns name.
        :return: None
        """
        parts = [(term, self._parse_amount(row, column)) for column, term in terms.items()]
        parts = [(term, amount) for term, amount in parts if amount is not None]
        balance = self._parse_amount(row, 'balance')
        total = sum((amount for _term, amount in parts), Decimal(0))
        if balance is None and not parts:
            if not row.errors:
                row.errors.append(self.env._("The balance is missing. Write 0 for nothing."))
            return
        row.data['amount'] = total if balance is None else balance
        if parts and balance is not None and balance != total:
            row.errors.append(self.env._(
                "The terms make %(total)s together, the balance says %(balance)s.",
                total=self.currency_id.format(float(total)),
                balance=self.currency_id.format(float(balance)),
            ))
        if parts:
            dues = [(term.due_date, term.display_name, amount) for term, amount in parts]
        else:
            dues = [(row.data['as_at'], '', balance)]
        row.data['dues'] = [due for due in dues if due[2]]
        row.data['details'] = ', '.join(
            self.env._(
                "%(amount)s due %(date)s", amount=self.currency_id.format(float(amount)),
                date=format_date(self.env, day),
            )
            for day, _term, amount in row.data['dues']
        )

    def _parse_amount(self, row, name):
        """ Return the amount in a cell; what is none becomes an error of the row.

        :param ImportRow row: The row.
        :param name: The column.
        :rtype: Decimal | None
        """
        try:
            return import_value.parse_amount(row.cells.get(name), self.currency_id.decimal_places)
        except import_value.ValueRefusedError as error:
            text = row.text(name)[:40]
            row.errors.append({
                import_value.FORMULA: self.env._(
                    "“%(text)s” is a formula, and is not worked out. Paste the amount as a value.",
                    text=text,
                ),
                import_value.NO_AMOUNT: self.env._(
                    "“%(text)s” is no amount. Write it like 1,250.50, or -500 for what is paid"
                    " ahead.", text=text,
                ),
                import_value.TOO_FINE: self.env._(
                    "%(text)s has parts of a cent.", text=text,
                ),
                import_value.TOO_LARGE: self.env._(
                    "%(text)s is more than anybody owes.", text=text,
                ),
            }[error.reason])
            return None

    def _get_booked_openings(self, students):
        """ Return the opening balances that are booked and not reversed, with one query.

        :rtype: dict[res.partner, dict]
        """
        groups = self.env['account.move.line']._read_group([
            ('partner_id', 'in', students.partner_id.ids),
            ('company_id', '=', self.company_id.id),
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
            ('move_id.school_doc_type', '=', 'opening'),
            ('move_id.reversal_move_ids', 'not any', [('state', '=', 'posted')]),
        ], ['partner_id', 'date_maturity:day'], ['balance:sum'])
        booked = {}
        for partner, day, balance in groups:
            booked.setdefault(partner, {})[fields.Date.to_date(day)] = balance
        return booked

    def _compare_booked(self, row, booked):
        """ Compare a row with the opening balance that the student has already.

        :param ImportRow row: The row.
        :param dict booked: The amount for each due date; nothing when there is none.
        :return: None
        """
        dues = {}
        for day, _term, amount in row.data['dues']:
            dues[day] = dues.get(day, Decimal(0)) + amount
        if not booked:
            row.is_new = bool(dues)
            if not dues:
                row.notes.append(self.env._("Nothing to book."))
            return
        currency = self.currency_id
        if booked.keys() == dues.keys() and not any(
            currency.compare_amounts(booked[day], float(amount)) for day, amount in dues.items()
        ):
            row.notes.append(self.env._("Booked already."))
            return
        row.errors.append(self.env._(
            "%(student)s has an opening balance of %(amount)s already. If it is wrong, reverse its"
            " entry first: a student has one.",
            student=row.data['student'].name, amount=currency.format(sum(booked.values())),
        ))

    def _import_openings(self, rows):
        """ Book the balances of rows: one entry for each class and day.

        :param list rows: The rows.
        :return: None
        :raise UserError: If the school has no chart of accounts yet.
        """
        journal = self._get_opening_journal()
        clearing = self.company_id._get_school_opening_account()
        groups = {}
        students = self.env['school.student'].union(*(row.data['student'] for row in rows))
        students.fetch(['partner_id'])
        for row in rows:
            key = row.data['student'].class_id, row.data['as_at']
            groups.setdefault(key, []).append(row)
        moves = self.env['account.move'].create([
            {
                'move_type': 'entry',
                'school_doc_type': 'opening',
                'journal_id': journal.id,
                'company_id': self.company_id.id,
                'date': as_at,
                'ref': self.env._(
                    "Opening balances %(school_class)s",
                    school_class=school_class.name or self.env._("without class"),
                ),
                'line_ids': self._prepare_opening_lines(of_class, clearing),
            }
            for (school_class, as_at), of_class in groups.items()
        ])
        # Checked above, row by row; an entry typed by hand would need a second person.
        moves.sudo().action_post()
        # What was paid ahead settles what is owed, of this balance or of what came since.
        students._settle_oldest_first()

    def _get_opening_journal(self):
        """ Return the journal of opening balances: the school's first for general entries.

        :rtype: account.journal
        :raise UserError: If there is none.
        """
        journal = self.env['account.journal'].search([
            ('company_id', '=', self.company_id.id), ('type', '=', 'general'),
        ], limit=1)
        if not journal:
            raise UserError(self.env._(
                "%(school)s has no journal for general entries. Ask the accountant to install a"
                " chart of accounts first.", school=self.company_id.name,
            ))
        return journal

    def _prepare_opening_lines(self, rows, clearing):
        """ Return the lines of one entry: what each student owes, and what balances it.

        :param list rows: The rows.
        :param account.account clearing: The account that balances the entry.
        :return: Commands of journal items.
        :rtype: list
        """
        lines = []
        for row in rows:
            partner = row.data['student'].partner_id
            for day, term, amount in row.data['dues']:
                lines.append({
                    'name': self.env._("Opening balance, %(term)s", term=term) if term
                    else self.env._("Opening balance"),
                    'account_id': partner.property_account_receivable_id.id,
                    'partner_id': partner.id,
                    'date_maturity': day,
                    'amount': amount,
                })
        total = sum(line['amount'] for line in lines)
        if total:
            lines.append({
                'name': self.env._("Opening balances"), 'account_id': clearing.id, 'amount': -total,
            })
        for line in lines:
            amount = line.pop('amount')
            line['debit' if amount > 0 else 'credit'] = float(abs(amount))
            line['analytic_distribution'] = False  # Or Odoo looks for one, line by line.
        return [Command.create(line) for line in lines]
