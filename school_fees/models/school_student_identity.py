import secrets

from psycopg2.extras import execute_values

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..rules.admission_number import canonical_key
from ..rules.pay_code import FIRST_SERIAL, LAST_SERIAL, is_pay_code, make_pay_code


class SchoolStudent(models.Model):
    """By what the student is known: the pay code, the ministry's number and older references."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.student'
    _rec_names_search = ['name', 'admission_no', 'pay_code']

    pay_code = fields.Char(
        string="Pay Code", required=True, copy=False, tracking=True,
        help="Seven digits that name the student on a payment. The last one proves the others, so"
             " that a slip never reaches another child.",
    )
    upi = fields.Char(
        string="UPI", copy=False, groups='school_fees.group_bursar',
        help="The number that the ministry of education gave the learner.",
    )
    upi_key = fields.Char(
        string="UPI Key", compute='_compute_upi_key', store=True, precompute=True,
        groups='school_fees.group_bursar',
    )
    birth_date = fields.Date(string="Date of Birth", groups='school_fees.group_bursar')
    gender = fields.Selection(
        string="Gender", selection=[('female', "Female"), ('male', "Male")],
        groups='school_fees.group_bursar',
    )
    alias_ids = fields.One2many(
        string="Other References", comodel_name='school.student.alias',
        inverse_name='student_id', groups='school_fees.group_bursar',
    )

    _pay_code_uniq = models.UniqueIndex(
        "(pay_code)",
        "Another student has this pay code.",
    )
    _upi_key_uniq = models.UniqueIndex(
        "(company_id, upi_key) WHERE upi_key <> ''",
        "Another student has this UPI.",
    )

    def _init_column(self, column_name):
        """ Override of `orm` to give a pay code to the students of before. """
        if column_name != 'pay_code':
            return super()._init_column(column_name)
        self.env.cr.execute("SELECT id FROM school_student ORDER BY id")
        ids = [row[0] for row in self.env.cr.fetchall()]
        return execute_values(
            self.env.cr._obj,
            "UPDATE school_student SET pay_code = new.pay_code"
            " FROM (VALUES %s) AS new (id, pay_code) WHERE school_student.id = new.id",
            list(zip(ids, self._draw_pay_codes(len(ids)), strict=True)),
        )

    # === COMPUTE METHODS === #

    @api.depends('upi')
    def _compute_upi_key(self):
        for student in self:
            student.upi_key = canonical_key(student.upi)

    # === CONSTRAINT METHODS === #

    @api.constrains('pay_code')
    def _check_pay_code(self):
        """ Check that each pay code is proved by its last digit.

        :raise ValidationError: If it is not: a parent's slip would reach another child.
        """
        for student in self:
            if not is_pay_code(student.pay_code):
                raise ValidationError(self.env._(
                    "%(code)s is not a pay code: it needs seven digits, and the last one must"
                    " agree with the others. Check it against the card, or leave it empty for a"
                    " new one.", code=student.pay_code,
                ))

    @api.constrains('admission_no', 'pay_code', 'upi')
    def _check_references_free(self):
        """ Check that the student's references name nobody else in the school.

        :raise ValidationError: If one of them does.
        """
        self.env['school.student.alias']._check_keys_free(
            self.sudo(), ['admission_key', 'pay_code', 'upi_key'],
        )

    @api.constrains('birth_date', 'joined_on')
    def _check_birth_date(self):
        """ Check that the student was born before joining.

        :raise ValidationError: If not.
        """
        for student in self.sudo():
            limit = student.joined_on or fields.Date.context_today(student)
            if student.birth_date and student.birth_date >= limit:
                raise ValidationError(self.env._(
                    "The date of birth of %(student)s lies after the first day at school. Check"
                    " both dates.", student=student.display_name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to give each student a pay code. """
        without = [vals for vals in vals_list if not vals.get('pay_code')]
        for vals, code in zip(without, self._draw_pay_codes(len(without)), strict=True):
            vals['pay_code'] = code
        return super().create(vals_list)

    # === BUSINESS METHODS === #

    @api.model
    def _draw_pay_codes(self, count):
        """ Return pay codes that no student has. They are drawn, so that nobody guesses them.

        :param int count: How many.
        :rtype: list[str]
        """
        codes = set()
        while len(codes) < count:
            drawn = {
                make_pay_code(FIRST_SERIAL + secrets.randbelow(LAST_SERIAL - FIRST_SERIAL + 1))
                for _missing in range(count - len(codes))
            }
            # Also called while the column is new, before the ORM can read it. An admission number
            # may look like a pay code.
            self.env.cr.execute(SQL(
                "SELECT UNNEST(ARRAY[pay_code, admission_key]) FROM school_student"
                " WHERE pay_code IN %(codes)s OR admission_key IN %(codes)s",
                codes=tuple(drawn),
            ))
            codes |= drawn - {row[0] for row in self.env.cr.fetchall()}
        return list(codes)
