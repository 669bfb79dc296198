from odoo import api, models
from odoo.fields import Command


class SchoolBillRun(models.Model):
    """The documents of a bill run: term bills, supplements and credit notes."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.bill.run'

    # === BUSINESS METHODS - DOCUMENTS === #

    def _create_documents(self, values):
        """ Create bills and credit notes in one batch.

        New lines have no analytic lines to keep in step. Odoo would write each line once more to
        find that out; what it distributes is written when the bill is posted.

        :param list[dict] values: The values of the documents.
        :return: The bills, which are to be posted; a credit note stays a draft.
        :rtype: account.move
        """
        Move = self._with_booking_context().env['account.move']
        moves = Move.with_context(skip_analytic_sync=True).create(values)
        return moves.filtered(lambda move: move.move_type == 'out_invoice').with_env(Move.env)

    def _with_booking_context(self):
        """ Return `self` without mail tracking, unless the school's audit trail asks for it.

        :rtype: school.bill.run
        """
        if (self.company_id or self.env.company).restrictive_audit_trail:
            return self
        return self.with_context(tracking_disable=True)

    def _read_students_with_bill(self, students):
        """ Return the students who have the term's bill already: what comes later are supplements.

        :param school.student students: The students.
        :rtype: set[school.student]
        """
        return {student for student, in self.env['account.move']._read_group([
            ('student_id', 'in', students.ids), ('term_id', '=', self.term_id.id),
            ('school_doc_type', '=', 'term_bill'), ('state', '!=', 'cancel'),
            ('payment_state', '!=', 'reversed'),
        ], ['student_id'])}

    def _prepare_document(self, row, differences, doc_type):
        """ Return the values of a bill, a supplement or a credit note.

        :param school.bill.run.student row: The row of the student.
        :param list[Difference] differences: Its lines.
        :param str | bool doc_type: The kind of bill; False for a credit note.
        :rtype: dict
        """
        sign = 1 if doc_type else -1
        return {
            'move_type': 'out_invoice' if doc_type else 'out_refund',
            'school_doc_type': doc_type,
            'student_id': row.student_id.id,
            'partner_id': row.student_id.partner_id.id,
            'term_id': self.term_id.id,
            'enrolment_id': row.enrolment_id.id,
            'bill_run_id': self.id,
            'company_id': self.company_id.id,
            'currency_id': self.currency_id.id,
            'invoice_date': self.bill_date,
            'invoice_date_due': self.due_date,
            'invoice_line_ids': [
                Command.create(self._prepare_line(difference, sign)) for difference in differences
            ],
        }

    def _prepare_line(self, difference, sign):
        """ Return the values of a line of a document.

        :param Difference difference: The line beside what is posted.
        :param int sign: 1 for a bill, -1 for a credit note.
        :rtype: dict
        """
        product = self.env['product.product'].browse(difference.fee)
        rule_id, grant_id = difference.concession or (False, False)
        values = {
            'product_id': product.id,
            'name': self._get_text(difference),
            **self._prepare_amounts(product, float(difference.amount) * sign, is_refund=sign < 0),
            'vote_head_id': product.vote_head_id.id,
            'concession_id': rule_id,
            'concession_grant_id': grant_id,
        }
        if rule_id:
            values['account_id'] = self.company_id._get_school_concession_account().id
        return values

    @api.model
    def _prepare_amounts(self, product, amount, *, is_refund=False):
        """ Return price and taxes of a line, with what Odoo would else write in a second step.

        Odoo works it all out again, and corrects it where it differs.

        :param product.product product: The fee item, of the school that charges it.
        :param float amount: The price, in the school's currency.
        :param bool is_refund: Whether the line is one of a credit note.
        :rtype: dict
        """
        taxes = product.taxes_id.filtered(lambda tax: tax.company_id == product.company_id)
        values = {
            'quantity': 1,
            'price_unit': amount,
            'tax_ids': [Command.set(taxes.ids)],
            'tax_tag_ids': [Command.set(taxes.get_tax_tags(is_refund, 'base').ids)],
        }
        if not any(taxes.flatten_taxes_hierarchy().mapped('amount')):
            values['balance'] = values['amount_currency'] = amount if is_refund else -amount
        return values
