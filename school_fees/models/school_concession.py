from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..rules import concession


class SchoolConcession(models.Model):
    """A rule by which the school gives something back, as a negative line of its own."""

    _name = 'school.concession'
    _description = "Concession"
    _order = 'sequence, id'
    _check_company_auto = True

    name = fields.Char(
        string="Name", required=True, help="Stands on the bill, such as Sibling discount.",
    )
    sequence = fields.Integer(
        string="Sequence", default=10,
        help="Concessions are given in this order, until nothing is left of the charge.",
    )
    kind = fields.Selection(
        string="For",
        selection=[
            ('sibling', "Siblings, by rank"),
            ('category', "Students of a category"),
            ('staff', "Children of staff, as granted"),
            ('fixed', "Whoever it is granted to"),
        ],
        required=True,
        default='fixed',
        help="The first two are given by themselves; the others to students who were granted them.",
    )
    value_type = fields.Selection(
        string="Given As",
        selection=[('percent', "Percentage"), ('amount', "Amount per term")],
        required=True, default='percent',
    )
    value = fields.Float(
        string="Value", digits=(16, 2),
        help="The percentage, or the amount per term. A grant may name another one.",
    )
    rank_ids = fields.One2many(
        string="Ranks", comodel_name='school.concession.rank', inverse_name='concession_id',
        copy=True,
    )
    category_id = fields.Many2one(
        string="Category", comodel_name='school.student.category', check_company=True,
        ondelete='restrict',
    )
    vote_head_ids = fields.Many2many(
        string="Vote Heads", comodel_name='school.vote.head', check_company=True,
        help="What it covers. Without vote heads and fees: tuition only.",
    )
    product_ids = fields.Many2many(
        string="Fees", comodel_name='product.product', check_company=True,
        domain="[('is_school_fee', '=', True)]",
    )
    cap = fields.Monetary(
        string="Most per Term", help="The most that it gives in a term. Zero: no limit.",
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    active = fields.Boolean(string="Active", default=True)

    _value_range = models.Constraint(
        "CHECK(value >= 0 AND (value_type = 'amount' OR value <= 100))",
        "A concession is a percentage from 0 to 100, or an amount above zero.",
    )
    _cap_positive = models.Constraint(
        'CHECK(cap >= 0)',
        "The limit of a concession cannot be below zero.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('kind', 'category_id', 'rank_ids', 'value_type')
    def _check_kind(self):
        """ Check that a rule says to whom it gives.

        :raise ValidationError: If ranks or category are missing.
        """
        for rule in self:
            if rule.kind == 'category' and not rule.category_id:
                raise ValidationError(self.env._("Choose the category that gets this concession."))
            if rule.kind == 'sibling' and (not rule.rank_ids or rule.value_type != 'percent'):
                raise ValidationError(self.env._(
                    "A sibling concession is a table of percentages: enter from which child on"
                    " each of them holds."
                ))

    # === BUSINESS METHODS === #

    def _get_value(self, rank=1):
        """ Return what the rule gives by itself.

        :param int rank: The rank of the student among the siblings.
        :return: The percentage, or the amount per term.
        :rtype: Decimal
        """
        self.ensure_one()
        if self.kind == 'sibling':
            table = [(row.rank_from, Decimal(str(row.percent))) for row in self.rank_ids]
            return concession.percent_for_rank(table, rank)
        return Decimal(str(self.value))

    def _get_given(self, student, rank, grants, items):
        """ Return what the rule gives to a student, for the rules of the bill.

        :param school.student student: The student.
        :param int rank: The student's rank among the siblings.
        :param list grants: The student's approved grants of this rule.
        :param frozenset items: The ids of the fee items that the rule covers.
        :rtype: list[concession.Concession]
        """
        self.ensure_one()
        given = [(grant.id, grant._get_value()) for grant in grants]
        if self.kind == 'sibling' or (
            self.kind == 'category' and student.category_id == self.category_id
        ):
            given.append((None, self._get_value(rank)))
        return [
            concession.Concession(
                (self.id, grant_id), self.value_type, value, items,
                Decimal(str(self.cap)) if self.cap else None,
            )
            for grant_id, value in given if value
        ]

    def _covers(self, product):
        """ Tell whether the rule gives something back on a fee item; never on a deposit.

        :param product.product product: The fee item.
        :rtype: bool
        """
        self.ensure_one()
        if product.charge_basis == 'deposit':
            return False
        if not self.vote_head_ids and not self.product_ids:
            return product.vote_head_id.is_tuition
        return product in self.product_ids or product.vote_head_id in self.vote_head_ids


class SchoolConcessionRank(models.Model):
    """What a sibling concession gives from a certain child on."""

    _name = 'school.concession.rank'
    _description = "Sibling Rank"
    _order = 'concession_id, rank_from'

    concession_id = fields.Many2one(
        string="Concession", comodel_name='school.concession', required=True, index=True,
        ondelete='cascade',
    )
    rank_from = fields.Integer(
        string="From Child", required=True, default=2,
        help="1 is the child furthest on in school. The row holds until the next one.",
    )
    percent = fields.Float(string="Percentage", digits=(16, 2), required=True)
    company_id = fields.Many2one(
        related='concession_id.company_id', string="School", store=True, index=True,
        precompute=True,
    )

    _rank_uniq = models.Constraint(
        'UNIQUE(concession_id, rank_from)',
        "This child stands twice in the table.",
    )
    _values_range = models.Constraint(
        'CHECK(rank_from > 0 AND percent >= 0 AND percent <= 100)',
        "A row needs a child from 1 on and a percentage from 0 to 100.",
    )
