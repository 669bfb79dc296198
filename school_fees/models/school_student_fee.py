from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain


class SchoolStudentFee(models.Model):
    """Something that a student has chosen, such as lunch or transport from a zone."""

    _name = 'school.student.fee'
    _description = "Chosen Fee"
    _order = 'student_id, product_id, id'
    _check_company_auto = True

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, index=True,
        check_company=True, ondelete='cascade',
    )
    product_id = fields.Many2one(
        string="Fee", comodel_name='product.product', required=True, index=True,
        check_company=True, ondelete='restrict',
        domain="[('is_school_fee', '=', True), ('charge_basis', '!=', 'on_demand')]",
    )
    zone_id = fields.Many2one(
        string="Zone", comodel_name='school.zone', check_company=True, ondelete='restrict',
        help="Decides the price where the fee structure has one for each zone.",
    )
    qty = fields.Integer(string="Quantity", required=True, default=1)
    term_from_id = fields.Many2one(
        string="From Term", comodel_name='school.term', required=True, check_company=True,
        ondelete='restrict',
    )
    term_to_id = fields.Many2one(
        string="Until Term", comodel_name='school.term', check_company=True, ondelete='restrict',
        help="The last term. Empty: until further notice.",
    )
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    _qty_positive = models.Constraint(
        'CHECK(qty > 0)',
        "The quantity must be one or more. To stop a fee, enter its last term.",
    )

    # === COMPUTE METHODS === #

    @api.depends('product_id', 'student_id')
    def _compute_display_name(self):
        for choice in self:
            choice.display_name = f'{choice.product_id.name}, {choice.student_id.display_name}'

    # === CONSTRAINT METHODS === #

    @api.constrains('term_from_id', 'term_to_id')
    def _check_terms_ordered(self):
        """ Check that no choice ends before it begins.

        :raise ValidationError: If one does.
        """
        for choice in self:
            last = choice.term_to_id
            if last and last.date_from < choice.term_from_id.date_from:
                raise ValidationError(self.env._(
                    "%(item)s of %(student)s would end before it begins. Choose a later last term.",
                    item=choice.product_id.name, student=choice.student_id.display_name,
                ))

    @api.constrains('student_id', 'product_id', 'term_from_id', 'term_to_id')
    def _check_once(self):
        """ Check that a student has chosen a fee once only for each term.

        :raise ValidationError: If two choices would charge it twice.
        """
        groups = self.search([
            ('student_id', 'in', self.student_id.ids), ('product_id', 'in', self.product_id.ids),
        ]).grouped(lambda choice: (choice.student_id, choice.product_id))
        for (student, product), choices in groups.items():
            ordered = choices.sorted(lambda choice: choice.term_from_id.date_from)
            for earlier, later in pairwise(ordered):
                ends = earlier.term_to_id.date_from
                if not ends or ends >= later.term_from_id.date_from:
                    raise ValidationError(self.env._(
                        "%(student)s has chosen %(item)s already in %(term)s. Change the quantity"
                        " there, or enter its last term first.",
                        student=student.display_name, item=product.name,
                        term=later.term_from_id.display_name,
                    ))

    # === BUSINESS METHODS === #

    @api.model
    def _in_term_domain(self, term):
        """ Return the domain of what holds in a term.

        :param school.term term: The term.
        :rtype: Domain
        """
        return Domain('term_from_id.date_from', '<=', term.date_from) & (
            Domain('term_to_id', '=', False) | Domain('term_to_id.date_from', '>=', term.date_from)
        )
