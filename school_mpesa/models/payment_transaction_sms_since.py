from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

from .. import const
from .mpesa_callback_money import MONEY_ENDPOINTS


OLDER = timedelta(days=1)  # So long a request may still bring money; then a person is asked.
DRAIN = timedelta(seconds=10)  # What came just now is being booked.


class PaymentTransaction(models.Model):
    """What happened since a prompt brought no money: nobody is asked to pay twice."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    # === BUSINESS METHODS === #

    def _mpesa_is_followed(self):
        """ Tell whether something happened since that makes a message about this prompt useless.

        The children owe nothing, money came by whatever way, somebody is paying just now, an older
        request may still bring money, or the same phone was prompted again: then the last prompt is
        told of.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        students = self._mpesa_get_students()
        if all(student.currency_id.compare_amounts(student.balance, 0) <= 0
               for student in students):
            return True
        if self.env['school.receipt.line'].search_count([
            ('student_id', 'in', students.ids), ('receipt_id.state', '=', 'posted'),
            ('receipt_id.create_date', '>=', self.create_date),
        ], limit=1):
            return True
        others = self.search([
            ('id', '!=', self.id), ('create_date', '>=', self.create_date - OLDER),
            '|', ('mpesa_student_id', 'in', students.ids),
            ('mpesa_share_ids.student_id', 'in', students.ids),
        ])
        return any(
            tx.mpesa_push_state in (*const.OPEN_PUSH_STATES, 'receipt_pending')
            or tx._mpesa_may_be_paid_late()
            or (tx.id > self.id and tx.mpesa_push_state == 'paid')
            or (tx.id > self.id and self._mpesa_is_tried_again(tx))
            for tx in others
        )

    def _mpesa_is_tried_again(self, other):
        """ Tell whether another request failed on the same phone, and not before it was there.

        Note: `self.ensure_one()`

        :param payment.transaction other: The other request.
        :rtype: bool
        """
        self.ensure_one()
        return (
            other.mpesa_push_state == 'declined' and other.mpesa_result_source != 'answer'
            and other.mpesa_phone_index == self.mpesa_phone_index
        )

    def _mpesa_has_unread_money(self):
        """ Tell whether messages about money came since, of which nobody knows yet whose it is.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        Callback_sudo = self.env['mpesa.callback'].sudo()
        # By the two indexes of the inbox, which is large.
        return any(
            Callback_sudo.search_count([
                ('state', 'in', states), ('endpoint', 'in', MONEY_ENDPOINTS),
                ('company_id', 'parent_of', self._mpesa_get_students().company_id.ids),
                ('received_at', '>=', self.create_date),
                ('received_at', '<', fields.Datetime.now() - DRAIN),
            ], limit=1)
            for states in (('new', 'parked'), ('conflict', 'quarantined', 'unreadable'))
        )

    def _mpesa_may_have_paid_by_hand(self):
        """ Tell whether the payer's money may have come since, though not for these children.

        It came from the same phone; or, as Safaricom may hide the phone, it is as much as was asked
        for and waits for a person, since its account was typed wrongly.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        since = Domain([
            ('direction', '=', 'in'), ('first_seen_at', '>=', self.create_date),
            ('company_id', 'parent_of', self._mpesa_get_students().company_id.ids),
        ])
        Movement_sudo = self.env['mpesa.transaction'].sudo()
        if Movement_sudo.search_count(
            since & Domain('payer_index', '=', self.mpesa_phone_index), limit=1,
        ):
            return True
        waiting_sudo = Movement_sudo.search(since & Domain([
            ('suspense_payment_id', '!=', False), ('receipt_id', '=', False),
        ]))
        return any(
            self.currency_id.compare_amounts(movement_sudo.amount, self.amount) == 0
            for movement_sudo in waiting_sudo
        )
