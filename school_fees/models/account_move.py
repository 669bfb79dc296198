from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


# What says of a posted entry how much moved, when, where and whose it is.
RECEIPTED_FIELDS = {
    'state', 'line_ids', 'partner_id', 'date', 'journal_id', 'company_id', 'currency_id',
}


class AccountMove(models.Model):
    _inherit = 'account.move'

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', index='btree_not_null',
        check_company=True, ondelete='restrict', tracking=True,
    )
    family_id = fields.Many2one(
        string="Family", comodel_name='school.family', compute='_compute_family_id', store=True,
        index='btree_not_null', ondelete='restrict',
        help="The student's family when the bill was made.",
    )
    term_id = fields.Many2one(
        string="Term", comodel_name='school.term', index='btree_not_null', check_company=True,
        ondelete='restrict',
    )
    school_doc_type = fields.Selection(
        string="School Document",
        selection=[
            ('term_bill', "Term bill"),
            ('supplement', "Supplement"),
            ('opening', "Opening balance"),
        ],
        copy=False,
        help="A student has one term bill for each term; later changes are supplements.",
    )

    enrolment_id = fields.Many2one(
        string="Enrolment", comodel_name='school.enrolment', index='btree_not_null',
        check_company=True, ondelete='restrict', groups='base.group_user',
        help="The student's place in the school for which the bill was made.",
    )
    bill_run_id = fields.Many2one(
        string="Bill Run", comodel_name='school.bill.run', index='btree_not_null',
        check_company=True, copy=False, readonly=True, ondelete='restrict',
        groups='base.group_user',
    )

    _one_term_bill = models.UniqueIndex(
        "(student_id, term_id) WHERE school_doc_type = 'term_bill' AND state <> 'cancel'"
        " AND payment_state <> 'reversed'",
        "The student has a bill for this term already. Use a supplement for what comes later.",
    )

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_family_id(self):
        for move in self:
            # The family is hidden from portal users, not from the bill itself.
            move.family_id = move.sudo().student_id.family_id

    @api.depends('school_doc_type')
    def _compute_invoice_default_sale_person(self):
        """ Override of `account`: nobody sells school fees; guardians are shown no seller. """
        school_documents = self.filtered('school_doc_type')
        school_documents.invoice_user_id = False
        return super(
            AccountMove, self - school_documents
        )._compute_invoice_default_sale_person()

    @api.depends('school_doc_type')
    def _compute_invoice_payment_term_id(self):
        """ Override of `account`: school documents fall due on a date, not after some days. """
        school_documents = self.filtered('school_doc_type')
        school_documents.invoice_payment_term_id = False
        return super(AccountMove, self - school_documents)._compute_invoice_payment_term_id()

    @api.depends('term_id')
    def _compute_invoice_date_due(self):
        """ Override of `account`: a bill falls due when its term says, unless a person changed
        the date. """
        for move in self:
            if move.school_doc_type and move.term_id and not move.invoice_date_due:
                move.invoice_date_due = move.term_id.due_date
        return super()._compute_invoice_date_due()

    # === ONCHANGE METHODS === #

    @api.onchange('student_id', 'school_doc_type')
    def _onchange_student_id(self):
        """ The student is the debtor of the student's own bills. """
        if self.school_doc_type and self.student_id:
            self.partner_id = self.student_id.partner_id

    @api.onchange('term_id')
    def _onchange_term_id(self):
        """ Take the dates of the bill from its term. """
        if self.term_id:
            self.invoice_date = self.term_id.bill_date or self.invoice_date
            self.invoice_date_due = self.term_id.due_date

    # === CONSTRAINT METHODS === #

    @api.constrains('school_doc_type', 'student_id', 'partner_id', 'term_id', 'move_type')
    def _check_school_document(self):
        """ Check that a school document is the debt of its student.

        :raise ValidationError: If a document has no student, another debtor, no term where it
                                needs one, or is of a type that cannot be a bill.
        """
        for move in self.filtered('school_doc_type'):
            is_opening = move.school_doc_type == 'opening'
            if is_opening and move.move_type == 'entry' and not move.student_id:
                continue  # One for a whole class: the students stand on its lines.
            if not move.student_id:
                raise ValidationError(self.env._("A school bill needs a student."))
            if move.partner_id != move.student_id.sudo().partner_id:
                raise ValidationError(self.env._(
                    "A school bill is a debt of its student: the customer must be"
                    " %(student)s, not %(partner)s.",
                    student=move.student_id.display_name,
                    partner=move.partner_id.display_name or self.env._("nobody"),
                ))
            if is_opening:
                continue
            if not move.term_id:
                raise ValidationError(self.env._("A term bill needs its term."))
            if move.move_type != 'out_invoice':
                raise ValidationError(self.env._("A term bill must be a customer invoice."))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account` to bill the student's own partner.

        The menu of term bills makes new invoices term bills by the context, which also reaches the
        payments and credit notes made from there; those are none.
        """
        default_move_type = self.env.context.get('default_move_type')
        for vals in vals_list:
            if vals.get('move_type', default_move_type) != 'out_invoice':
                vals.setdefault('school_doc_type', False)
                vals.setdefault('student_id', False)
                continue
            doc_type = vals.get('school_doc_type', self.env.context.get('default_school_doc_type'))
            student_id = vals.get('student_id', self.env.context.get('default_student_id'))
            if doc_type and student_id and 'partner_id' not in vals:
                student = self.env['school.student'].browse(student_id)
                vals['partner_id'] = student.partner_id.id
        return super().create(vals_list)

    def write(self, vals):
        """ Override of `account`: what a receipt vouches for is not rewritten, by RPC neither. """
        if not self.env.su and RECEIPTED_FIELDS & vals.keys():
            self.filtered(lambda move: move.state == 'posted')._check_entries_not_receipted()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_receipted(self):
        self._check_entries_not_receipted()

    def copy_data(self, default=None):
        """ Override of `orm`: a copy is an ordinary invoice, whatever the context says. """
        return [
            {'school_doc_type': False, **vals} for vals in super().copy_data(default=default)
        ]

    # === BUSINESS METHODS === #

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """ Override of `mail`: what staff write on a child's bill is not for every guardian of it.

        Guardians read the bill by a live link, and separated parents both have one. Who is a
        recipient of a message reads it still.
        """
        operations = super()._mail_get_operation_for_mail_message_operation(message_operation)
        if message_operation == 'read' and self.env.user.share:
            operations.update(dict.fromkeys(
                self.filtered(lambda move: move.sudo().student_id), 'write',
            ))
        return operations

    def _get_school_addressee(self):
        """ Return the guardian to whom the printed bill is addressed.

        The debtor stays the student; a bill to somebody else, such as a sponsor, is addressed as
        Odoo does.

        Note: `self.ensure_one()`

        :rtype: res.partner
        """
        self.ensure_one()
        student_sudo = self.sudo().student_id  # Printed for portal users too.
        if not student_sudo or self.partner_id != student_sudo.partner_id:
            return self.env['res.partner']
        return student_sudo._primary_guardian()

    def _get_school_pay_block(self):
        """ Return how to pay this bill, with the way to its page in the portal.

        A bill to somebody else, such as a sponsor, is paid as Odoo says; and so is a draft, which
        may change.

        Note: `self.ensure_one()`

        :return: As of `school.student._get_pay_block`; empty for other documents.
        :rtype: dict
        """
        self.ensure_one()
        student_sudo = self.sudo().student_id  # Printed for portal users too.
        if not student_sudo or self.partner_id != student_sudo.partner_id:
            return {}
        if self.move_type != 'out_invoice' or self.state != 'posted':
            return {}
        if self.currency_id.compare_amounts(self.amount_residual, 0.0) <= 0:
            return {}
        return student_sudo._get_pay_block(
            self.amount_residual, *self._get_school_pay_address(),
        )

    def _get_school_pay_address(self):
        """ Return where the QR code on this bill leads. Ways of collecting have pages of their own.

        Note: `self.ensure_one()`

        :return: The address without the school's own, and what the code is for.
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        return self.get_portal_url(), self.env._("Scan to see this bill and pay")

    def _post(self, soft=True):
        """ Override of `account`: a closed term gets no bill any more.

        What is charged or given back meets at once what the student has paid ahead or owes: credit
        never lies beside an open debt, whoever made the bill or the credit note.

        :raise UserError: If a term bill is for a closed term and the user is no administrator.
        """
        if not self.env.user.has_group('school_fees.group_administrator'):
            for move in self:
                if move.school_doc_type == 'term_bill' and move.term_id.state == 'closed':
                    raise UserError(self.env._(
                        "%(term)s is closed and gets no bill any more. Make it a supplement, or"
                        " ask an administrator.", term=move.term_id.display_name,
                    ))
        posted = super()._post(soft=soft)
        documents = posted.filtered(lambda move: (
            move.student_id and move.move_type in {'out_invoice', 'out_refund'}
        ))
        # In sudo mode: an accountant who posts it may not see the student.
        documents.sudo().student_id._settle_oldest_first()
        return posted

    # === ACTION METHODS === #

    def button_draft(self):
        """ Override of `account`: entries that a receipt vouches for are not edited. """
        self._check_entries_not_receipted()
        return super().button_draft()

    def button_cancel(self):
        """ Override of `account`: entries that a receipt vouches for are not edited. """
        self._check_entries_not_receipted()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """ Override of `account`: an entry that a receipt vouches for is reversed with it.

        A client sends any context it likes, so that of the reversal counts in sudo mode only.
        """
        if not (self.env.su and self.env.context.get('school_receipt_reversal')):
            self._check_entries_not_receipted()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def _check_entries_not_receipted(self):
        """ Ensure that no receipt, and no money that waits for its owner, stands on these entries.

        :return: None
        :raise UserError: If a receipt vouches for one of the entries.
        """
        entries = self.filtered(lambda move: move.move_type == 'entry')
        if entries:
            # In sudo mode: whoever may change an entry may not see every payment.
            self.env['account.payment'].sudo().search([
                ('move_id', 'in', entries.ids),
            ])._check_not_receipted()
        share_sudo = self.env['school.receipt.line'].sudo().search([
            ('move_line_id.move_id', 'in', entries.ids), ('receipt_id.state', '=', 'posted'),
        ], limit=1) if entries else self.env['school.receipt.line']
        if share_sudo:
            raise UserError(self.env._(
                "Receipt %(number)s stands on this entry, so it is not changed here: it leaves the"
                " books only by reversing the receipt, with a reason. Nothing was changed.",
                number=share_sudo.receipt_id.number,
            ))
        transfer_sudo = self.env['school.transfer'].sudo().search([
            ('move_id', 'in', entries.ids), ('state', '=', 'done'),
        ], limit=1) if entries else self.env['school.transfer']
        if transfer_sudo:
            raise UserError(self.env._(
                "Transfer %(number)s between two students stands on this entry, so it is not"
                " changed here: it leaves the books only by reversing the transfer, with a reason."
                " Nothing was changed.", number=transfer_sudo.number,
            ))
