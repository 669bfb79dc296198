import base64
import csv
import hashlib
import io
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL

from ..rules.import_row import CHANGE, ERROR, NEW, SAME, count_states
from ..rules.import_value import ValueRefusedError, parse_amount


TEMPLATES = {
    'students': [
        "Admission Number", "Name", "Class", "Stream", "Day or Boarding", "Joined On",
        "Family Code", "Family",
        *(
            f"Guardian {number} {word}"
            for number in (1, 2, 3) for word in ("Name", "Relation", "Phone", "E-mail")
        ),
    ],
    'openings': ["Admission Number", "Name", "Balance", "As At"],
}


class SchoolImport(models.TransientModel):
    """Taking students with their guardians, or opening balances, from a file into the books.

    The file is looked at first: each row says what would become of it. What is imported is what
    was shown, all of it or nothing.
    """

    _name = 'school.import'
    _inherit = ['school.upload.mixin']
    _description = "Import of Students or Opening Balances"
    _rec_name = 'file_name'

    kind = fields.Selection(
        string="What the File Holds",
        selection=[('students', "Students with guardians"), ('openings', "Opening balances")],
        required=True,
        default='students',
    )
    as_at = fields.Date(
        string="Balances As At", default=fields.Date.context_today,
        help="The day of the balances, for rows that name no day of their own.",
    )
    join_by_guardian = fields.Boolean(
        string="Make Families of Siblings",
        help="Students who share a guardian, by phone number, become one family where the file"
             " names none.",
    )
    state = fields.Selection(
        string="Status",
        selection=[('upload', "File"), ('preview', "Preview"), ('done', "Imported")],
        required=True, readonly=True, default='upload',
    )
    notice = fields.Text(string="About the File", readonly=True)
    row_ids = fields.One2many(
        string="Rows", comodel_name='school.import.row', inverse_name='import_id', readonly=True,
    )
    new_count = fields.Integer(string="New", readonly=True)
    change_count = fields.Integer(string="Changed", readonly=True)
    same_count = fields.Integer(string="Same", readonly=True)
    error_count = fields.Integer(string="Errors", readonly=True)
    warning_count = fields.Integer(string="Warnings", readonly=True)
    total_debit = fields.Monetary(string="Owed by Students", readonly=True)
    total_credit = fields.Monetary(string="Paid Ahead", readonly=True)
    total_net = fields.Monetary(string="Total of the File", readonly=True)
    total_new = fields.Monetary(
        string="To Be Booked", readonly=True, help="Without rows that are booked or left out.",
    )
    control_total = fields.Char(
        string="Control Total",
        help="The total of all balances in the old system: what is owed less what is paid ahead.",
    )
    accept_warnings = fields.Boolean(string="The warnings are all right")
    skip_errors = fields.Boolean(string="Leave out the rows with errors")
    plan_key = fields.Char(string="Plan Key", readonly=True)
    template_file = fields.Binary(string="Template", compute='_compute_template_file')
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')

    # === COMPUTE METHODS === #

    @api.depends('kind')
    def _compute_template_file(self):
        for wizard in self:
            out = io.StringIO()
            csv.writer(out).writerow(TEMPLATES[wizard.kind])
            # The mark tells spreadsheets that the file is UTF-8.
            wizard.template_file = base64.b64encode(out.getvalue().encode('utf-8-sig'))

    # === ACTION METHODS === #

    def action_download_template(self):
        """ Download a file that has all columns and no rows.

        :return: An address action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_url',
            'url': f'/web/content/{self._name}/{self.id}/template_file'
                   f'?download=true&filename={self.kind}.csv',
            'target': 'download',
        }

    def action_preview(self):
        """ Show for each row of the file what would become of it. Nothing is imported.

        :return: None
        :raise UserError: If the file holds no such table.
        """
        self.ensure_one()
        self._check_not_done()
        rows, notices = self._plan()
        count = count_states(rows)
        amounts = [row.data['amount'] for row in rows if row.data.get('amount')]
        self.write({
            'state': 'preview',
            'notice': '\n'.join(notices),
            'row_ids': [Command.clear()] + [
                Command.create({
                    'number': row.number,
                    'rank': 0 if row.errors else 1 if row.warnings else 2,
                    'state': row.state,
                    'is_warned': bool(row.warnings),
                    'admission_no': row.text('admission_no')[:64],
                    'name': row.text('name')[:64],
                    'details': row.data.get('details'),
                    'amount': float(row.data.get('amount') or 0),
                    'message': row.message,
                })
                for row in rows
            ],
            'new_count': count[NEW],
            'change_count': count[CHANGE],
            'same_count': count[SAME],
            'error_count': count[ERROR],
            'warning_count': len(self._get_warned(rows)),
            'total_debit': float(sum(amount for amount in amounts if amount > 0)),
            'total_credit': float(-sum(amount for amount in amounts if amount < 0)),
            'total_net': float(sum(amounts)),
            'total_new': float(self._sum_new(rows)),
            'plan_key': self._get_plan_key(rows),
            'accept_warnings': False,
            'skip_errors': False,
        })

    def action_import(self):
        """ Import what the preview shows, all of it or nothing.

        :return: None
        :raise UserError: If something stands against it, in words.
        """
        self.ensure_one()
        self._check_not_done()
        self._lock_school()
        rows, _notices = self._plan()
        if self._get_plan_key(rows) != self.plan_key:
            raise UserError(self.env._(
                "The file, or what Odoo holds, is not what the preview showed. Nothing was"
                " imported. Choose Preview again and look at the rows."
            ))
        self._check_accepted(rows)
        chosen = [row for row in rows if row.state in {NEW, CHANGE}]
        if self.kind == 'students':
            self._import_students(chosen)
        else:
            self._import_openings(chosen)
        # Children's names stay in no file that nobody needs.
        self.write({'state': 'done', 'file': False})

    # === BUSINESS METHODS === #

    def _check_not_done(self):
        """ Ensure that the file is there, and was not imported.

        :return: None
        :raise UserError: If it was, or if there is none.
        """
        if self.state == 'done':
            raise UserError(self.env._("This file was imported. Start another import."))
        if not self.file:
            raise UserError(self.env._("Choose a file first: CSV, or an Excel workbook (.xlsx)."))

    def _lock_school(self):
        """ Let one import at a time write to a school.

        Another one that ended after this one began makes the database refuse this statement; Odoo
        then runs the request again, on what is there by now.

        :return: None
        """
        self.env.cr.execute(SQL(
            "UPDATE res_company SET write_date = write_date WHERE id = %s", self.company_id.id,
        ))

    def _plan(self):
        """ Read the file and find out what is to become of each row.

        :return: The rows, and what there is to say of the file.
        :rtype: tuple[list, list[str]]
        :raise UserError: If the file holds no such table.
        """
        wizard = self.with_company(self.company_id)
        rows, header, notices = wizard._read_rows()
        if self.kind == 'students':
            wizard._plan_students(rows, header)
        else:
            notices += wizard._plan_openings(rows, header)
        return rows, notices

    def _get_plan_key(self, rows):
        """ Return what tells one plan from another.

        :rtype: str
        """
        facts = [
            (row.number, row.state, row.text('admission_no'), row.text('name'), row.message,
             str(row.data.get('amount')), str(row.data.get('details')))
            for row in rows
        ]
        return hashlib.sha256(repr((self.kind, facts)).encode()).hexdigest()

    def _get_warned(self, rows):
        """ Return the rows whose warnings somebody must accept before they are imported.

        :rtype: list
        """
        return [row for row in rows if row.warnings and row.state in {NEW, CHANGE}]

    def _sum_new(self, rows):
        """ Return the total of the rows that would be booked.

        :rtype: Decimal
        """
        return sum((row.data['amount'] for row in rows if row.state == NEW
                    and row.data.get('amount')), Decimal(0))

    def _check_accepted(self, rows):
        """ Ensure that a person saw what is wrong, and knows the total.

        :param list rows: The rows.
        :return: None
        :raise UserError: If not.
        """
        errors = count_states(rows)[ERROR]
        if errors and not self.skip_errors:
            raise UserError(self.env._(
                "%(count)s rows have errors, so nothing was imported. Mend them in the file and"
                " preview it again, or tick that they are left out.", count=errors,
            ))
        warned = len(self._get_warned(rows))
        if warned and not self.accept_warnings:
            raise UserError(self.env._(
                "%(count)s rows have warnings, so nothing was imported. Look at them, and tick"
                " that they are all right.", count=warned,
            ))
        if self.kind == 'openings':
            self._check_control_total(rows)

    def _check_control_total(self, rows):
        """ Ensure that the file adds up to what the old system says.

        :param list rows: The rows.
        :return: None
        :raise UserError: If it does not, or if nobody said.
        """
        try:
            control = parse_amount(self.control_total or '', self.currency_id.decimal_places)
        except ValueRefusedError as error:
            raise UserError(self.env._(
                "The control total is no amount. Write it like 1,250,000.50."
            )) from error
        if control is None:
            raise UserError(self.env._(
                "Type the control total first: the total of all balances in the old system."
            ))
        total = sum((row.data.get('amount') or Decimal(0) for row in rows), Decimal(0))
        if control != total:
            raise UserError(self.env._(
                "The file adds up to %(total)s, the control total is %(control)s: %(difference)s"
                " apart. Nothing was imported. Find the difference before any balance is booked.",
                total=self.currency_id.format(float(total)),
                control=self.currency_id.format(float(control)),
                difference=self.currency_id.format(float(abs(total - control))),
            ))
