from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


GONE = ('left', 'graduated')  # The states of students who are no longer here.


class SchoolStudent(models.Model):
    """What the student's enrolments say: the class of today."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.student'

    category_id = fields.Many2one(
        string="Category", comodel_name='school.student.category', index='btree_not_null',
        check_company=True, ondelete='restrict', tracking=True, groups='base.group_user',
    )
    enrolment_ids = fields.One2many(
        string="Enrolments", comodel_name='school.enrolment', inverse_name='student_id',
        groups='base.group_user',
    )
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', compute='_compute_class_id',
        search='_search_class_id', compute_sudo=True,
        help="The class in which the student is enrolled today.",
    )
    level_id = fields.Many2one(
        string="Level", comodel_name='school.level', compute='_compute_class_id',
        search='_search_level_id', compute_sudo=True,
        help="The level of the class in which the student is enrolled today.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'enrolment_ids.class_id.level_id', 'enrolment_ids.date_from', 'enrolment_ids.date_to',
    )
    @api.depends_context('tz')
    def _compute_class_id(self):
        enrolments = self.env['school.enrolment'].search_fetch(
            self.env['school.enrolment']._live_domain() & Domain('student_id', 'in', self.ids),
            ['student_id', 'class_id', 'level_id'],
        ).grouped('student_id')
        for student in self:
            enrolment = enrolments.get(student._origin, self.env['school.enrolment'])
            student.class_id = enrolment.class_id
            student.level_id = enrolment.level_id

    def _search_class_id(self, operator, value):
        return self._search_enrolled('class_id', operator, value)

    def _search_level_id(self, operator, value):
        return self._search_enrolled('level_id', operator, value)

    def _search_enrolled(self, field_name, operator, value):
        """ Return the domain of students by a field of today's enrolment.

        :param str field_name: The field of the enrolment.
        :param str operator: The operator.
        :param value: What the field is compared with. False stands for students of no class.
        :return: The domain; for a negative operator nothing, so that the opposite is negated.
        :rtype: Domain
        """
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        live = self.env['school.enrolment']._live_domain()
        domain = Domain('enrolment_ids', 'any', live & Domain(field_name, operator, value))
        if operator == 'in' and False in value:
            domain |= ~Domain('enrolment_ids', 'any', live)
        return domain

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm` to end the enrolments of students who leave or graduate. """
        leavers = self.browse()
        if vals.get('state') in GONE:
            leavers = self.filtered(lambda student: student.state not in GONE)
        result = super().write(vals)
        leavers._end_enrolments()
        return result

    # === BUSINESS METHODS === #

    def _end_enrolments(self):
        """ End the students' enrolments on their last day, today unless another one is set.

        Enrolments that would begin later are deleted: nothing happened in them. What was billed
        for them ahead stays in the books, and the next bill run credits it.

        :return: None
        """
        today = fields.Date.context_today(self)
        self.filtered(lambda student: not student.left_on).left_on = today
        for last_day, students in self.grouped('left_on').items():
            enrolments = self.env['school.enrolment'].search([
                ('student_id', 'in', students.ids),
                '|', ('date_to', '=', False), ('date_to', '>', last_day),
            ])
            never = enrolments.filtered_domain([('date_from', '>', last_day)])
            self.env['account.move'].sudo().search([
                ('enrolment_id', 'in', never.ids),
            ]).enrolment_id = False
            never.unlink()
            (enrolments - never).date_to = last_day

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Override of `orm` to group and sort by class and level, which are not stored. """
        if field_expr not in {'class_id', 'level_id'}:
            return super()._field_to_sql(alias, field_expr, query)
        enrolment = self.env['school.enrolment']
        enrolment_alias = query.make_alias(alias, 'enrolment_today')
        today = fields.Date.context_today(self)
        # No two enrolments of a student hold on one day: the join repeats nobody.
        query.add_join('LEFT JOIN', enrolment_alias, enrolment._table, SQL(
            "%(student)s = %(id)s AND %(first)s <= %(today)s"
            " AND (%(last)s IS NULL OR %(last)s >= %(today)s)",
            student=enrolment._field_to_sql(enrolment_alias, 'student_id', query),
            id=SQL.identifier(alias, 'id'),
            first=enrolment._field_to_sql(enrolment_alias, 'date_from', query),
            last=enrolment._field_to_sql(enrolment_alias, 'date_to', query),
            today=today,
        ))
        return enrolment._field_to_sql(enrolment_alias, field_expr, query)
