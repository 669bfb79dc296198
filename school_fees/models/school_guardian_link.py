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
    date_from = fields.Date(string="From", help="Empty: since always.")
    date_to = fields.Date(string="Until", help="The last day. Empty: no end.")
    is_live = fields.Boolean(string="Valid Today", compute='_compute_is_live')
    company_id = fields.Many2one(
        related='student_id.company_id', string="School", store=True, index=True, precompute=True,
    )

    _dates_ordered = models.Constraint(
        'CHECK(date_to >= date_from)',
        "A guardian link cannot end before it begins.",
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
