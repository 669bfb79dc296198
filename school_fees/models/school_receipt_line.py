from odoo import api, fields, models
from odoo.exceptions import UserError


class SchoolReceiptLine(models.Model):
    """One student's share of a receipt, and the credit on the receivable that it is."""

    _name = 'school.receipt.line'
    _description = "Receipt Line"
    _order = 'receipt_id, id'
    _check_company_auto = True

    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='school.receipt', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        ondelete='restrict', check_company=True,
    )
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    currency_id = fields.Many2one(related='receipt_id.currency_id')
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    payment_id = fields.Many2one(
        string="Payment", comodel_name='account.payment', readonly=True, index='btree_not_null',
        ondelete='restrict', check_company=True,
    )
    move_line_id = fields.Many2one(
        string="Credit", comodel_name='account.move.line', readonly=True, index='btree_not_null',
        ondelete='restrict', check_company=True,
        help="The credit on the student's receivable account that this share is.",
    )

    transfer_ids = fields.One2many(
        string="Transfers", comodel_name='school.transfer', inverse_name='receipt_line_id',
        readonly=True, groups='school_fees.group_bursar',
    )

    _amount_positive = models.Constraint(
        'CHECK(amount > 0)',
        "Each share of a receipt must be above zero.",
    )

    @api.ondelete(at_uninstall=False)
    def _unlink_never_once_numbered(self):
        if any(line.receipt_id.number for line in self):
            raise UserError(self.env._(
                "A line of a numbered receipt is never deleted. Reverse the receipt instead."
            ))

    # === COMPUTE METHODS === #

    @api.depends('receipt_id.number', 'student_id')
    def _compute_display_name(self):
        for line in self:
            line.display_name = ' · '.join(filter(None, (
                line._get_number(), line.student_id.display_name,
            )))

    # === ACTION METHODS === #

    def action_move(self):
        """ Open the question which student this share should have gone to.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_fees.school_transfer_wizard_action'
            ),
            'context': {
                'dialog_size': 'medium',
                'default_from_student_id': self.student_id.id,
                'default_receipt_line_id': self.id,
            },
        }

    # === BUSINESS METHODS === #

    def _get_number(self):
        """ Return the number of this share: that of the receipt, with its place where several
        children share it.

        Note: `self.ensure_one()`

        :return: Such as "RCT/2026/000123/2".
        :rtype: str
        """
        self.ensure_one()
        shares = self.receipt_id.line_ids
        if len(shares) < 2:
            return self.receipt_id.number or ''
        return f'{self.receipt_id.number}/{shares.ids.index(self.id) + 1}'

    def _undo_transfers(self, reason):
        """ Take back the transfers of these shares, and refuse those that still wait.

        :param str reason: Why the receipt is reversed.
        :return: None
        """
        transfers = self.transfer_ids
        transfers._reverse(reason)
        transfers.filtered(lambda t: t.state in {'asked', 'approved'}).state = 'refused'

    # === BUSINESS METHODS - BOOKING === #

    def _prepare_payment_values(self, booking):
        """ Return the values of the payment that books this share.

        The student is the debtor, whoever paid (school-fees finding 5). No name or number of a
        payer goes into the label.

        :param dict booking: The booking, as in `school.receipt._book`.
        :rtype: dict
        """
        self.ensure_one()
        receipt = self.receipt_id
        return {
            'payment_type': 'inbound',
            'partner_type': 'customer',
            'partner_id': self.student_id.partner_id.id,
            'amount': self.amount,
            'currency_id': receipt.currency_id.id,
            'company_id': receipt.company_id.id,
            'date': receipt.date,
            'memo': ' '.join(filter(None, (receipt.number, receipt.external_ref))),
            **booking['payment'],
        }

    def _prepare_credit_values(self):
        """ Return the values of the credit that books this share without a payment of its own.

        Note: `self.ensure_one()`

        :rtype: dict
        """
        self.ensure_one()
        partner = self.student_id.partner_id.with_company(self.company_id)
        return {
            'name': self.receipt_id.number, 'partner_id': partner.id, 'credit': self.amount,
            'account_id': partner.property_account_receivable_id.id,
        }

    def _reconcile_with_bills(self, chosen_invoices):
        """ Settle the students' open bills with these shares: chosen bills first, then oldest due.

        `reconcile()` sorts by due date itself, so two steps per share are enough.

        :param dict chosen_invoices: For each line the `account.move` chosen, or None.
        :return: None
        """
        open_lines = self.env['account.move.line'].search([
            ('partner_id', 'in', self.student_id.partner_id.ids),
            ('account_id', 'in', self.move_line_id.account_id.ids),
            ('parent_state', '=', 'posted'),
            ('reconciled', '=', False),
            ('amount_residual', '>', 0),
        ])
        by_partner_account = open_lines.grouped(lambda item: (item.partner_id, item.account_id))
        plan = []
        for line in self:
            credit = line.move_line_id
            bills = by_partner_account.get((credit.partner_id, credit.account_id))
            if not bills:
                continue  # Nothing is due: the share stays as the student's credit.
            chosen = chosen_invoices.get(line)
            if chosen and (first := bills & chosen.line_ids):
                plan.append(credit + first)
            plan.append(credit + bills)
        if plan:
            self.env['account.move.line']._reconcile_plan(plan)
