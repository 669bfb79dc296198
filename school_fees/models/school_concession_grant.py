from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain


class SchoolConcessionGrant(models.Model):
    """A concession or a waiver given to one student, which a second person approves."""

    _name = 'school.concession.grant'
    _description = "Concession Grant"
    _inherit = ['mail.thread']
    _order = 'id desc'
    _check_company_auto = True

    # What only the buttons change, since each of them has its own right.
    _STATE_FIELDS = frozenset(('state', 'requested_by_id', 'approved_by_id', 'approved_on'))

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, index=True,
        check_company=True, ondelete='restrict',
    )
    concession_id = fields.Many2one(
        string="Concession", comodel_name='school.concession', required=True, index=True,
        check_company=True, ondelete='restrict', domain="[('kind', 'in', ('staff', 'fixed'))]",
    )
    value_type = fields.Selection(related='concession_id.value_type')
    value = fields.Float(
        string="Value", digits=(16, 2), compute='_compute_value', store=True, readonly=False,
        precompute=True, tracking=True, help="The percentage, or the amount per term.",
    )
    term_from_id = fields.Many2one(
        string="From Term", comodel_name='school.term', required=True, check_company=True,
        ondelete='restrict', tracking=True,
    )
    term_to_id = fields.Many2one(
        string="Until Term", comodel_name='school.term', check_company=True, ondelete='restrict',
        tracking=True, help="The last term. Empty: until further notice.",
    )
    reason = fields.Char(string="Reason", required=True)
    state = fields.Selection(
        string="Status",
        selection=[
            ('draft', "Requested"), ('approved', "Approved"), ('refused', "Refused"),
        ],
        required=True, default='draft', readonly=True, copy=False, tracking=True,
    )
    requested_by_id = fields.Many2one(
        string="Requested By", comodel_name='res.users', required=True, readonly=True, copy=False,
        default=lambda self: self.env.user, ondelete='restrict',
    )
    approved_by_id = fields.Many2one(
        string="Approved By", comodel_name='res.users', readonly=True, copy=False,
        ondelete='restrict',
    )
    approved_on = fields.Datetime(string="Approved On", readonly=True, copy=False)
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('concession_id', 'student_id')
    def _compute_display_name(self):
        for grant in self:
            grant.display_name = ', '.join(filter(None, (
                grant.concession_id.name, grant.student_id.display_name,
            )))

    @api.depends('concession_id')
    def _compute_value(self):
        """ Begin with what the rule gives. """
        for grant in self:
            grant.value = grant.concession_id.value

    # === CONSTRAINT METHODS === #

    @api.constrains('concession_id', 'value', 'term_from_id', 'term_to_id')
    def _check_grant(self):
        """ Check that a grant can be given.

        :raise ValidationError: If its rule, its value or its terms do not fit.
        """
        for grant in self:
            if grant.concession_id.kind not in ('staff', 'fixed'):
                raise ValidationError(self.env._(
                    "%(concession)s is given by itself and cannot be granted.",
                    concession=grant.concession_id.name,
                ))
            if grant.value <= 0 or (grant.value_type == 'percent' and grant.value > 100):
                raise ValidationError(self.env._(
                    "Enter a percentage above 0 and up to 100, or an amount above zero."
                ))
            last = grant.term_to_id
            if last and last.date_from < grant.term_from_id.date_from:
                raise ValidationError(self.env._(
                    "The grant would end before it begins. Choose a later last term."
                ))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm`: nobody approves by creating, nor asks in another person's name. """
        for vals in vals_list:
            self._check_state_fields(vals)
        if self.env.su:
            return super().create(vals_list)
        # A caller's context may hold defaults as well.
        return super().create([{
            **vals, 'state': 'draft', 'requested_by_id': self.env.uid,
            'approved_by_id': False, 'approved_on': False,
        } for vals in vals_list])

    def write(self, vals):
        """ Override of `orm`: what was decided is not edited.

        An approver may end what was approved, with a last term. Whoever changes a request asks for
        what it has become, and so cannot approve it.

        :raise UserError: If it would be, or if a status would move without its button.
        """
        self._check_state_fields(vals)
        other = vals.keys() - self._STATE_FIELDS
        if other and any(grant.state != 'draft' for grant in self):
            if other != {'term_to_id'} or not self.env.user.has_group('school_fees.group_approver'):
                raise UserError(self.env._(
                    "This grant was decided and is not edited any more. An approver can end it"
                    " with a last term; for anything else, request a new one."
                ))
        requested = self.filtered(lambda grant: grant.state == 'draft')
        result = super().write(vals)
        if other and requested and not self.env.su:
            requested.sudo().requested_by_id = self.env.user
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        """ Refuse to delete what was decided: it stays for the audit. """
        if any(grant.state != 'draft' for grant in self):
            raise UserError(self.env._(
                "A grant that was decided is kept. End it with a last term instead."
            ))

    # === ACTION METHODS === #

    def action_approve(self):
        """ Approve what somebody else requested.

        :raise UserError: If the user may not approve, or made the request.
        """
        self._check_requested()
        self._check_second_person(self.requested_by_id)
        self.sudo().write({
            'state': 'approved', 'approved_by_id': self.env.uid,
            'approved_on': fields.Datetime.now(),
        })

    def action_refuse(self):
        """ Refuse a request.

        :raise UserError: If the user may not approve.
        """
        self._check_requested()
        self._check_second_person(self.env['res.users'])
        self.sudo().write({'state': 'refused', 'approved_by_id': self.env.uid})

    # === BUSINESS METHODS === #

    @api.model
    def _check_second_person(self, first):
        """ Ensure that the user may approve what others began.

        :param res.users first: Who submitted or requested it.
        :return: None
        :raise UserError: If the user is no approver, or one of those people.
        """
        if not self.env.user.has_group('school_fees.group_approver'):
            raise UserError(self.env._(
                "Only an approver, such as the head of the school, can decide this."
            ))
        if self.env.user in first:
            raise UserError(self.env._(
                "You asked for this yourself: a second person must approve it."
            ))

    def _check_state_fields(self, vals):
        """ Ensure that a status moves only by the button that checks the right to.

        :param dict vals: The values that somebody writes.
        :return: None
        :raise UserError: If they hold a status.
        """
        if not self.env.su and self._STATE_FIELDS & vals.keys():
            raise UserError(self.env._("A grant is decided only by its buttons."))

    def _check_requested(self):
        """ Ensure that nothing was decided yet.

        :return: None
        :raise UserError: If one of the grants was.
        """
        if any(grant.state != 'draft' for grant in self):
            raise UserError(self.env._("This grant was decided already. Reload the page."))

    @api.model
    def _in_term_domain(self, term):
        """ Return the domain of what holds in a term, approved or not.

        :param school.term term: The term.
        :rtype: Domain
        """
        return self.env['school.student.fee']._in_term_domain(term) & Domain(
            'state', 'in', ('draft', 'approved'),
        )

    def _get_value(self):
        """ Return what is given.

        Note: `self.ensure_one()`

        :return: The percentage, or the amount per term.
        :rtype: Decimal
        """
        self.ensure_one()
        return Decimal(str(self.value))
