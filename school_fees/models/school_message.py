from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError

from .mail_notification import FAILURES
from .school_receipt_page import SCHOOL_TZ


# What a gateway or Odoo's queue gives as the reason.
REASONS = [
    ('sms_number_missing', "No Phone Number"),
    ('sms_number_format', "Not a Mobile Number"),
    ('sms_credit', "SMS Account Out of Credit"),
    ('sms_server', "Gateway Not Reached"),
    ('sms_acc', "SMS Account Not Accepted"),
    ('sms_expired', "Phone Off for Too Long"),
    ('sms_invalid_destination', "Number Not in Use"),
    ('sms_not_allowed', "Number Takes No Messages"),
    ('sms_not_delivered', "Not Delivered"),
    ('sms_rejected', "Rejected by the Network"),
    ('school_silent', "Guardian Takes No SMS"),
    ('unknown', "Unknown Reason"),
    *FAILURES,
]
# The words of each kind are in `school_message_words.py`.
KINDS = [
    ('receipt', "Receipt"),
    ('reversal', "Reversed Payment"),
    ('balance', "Balance"),
    ('bill', "Bill"),
]
# Reminders are not for the night (ux.md section 8); what tells of money goes out at once.
QUIET_KINDS = {'balance', 'bill'}
DAY_BEGINS, DAY_ENDS = time(7), time(20)  # East Africa Time.


