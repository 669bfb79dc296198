from odoo import api, models
from odoo.exceptions import UserError

from .account_move_line import RECEIPTED_FIELDS


# Odoo works them out, and still takes them from a caller; a balance is the sum of the residuals.
KEPT_FIELDS = RECEIPTED_FIELDS | {
    'amount_residual', 'amount_residual_currency', 'reconciled', 'parent_state',
}

class AccountMoveLine(models.Model):
    """Posted lines on students' accounts are not rewritten one by one either."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'account.move.line'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account`: nothing is added to a posted entry of a student. """
        lines = super().create(vals_list)
        if not self.env.su:
            lines._check_not_on_student_accounts()
        return lines

    def write(self, vals):
        """ Override of `account`: whose a posted line is, and how much, stays. """
        if self.env.su or not (fields := KEPT_FIELDS & vals.keys()):
            return super().write(vals)
        will_change = self.env['account.move']._field_will_change
        changing = self.filtered(
            lambda line: any(will_change(line, vals, field) for field in fields)
        )
        changing._check_not_on_student_accounts()
        result = super().write(vals)
        changing._check_not_on_student_accounts()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_on_student_accounts(self):
        self._check_not_on_student_accounts()

    # === BUSINESS METHODS === #

    def _check_not_on_student_accounts(self):
        """ Ensure that none of these is a posted line on a student's account.

        :return: None
        :raise UserError: If one is, and the user is no accounting administrator.
        """
        if self.env.su or self.env.user.has_group('account.group_account_manager'):
            return
        posted = self.filtered(lambda line: line.parent_state == 'posted')
        if posted and posted.sudo().filtered(
            lambda line: line.partner_id.is_school_student
            and line.account_id.account_type == 'asset_receivable'
        ):
            posted._check_lines_not_receipted()  # Says more, where there is a receipt.
            raise UserError(self.env._(
                "This line is part of what a student owes, so it is not rewritten. Nothing was"
                " changed. Ask for a transfer, a refund, a waiver or a reversal in School Fees,"
                " where a second person approves it."
            ))
