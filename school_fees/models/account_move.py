from odoo import api, fields, models
from odoo.exceptions import ValidationError


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

    _one_term_bill = models.UniqueIndex(
        "(student_id, term_id) WHERE school_doc_type = 'term_bill' AND state <> 'cancel'",
        "The student has a bill for this term already. Use a supplement for what comes later.",
    )

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_family_id(self):
        for move in self:
            # The family is hidden from portal users, not from the bill itself.
            move.family_id = move.sudo().student_id.family_id

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
            if not move.student_id:
                raise ValidationError(self.env._("A school bill needs a student."))
            if move.partner_id != move.student_id.sudo().partner_id:
                raise ValidationError(self.env._(
                    "A school bill is a debt of its student: the customer must be"
                    " %(student)s, not %(partner)s.",
                    student=move.student_id.display_name,
                    partner=move.partner_id.display_name or self.env._("nobody"),
                ))
            if move.school_doc_type == 'opening':
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

    def copy_data(self, default=None):
        """ Override of `orm`: a copy is an ordinary invoice, whatever the context says. """
        return [
            {'school_doc_type': False, **vals} for vals in super().copy_data(default=default)
        ]

    # === BUSINESS METHODS === #

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

    # === ACTION METHODS === #

    def button_draft(self):
        """ Override of `account`: entries that a receipt vouches for are not edited. """
        self._get_school_payments()._check_not_receipted()
        return super().button_draft()

    def button_cancel(self):
        """ Override of `account`: entries that a receipt vouches for are not edited. """
        self._get_school_payments()._check_not_receipted()
        return super().button_cancel()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """ Override of `account`: an entry that a receipt vouches for is reversed with it. """
        if not self.env.context.get('school_receipt_reversal'):
            self._get_school_payments()._check_not_receipted()
        return super()._reverse_moves(default_values_list, cancel=cancel)

    def _get_school_payments(self):
        """ Return the payments whose entries these are.

        :rtype: account.payment
        """
        entries = self.filtered(lambda move: move.move_type == 'entry')
        return self.env['account.payment'].search([('move_id', 'in', entries.ids)])
