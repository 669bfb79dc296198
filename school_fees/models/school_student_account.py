from odoo import models


class SchoolStudentAccount(models.Model):
    """A student's ledger account at the desk: what is due, and what settles it."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === ACTION METHODS === #

    def action_new_receipt(self):
        """ Open *New receipt* for the student.

        :return: A window action.
        :rtype: dict
        """
        return self._open_wizard('school_receipt_wizard_action', default_student_id=self.id)

    def action_move_credit(self):
        """ Open the question to which student the credit is to go.

        :return: A window action.
        :rtype: dict
        """
        return self._open_wizard('school_transfer_wizard_action', default_from_student_id=self.id)

    def action_new_refund(self):
        """ Open *New refund* for the student.

        :return: A window action.
        :rtype: dict
        """
        return self._open_wizard('school_refund_wizard_action', default_student_id=self.id)

    # === BUSINESS METHODS === #

    def _open_wizard(self, name, **defaults):
        """ Return a dialog's action with defaults.

        Note: `self.ensure_one()`

        :param str name: The action's external id, without the add-on's name.
        :param dict defaults: The context's defaults.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(f'school_fees.{name}')
        action['context'] = {'dialog_size': 'medium', 'default_mode': 'student', **defaults}
        return action

    def _settle_oldest_first(self):
        """ Settle what the students owe with what they have paid too much, the oldest due first.

        :return: None
        """
        lines = self._open_receivable_lines()
        plan = [
            group for group in lines.grouped(
                lambda line: (line.partner_id, line.account_id, line.currency_id)
            ).values()
            if len({line.amount_residual > 0 for line in group}) == 2  # Debts and credits.
        ]
        if plan:
            self.env['account.move.line']._reconcile_plan(plan)
        self.invalidate_recordset(['balance'])  # Computed from the ledger at each read.

    def _get_balance_by_term(self):
        """ Return what each student owes now, by term, the oldest due first.

        One query serves all students. Credit not yet used comes last, below zero.

        :return: For each student a list of `label`, `due` (date) and `amount` (KES).
        :rtype: dict[school.student, list[dict]]
        """
        student_of_partner = {student.partner_id: student for student in self}
        rows = {student: {} for student in self}
        for line in self._open_receivable_lines():
            term = line.move_id.term_id
            if line.amount_residual < 0:
                key, label, due = 'credit', self.env._("Credit not yet used"), False
            elif term:
                key, label, due = term, term.display_name, line.date_maturity
            else:
                key, label, due = 'other', self.env._("Other"), line.date_maturity
            row = rows[student_of_partner[line.partner_id]].setdefault(
                key, {'label': label, 'due': due, 'amount': 0.0},
            )
            row['amount'] += line.amount_residual
        return {
            student: sorted(by_key.values(), key=lambda row: (not row['due'], str(row['due'])))
            for student, by_key in rows.items()
        }
