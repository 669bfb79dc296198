from odoo import fields, models


class SchoolStudentCategory(models.Model):
    """A kind of student to whom other fees apply, such as a child of a member of staff."""

    _name = 'school.student.category'
    _description = "Student Category"
    _order = 'name, id'
    _rec_names_search = ['name', 'code']

    name = fields.Char(string="Name", required=True)
    code = fields.Char(string="Code", required=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )

    _code_uniq = models.Constraint(
        'UNIQUE(company_id, code)',
        "There is already a student category with this code.",
    )
