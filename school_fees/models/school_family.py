from odoo import api, fields, models


class SchoolFamily(models.Model):
    """A household whose children are billed, and may be paid for, together."""

    _name = 'school.family'
    _description = "Family"
    _order = 'code, id'
    _rec_names_search = ['name', 'code']
    _check_company_auto = True

    name = fields.Char(string="Name", required=True)
    code = fields.Char(
        string="Code", required=True, copy=False, default=lambda self: self.env._("New"),
        help="Names the whole family on a payment.",
    )
    student_ids = fields.One2many(
        string="Children", comodel_name='school.student', inverse_name='family_id',
    )
    allocation_policy = fields.Selection(
        string="Sharing of Payments",
        selection=[
            ('oldest_due', "Oldest debt first"),
            ('named_child_first', "Named child first"),
            ('equal', "Equally"),
            ('by_balance', "By balance"),
        ],
        required=True,
        default='oldest_due',
        help="How a payment is shared among the children once the child it names owes nothing.",
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(string="Active", default=True)

    _code_uniq = models.Constraint(
        'UNIQUE(company_id, code)',
        "There is already a family with this code.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name', 'code')
    def _compute_display_name(self):
        for family in self:
            family.display_name = f"{family.name} ({family.code})" if family.code else family.name

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to give each family its code. """
        for vals in vals_list:
            if vals.get('code', self.env._("New")) == self.env._("New"):
                # Families are made by bursars, who may not read sequences.
                sequence_sudo = self.env['ir.sequence'].sudo()
                vals['code'] = sequence_sudo.next_by_code('school.family')
        return super().create(vals_list)
