from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


# Where the other side of a bill lies when it is none: money, or something that turns into money.
MONEY_ACCOUNT_TYPES = (
    'asset_cash', 'asset_current', 'asset_non_current', 'asset_prepayments', 'asset_fixed',
    'liability_credit_card', 'liability_payable',
)
BILL_TYPES = ('out_invoice', 'out_receipt')


class AccountMove(models.Model):
    """What a student owes changes by the school's own documents, which go to a second person.

    The bursar's role contains Odoo's invoicing right, for which an entry is an entry. Without this
    guard it could transfer, waive or pay back what the school's documents let nobody do alone. Free
    stay bills, which only add to a debt, and payments that bring money in. The product's documents
    are booked in sudo mode, after their own checks.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'account.move'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account`: only a bill run makes its documents. """
        moves = super().create(vals_list)
        if moves.bill_run_id:
            self._check_is_bill_run()
        return moves

    def write(self, vals):
        """ Override of `account`: the status moves by RPC too, past every button. """
        if 'bill_run_id' in vals:
            self._check_is_bill_run()
        state = vals.get('state')
        posting = self.filtered(lambda move: move.state != 'posted') if state == 'posted' else None
        if state and state != 'posted':
            self.filtered(lambda move: move.state == 'posted')._check_debts_stay()
        result = super().write(vals)
        if posting:
            posting._check_student_accounts()
        return result

    # === BUSINESS METHODS === #

    def _post(self, soft=True):
        """ Override of `account`: an approver posts what another person made.

        Posting writes on the entries; who made them is asked before.
        """
        if not self.env.su and self._is_approved_by_second_person():
            return super(AccountMove, self.sudo())._post(soft=soft).with_env(self.env)
        return super()._post(soft=soft)

    def _is_approved_by_second_person(self):
        """ Tell whether the user is an approver who had no hand in these entries.

        :rtype: bool
        """
        user = self.env.user
        return user.has_group('school_fees.group_approver') and user not in (
            self.create_uid | self.write_uid | self.line_ids.create_uid | self.line_ids.write_uid
        )

    def _check_is_bill_run(self):
        """ Ensure that nobody puts other bills into a run, whose undoing takes them back unasked.

        :return: None
        :raise UserError: If a person does; a run posts in sudo mode.
        """
        if not self.env.su:
            raise UserError(self.env._(
                "Only a bill run makes the documents of a bill run. Nothing was changed. Make the"
                " bill without a run, or bill the student by a new run."
            ))

    def _check_student_accounts(self):
        """ Ensure that these entries may change what students owe.

        Entries that Odoo's scheduled action posts later are judged by their makers' rights.

        :return: None
        :raise UserError: If one is neither a bill nor money that came in, and its maker is no
                          accounting administrator.
        """
        manager = 'account.group_account_manager'
        if self.env.su:
            entries = self.filtered(lambda move: move.auto_post != 'no' and any(
                not user.has_group(manager) for user in move.create_uid | move.write_uid
            ))
        else:
            entries = self.browse() if self.env.user.has_group(manager) else self
        if not entries:
            return
        is_bill = Domain('move_type', 'in', BILL_TYPES) & Domain('balance', '>=', 0) & ~Domain(
            'move_id.line_ids.account_id.account_type', 'in', MONEY_ACCOUNT_TYPES,
        )
        is_money_in = Domain('balance', '<=', 0) & Domain(
            'journal_id.type', 'in', ('cash', 'bank', 'credit'),
        ) & Domain('move_id.origin_payment_id', '!=', False) & ~Domain(
            'move_id.line_ids.account_id.account_type', 'not in',
            ('asset_receivable', 'asset_cash', 'asset_current'),
        )
        if entries._find_student_line(~(is_bill | is_money_in)):
            raise UserError(self.env._(
                "This entry changes what a student owes, and is neither a bill nor money that came"
                " in. Nothing was posted. Ask for a transfer, a refund, a waiver or a reversal in"
                " School Fees, where a second person approves it; or have an approver who had no"
                " hand in this entry post it, or an accounting administrator."
            ))

    def _check_debts_stay(self):
        """ Ensure that nobody forgives a posted debt of a student by taking it out of the books.

        :return: None
        :raise UserError: If one of the entries is a debt and the user no accounting administrator.
        """
        if self.env.su or not self or self.env.user.has_group('account.group_account_manager'):
            return
        if self._find_student_line(Domain('balance', '>', 0)):
            raise UserError(self.env._(
                "A student owes what was posted here, so it stays in the books. Nothing was"
                " changed. Make a credit note, which an approver posts, or undo the bill run; else"
                " ask an accounting administrator."
            ))

    def _find_student_line(self, domain):
        """ Return a line of these entries on a student's account, or none.

        In sudo mode: whoever may post an entry may not see every contact.

        :param Domain domain: What else must hold of the line.
        :rtype: account.move.line
        """
        return self.env['account.move.line'].sudo().with_context(active_test=False).search(
            Domain('move_id', 'in', self.ids)
            & Domain('account_id.account_type', '=', 'asset_receivable')
            & Domain('partner_id.is_school_student', '=', True) & domain,
            order='id', limit=1,
        )
