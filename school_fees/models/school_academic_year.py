from odoo import api, fields, models


class SchoolAcademicYear(models.Model):
    """A school year. Its dates are data that the school edits, never code."""

    _name = 'school.academic.year'
    _description = "Academic Year"
    _order = 'date_from desc, id desc'
    _check_company_auto = True

    name = fields.Char(string="Name", required=True)
    date_from = fields.Date(string="First Day", required=True)
    date_to = fields.Date(string="Last Day", required=True)
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    term_ids = fields.One2many(
        string="Terms", comodel_name='school.term', inverse_name='year_id',
    )

    _name_uniq = models.Constraint(
        'UNIQUE(company_id, name)',
        "There is already an academic year with this name.",
    )
    _dates_ordered = models.Constraint(
        'CHECK(date_to > date_from)',
        "An academic year must end after it begins.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('date_from', 'date_to')
    def _check_terms_inside(self):
        """ Check that the terms still lie inside the year.

        :raise ValidationError: If the year was cut shorter than its terms.
        """
        self.term_ids._check_dates_inside_year()
