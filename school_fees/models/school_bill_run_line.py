from odoo import fields, models

from ..rules import bill_comparison


class SchoolBillRunLine(models.Model):
    """One item of a student in a bill run, beside what is posted."""

    _name = 'school.bill.run.line'
    _description = "Item of a Bill Run"
    _order = 'run_student_id, id'

    run_id = fields.Many2one(
        string="Bill Run", comodel_name='school.bill.run', required=True, index=True,
        ondelete='cascade',
    )
    run_student_id = fields.Many2one(
        string="Student of the Run", comodel_name='school.bill.run.student', required=True,
        index=True, ondelete='cascade',
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, ondelete='restrict',
    )
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', ondelete='set null',
    )
    product_id = fields.Many2one(
        string="Fee", comodel_name='product.product', required=True, ondelete='restrict',
    )
    vote_head_id = fields.Many2one(
        string="Vote Head", comodel_name='school.vote.head', ondelete='restrict',
    )
    concession_id = fields.Many2one(
        string="Concession", comodel_name='school.concession', ondelete='restrict',
    )
    concession_grant_id = fields.Many2one(
        string="Concession Grant", comodel_name='school.concession.grant', ondelete='restrict',
    )
    name = fields.Char(string="Text", required=True)
    status = fields.Selection(
        string="Difference",
        selection=[
            (bill_comparison.NEW, "New"),
            (bill_comparison.MORE, "More"),
            (bill_comparison.LESS, "Less"),
            (bill_comparison.GONE, "Gone"),
            (bill_comparison.SAME, "Same"),
        ],
        required=True,
    )
    proposed = fields.Monetary(string="Should Be")
    posted = fields.Monetary(string="Billed Already")
    amount = fields.Monetary(string="To Post")
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
    )
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True,
    )

    # === BUSINESS METHODS === #

    def _get_key(self):
        """ Return what tells the line from the others of the student, as the rules know it.

        Note: `self.ensure_one()`

        :rtype: tuple
        """
        self.ensure_one()
        concession = (self.concession_id.id, self.concession_grant_id.id or None)
        return self.product_id.id, concession if self.concession_id else None
