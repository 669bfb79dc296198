from odoo import api, fields, models

from ..rules.admission_number import canonical_key
from .reference_index import index_of_numbers


class SchoolFamily(models.Model):
    """A household whose children are billed, and may be paid for, together."""

    _name = 'school.family'
    _description = "Family"
    _order = 'code, id'
    _rec_names_search = ['name', 'code']
    _check_company_auto = True

    name = fields.Char(string="Name", required=True)
    code = fields.Char(
        string="Code", required=True, copy=False, default=lambda self: self.env._("New"),
        help="Names the whole family on a payment.",
    )
    code_key = fields.Char(
        string="Code Key", compute='_compute_code_key', store=True, precompute=True,
        help="The code without signs and leading zeros, under which it is unique.",
    )
    student_ids = fields.One2many(
        string="Children", comodel_name='school.student', inverse_name='family_id',
    )
    allocation_policy = fields.Selection(
        string="Sharing of Payments",
        selection=[
            ('oldest_due', "Oldest debt first"),
            ('named_child_first', "Named child first"),
            ('equal', "Equally"),
            ('by_balance', "By balance"),
        ],
        required=True,
        default='oldest_due',
        help="How a payment is shared among the children once the child it names owes nothing.",
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    active = fields.Boolean(string="Active", default=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    balance = fields.Monetary(
        string="Balance", compute='_compute_balance',
        groups='school_fees.group_cashier,account.group_account_invoice,'
               'account.group_account_readonly',
        help="What the children of the family owe together now. Below zero it is credit.",
    )

    _code_uniq = models.UniqueIndex(
        "(company_id, code_key)",
        "There is already a family with this code, or one that differs only by signs or leading"
        " zeros.",
    )
    _code_numbers = models.Index(index_of_numbers('code_key'))

    # === COMPUTE METHODS === #

    @api.depends('code')
    def _compute_code_key(self):
        for family in self:
            family.code_key = canonical_key(family.code)

    @api.depends('name', 'code')
    def _compute_display_name(self):
        for family in self:
            family.display_name = f"{family.name} ({family.code})" if family.code else family.name

    @api.depends('student_ids.balance')
    def _compute_balance(self):
        for family in self:
            family.balance = sum(family.student_ids.mapped('balance'))

    # === CONSTRAINT METHODS === #

    @api.constrains('code')
    def _check_code_free(self):
        """ Check that the code of a family names nobody else in the school.

        :raise ValidationError: If it does.
        """
        self.env['school.student.alias']._check_keys_free(self, ['code_key'])

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to give each family its code. """
        for vals in vals_list:
            if vals.get('code', self.env._("New")) == self.env._("New"):
                # Families are made by bursars, who may not read sequences.
                sequence_sudo = self.env['ir.sequence'].sudo()
                vals['code'] = sequence_sudo.next_by_code('school.family')
        return super().create(vals_list)

    # === ACTION METHODS === #

    def action_new_receipt(self):
        """ Open *New family receipt* for the family.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_fees.school_receipt_wizard_action_family'
            ),
            'context': {
                'dialog_size': 'medium', 'default_mode': 'family', 'default_family_id': self.id,
            },
        }

    def action_view_statement(self):
        """ Show the statement of all children of the family, with a total.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return self.student_ids.action_view_statement()

    # === BUSINESS METHODS === #

    def _get_first_child(self):
        """ Return the child who keeps what a family paid beyond all debts: the eldest at school.

        Note: `self.ensure_one()`

        :return: The child with the lowest admission number, by preference one who still comes.
        :rtype: school.student
        """
        self.ensure_one()
        children = self.student_ids.sorted('admission_no')
        return (children.filtered(lambda child: child.state == 'active') or children)[:1]
