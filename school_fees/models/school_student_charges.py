from odoo import fields, models


class SchoolStudent(models.Model):
    """What the student has chosen, and what the school gives back."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.student'

    chosen_fee_ids = fields.One2many(
        string="Chosen Fees", comodel_name='school.student.fee', inverse_name='student_id',
        groups='school_fees.group_cashier,account.group_account_invoice',
    )
    concession_grant_ids = fields.One2many(
        string="Concession Grants", comodel_name='school.concession.grant',
        inverse_name='student_id', groups='school_fees.group_bursar',
    )
