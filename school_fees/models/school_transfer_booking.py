from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command


class SchoolTransferBooking(models.Model):
    """What can be moved, and the entry that moves it."""

    _inherit = 'school.transfer'

    # === BUSINESS METHODS === #

    def _get_movable(self):
        """ Return how much can be moved at most, KES.

        Of a receipt's share what no other transfer has taken; else the student's credit.

        Note: `self.ensure_one()`

        :rtype: float
        """
        self.ensure_one()
        line = self.receipt_line_id
        if not line:
            return max(-self.from_student_id.balance, 0.0)
        if line.receipt_id.state != 'posted':
            return 0.0
        taken = self.search([('receipt_line_id', '=', line.id), ('state', '=', 'done')])
        return line.amount - sum((taken - self).mapped('amount'))

    def _check_movable(self):
        """ Ensure that the amount is there to be moved.

        :return: None
        :raise UserError: If it is not; nothing is booked.
        """
        for transfer in self:
            movable = transfer._get_movable()
            if transfer.currency_id.compare_amounts(transfer.amount, 0.0) <= 0:
                raise UserError(self.env._(
                    "The amount must be above zero. Nothing was changed.",
                ))
            if transfer.currency_id.compare_amounts(transfer.amount, movable) > 0:
                raise UserError(self.env._(
                    "At most %(movable)s can be moved from %(student)s now, and not %(amount)s."
                    " Nothing was changed.",
                    movable=transfer.currency_id._format_plain(movable),
                    student=transfer.from_student_id.display_name,
                    amount=transfer.currency_id._format_plain(transfer.amount),
                ))

    def _post(self):
        """ Book the transfer: one entry, settled on both sides, the oldest due first.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        transfer = self.with_company(self.company_id)
        credit = transfer.receipt_line_id.move_line_id
        from_partner = transfer.from_student_id.partner_id
        to_partner = transfer.to_student_id.partner_id
        # Guardians of both children read the label on a statement: it names neither.
        label = self.env._("Transfer %(number)s", number=transfer.number)
        move = transfer.env['account.move'].create({
            'move_type': 'entry',
            'journal_id': transfer.company_id._get_fees_journal().id,
            'company_id': transfer.company_id.id,
            'ref': transfer.number,
            'line_ids': [
                Command.create({
                    'name': label, 'partner_id': from_partner.id, 'debit': transfer.amount,
                    'account_id': (
                        credit.account_id or from_partner.property_account_receivable_id
                    ).id,
                }),
                Command.create({
                    'name': label, 'partner_id': to_partner.id, 'credit': transfer.amount,
                    'account_id': to_partner.property_account_receivable_id.id,
                }),
            ],
        })
        move.action_post()
        transfer.write({'move_id': move.id, 'state': 'done'})
        if credit:
            # The share leaves the bills that it had settled, which are then open again. What was
            # moved of it before stays moved: no older bill takes its place.
            credit.remove_move_reconcile()
            moved = transfer.receipt_line_id.transfer_ids.filtered(lambda t: t.state == 'done')
            (credit + moved.move_id.line_ids.filtered('debit')).reconcile()
        (transfer.from_student_id | transfer.to_student_id)._settle_oldest_first()

    # === BUSINESS METHODS - REVERSAL === #

    def _is_reversible(self):
        """ Override of `school.reversal.mixin`: a transfer that is in the books. """
        self.ensure_one()
        return self.state == 'done'

    def _reverse(self, reason):
        """ Override of `school.reversal.mixin` to give the money back to where it came from. """
        for transfer in self.filtered(lambda t: t.state == 'done'):
            transfer.move_id.with_context(school_receipt_reversal=True)._reverse_moves(
                [{'ref': f'{transfer.number} {reason}'[:200]}], cancel=True,
            )
            transfer.write({'state': 'reversed', 'reversed_reason': reason})

    def _after_reversal(self):
        """ Override of `school.reversal.mixin` to settle what is open again on both sides. """
        (self.from_student_id | self.to_student_id)._settle_oldest_first()
        return super()._after_reversal()
