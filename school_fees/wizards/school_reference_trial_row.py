from odoo import fields, models


class SchoolReferenceTrialRow(models.TransientModel):
    """How one reference of a list would be treated."""

    _name = 'school.reference.trial.row'
    _description = "Row of a Dry Run of References"
    _order = 'trial_id, rank, number, id'
    _rec_name = 'reference'

    trial_id = fields.Many2one(
        string="Dry Run", comodel_name='school.reference.trial', required=True, index=True,
        ondelete='cascade',
    )
    number = fields.Integer(string="Row", readonly=True, aggregator=None)
    rank = fields.Integer(
        string="Rank", readonly=True, aggregator=None,
        help="Rows that a person must look at come first.",
    )
    outcome = fields.Selection(
        string="Outcome",
        selection=[
            ('suggest', "Asked about"),
            ('unmatched', "Unidentified"),
            ('normalised', "Booked: written in another way"),
            ('exact', "Booked: as stored"),
        ],
        readonly=True,
    )
    reference = fields.Char(string="Reference", readonly=True)
    amount = fields.Monetary(string="Amount", readonly=True)
    has_amount = fields.Boolean(string="Amount Known", readonly=True)
    found = fields.Text(string="Who, and Why", readonly=True)
    currency_id = fields.Many2one(related='trial_id.currency_id')
