from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SchoolLevel(models.Model):
    """A step on the way through a school, such as Grade 8 or Form 4.

    Levels are data: a school may teach two curricula side by side, and they come and go.
    """

    _name = 'school.level'
    _description = "Level"
    _order = 'sequence, id'
    _rec_names_search = ['name', 'code']
    _check_company_auto = True

    name = fields.Char(string="Name", required=True)
    code = fields.Char(string="Code", required=True, help="Short form for lists, such as G8.")
    curriculum = fields.Selection(
        string="Curriculum",
        selection=[
            ('cbc', "CBC"),
            ('844', "8-4-4"),
            ('igcse', "IGCSE"),
            ('other', "Other"),
        ],
        required=True,
        default='cbc',
    )
    sequence = fields.Integer(string="Sequence", default=10)
    next_level_id = fields.Many2one(
        string="Next Level", comodel_name='school.level', check_company=True,
        ondelete='restrict', domain="[('id', '!=', id)]",
        help="Where students of this level are promoted to. Empty: they graduate.",
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(string="Active", default=True)

    _code_uniq = models.Constraint(
        'UNIQUE(company_id, code)',
        "There is already a level with this code.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('next_level_id')
    def _check_levels_end(self):
        """ Check that the levels lead to an end.

        :raise ValidationError: If a level follows itself, directly or through others.
        """
        for level in self:
            if level._has_cycle('next_level_id'):
                raise ValidationError(self.env._(
                    "%(level)s would follow itself: students would never graduate. Choose"
                    " another next level.", level=level.name,
                ))
