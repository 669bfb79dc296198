from odoo import api, fields, models
from odoo.fields import Domain


class MpesaChosenStudentsMixin(models.AbstractModel):
    """For whom something is done at once: everyone who owes, classes, levels or chosen students."""

    _name = 'mpesa.chosen.students.mixin'
    _description = "Choice of Students"

    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )
    chosen_by = fields.Selection(
        string="For",
        selection=[
            ('owing', "Everyone who owes"), ('class', "Classes"), ('level', "Levels"),
            ('students', "Chosen students"),
        ],
        required=True, default='owing',
    )
    class_ids = fields.Many2many(
        string="Classes", comodel_name='school.class', check_company=True,
        domain="[('company_id', '=', company_id), ('year_id.date_to', '>=', 'today')]",
    )
    level_ids = fields.Many2many(
        string="Levels", comodel_name='school.level', check_company=True,
        domain="[('company_id', '=', company_id)]",
    )
    student_ids = fields.Many2many(
        string="Students", comodel_name='school.student', check_company=True,
        domain="[('company_id', '=', company_id)]",
    )
    student_count = fields.Integer(string="Students Chosen", compute='_compute_student_count')

    # === COMPUTE METHODS === #

    @api.depends('student_ids')
    def _compute_student_count(self):
        for choice in self:
            choice.student_count = len(choice.student_ids)

    # === BUSINESS METHODS === #

    def _find_students(self):
        """ Return whom the user chose, as far as the user may see them.

        Note: `self.ensure_one()`

        :rtype: school.student
        """
        self.ensure_one()
        if self.chosen_by == 'students':
            students = self.student_ids._origin
            students.check_access('read')
            return students
        Student = self.env['school.student']
        domain = Domain('company_id', '=', self.company_id.id)
        if self.chosen_by == 'owing':  # Whoever has left may owe, too.
            return Student.search(domain).filtered(self._owes)
        domain &= Domain('state', 'in', ('active', 'suspended'))
        if self.chosen_by == 'class':
            return Student.search(domain & Domain('class_id', 'in', self.class_ids.ids))
        return Student.search(domain & Domain('level_id', 'in', self.level_ids.ids))

    @api.model
    def _owes(self, student):
        """ Tell whether a student owes something.

        :param school.student student: The student.
        :rtype: bool
        """
        return student.currency_id.compare_amounts(student.balance, 0) > 0
