from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SchoolTerm(models.Model):
    """A term of an academic year, with the day its bills are made and the day they fall due."""

    _name = 'school.term'
    _description = "Term"
    _order = 'date_from desc, id desc'
    _check_company_auto = True

    year_id = fields.Many2one(
        string="Academic Year", comodel_name='school.academic.year', required=True, index=True,
        ondelete='restrict',
    )
    sequence = fields.Integer(
        string="Number", required=True, default=1, help="First, second or third term of the year.",
    )
    name = fields.Char(string="Name", required=True)
    date_from = fields.Date(string="First Day", required=True)
    date_to = fields.Date(string="Last Day", required=True)
    half_term_on = fields.Date(
        string="Second Half From",
        help="The first day after half-term. Empty: the middle of the term.",
    )
    bill_date = fields.Date(string="Bill Date", help="The date that the term's bills carry.")
    due_date = fields.Date(
        string="Due Date", required=True,
        help="The day on which the term's bills fall due. Debts are settled in this order.",
    )
    state = fields.Selection(
        string="Status",
        selection=[('draft', "Draft"), ('current', "Current"), ('closed', "Closed")],
        required=True, default='draft',
    )
    company_id = fields.Many2one(
        related='year_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    _dates_ordered = models.Constraint(
        'CHECK(date_to > date_from)',
        "A term must end after it begins.",
    )
    _half_inside = models.Constraint(
        'CHECK(half_term_on > date_from AND half_term_on <= date_to)',
        "The second half must begin within the term.",
    )
    _due_after_bill = models.Constraint(
        'CHECK(due_date >= bill_date)',
        "The bills of a term cannot fall due before they are made.",
    )
    _sequence_uniq = models.Constraint(
        'UNIQUE(year_id, sequence)',
        "There is already a term with this number in the year.",
    )
    _one_current = models.UniqueIndex(
        "(company_id) WHERE state = 'current'",
        "Another term is current. Close it first.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name', 'year_id.name')
    def _compute_display_name(self):
        for term in self:
            term.display_name = ' '.join(filter(None, (term.name, term.year_id.name)))

    # === CONSTRAINT METHODS === #

    @api.constrains('date_from', 'date_to', 'year_id')
    def _check_dates_inside_year(self):
        """ Check that each term lies inside its year.

        :raise ValidationError: If a term begins before its year or ends after it.
        """
        for term in self:
            if term.date_from < term.year_id.date_from or term.date_to > term.year_id.date_to:
                raise ValidationError(self.env._(
                    "%(term)s must lie inside the academic year %(year)s.",
                    term=term.name, year=term.year_id.name,
                ))

    @api.constrains('date_from', 'date_to', 'year_id')
    def _check_no_overlap(self):
        """ Check that the terms of a year follow each other.

        :raise ValidationError: If two terms of a year share a day.
        """
        for term in self:
            terms = term.year_id.term_ids.sorted('date_from')
            for earlier, later in pairwise(terms):
                if later.date_from <= earlier.date_to:
                    raise ValidationError(self.env._(
                        "%(later)s begins before %(earlier)s has ended.",
                        later=later.name, earlier=earlier.name,
                    ))
