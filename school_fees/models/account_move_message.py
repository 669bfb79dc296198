from odoo import models


class AccountMove(models.Model):
    """Telling guardians of a student's bill."""

    _inherit = 'account.move'  # pylint: disable=consider-merging-classes-inherited

    # === ACTION METHODS === #

    def action_send_bill_by_sms(self):
        """ Open *Send bills by SMS* for those of these documents that are students' bills.

        :return: A window action.
        :rtype: dict
        """
        bills = self.filtered('student_id')
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_fees.school_message_wizard_action'
            ),
            'name': self.env._("Send Bills by SMS"),
            'context': {
                'dialog_size': 'medium', 'default_kind': 'bill', 'default_bill_ids': bills.ids,
                'default_student_ids': bills.student_id.ids,
            },
        }

    # === BUSINESS METHODS === #

    def _is_students_bill(self):
        """ Tell whether this is a bill that the student owes, and nobody else.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        # In sudo mode: an accountant may not see the student.
        student_sudo = self.sudo().student_id
        return bool(
            self.move_type == 'out_invoice' and student_sudo
            and self.partner_id == student_sudo.partner_id
        )

    def _is_bill_to_tell(self):
        """ Tell whether this is a bill that the student owes, with something left to pay.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return (
            self._is_students_bill() and self.state == 'posted'
            and self.currency_id.compare_amounts(self.amount_residual, 0.0) > 0
        )

    def _get_message_pay(self):
        """ Return how to pay the bill, for a message. Ways of collecting have pages of their own.

        Note: `self.ensure_one()`

        :return: As of `school.student._get_message_pay`.
        :rtype: dict
        """
        self.ensure_one()
        return {'address': '', 'by_hand': self.student_id._get_pay_by_hand()}
