from odoo import api, fields, models


class SchoolClass(models.Model):
    """The students of one level and stream in one year, such as Grade 8 North 2026."""

    _name = 'school.class'
    _description = "Class"
    _order = 'year_id, level_id, stream, id'
    _check_company_auto = True

    name = fields.Char(
        string="Name", compute='_compute_name', store=True, precompute=True,
    )
    level_id = fields.Many2one(
        string="Level", comodel_name='school.level', required=True, index=True,
        check_company=True, ondelete='restrict',
    )
    stream = fields.Char(
        string="Stream", help="Tells classes of one level apart, such as North or Blue.",
    )
    year_id = fields.Many2one(
        string="Academic Year", comodel_name='school.academic.year', required=True, index=True,
        check_company=True, ondelete='restrict',
    )
    teacher_id = fields.Many2one(
        string="Class Teacher", comodel_name='res.users', index='btree_not_null',
        check_company=True, ondelete='restrict', domain="[('share', '=', False)]",
        help="Sees the students of the class, but no amounts.",
    )
    enrolment_ids = fields.One2many(
        string="Enrolments", comodel_name='school.enrolment', inverse_name='class_id',
    )
    company_id = fields.Many2one(
        related='year_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    _level_stream_uniq = models.UniqueIndex(
        "(year_id, level_id, COALESCE(stream, ''))",
        "There is already a class of this level and stream in the year.",
    )

    # === ACTION METHODS === #

    def action_send_balance(self):
        """ Open *Send balance by SMS* for the students of these classes.

        :return: A window action.
        :rtype: dict
        """
        return self.env['school.student'].search([
            ('class_id', 'in', self.ids), ('state', '=', 'active'),
        ]).action_send_balance()

    # === COMPUTE METHODS === #

    @api.depends('level_id.name', 'stream', 'year_id.name')
    def _compute_name(self):
        for school_class in self:
            parts = (school_class.level_id.name, school_class.stream, school_class.year_id.name)
            school_class.name = ' '.join(filter(None, parts))
