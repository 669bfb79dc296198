from odoo import fields, models


class SchoolZone(models.Model):
    """An area that the school's transport serves at one price."""

    _name = 'school.zone'
    _description = "Transport Zone"
    _order = 'name, id'

    name = fields.Char(string="Name", required=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(string="Active", default=True)

    _name_uniq = models.Constraint(
        'UNIQUE(company_id, name)',
        "There is already a transport zone with this name.",
    )
