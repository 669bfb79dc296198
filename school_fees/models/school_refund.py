from odoo import api, fields, models
from odoo.exceptions import UserError

from .school_receipt_desk import DESK_KINDS


class SchoolRefund(models.Model):
    """Money paid back to a guardian out of a student's credit; asked by one, approved by another.
    """

    _name = 'school.refund'
    _inherit = ['mail.thread', 'school.reversal.mixin']
    _description = "Refund"
    _order = 'id desc'
    _rec_name = 'number'
    _check_company_auto = True

    number = fields.Char(string="Number", required=True, readonly=True)
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        check_company=True, ondelete='restrict',
    )
    payee_partner_id = fields.Many2one(
        string="Paid To", comodel_name='res.partner', required=True, readonly=True,
        ondelete='restrict', help="The guardian who gets the money.",
    )
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    money_kind = fields.Selection(
        string="Paid By", selection=DESK_KINDS, required=True, readonly=True,
    )
    external_ref = fields.Char(
        string="Reference", readonly=True, help="The number of the cheque or the bank transfer.",
    )
    reason = fields.Char(string="Reason", required=True, readonly=True)
    state = fields.Selection(
        string="Status",
        selection=[
            ('asked', "Asked"), ('done', "Done"), ('refused', "Refused"), ('reversed', "Reversed"),
        ],
        required=True, readonly=True, default='asked', tracking=True, index=True,
    )
    asked_by_id = fields.Many2one(
        string="Asked By", comodel_name='res.users', required=True, readonly=True,
    )
    approved_by_id = fields.Many2one(
        string="Approved By", comodel_name='res.users', readonly=True,
    )
    reversed_reason = fields.Char(string="Reason of the Reversal", readonly=True)
    date = fields.Date(string="Booked On", readonly=True)
    payment_id = fields.Many2one(
        string="Payment", comodel_name='account.payment', readonly=True, index='btree_not_null',
        check_company=True, ondelete='restrict',
    )
    cash_up_id = fields.Many2one(
        string="Cash-Up", comodel_name='school.cash.up', readonly=True, index='btree_not_null',
        ondelete='restrict',
    )
    correction_cash_up_id = fields.Many2one(
        string="Corrected In", comodel_name='school.cash.up', readonly=True, copy=False,
        index='btree_not_null', ondelete='restrict',
        help="The later count that shows this as reversed.",
    )
    can_approve = fields.Boolean(compute='_compute_can_approve')

    _amount_positive = models.Constraint(
        'CHECK(amount > 0)', "The amount of a refund must be above zero.",
    )
    _external_ref_uniq = models.UniqueIndex(
        "(company_id, money_kind, external_ref)"
        " WHERE external_ref IS NOT NULL AND state IN ('asked', 'done')",
        "Another refund has this reference already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('state', 'asked_by_id')
    @api.depends_context('uid')
    def _compute_can_approve(self):
        is_approver = self.env.user.has_group('school_fees.group_approver')
        for refund in self:
            refund.can_approve = (
                is_approver and refund.state == 'asked' and refund.asked_by_id != self.env.user
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A refund is never deleted. Refuse or reverse it."))

    # === ACTION METHODS === #

    def action_approve(self):
        """ Approve the refund, which books it.

        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If the user asked for it, it waits no more, or the credit is gone.
        """
        for refund in self:
            refund_sudo = refund._lock_waiting()
            refund._check_second_person(refund_sudo.asked_by_id)
            refund_sudo._check_credit()
            refund_sudo.approved_by_id = self.env.user
            refund_sudo._post()

    def action_refuse(self):
        """ Refuse the refund; the person who asked may take it back so.

        :return: None
        :raise AccessError: If the user is neither an approver nor the person who asked.
        :raise UserError: If it waits no more.
        """
        for refund in self:
            refund_sudo = refund._lock_waiting()
            if refund_sudo.asked_by_id != self.env.user:
                refund._check_role('school_fees.group_approver')
            refund_sudo.state = 'refused'

    # === BUSINESS METHODS === #

    def _lock_waiting(self):
        """ Lock a refund that waits, and return it for office work.

        :rtype: school.refund
        :raise UserError: If it waits no more.
        """
        refund_sudo = self._lock_one()
        if refund_sudo.state != 'asked':
            raise UserError(self.env._(
                "Refund %(number)s waits for nobody. Nothing was changed.",
                number=refund_sudo.number,
            ))
        return refund_sudo

    @api.model
    def _ask(self, *, student, payee, amount, money_kind, external_ref, reason):
        """ Ask for a refund; nothing is booked before it is approved.

        :param school.student student: Whose credit it is.
        :param res.partner payee: The guardian who gets it.
        :param float amount: KES.
        :param str money_kind: 'cash', 'bank' or 'cheque'.
        :param str external_ref: The number of the cheque or transfer, clean; cash has none.
        :param str reason: Why, in words.
        :return: The refund, in sudo mode: nobody may write refunds by hand.
        :rtype: school.refund
        :raise AccessError: If the user is not of the bursar's office, or may not see the student.
        :raise UserError: If the payee or the amount does not fit.
        """
        self._check_role('school_fees.group_bursar')
        student.check_access('read')
        company = student.company_id
        if payee not in student.sudo().guardian_link_ids.filtered('is_live').partner_id:
            raise UserError(self.env._(
                "Money goes back to a guardian of the student only. Nothing was asked."
            ))
        if money_kind != 'cash' and not external_ref:
            raise UserError(self.env._(
                "The number of the cheque or of the bank transfer is missing. Nothing was asked."
            ))
        if twin_sudo := self._find_by_reference(company, money_kind, external_ref):
            raise UserError(self.env._(
                "Refund %(number)s has this reference already. Nothing was asked. Compare the"
                " cheque or the bank's paper.", number=twin_sudo.number,
            ))
        company._make_desk_journal(money_kind)
        Refund = self._as_office().with_company(company)
        values = {
            'student_id': student.id,
            'payee_partner_id': payee.id,
            'amount': amount,
            'company_id': company.id,
            'money_kind': money_kind,
            'external_ref': external_ref if money_kind != 'cash' else False,
            'reason': reason,
            'state': 'asked',
            'asked_by_id': self.env.uid,
        }
        Refund.new(values)._check_credit()
        refund_sudo = Refund.create({
            **values, 'number': Refund.env['ir.sequence'].next_by_code('school.refund'),
        })
        refund_sudo.message_post(body=self.env._("Asked for: %(reason)s", reason=reason))
        return refund_sudo

    @api.model
    def _find_by_reference(self, company, money_kind, external_ref):
        """ Return the live refund that has this reference already, in sudo mode.

        :param res.company company: The school.
        :param str money_kind: The kind of money: references are unique within one.
        :param str external_ref: The reference, clean.
        :rtype: school.refund
        """
        Refund_sudo = self.sudo()
        if money_kind == 'cash' or not external_ref:
            return Refund_sudo.browse()
        return Refund_sudo.search([
            ('company_id', '=', company.id), ('money_kind', '=', money_kind),
            ('external_ref', '=', external_ref), ('state', 'in', ('asked', 'done')),
        ], limit=1)

    def _check_credit(self):
        """ Ensure that the student has the credit that is to be paid back.

        :return: None
        :raise UserError: If not; nothing is booked.
        """
        for refund in self:
            credit = max(-refund.student_id.balance, 0.0)
            if refund.currency_id.compare_amounts(refund.amount, 0.0) <= 0:
                raise UserError(self.env._("The amount must be above zero. Nothing was changed."))
            if refund.currency_id.compare_amounts(refund.amount, credit) > 0:
                raise UserError(self.env._(
                    "%(student)s has %(credit)s of credit, and not %(amount)s. Nothing was"
                    " changed.", student=refund.student_id.display_name,
                    credit=refund.currency_id._format_plain(credit),
                    amount=refund.currency_id._format_plain(refund.amount),
                ))

    def _post(self):
        """ Book the refund and use up the credit that it pays back.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        refund = self.with_company(self.company_id)
        journal = refund.company_id._make_desk_journal(refund.money_kind)
        date = fields.Date.context_today(refund)
        payment = refund.env['account.payment'].create({
            'payment_type': 'outbound',
            'partner_type': 'customer',
            'partner_id': refund.student_id.partner_id.id,
            'amount': refund.amount,
            'currency_id': refund.currency_id.id,
            'company_id': refund.company_id.id,
            'journal_id': journal.id,
            'payment_method_line_id': journal._get_desk_method_line('outbound').id,
            'date': date,
            'memo': ' '.join(filter(None, (refund.number, refund.external_ref))),
        })
        payment.action_post()
        refund.write({'payment_id': payment.id, 'date': date, 'state': 'done'})
        refund.student_id._settle_oldest_first()

    # === BUSINESS METHODS - REVERSAL === #

    def _is_reversible(self):
        """ Override of `school.reversal.mixin`: a refund that is in the books. """
        self.ensure_one()
        return self.state == 'done'

    def _reverse(self, reason):
        """ Override of `school.reversal.mixin`: the credit is the student's again. """
        for refund in self.filtered(lambda r: r.state == 'done'):
            refund.payment_id.move_id.with_context(school_receipt_reversal=True)._reverse_moves(
                [{'ref': f'{refund.number} {reason}'[:200]}], cancel=True,
            )
            refund.payment_id.state = 'canceled'
            refund.write({'state': 'reversed', 'reversed_reason': reason})

    def _after_reversal(self):
        """ Override of `school.reversal.mixin` to settle what is open again. """
        self.student_id._settle_oldest_first()
        return super()._after_reversal()