class SchoolMessage(models.Model):
    """One SMS of the school to one guardian: why, about whom, and what became of it.

    The queue is Odoo's own, `sms.sms`, whose rows and clear numbers go once they are sent; this is
    the record of it that stays.
    """

    _name = 'school.message'
    _description = "School Message"
    _order = 'id desc'
    _check_company_auto = True

    kind = fields.Selection(string="Kind", selection=KINDS, required=True, readonly=True)
    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, readonly=True, index=True,
        ondelete='cascade', check_company=True,
    )
    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='school.receipt', readonly=True, index='btree_not_null',
        ondelete='cascade', check_company=True,
    )
    invoice_id = fields.Many2one(
        string="Bill", comodel_name='account.move', readonly=True, index='btree_not_null',
        ondelete='cascade', check_company=True,
        groups='account.group_account_invoice,account.group_account_readonly',
    )
    partner_id = fields.Many2one(
        string="Guardian", comodel_name='res.partner', readonly=True, index=True,
        ondelete='restrict', required=True,
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    phone_mask = fields.Char(
        string="Phone", readonly=True, help="The middle of the number is not kept.",
    )
    body = fields.Text(string="Text", readonly=True)
    day = fields.Date(
        string="Day", readonly=True, required=True,
        help="The day in Kenya on which it was asked.",
    )
    send_after = fields.Datetime(
        string="Waits Until", readonly=True, copy=False,
        help="Reminders are not sent between 20:00 and 7:00.",
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('waiting', "Waiting"),
            ('queued', "Being sent"),
            ('retry', "Will be tried again"),
            ('sent', "Sent"),
            ('delivered', "Delivered"),
            ('doubt', "Perhaps sent"),
            ('failed', "Not delivered"),
            ('cancelled', "Cancelled"),
        ],
        required=True, readonly=True, default='waiting', index=True,
    )
    failure_type = fields.Selection(string="Reason", selection=REASONS, readonly=True)
    tries = fields.Integer(string="Tries", readonly=True)
    next_try_at = fields.Datetime(string="Next Try", readonly=True)
    sent_at = fields.Datetime(string="Sent At", readonly=True)
    delivered_at = fields.Datetime(string="Delivered At", readonly=True)
    tracker_ids = fields.One2many(
        comodel_name='sms.tracker', inverse_name='school_message_id', groups='base.group_system',
    )

    # A receipt is told once to each guardian, and a reminder once a day: whoever asks twice.
    _receipt_once = models.UniqueIndex(
        "(receipt_id, kind, partner_id) WHERE receipt_id IS NOT NULL",
        "This guardian was told of the receipt already.",
    )
    _bill_once = models.UniqueIndex(
        "(invoice_id, kind, partner_id) WHERE invoice_id IS NOT NULL",
        "This guardian was told of the bill already.",
    )
    _reminder_once_a_day = models.UniqueIndex(
        "(student_id, partner_id, kind, day) WHERE kind = 'balance'",
        "This guardian was reminded today already.",
    )
    _waiting = models.Index("(send_after, id) WHERE state = 'waiting'")

    @api.depends('kind', 'student_id', 'day')
    def _compute_display_name(self):
        kinds = dict(self._fields['kind']._description_selection(self.env))
        for message in self:
            message.display_name = f'{kinds[message.kind]}: {message.student_id.display_name}'

    # === ACTION METHODS === #

    def action_retry(self):
        """ Send again what failed, or may not have been sent: a person decides that.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If one of them is under way or was sent.
        """
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        self.check_access('read')
        messages_sudo = self.sudo().try_lock_for_update()  # Nobody may write messages by hand.
        if self.filtered(lambda message: message.state not in {'failed', 'doubt', 'cancelled'}):
            raise UserError(self.env._(
                "Only messages that were not delivered can be sent again. Nothing was sent."
            ))
        messages_sudo.write({
            'state': 'waiting', 'failure_type': False, 'next_try_at': False, 'tries': 0,
            'send_after': False,
        })
        self._wake()

    # === BUSINESS METHODS - STATE === #

    def _note_sms_state(self, sms_state, failure_type=False):
        """ Take over what Odoo's queue or a delivery report says. What was delivered stays so.

        :param str sms_state: A state of `sms.sms`.
        :param failure_type: Why it failed.
        :return: None
        """
        now = fields.Datetime.now()
        for message in self:
            known = message.state
            if sms_state == 'sent' and known != 'delivered':
                message.write({
                    'state': 'delivered', 'failure_type': False, 'next_try_at': False,
                    'delivered_at': now, 'sent_at': message.sent_at or now,
                })
            elif sms_state == 'pending' and known not in {'sent', 'delivered', 'failed'}:
                message.write({
                    'state': 'sent', 'failure_type': False, 'next_try_at': False, 'sent_at': now,
                })
            elif sms_state in {'outgoing', 'process'} and known not in {'sent', 'delivered'}:
                message.write({'state': 'queued', 'failure_type': False, 'next_try_at': False})
            elif sms_state == 'canceled' and known not in {'sent', 'delivered'}:
                message.state = 'cancelled'
            elif sms_state == 'error' and failure_type == 'school_doubt':
                if known not in {'sent', 'delivered'}:
                    message.write({'state': 'doubt', 'failure_type': failure_type})
            elif sms_state == 'error' and known != 'delivered':
                reasons = dict(REASONS)
                message.write({
                    'state': 'failed', 'next_try_at': False,
                    'failure_type': failure_type if failure_type in reasons else 'unknown',
                })

    def _note_next_try(self, at, tries):
        """ Note that the queue will try again.

        :param datetime at: When, in UTC.
        :param int tries: How often it was tried.
        :return: None
        """
        self.write({'state': 'retry', 'next_try_at': at, 'tries': tries})

    def _note_tries(self, tries):
        """ Note how often the queue has tried.

        :param int tries: How often.
        :return: None
        """
        self.filtered(lambda message: message.tries != tries).tries = tries

    # === BUSINESS METHODS - QUIET HOURS === #

    @api.model
    def _get_next_day(self, at):
        """ Return the first moment from a given one on that is not in the quiet hours.

        :param datetime at: A moment, naive UTC.
        :rtype: datetime
        """
        local = pytz.utc.localize(at).astimezone(SCHOOL_TZ)
        if DAY_BEGINS <= local.time() < DAY_ENDS:
            return at
        day = local.date() + timedelta(days=1 if local.time() >= DAY_ENDS else 0)
        begins = SCHOOL_TZ.localize(datetime.combine(day, DAY_BEGINS))
        return begins.astimezone(pytz.utc).replace(tzinfo=None)

    def _delay_to_day(self, at):
        """ Return when this message may go out, at a given moment at the earliest.

        Note: `self.ensure_one()`

        :param datetime at: A moment, naive UTC.
        :rtype: datetime
        """
        self.ensure_one()
        return self._get_next_day(at) if self.kind in self._get_quiet_kinds() else at

    @api.model
    def _get_quiet_kinds(self):
        """ Return the kinds that are not for the night. What adds kinds adds its own.

        :rtype: set[str]
        """
        return set(QUIET_KINDS)

    @api.model
    def _get_today(self):
        """ Return the day in Kenya.

        :rtype: date
        """
        return pytz.utc.localize(fields.Datetime.now()).astimezone(SCHOOL_TZ).date()
