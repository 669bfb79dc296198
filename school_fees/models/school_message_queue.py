# A scheduled action commits on purpose: one message that cannot be made must not hold the others.
# pylint: disable=invalid-commit
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .school_guardian_phone import mask_phone


_logger = logging.getLogger(__name__)

BATCH = 100
RECEIPTS = 20  # In one transaction: a correction of the payment must not wait for long.
MOST_QUEUED = 100  # Reminders wait while so many messages are on their way.


class SchoolMessage(models.Model):
    """From the wish to tell somebody to a row of Odoo's queue: after the money's commit."""

    _inherit = 'school.message'  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _cron_messages(self):
        """ Tell of new receipts, queue what waits, and try again what was not taken.

        Woken by whatever makes a message, and by the clock. A failure here touches no payment.

        :return: None
        """
        self.env['sms.sms']._retry_due()
        self.env.cr.commit()
        told = self.env['school.receipt']._tell_due(RECEIPTS)
        self.env['ir.cron']._commit_progress(told)
        done = self._queue_waiting(BATCH)
        left = self.env['school.receipt']._count_untold() if told == RECEIPTS else 0
        if done == BATCH:
            left += self.search_count(self._get_due_domain())
        self.env['ir.cron']._commit_progress(done, remaining=left)
        later = self.search(
            [('state', '=', 'waiting'), ('send_after', '>', fields.Datetime.now())],
            order='send_after', limit=1,
        )
        if later:
            self._wake(later.send_after)

    @api.model
    def _ask(self, vals_list):
        """ Make messages, which go out by a scheduled action: at once, or in the morning.

        :param list[dict] vals_list: The create values.
        :return: The messages.
        :rtype: school.message
        """
        messages = self.create(vals_list)
        now = fields.Datetime.now()
        for message in messages:
            at = message._delay_to_day(now)
            message.send_after = at if at > now else False
        if messages:
            messages._wake()
        return messages

    @api.model
    def _wake(self, at=None):
        """ Let the scheduled action run soon, or at a later moment.

        :param datetime at: When, in UTC; None for at once.
        :return: None
        """
        # Without it nobody is told; a payment is booked all the same.
        cron = self.env.ref('school_fees.cron_messages', raise_if_not_found=False)
        if cron:
            cron._trigger(at=at)

    @api.model
    def _get_due_domain(self):
        """ Return the domain of messages that may go out now.

        :rtype: list
        """
        return [
            ('state', '=', 'waiting'),
            '|', ('send_after', '=', False), ('send_after', '<=', fields.Datetime.now()),
        ]

    @api.model
    def _queue_waiting(self, limit):
        """ Write the texts of messages that are due, and put them into Odoo's queue.

        One savepoint for all; where that fails, one for each: one odd record stops no other.

        :param int limit: How many at most.
        :return: How many were dealt with.
        :rtype: int
        """
        is_quiet = Domain('kind', 'in', list(self._get_quiet_kinds()))
        due = self.search(Domain(self._get_due_domain()) & ~is_quiet, limit=limit, order='id')
        if len(due) < limit:
            # What tells of money is never behind a thousand reminders.
            room = MOST_QUEUED - self.env['sms.sms'].sudo().search_count(
                [('state', '=', 'outgoing')], limit=MOST_QUEUED,
            )
            due |= self.search(
                Domain(self._get_due_domain()) & is_quiet, order='id',
                limit=min(limit - len(due), room),
            ) if room > 0 else self.browse()
            if room <= 0:
                self._wake(fields.Datetime.now() + timedelta(minutes=1))
        due = due.try_lock_for_update()
        due = due.filtered_domain([('state', '=', 'waiting')])
        if not due:
            return 0
        try:
            with self.env.cr.savepoint():
                due._queue()
        except Exception:  # noqa: BLE001 - found again below, and noted on the one it belongs to
            self.env.invalidate_all(flush=False)
            for message in due:
                try:
                    with self.env.cr.savepoint():
                        message._queue()
                except Exception as error:  # noqa: BLE001 - noted; the others go on
                    self.env.invalidate_all(flush=False)
                    _logger.warning("A message was not queued: %s", type(error).__name__)
                    message.write({'state': 'failed', 'failure_type': 'unknown'})
        return len(due)

    def _queue(self):
        """ Put these messages into Odoo's queue, with the figures of this moment.

        What is no longer to be told is cancelled: a reminder to who owes nothing by now, a message
        to who has opted out meanwhile.

        :return: None
        """
        sms_values, queued = [], self.browse()
        for message in self:
            at = message._delay_to_day(fields.Datetime.now())
            if at > fields.Datetime.now():
                message.send_after = at
                continue
            number = message.partner_id._get_message_phone()
            body = number and message._is_still_wanted() and message._write_body()
            if not body:
                message.write({'state': 'cancelled', 'failure_type': message._find_silence(number)})
                continue
            message.write({
                'body': body, 'state': 'queued', 'phone_mask': mask_phone(number),
                'failure_type': False,
            })
            queued |= message
            sms_values.append({
                'number': number, 'body': body, 'partner_id': message.partner_id.id,
                'record_company_id': message.company_id.id,
            })
        if not sms_values:
            return
        # Odoo's own queue and trackers are the administrator's.
        messages_sms = self.env['sms.sms'].sudo().create(sms_values)
        self.env['sms.tracker'].sudo().create([
            {'sms_uuid': sms.uuid, 'school_message_id': message.id}
            for sms, message in zip(messages_sms, queued, strict=True)
        ])

    def _may_go_now(self, sms):
        """ Look again at a message that is about to be handed to the gateway.

        Hours may have gone by in the queue: what is no longer to be told is dropped, what is not
        for the night waits for the morning, and the text has the figures of this moment.

        Note: `self.ensure_one()`

        :param sms.sms sms: Its row in Odoo's queue, locked.
        :return: Whether it is handed over now.
        :rtype: bool
        """
        self.ensure_one()
        now = fields.Datetime.now()
        at = self._delay_to_day(now)
        number = self.partner_id._get_message_phone()
        body = number and self._is_still_wanted() and self._write_body()
        if body and at <= now and number == sms.number:
            if body != sms.body:
                sms.body = self.body = body
            return True
        sms._drop()
        if not body:
            self.failure_type = self._find_silence(number)
        else:  # Made anew: in the morning, or for the guardian's new number.
            self.write({'state': 'waiting', 'failure_type': False, 'send_after': at})
            self._wake(at)
        return False

    def _find_silence(self, number):
        """ Return why the guardian cannot be told any more.

        Note: `self.ensure_one()`

        :param str number: The guardian's number, None when there is none.
        :return: A value of `failure_type`; False where there is just nothing to tell.
        :rtype: str | bool
        """
        self.ensure_one()
        if not number:
            return 'sms_number_missing'
        if self.partner_id not in self.student_id._get_message_links().partner_id:
            return 'school_silent'
        return False

    def _being_sent(self):
        """ Return those of these messages that are being handed to the gateway just now.

        :rtype: school.message
        """
        queued = self.filtered(lambda message: message.state == 'queued')
        trackers_sudo = queued.sudo().tracker_ids  # Odoo's own queue is the administrator's.
        under_way = self.env['sms.sms'].sudo().search([
            ('uuid', 'in', trackers_sudo.mapped('sms_uuid')), ('state', '=', 'process'),
        ]).mapped('uuid')
        return trackers_sudo.filtered(
            lambda tracker: tracker.sms_uuid in under_way
        ).school_message_id.with_env(self.env)

    def _is_still_wanted(self):
        """ Tell whether the guardian may still be told, and there is still something to tell.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        if not self.company_id.school_sms_gateway:
            return False
        if self.partner_id not in self.student_id._get_message_links().partner_id:
            return False
        if self.receipt_id:
            return self.receipt_id.state == {'receipt': 'posted', 'reversal': 'reversed'}[self.kind]
        if self.kind == 'bill':
            return self.invoice_id._is_bill_to_tell()
        return self.kind != 'balance' or self.student_id.currency_id.compare_amounts(
            self.student_id.balance, 0.0,
        ) > 0
