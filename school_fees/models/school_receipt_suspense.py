from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SchoolReceiptSuspense(models.Model):
    """Receipts for money that was in the books before anybody knew whose it is."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    # === BUSINESS METHODS === #

    @api.model
    def _book_from_suspense(self, values, shares, waiting, date):
        """ Move money that waits for its owner to students, and make its receipt.

        One entry does it: the account that waits is debited, each student's receivable credited,
        and both sides are settled (design section 3). Reversing the receipt lets the money wait
        again. The caller holds the savepoint or transaction.

        :param dict values: Values of the receipt, its lines left out.
        :param list shares: (student, Decimal KES) pairs, each student once, which make up the
                            amount.
        :param account.move.line waiting: The credit on the account that waits.
        :param date date: The day from which on it is the students'; Odoo takes a later one where
                          that is locked.
        :return: The posted receipt.
        :rtype: school.receipt
        :raise UserError: If somebody settled a part of what waits by hand; nothing is booked.
        """
        if waiting.company_currency_id.compare_amounts(
            -waiting.amount_residual, values['amount'],
        ) != 0:
            raise UserError(self.env._(
                "Of %(amount)s that waited, %(open)s is left: an entry made by hand has settled the"
                " rest. Nothing was booked. Have an accountant take that settlement apart in"
                " %(entry)s first.",
                amount=waiting.company_currency_id._format_plain(values['amount']),
                open=waiting.company_currency_id._format_plain(-waiting.amount_residual),
                entry=waiting.move_id.name,
            ))
        booking = {'receipt': values, 'shares': shares}
        Receipt = self._with_booking_context([booking])
        receipt = Receipt.create(Receipt._prepare_receipt_values(booking))
        receipt._assign_numbers()
        company = receipt.company_id
        move = Receipt.env['account.move'].with_company(company).create({
            'move_type': 'entry',
            'journal_id': company._get_fees_journal().id,
            'company_id': company.id,
            'date': date,
            'ref': ' '.join(filter(None, (receipt.number, receipt.external_ref))),
            'line_ids': [
                Command.create({
                    'name': receipt.number, 'account_id': waiting.account_id.id,
                    'debit': receipt.amount,
                }),
                *(Command.create(line._prepare_credit_values()) for line in receipt.line_ids),
            ],
        })
        move.action_post()
        credits_by_partner = move.line_ids.grouped('partner_id')
        for line in receipt.line_ids:
            line.move_line_id = credits_by_partner[line.student_id.partner_id]
        (waiting + move.line_ids.filtered('debit')).reconcile()
        receipt.line_ids._reconcile_with_bills({})
        receipt.line_ids.student_id.invalidate_recordset(['balance'])
        return receipt
