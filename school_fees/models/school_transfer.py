from odoo import api, fields, models
from odoo.exceptions import UserError


class SchoolTransfer(models.Model):
    """Money that moves from one student's account to another's, by one entry, with approval.

    Inside a family one approver is enough; across families two people approve, since selling such
    transfers is a known fraud (school-fees section 2.5).
    """

    _name = 'school.transfer'
    _inherit = ['mail.thread', 'school.reversal.mixin']
    _description = "Transfer between Students"
    _order = 'id desc'
    _rec_name = 'number'
    _check_company_auto = True

    number = fields.Char(string="Number", required=True, readonly=True)
    from_student_id = fields.Many2one(
        string="From", comodel_name='school.student', required=True, readonly=True, index=True,
        check_company=True, ondelete='restrict',
    )
    to_student_id = fields.Many2one(
        string="To", comodel_name='school.student', required=True, readonly=True, index=True,
        check_company=True, ondelete='restrict',
    )
    receipt_line_id = fields.Many2one(
        string="Share of Receipt", comodel_name='school.receipt.line', readonly=True,
        index='btree_not_null', check_company=True, ondelete='restrict',
        help="The share that was paid to the wrong child. Empty: credit is moved.",
    )
    receipt_id = fields.Many2one(related='receipt_line_id.receipt_id', string="Receipt")
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    reason = fields.Char(string="Reason", required=True, readonly=True)
    is_across_families = fields.Boolean(
        string="Across Families", readonly=True, help="Two people must approve it.",
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('asked', "Asked"), ('approved', "Approved once"), ('done', "Done"),
            ('refused', "Refused"), ('reversed', "Reversed"),
        ],
        required=True, readonly=True, default='asked', tracking=True, index=True,
    )
    asked_by_id = fields.Many2one(
        string="Asked By", comodel_name='res.users', required=True, readonly=True,
    )
    first_approved_by_id = fields.Many2one(
        string="First Approver", comodel_name='res.users', readonly=True,
    )
    approved_by_id = fields.Many2one(
        string="Approver", comodel_name='res.users', readonly=True,
        help="Who approved it last, and so let it be booked.",
    )
    reversed_reason = fields.Char(string="Reason of the Reversal", readonly=True)
    move_id = fields.Many2one(
        string="Entry", comodel_name='account.move', readonly=True, index='btree_not_null',
        check_company=True, ondelete='restrict',
    )
    can_approve = fields.Boolean(compute='_compute_can_approve')

    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "The amount of a transfer must be above zero.",
    )
    _two_students = models.Constraint(
        'CHECK(from_student_id <> to_student_id)', "A transfer is between two students.",
    )

    # === COMPUTE METHODS === #

    @api.depends('state', 'asked_by_id', 'first_approved_by_id')
    @api.depends_context('uid')
    def _compute_can_approve(self):
        is_approver = self.env.user.has_group('school_fees.group_approver')
        for transfer in self:
            transfer.can_approve = is_approver and transfer.state in {'asked', 'approved'} and (
                self.env.user not in (transfer.asked_by_id, transfer.first_approved_by_id)
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A transfer is never deleted. Refuse or reverse it."))

    # === ACTION METHODS === #

    def action_approve(self):
        """ Approve the transfer; the last approval that it needs books it.

        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If the user asked for it or approved it before, or it waits no more.
        """
        for transfer in self:
            transfer_sudo = transfer._lock_one()
            if transfer_sudo.state not in {'asked', 'approved'}:
                raise UserError(self.env._(
                    "Transfer %(number)s waits for nobody. Nothing was changed.",
                    number=transfer_sudo.number,
                ))
            transfer._check_second_person(
                transfer_sudo.asked_by_id, transfer_sudo.first_approved_by_id,
            )
            transfer_sudo._check_movable()
            across = transfer_sudo.is_across_families or transfer_sudo._is_across_families(
                transfer_sudo.from_student_id, transfer_sudo.to_student_id,
            )  # A child may have changed the family since it was asked.
            if across and not transfer_sudo.first_approved_by_id:
                transfer_sudo.write({
                    'state': 'approved', 'first_approved_by_id': self.env.uid,
                })
            else:
                transfer_sudo.approved_by_id = self.env.user
                transfer_sudo._post()

    def action_refuse(self):
        """ Refuse the transfer; the person who asked may take it back so.

        :return: None
        :raise AccessError: If the user is neither an approver nor the person who asked.
        :raise UserError: If it waits no more.
        """
        for transfer in self:
            transfer_sudo = transfer._lock_one()
            if transfer_sudo.state not in {'asked', 'approved'}:
                raise UserError(self.env._(
                    "Transfer %(number)s waits for nobody. Nothing was changed.",
                    number=transfer_sudo.number,
                ))
            if transfer_sudo.asked_by_id != self.env.user:
                transfer._check_role('school_fees.group_approver')
            transfer_sudo.state = 'refused'

    def action_view_entry(self):
        """ Open the entry.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'account.move',
            'res_id': self.move_id.id, 'views': [(False, 'form')],
        }

    # === BUSINESS METHODS - ASKING === #

    @api.model
    def _ask(self, *, from_student, to_student, amount, reason, receipt_line=None):
        """ Ask for a transfer; nothing is booked before it is approved.

        :param school.student from_student: Who has the money now.
        :param school.student to_student: Who is to have it.
        :param float amount: KES.
        :param str reason: Why, in words.
        :param school.receipt.line receipt_line: The share that was paid to the wrong child, if it
                                                 is not credit that moves.
        :return: The transfer, in sudo mode: nobody may write transfers by hand.
        :rtype: school.transfer
        :raise AccessError: If the user is not of the bursar's office, or may not see the students.
        :raise UserError: If the students or the amount do not fit.
        """
        self._check_role('school_fees.group_bursar')
        (from_student | to_student).check_access('read')
        if from_student == to_student or from_student.company_id != to_student.company_id:
            raise UserError(self.env._(
                "A transfer is between two students of one school. Nothing was asked."
            ))
        if receipt_line and receipt_line.student_id != from_student:
            raise UserError(self.env._(
                "This share of the receipt is another student's. Nothing was asked."
            ))
        transfer_sudo = self._as_office().with_company(from_student.company_id).new({
            'from_student_id': from_student.id, 'to_student_id': to_student.id, 'amount': amount,
            'receipt_line_id': receipt_line.id if receipt_line else False,
            'company_id': from_student.company_id.id,
        })
        transfer_sudo._check_movable()
        transfer_sudo = self._as_office().with_company(from_student.company_id).create({
            'number': self._as_office().env['ir.sequence'].next_by_code('school.transfer'),
            'from_student_id': from_student.id,
            'to_student_id': to_student.id,
            'receipt_line_id': receipt_line.id if receipt_line else False,
            'amount': amount,
            'company_id': from_student.company_id.id,
            'reason': reason,
            'is_across_families': self._is_across_families(from_student, to_student),
            'state': 'asked',
            'asked_by_id': self.env.uid,
        })
        transfer_sudo.message_post(body=self.env._("Asked for: %(reason)s", reason=reason))
        return transfer_sudo

    @api.model
    def _is_across_families(self, from_student, to_student):
        """ Tell whether money would leave a family.

        :rtype: bool
        """
        return not from_student.family_id or from_student.family_id != to_student.family_id
