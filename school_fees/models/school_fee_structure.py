from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_amount

from ..rules import fee_split


class SchoolFeeStructure(models.Model):
    """The published table of what a group of students pays in a year."""

    _name = 'school.fee.structure'
    _description = "Fee Structure"
    _inherit = ['mail.thread']
    _order = 'year_id desc, name, version desc, id desc'
    _check_company_auto = True

    # What only the buttons change, since each of them has its own right.
    _STATE_FIELDS = frozenset((
        'state', 'submitted_by_id', 'approved_by_id', 'approved_on', 'replaces_id', 'version',
    ))

    name = fields.Char(string="Name", required=True, tracking=True)
    year_id = fields.Many2one(
        string="Academic Year", comodel_name='school.academic.year', required=True, index=True,
        check_company=True, ondelete='restrict',
    )
    level_ids = fields.Many2many(
        string="Levels", comodel_name='school.level', required=True, check_company=True,
    )
    boarding = fields.Selection(
        string="Day or Boarding",
        selection=[('day', "Day"), ('boarding', "Boarding"), ('weekly', "Weekly boarding")],
        help="Empty: for all students of the levels.",
    )
    category_id = fields.Many2one(
        string="Category", comodel_name='school.student.category', check_company=True,
        ondelete='restrict', help="Empty: for students of any category.",
    )
    split = fields.Selection(
        string="Split over Terms",
        selection=[
            ('equal', "Equal thirds"),
            ('public', "50 / 30 / 20"),
            ('custom', "Other percentages"),
        ],
        required=True,
        default='equal',
        help="How annual amounts are cut, in whole shillings; the last term takes what is left.",
    )
    percent_1 = fields.Integer(string="Term 1 %", default=40)
    percent_2 = fields.Integer(string="Term 2 %", default=30)
    percent_3 = fields.Integer(string="Term 3 %", default=30)
    state = fields.Selection(
        string="Status",
        selection=[
            ('draft', "Draft"),
            ('submitted', "Submitted"),
            ('approved', "Approved"),
            ('published', "Published"),
            ('replaced', "Replaced"),
        ],
        required=True, default='draft', readonly=True, copy=False, index=True, tracking=True,
    )
    version = fields.Integer(string="Version", default=1, readonly=True, copy=False)
    replaces_id = fields.Many2one(
        string="Replaces", comodel_name='school.fee.structure', readonly=True, copy=False,
        index='btree_not_null', ondelete='restrict',
    )
    submitted_by_id = fields.Many2one(
        string="Submitted By", comodel_name='res.users', readonly=True, copy=False, tracking=True,
    )
    approved_by_id = fields.Many2one(
        string="Approved By", comodel_name='res.users', readonly=True, copy=False, tracking=True,
    )
    approved_on = fields.Datetime(string="Approved On", readonly=True, copy=False)
    line_ids = fields.One2many(
        string="Fees", comodel_name='school.fee.structure.line', inverse_name='structure_id',
        copy=True,
    )
    amount = fields.Monetary(string="Annual Total", compute='_compute_amounts')
    amount_1 = fields.Monetary(string="Term 1", compute='_compute_amounts')
    amount_2 = fields.Monetary(string="Term 2", compute='_compute_amounts')
    amount_3 = fields.Monetary(string="Term 3", compute='_compute_amounts')
    warning = fields.Char(string="Warning", compute='_compute_warning')
    company_id = fields.Many2one(
        related='year_id.company_id', string="School", store=True, index=True, precompute=True,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')

    _percent_range = models.Constraint(
        "CHECK(split <> 'custom' OR (percent_1 >= 0 AND percent_2 >= 0 AND percent_3 >= 0"
        " AND percent_1 + percent_2 + percent_3 = 100))",
        "The percentages of the terms must add up to 100.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name', 'version')
    def _compute_display_name(self):
        for structure in self:
            structure.display_name = structure.name or ''
            if structure.version > 1:
                structure.display_name += f' (v{structure.version})'

    @api.depends(
        'line_ids.amount_1', 'line_ids.amount_2', 'line_ids.amount_3',
        'line_ids.product_id.is_optional', 'line_ids.zone_id', 'line_ids.new_students_only',
    )
    def _compute_amounts(self):
        """ Sum what every student pays: neither options, nor what only new students pay. """
        for structure in self:
            lines = structure.line_ids.filtered(lambda line: line._is_for_all())
            structure.amount_1 = sum(lines.mapped('amount_1'))
            structure.amount_2 = sum(lines.mapped('amount_2'))
            structure.amount_3 = sum(lines.mapped('amount_3'))
            structure.amount = structure.amount_1 + structure.amount_2 + structure.amount_3

    @api.depends(
        'line_ids.amount_1', 'line_ids.amount_2', 'line_ids.amount_3', 'line_ids.product_id',
    )
    def _compute_warning(self):
        """ Say which vote heads lie above their ceiling. """
        for structure in self:
            lines = structure.line_ids.filtered(lambda line: line._is_for_all())
            words = []
            for head, head_lines in lines.grouped('vote_head_id').items():
                terms = [sum(head_lines.mapped(f'amount_{n}')) for n in (1, 2, 3)]
                currency = structure.currency_id
                for total, ceiling in ((sum(terms), head.ceiling_year),
                                       (max(terms), head.ceiling_term)):
                    if ceiling and currency.compare_amounts(total, ceiling) > 0:
                        words.append(self.env._(
                            "%(head)s: %(amount)s is above the ceiling of %(ceiling)s.",
                            head=head.name, amount=format_amount(self.env, total, currency),
                            ceiling=format_amount(self.env, ceiling, currency),
                        ))
            structure.warning = ' '.join(words)

    # === ONCHANGE METHODS === #

    @api.onchange('split', 'percent_1', 'percent_2', 'percent_3')
    def _onchange_split(self):
        """ Cut the annual amounts anew. """
        if sum(self._get_weights()) == 0:
            return
        for line in self.line_ids:
            line._split_annual(line.amount)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm`: a structure begins as a draft. """
        for vals in vals_list:
            self._check_state_fields(vals)
        if self.env.su:
            return super().create(vals_list)
        # A caller's context may hold defaults as well.
        begin = {**dict.fromkeys(self._STATE_FIELDS, False), 'state': 'draft', 'version': 1}
        return super().create([{**vals, **begin} for vals in vals_list])

    def write(self, vals):
        """ Override of `orm`: what was submitted or approved is not edited.

        :raise UserError: If it would be, or if a status would move without its button.
        """
        self._check_state_fields(vals)
        if vals.keys() - self._STATE_FIELDS:
            self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        """ Refuse to delete what was submitted, approved or published. """
        self._check_draft()

    # === ACTION METHODS === #

    def action_submit(self):
        """ Ask for approval; from now on the structure is not edited. """
        self._check_draft()
        for structure in self:
            if not structure.line_ids:
                raise UserError(self.env._(
                    "%(structure)s has no fees yet. Add a line before you submit it.",
                    structure=structure.display_name,
                ))
        self.sudo().write({'state': 'submitted', 'submitted_by_id': self.env.uid})

    def action_back_to_draft(self):
        """ Open what waits for approval for editing again. """
        self._check_state('submitted')
        self.sudo().write({'state': 'draft', 'submitted_by_id': False})

    def action_approve(self):
        """ Approve what somebody else submitted.

        :raise UserError: If the user may not approve, or submitted it.
        """
        self._check_state('submitted')
        self.env['school.concession.grant']._check_second_person(self.submitted_by_id)
        self.sudo().write({
            'state': 'approved', 'approved_by_id': self.env.uid,
            'approved_on': fields.Datetime.now(),
        })

    def action_publish(self):
        """ Put approved structures into force in place of those that they replace.

        :raise ValidationError: If another published structure is for the same students.
        """
        self._check_state('approved')
        structures = self.sudo()
        structures.replaces_id.filtered(lambda old: old.state == 'published').state = 'replaced'
        structures.state = 'published'
        self._check_one_published()

    def action_new_version(self):
        """ Open a draft that will replace this structure once it is published.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        self._check_state('approved', 'published')
        draft = self.search([('replaces_id', '=', self.id), ('state', '!=', 'replaced')], limit=1)
        if not draft:
            draft = self.copy()
            draft.sudo().write({'version': self.version + 1, 'replaces_id': self.id})
        return {
            'type': 'ir.actions.act_window',
            'res_model': self._name,
            'res_id': draft.id,
            'view_mode': 'form',
        }

    # === BUSINESS METHODS === #

    def _get_weights(self):
        """ Return the weight of each of the three terms.

        :rtype: tuple[int, int, int]
        """
        self.ensure_one()
        return {
            'public': fee_split.PUBLIC_BOARDING,
            'custom': (self.percent_1, self.percent_2, self.percent_3),
        }.get(self.split, fee_split.EQUAL)

    def _check_state_fields(self, vals):
        """ Ensure that a status moves only by the button that checks the right to.

        :param dict vals: The values that somebody writes.
        :return: None
        :raise UserError: If they hold a status.
        """
        if not self.env.su and self._STATE_FIELDS & vals.keys():
            raise UserError(self.env._(
                "The status of a fee structure moves only by its buttons: Submit, Approve, Publish."
            ))

    def _check_draft(self):
        """ Ensure that the structures may be edited.

        :return: None
        :raise UserError: If one was submitted or approved.
        """
        locked = self.filtered(lambda structure: structure.state != 'draft')
        if locked:
            raise UserError(self.env._(
                "%(structure)s was submitted or approved and is not edited any more. Make a new"
                " version, which replaces it once published.", structure=locked[0].display_name,
            ))

    def _check_state(self, *states):
        """ Ensure that a button fits the status.

        :param str states: The statuses that it is for.
        :return: None
        :raise UserError: If one of the structures has another status.
        """
        for structure in self:
            if structure.state not in states:
                labels = dict(self._fields['state']._description_selection(self.env))
                raise UserError(self.env._(
                    "%(structure)s is %(state)s, so this cannot be done now. Reload the page.",
                    structure=structure.display_name, state=labels[structure.state].lower(),
                ))

    def _check_one_published(self):
        """ Ensure that no two published structures are for the same students.

        :return: None
        :raise ValidationError: If two are: nobody could say which of them a student pays.
        """
        published = self.search([
            ('year_id', 'in', self.year_id.ids), ('state', '=', 'published'),
        ])
        for structure in self:
            rivals = structure._get_rivals(published.filtered(
                lambda other, year=structure.year_id: other.year_id == year
            ))
            if rivals:
                raise ValidationError(self.env._(
                    "%(structure)s and %(other)s are both for %(levels)s. Change the levels,"
                    " day or boarding, or the category of one of them.",
                    structure=structure.display_name, other=rivals[0].display_name,
                    levels=', '.join((rivals[0].level_ids & structure.level_ids).mapped('name')),
                ))

    def _get_rivals(self, others):
        """ Return those of other structures that are for some of the same students.

        Note: `self.ensure_one()`

        :param school.fee.structure others: The others, all of one year.
        :rtype: school.fee.structure
        """
        self.ensure_one()
        return (others - self).filtered(lambda other: (
            other.boarding == self.boarding and other.category_id == self.category_id
            and other.level_ids & self.level_ids
        ))
