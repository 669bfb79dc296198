from odoo import fields, models


class SchoolBillRunWarning(models.Model):
    """Something that a person should look at before a bill run is posted."""

    _name = 'school.bill.run.warning'
    _description = "Warning of a Bill Run"
    _order = 'kind, id'

    run_id = fields.Many2one(
        string="Bill Run", comodel_name='school.bill.run', required=True, index=True,
        ondelete='cascade',
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, ondelete='restrict',
    )
    kind = fields.Selection(
        string="Kind",
        selection=[
            ('no_structure', "No fee structure"),
            ('two_structures', "Two fee structures"),
            ('no_price', "No price"),
            ('over_ceiling', "Over the ceiling"),
            ('unapproved', "Concession not approved"),
            ('draft', "Unposted document"),
            ('no_phone', "No phone"),
        ],
        required=True,
    )
    message = fields.Char(string="What It Means", required=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
    )
