from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError


class SchoolReceipt(models.Model):
    """Giving the payment of a receipt back to who paid it."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    # === ACTION METHODS === #

    def action_mpesa_give_back(self):
        """ Open the question why the payment of this receipt is to go back.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If no M-PESA payment is on it.
        """
        self.ensure_one()
        self._check_role('school_fees.group_bursar')
        self.check_access('read')
        payment = self.mpesa_transaction_ids
        if len(payment) != 1:
            raise UserError(self.env._(
                "No M-PESA payment is on receipt %(number)s. No money was moved.",
                number=self.number,
            ))
        return payment.action_give_back()

    # === BUSINESS METHODS === #

    def _get_shares_now(self):
        """ Return on whom the money of this receipt stands, after what was moved between students.

        Note: in sudo mode.

        :return: KES by student, each above zero.
        :rtype: dict[school.student, float]
        """
        shares = defaultdict(float)
        for line in self.line_ids:
            shares[line.student_id] += line.amount
        for transfer in self.line_ids.transfer_ids.filtered(lambda t: t.state == 'done'):
            shares[transfer.from_student_id] -= transfer.amount
            shares[transfer.to_student_id] += transfer.amount
        return {
            student: amount for student, amount in shares.items()
            if self.currency_id.compare_amounts(amount, 0.0) > 0
        }
