from odoo import api, models
from odoo.exceptions import UserError


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account`: what one paid settles nobody else's bill. """
        partials = super().create(vals_list)
        partials._check_student_accounts()
        return partials

    def write(self, vals):
        """ Override of `account`: what one paid settles nobody else's bill. """
        result = super().write(vals)
        if {'debit_move_id', 'credit_move_id'} & vals.keys():
            self._check_student_accounts()
        return result

    # === BUSINESS METHODS === #

    def _check_student_accounts(self):
        """ Ensure that a student's debts and credits settle each other only.

        A balance is what is open. Settled against somebody else's line, money would move from one
        student to another without an entry, an approver or a trace on a statement.

        :return: None
        :raise UserError: If a person settles lines of a student and of somebody else.
        """
        if self.env.su:
            return
        for partial in self.sudo():
            debit, credit = partial.debit_move_id, partial.credit_move_id
            if (debit.partner_id, debit.account_id) != (credit.partner_id, credit.account_id) and (
                debit.partner_id.is_school_student or credit.partner_id.is_school_student
            ):
                raise UserError(self.env._(
                    "%(debit)s and %(credit)s do not settle each other: a student's debt is settled"
                    " by the student's own money only. Nothing was changed. Ask for a transfer in"
                    " School Fees.", debit=debit.move_id.name, credit=credit.move_id.name,
                ))
