from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..rules import fee_split


class SchoolFeeStructureLine(models.Model):
    """What one fee item costs in each term of a structure's year."""

    _name = 'school.fee.structure.line'
    _description = "Fee Structure Line"
    _order = 'structure_id, sequence, id'
    _check_company_auto = True

    structure_id = fields.Many2one(
        string="Structure", comodel_name='school.fee.structure', required=True, index=True,
        ondelete='cascade',
    )
    sequence = fields.Integer(string="Sequence", default=10)
    product_id = fields.Many2one(
        string="Fee", comodel_name='product.product', required=True, index=True,
        check_company=True, ondelete='restrict',
        domain="[('is_school_fee', '=', True), ('charge_basis', '!=', 'on_demand')]",
    )
    vote_head_id = fields.Many2one(related='product_id.vote_head_id', string="Vote Head")
    charge_basis = fields.Selection(related='product_id.charge_basis', string="Charged")
    zone_id = fields.Many2one(
        string="Zone", comodel_name='school.zone', check_company=True, ondelete='restrict',
        help="The transport zone that this price is for.",
    )
    new_students_only = fields.Boolean(
        string="New Students Only", help="Charged to students who joined in this year.",
    )
    amount = fields.Monetary(
        string="Annual", compute='_compute_amount', inverse='_inverse_amount', store=True,
        help="Cut into terms by the split of the structure.",
    )
    amount_1 = fields.Monetary(string="Term 1")
    amount_2 = fields.Monetary(string="Term 2")
    amount_3 = fields.Monetary(string="Term 3")
    company_id = fields.Many2one(
        related='structure_id.company_id', string="School", store=True, index=True,
        precompute=True,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')

    _item_uniq = models.UniqueIndex(
        "(structure_id, product_id, COALESCE(zone_id, 0), COALESCE(new_students_only, FALSE))",
        "This fee stands twice in the structure. Put the whole amount on one line.",
    )
    _amounts_positive = models.Constraint(
        'CHECK(amount_1 >= 0 AND amount_2 >= 0 AND amount_3 >= 0)',
        "A fee cannot be below zero. What the school gives back is a concession.",
    )

    # === COMPUTE METHODS === #

    @api.depends('amount_1', 'amount_2', 'amount_3')
    def _compute_amount(self):
        for line in self:
            line.amount = line.amount_1 + line.amount_2 + line.amount_3

    def _inverse_amount(self):
        """ Cut the annual amount into terms, unless the terms say the same already. """
        for line in self:
            terms = line.amount_1 + line.amount_2 + line.amount_3
            if line.currency_id.compare_amounts(line.amount, terms):
                line._split_annual(line.amount)

    # === ONCHANGE METHODS === #

    @api.onchange('amount')
    def _onchange_amount(self):
        """ Show at once what the annual amount means for each term. """
        self._inverse_amount()

    # === CONSTRAINT METHODS === #

    @api.constrains('product_id')
    def _check_product(self):
        """ Check that the line charges a fee item that a bill run can charge.

        :raise ValidationError: If it does not.
        """
        for line in self:
            if not line.product_id.is_school_fee or line.charge_basis == 'on_demand':
                raise ValidationError(self.env._(
                    "%(item)s is no fee item of a structure. Choose one that is charged every"
                    " term, once a year or once ever.", item=line.product_id.display_name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm`: what was submitted or approved is not edited. """
        lines = super().create(vals_list)
        lines.structure_id._check_draft()
        return lines

    def write(self, vals):
        """ Override of `orm`: what was submitted or approved is not edited. """
        self.structure_id._check_draft()
        result = super().write(vals)
        if 'structure_id' in vals:
            self.structure_id._check_draft()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_locked(self):
        """ Refuse to delete a line of what was submitted or approved. """
        self.structure_id._check_draft()

    # === BUSINESS METHODS === #

    def _is_for_all(self):
        """ Tell whether every student under the structure pays this line.

        :rtype: bool
        """
        self.ensure_one()
        return not (self.product_id.is_optional or self.zone_id or self.new_students_only)

    def _split_annual(self, annual):
        """ Cut an annual amount into terms.

        What is charged once falls into the first term; a school that prefers another one moves it.

        :param float annual: The amount of the year.
        :return: None
        """
        self.ensure_one()
        if annual < 0:
            self.amount_1 = annual  # Refused in words when it is saved.
            return
        weights = self.structure_id._get_weights()
        if self.charge_basis in ('year', 'once', 'deposit'):
            weights = (1, 0, 0)
        self.amount_1, self.amount_2, self.amount_3 = map(
            float, fee_split.split_terms(Decimal(str(annual)), weights),
        )

    def _raise_by(self, percent):
        """ Raise the amounts of all terms.

        :param Decimal percent: By how much.
        :return: None
        """
        for line in self:
            line.write({
                field: float(fee_split.raise_by(Decimal(str(line[field])), percent))
                for field in ('amount_1', 'amount_2', 'amount_3')
            })
