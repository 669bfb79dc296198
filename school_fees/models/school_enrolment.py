from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_date


class SchoolEnrolment(models.Model):
    """The place of a student in a class, from a date on.

    A student who moves to another class, or from day to boarding, has one enrolment that ends
    and another one that begins.
    """

    _name = 'school.enrolment'
    _description = "Enrolment"
    _order = 'date_from desc, id desc'
    _check_company_auto = True

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, index=True,
        check_company=True, ondelete='restrict',
    )
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', required=True, index=True,
        check_company=True, ondelete='restrict',
    )
    year_id = fields.Many2one(
        string="Academic Year", comodel_name='school.academic.year',
        compute='_compute_year_id', store=True, readonly=False, precompute=True, required=True,
        index=True, check_company=True, ondelete='restrict',
    )
    level_id = fields.Many2one(
        related='class_id.level_id', string="Level", store=True, index=True, precompute=True,
    )
    boarding = fields.Selection(
        string="Day or Boarding",
        selection=[
            ('day', "Day"),
            ('boarding', "Boarding"),
            ('weekly', "Weekly boarding"),
        ],
        required=True,
        default='day',
    )
    date_from = fields.Date(string="From", required=True)
    date_to = fields.Date(string="Until", help="The last day. Empty: no end is known yet.")
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    _dates_ordered = models.Constraint(
        'CHECK(date_to >= date_from)',
        "An enrolment cannot end before it begins.",
    )
    # Two clerks at once would both pass the check in words, which comes first. A range of one
    # number stands for the student: a plain number would need an extension of PostgreSQL.
    _no_overlap = models.Constraint(
        "EXCLUDE USING gist (int4range(student_id, student_id, '[]') WITH &&,"
        " daterange(date_from, date_to, '[]') WITH &&) DEFERRABLE INITIALLY DEFERRED",
        "The student already has an enrolment on one of these days. End it first.",
    )

    # === COMPUTE METHODS === #

    @api.depends('class_id')
    def _compute_year_id(self):
        for enrolment in self:
            enrolment.year_id = enrolment.class_id.year_id or enrolment.year_id

    @api.depends('student_id', 'class_id')
    def _compute_display_name(self):
        for enrolment in self:
            enrolment.display_name = ', '.join(filter(None, (
                enrolment.student_id.display_name, enrolment.class_id.name,
            )))

    # === CONSTRAINT METHODS === #

    @api.constrains('class_id', 'year_id', 'date_from')
    def _check_year(self):
        """ Check that class and first day belong to the enrolment's year.

        :raise ValidationError: If they do not.
        """
        for enrolment in self:
            year = enrolment.year_id
            if enrolment.class_id.year_id != year:
                raise ValidationError(self.env._(
                    "%(school_class)s is no class of the year %(year)s. Choose a class of that"
                    " year.", school_class=enrolment.class_id.name, year=year.name,
                ))
            if not year.date_from <= enrolment.date_from <= year.date_to:
                raise ValidationError(self.env._(
                    "%(student)s cannot be enrolled in %(school_class)s from %(date)s: the year"
                    " %(year)s lasts from %(first)s to %(last)s.",
                    student=enrolment.student_id.display_name,
                    school_class=enrolment.class_id.name, year=year.name,
                    date=format_date(self.env, enrolment.date_from),
                    first=format_date(self.env, year.date_from),
                    last=format_date(self.env, year.date_to),
                ))

    @api.constrains('student_id', 'date_from', 'date_to')
    def _check_no_overlap(self):
        """ Check that nobody is in two classes on one day.

        :raise ValidationError: If two enrolments of a student share a day.
        """
        groups = self.env['school.enrolment'].sudo()._read_group(
            [('student_id', 'in', self.student_id.ids)], ['student_id'], ['id:recordset'],
        )
        for student, enrolments in groups:
            for earlier, later in pairwise(enrolments.sorted('date_from')):
                if not earlier.date_to or earlier.date_to >= later.date_from:
                    raise ValidationError(self.env._(
                        "%(student)s is in %(earlier)s until %(date)s and cannot be in %(later)s"
                        " from %(later_date)s. End the first enrolment before the other begins.",
                        student=student.display_name,
                        earlier=earlier.class_id.name, later=later.class_id.name,
                        date=format_date(self.env, earlier.date_to) or self.env._("further notice"),
                        later_date=format_date(self.env, later.date_from),
                    ))
        self.flush_model()
        self.env.cr.execute("SET CONSTRAINTS school_enrolment_no_overlap IMMEDIATE")
        self.env.cr.execute("SET CONSTRAINTS school_enrolment_no_overlap DEFERRED")

    # === BUSINESS METHODS === #

    @api.model
    def _live_domain(self, date=None):
        """ Return the domain of enrolments that hold on a day.

        :param date date: The day; today when left out.
        :rtype: Domain
        """
        date = date or fields.Date.context_today(self)
        return Domain('date_from', '<=', date) & (
            Domain('date_to', '=', False) | Domain('date_to', '>=', date)
        )
