from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SchoolVoteHead(models.Model):
    """A heading under which fees are charged and payments are counted, such as tuition."""

    _name = 'school.vote.head'
    _description = "Vote Head"
    _order = 'sequence, id'
    _rec_names_search = ['name', 'code']
    _check_company_auto = True

    name = fields.Char(string="Name", required=True)
    code = fields.Char(string="Code", required=True, help="Short form for lists, such as BES.")
    sequence = fields.Integer(
        string="Sequence", default=10,
        help="The order of bill lines, and that in which payments are counted towards them.",
    )
    is_tuition = fields.Boolean(
        string="Tuition", help="Concessions cover tuition unless they say otherwise.",
    )
    income_account_id = fields.Many2one(
        string="Income Account", comodel_name='account.account', check_company=True,
        ondelete='restrict',
        domain="[('internal_group', '=', 'income')]",
        help="Where the fees of this head are booked. Empty: the school's usual income account.",
    )
    ceiling_term = fields.Monetary(
        string="Ceiling per Term",
        help="The most that may be charged in a term. Zero: no ceiling.",
    )
    ceiling_year = fields.Monetary(
        string="Ceiling per Year",
        help="The most that may be charged in a year, such as the gazetted fee. Zero: no ceiling.",
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    active = fields.Boolean(string="Active", default=True)

    _code_uniq = models.Constraint(
        'UNIQUE(company_id, code)',
        "There is already a vote head with this code.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('ceiling_term', 'ceiling_year')
    def _check_ceilings(self):
        """ Check that no ceiling lies below zero.

        :raise ValidationError: If one does.
        """
        for head in self:
            if min(head.ceiling_term, head.ceiling_year) < 0:
                raise ValidationError(self.env._(
                    "A ceiling cannot be below zero. Enter zero where %(head)s has none.",
                    head=head.name,
                ))
