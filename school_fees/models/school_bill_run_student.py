from odoo import fields, models

from ..rules import bill_comparison


class SchoolBillRunStudent(models.Model):
    """What a bill run does to the account of one student."""

    _name = 'school.bill.run.student'
    _description = "Student of a Bill Run"
    _order = 'run_id desc, class_id, student_id, id'
    _check_company_auto = True

    run_id = fields.Many2one(
        string="Bill Run", comodel_name='school.bill.run', required=True, index=True,
        ondelete='cascade',
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, index=True,
        ondelete='restrict',
    )
    enrolment_id = fields.Many2one(
        string="Enrolment", comodel_name='school.enrolment', index='btree_not_null',
        ondelete='set null',
    )
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', index='btree_not_null', ondelete='set null',
    )
    status = fields.Selection(
        string="Difference",
        selection=[
            (bill_comparison.NEW, "New"),
            (bill_comparison.MORE, "More"),
            (bill_comparison.LESS, "Less"),
            (bill_comparison.GONE, "Gone"),
            (bill_comparison.SAME, "Same"),
            ('none', "Not billed"),
        ],
        required=True,
    )
    proposed = fields.Monetary(string="Should Be")
    posted = fields.Monetary(string="Billed Already")
    amount = fields.Monetary(string="To Post", help="Below zero: a credit note.")
    last_term = fields.Monetary(string="Last Term")
    warning = fields.Char(string="Warnings")
    state = fields.Selection(
        string="Progress",
        selection=[
            ('preview', "Preview"),
            ('waiting', "Waiting"),
            ('posted', "Posted"),
            ('skipped', "Skipped"),
            ('undo', "To undo"),
            ('undone', "Undone"),
            ('kept', "Kept"),
        ],
        required=True,
        default='preview',
        index=True,
    )
    reason = fields.Char(string="Reason", help="Why the student was skipped, or a bill kept.")
    line_ids = fields.One2many(
        string="Items", comodel_name='school.bill.run.line', inverse_name='run_student_id',
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
    )
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True,
    )

    _student_uniq = models.Constraint(
        'UNIQUE(run_id, student_id)',
        "The student stands twice in the run.",
    )
