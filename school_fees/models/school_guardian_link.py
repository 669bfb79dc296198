from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SchoolGuardianLink(models.Model):
    """The right or duty of one person over one child, for as long as it lasts."""

    _name = 'school.guardian.link'
    _description = "Guardian Link"
    _order = 'student_id, priority, id'
    _check_company_auto = True

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, index=True,
        ondelete='cascade',
    )
    partner_id = fields.Many2one(
        string="Guardian", comodel_name='res.partner', required=True, index=True,
        ondelete='restrict', domain="[('is_school_student', '=', False)]",
    )
    relation = fields.Selection(
        string="Relation",
        selection=[
            ('father', "Father"),
            ('mother', "Mother"),
            ('guardian', "Guardian"),
            ('other', "Other"),
        ],
        required=True,
        default='guardian',
    )
    priority = fields.Integer(
        string="Priority", required=True, default=1,
        help="The guardian with the lowest number is the primary one: bills are addressed to them.",
    )
    is_payer = fields.Boolean(string="Pays", default=True)
    portal = fields.Boolean(
        string="Portal", default=True,
        help="Whether this guardian's log-in shows the child's bills and receipts.",
    )
    sms = fields.Boolean(string="SMS", default=True)
    email = fields.Boolean(string="E-mail", default=True)
    sees_amounts = fields.Boolean(
        string="Sees Amounts", default=True,
        help="Whether this guardian's log-in shows what was billed and paid.",
    )
    sees_other_payers = fields.Boolean(
        string="Sees Other Payers", default=True,
        help="Whether this guardian's log-in shows who else paid.",
    )
    share_percent = fields.Float(string="Part of the Fees (%)", digits=(5, 2))
    date_from = fields.Date(string="From", help="Empty: since always.")
    date_to = fields.Date(string="Until", help="The last day. Empty: no end.")
    restricted_note = fields.Text(
        string="Restricted Note", groups='school_fees.group_bursar',
        help="What the fees office must know of custody or contact. Never shown to guardians.",
    )
    is_live = fields.Boolean(string="Valid Today", compute='_compute_is_live')
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    _dates_ordered = models.Constraint(
        'CHECK(date_to >= date_from)',
        "A guardian link cannot end before it begins.",
    )
    _share_in_range = models.Constraint(
        'CHECK(share_percent BETWEEN 0 AND 100)',
        "A part of the fees lies between 0 and 100 %.",
    )
    _share_of_payer = models.Constraint(
        'CHECK(is_payer OR share_percent = 0)',
        "Only a guardian who pays has a part of the fees.",
    )

    # === COMPUTE METHODS === #

    @api.depends('date_from', 'date_to')
    @api.depends_context('tz')
    def _compute_is_live(self):
        today = fields.Date.context_today(self)
        for link in self:
            link.is_live = (not link.date_from or link.date_from <= today) and (
                not link.date_to or link.date_to >= today
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('partner_id')
    def _check_guardian_is_no_student(self):
        """ Check that a guardian is not a student's ledger account.

        :raise ValidationError: If it is.
        """
        if self.sudo().partner_id.filtered('is_school_student'):
            raise ValidationError(self.env._("A student cannot be a guardian."))

    @api.constrains('student_id', 'is_payer', 'share_percent', 'date_to')
    def _check_shares(self):
        """ Check that the parts of a student's payers are all empty or make 100 %.

        :raise ValidationError: If they do not.
        """
        if not self.env.context.get('school_shares_checked_later'):
            self.student_id._check_payer_shares()

    # === ONCHANGE METHODS === #

    @api.onchange('is_payer')
    def _onchange_is_payer(self):
        """ Take the part of the fees from a guardian who no longer pays. """
        if not self.is_payer:
            self.share_percent = 0.0

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to open the child's school to the guardian's log-in. """
        links = super().create(vals_list)
        links.partner_id._open_schools_to_guardian_users()
        return links

    def write(self, vals):
        """ Override of `orm` to open the child's school to the guardian's log-in. """
        result = super().write(vals)
        if vals.keys() & {'partner_id', 'student_id', 'portal'}:
            self.partner_id._open_schools_to_guardian_users()
        return result

    def unlink(self):
        """ Override of `orm` to check the parts of the guardians who stay. """
        students = self.student_id
        result = super().unlink()
        if not self.env.context.get('school_shares_checked_later'):
            students.exists()._check_payer_shares()
        return result

    # === BUSINESS METHODS === #

    def _has_ended(self):
        """ Tell whether the link is over.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.date_to) and self.date_to < fields.Date.context_today(self)

    @api.model
    def _of_portal_user(self):
        """ Return the live links through which the user's log-in shows children.

        :return: The links, in sudo mode: guardians do not read them.
        :rtype: school.guardian.link
        """
        return self.sudo().search([
            ('partner_id', '=', self.env.user.partner_id.id), ('portal', '=', True),
        ]).filtered('is_live')
