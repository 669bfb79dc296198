from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command


class ProductTemplate(models.Model):
    _inherit = 'product.template'

    is_school_fee = fields.Boolean(
        string="School Fee", help="One thing that the school charges students for.",
    )
    vote_head_id = fields.Many2one(
        string="Vote Head", comodel_name='school.vote.head', index='btree_not_null',
        check_company=True, ondelete='restrict',
    )
    charge_basis = fields.Selection(
        string="Charged",
        selection=[
            ('term', "Every term"),
            ('year', "Once a year"),
            ('once', "Once ever"),
            ('family', "Every term, once per family"),
            ('on_demand', "On demand"),
            ('deposit', "Once, as a deposit"),
        ],
        required=True,
        default='term',
        help="Items on demand are never billed by a bill run. A deposit is money held for the"
             " parents: it is no income.",
    )
    is_optional = fields.Boolean(
        string="Optional", help="Charged only to students who have chosen it, such as lunch.",
    )
    refundable = fields.Boolean(string="Refundable")
    prorata = fields.Selection(
        string="Late Joiners and Leavers",
        selection=[
            ('full', "Pay in full"),
            ('weeks', "Pay by weeks"),
            ('half', "Pay half after half-term"),
            ('none', "Pay nothing when joining late"),
        ],
        required=True,
        default='full',
    )
    prorata_day = fields.Integer(
        string="Late After Day", default=14,
        help="Who joins after this day of the term pays nothing.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def default_get(self, fields):
        """ Override of `orm`: a new fee item belongs to its school and is exempt from VAT. """
        defaults = super().default_get(fields)
        if defaults.get('is_school_fee'):
            values = self._get_school_fee_defaults({})
            defaults.update({key: values[key] for key in values if key in fields})
        return defaults

    # === ONCHANGE METHODS === #

    @api.onchange('is_school_fee')
    def _onchange_is_school_fee(self):
        """ Schooling is exempt from VAT; the tax stays editable for what is not. """
        if self.is_school_fee:
            self.company_id = self.company_id or self.env.company
            self.taxes_id = self.company_id._get_school_exempt_tax()
            self.type = 'service'

    @api.onchange('charge_basis')
    def _onchange_charge_basis(self):
        """ A deposit is given back, unless somebody says otherwise. """
        if self.charge_basis == 'deposit':
            self.refundable = True

    # === CONSTRAINT METHODS === #

    @api.constrains('is_school_fee', 'vote_head_id', 'company_id')
    def _check_school_fee(self):
        """ Check that a fee item has a school and a vote head.

        :raise ValidationError: If it has not: its bills could not be analysed.
        """
        for template in self.filtered('is_school_fee'):
            if not template.company_id or not template.vote_head_id:
                raise ValidationError(self.env._(
                    "%(item)s is a school fee and needs a vote head and the school that charges"
                    " it. Fill in both, or untick School Fee.", item=template.display_name,
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account` to make fee items exempt from VAT unless told otherwise. """
        return super().create(self._add_school_fee_defaults(vals_list))

    # === BUSINESS METHODS === #

    @api.model
    def _add_school_fee_defaults(self, vals_list):
        """ Return values of new products, completed where they are fee items.

        :param list[dict] vals_list: The values known so far.
        :rtype: list[dict]
        """
        by_default = self.env.context.get('default_is_school_fee')
        return [
            {**self._get_school_fee_defaults(vals), **vals}
            if vals.get('is_school_fee', by_default) else vals
            for vals in vals_list
        ]

    @api.model
    def _get_school_fee_defaults(self, vals):
        """ Return what a fee item is where nobody says otherwise.

        :param dict vals: The values known so far.
        :rtype: dict
        """
        Company = self.env['res.company']
        head = self.env['school.vote.head'].browse(vals.get('vote_head_id') or ())
        company = Company.browse(vals.get('company_id') or ()) or head.company_id
        company = company or self.env.company
        return {
            'company_id': company.id,
            'type': 'service',
            'purchase_ok': False,
            'taxes_id': [Command.set(company._get_school_exempt_tax().ids)],
            'refundable': vals.get('charge_basis') == 'deposit',
        }

    def _get_product_accounts(self):
        """ Override of `account`: a deposit is a liability, other fees are their head's income. """
        accounts = super()._get_product_accounts()
        if self.is_school_fee and not self.property_account_income_id:
            if self.charge_basis == 'deposit':
                accounts['income'] = self.company_id._get_school_deposit_account()
            elif self.vote_head_id.income_account_id:
                accounts['income'] = self.vote_head_id.income_account_id
        return accounts
