from odoo import fields, models
from odoo.exceptions import UserError

from .school_guardian_phone import to_e164


TRIES = 10  # Messages that cannot be made so often are given up, and a person is asked.


class SchoolReceipt(models.Model):
    """Receipts of which nobody can be told: why, and telling them once that is mended."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    message_tries = fields.Integer(readonly=True, copy=False, groups='base.group_system')
    message_gap = fields.Selection(
        string="Nobody Told",
        selection=[
            ('no_guardian', "No guardian takes SMS about the student"),
            ('opted_out', "The guardians want no SMS from schools"),
            ('no_number', "No guardian has a phone number"),
            ('blocked', "The phone numbers are blocked"),
            ('error', "The message could not be made"),
        ],
        readonly=True, copy=False, groups='base.group_user',
        help="Why no guardian was told of the receipt by SMS.",
    )

    # === ACTION METHODS === #

    def action_tell_again(self):
        """ Tell of receipts of which nobody could be told, once that is mended.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If guardians were told, the receipt is not in force, or its school tells
                          of no receipts.
        """
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        self.check_access('read')
        if self.filtered(lambda receipt: receipt.state != 'posted' or not receipt.message_gap):
            raise UserError(self.env._(
                "Only receipts in force of which nobody was told can be told now. Nothing was sent."
            ))
        receipts_sudo = self.sudo()  # Nobody edits a receipt.
        if not all(school._tells_receipts() for school in receipts_sudo.company_id):
            raise UserError(self.env._(
                "This school sends no receipts by SMS. Nothing was sent. An administrator switches"
                " it on in Settings > School Fees > Messages."
            ))
        receipts_sudo.write({'message_due': True, 'message_tries': 0, 'message_gap': False})
        receipts_sudo._wake_messages()

    # === BUSINESS METHODS === #

    def _note_failed_try(self):
        """ Count that the messages could not be made; in the end nobody tries any more.

        Without that, a few odd receipts would keep all others from being told.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        values = {'message_tries': self.message_tries + 1}
        if values['message_tries'] >= TRIES:
            values |= {'message_due': False, 'message_gap': 'error'}
        self.with_context(tracking_disable=True).write(values)

    def _find_message_gap(self):
        """ Return why no guardian can be told of a receipt.

        Note: `self.ensure_one()`

        :return: A value of `message_gap`.
        :rtype: str
        """
        self.ensure_one()
        students_sudo = self.line_ids.student_id.sudo()
        guardians_sudo = students_sudo._get_message_links(even_opted_out=True).partner_id
        if not guardians_sudo:
            return 'no_guardian'
        guardians_sudo = guardians_sudo.filtered(lambda guardian: not guardian.school_sms_optout)
        if not guardians_sudo:
            return 'opted_out'
        has_number = any(
            to_e164(guardian.phone) or guardian.guardian_phone_ids.filtered('consent')
            for guardian in guardians_sudo
        )
        return 'blocked' if has_number else 'no_number'
