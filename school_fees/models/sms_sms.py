# A scheduled action commits on purpose: what is about to be sent is marked first, and what the
# gateway took is durable as soon as it is known.
# pylint: disable=invalid-commit
import logging
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import mute_logger

from ..sms_gateway import FAILURE_TYPES, OUTAGES, RETRIED, SmsApiAfricasTalking
from .mail_notification import FAILURES


_logger = logging.getLogger(__name__)

BATCH = 20
# After so many seconds a batch hands over nothing more: Odoo runs ten of them before it looks at
# the clock, and ends a scheduled action that took 300.
BATCH_SECONDS = 15
# Minutes until a message that the gateway could not take is tried again; then it has failed.
PAUSES = (1, 3, 10, 30, 60, 180, 360, 720)
CLAIM_MINUTES = 10  # A message marked longer ago was being sent when its worker died.
DOUBT_DAYS = 3  # After that no delivery report comes, and the number need not be kept.
OUTAGE_TYPES = {FAILURE_TYPES[state] for state in OUTAGES}


class SmsSms(models.Model):
    """Sending by a school's gateway: outside any request, never twice by itself, with pauses."""

    _inherit = 'sms.sms'

    # As `sms_twilio` defines it: Odoo means to move it to `sms`.
    record_company_id = fields.Many2one('res.company', 'Company', ondelete='set null')
    failure_type = fields.Selection(selection_add=FAILURES)
    school_tries = fields.Integer(string="Tries", readonly=True, copy=False)
    school_claimed_at = fields.Datetime(
        string="Handed Over At", readonly=True, copy=False,
        help="When it was about to be handed to the gateway.",
    )
    school_next_try_at = fields.Datetime(string="Next Try", readonly=True, copy=False)

    _school_next_try = models.Index("(school_next_try_at) WHERE school_next_try_at IS NOT NULL")
    _school_claimed = models.Index("(school_claimed_at) WHERE state = 'process'")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `sms` to know by whose account a message goes. """
        for vals in vals_list:
            vals['record_company_id'] = vals.get('record_company_id') or self.env.company.id
        return super().create(vals_list)

    # === BUSINESS METHODS - ODOO'S HOOKS === #

    def _get_sms_company(self):
        """ Override of `sms` to find the company of messages that belong to no document. """
        return (
            self.mail_message_id.record_company_id or self.record_company_id
            or super()._get_sms_company()
        )

    def _get_send_batch_size(self):
        """ Override of `sms`: a school's gateway is called once for each message. """
        if self.env['res.company'].sudo().search_count(
            [('school_sms_gateway', '!=', False)], limit=1,
        ):
            return BATCH
        return super()._get_send_batch_size()

    def send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """ Override of `sms` to leave a school's messages to the queue: no request waits. """
        queued = self.filtered(lambda sms: sms._get_sms_company().school_sms_gateway)
        return super(SmsSms, self - queued).send(
            unlink_failed=unlink_failed, unlink_sent=unlink_sent, raise_exception=raise_exception,
        )

    def _split_by_api(self):
        """ Override of `sms` to send by the account of each school. """
        by_company = {}
        for sms in self:
            company = sms._get_sms_company()
            if company.school_sms_gateway:
                by_company[company] = by_company.get(company, self.browse()) + sms
        for company, messages in by_company.items():
            sms_api = company._get_sms_api_class()(self.env)
            sms_api._set_company(company)
            yield sms_api, messages
        rest = self - self.browse().concat(*by_company.values())
        if rest:
            yield from super(SmsSms, rest)._split_by_api()

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """ Override of `sms` to send the messages of several schools in one run of the queue, and
        those of a school's own gateway one by one.
        """
        options = {
            'unlink_failed': unlink_failed, 'unlink_sent': unlink_sent,
            'raise_exception': raise_exception,
        }
        sms_api = self.env.context.get('sms_api')
        if not sms_api:
            for sms_api, messages in self._split_by_api():
                messages.with_context(sms_api=sms_api)._send(**options)
            return None
        if isinstance(sms_api, SmsApiAfricasTalking) and not self.env.context.get('school_claimed'):
            return self._send_one_by_one(options)
        return super()._send(**options)

    def _handle_call_result_hook(self, results):
        """ Override of `sms` to keep the gateway's ids and to plan the next tries. """
        ours = self.filtered(lambda sms: sms._get_sms_company().school_sms_gateway)
        by_uuid = ours.grouped('uuid')
        for result in results:
            sms = by_uuid.get(result['uuid'])
            if sms and result.get('school_gateway_ref') and sms.sms_tracker_id:
                sms.sms_tracker_id.school_gateway_ref = result['school_gateway_ref']
        ours._plan_next_try()
        return super(SmsSms, self - ours)._handle_call_result_hook(results)

    # === BUSINESS METHODS === #

    def _send_one_by_one(self, options):
        """ Hand each message to the school's gateway, marked and committed before.

        A message that was handed over and whose fate nobody knows is never handed over again by
        itself: a worker that dies in the middle leaves it marked.

        :param dict options: As :meth:`_send` takes them.
        :return: None
        """
        outage = False
        ends_at = time.monotonic() + BATCH_SECONDS
        for sms_id in self.ids:
            if time.monotonic() > ends_at:
                break  # The rest stays in the queue.
            sms = self.browse(sms_id)
            try:
                # Another worker may have been quicker since the batch was read.
                sms = sms.try_lock_for_update().filtered_domain([('state', '=', 'outgoing')])
                if not sms:
                    continue
                is_due = sms._is_due()
                if is_due and outage:
                    sms._postpone(outage)
                elif is_due:
                    sms._claim()
                self.env.cr.commit()
                if is_due and not outage:
                    sms.with_context(school_claimed=True)._send(**options)
                    outage = sms._find_outage()
                    self.env.cr.commit()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
                # A delivery report came at this very moment and has written what is to be known;
                # else the message stays marked, and is looked at again as one in doubt.
                self.env.cr.rollback()
                self.env.invalidate_all(flush=False)
                _logger.info("An SMS is looked at again: %s", type(error).__name__)

    def _is_due(self):
        """ Tell whether a message is still to be handed over, as its record stands now.

        :rtype: bool
        """
        self.ensure_one()
        message = self.sms_tracker_id.school_message_id
        if not message:
            return True
        try:
            with self.env.cr.savepoint():
                return message._may_go_now(self)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:  # noqa: BLE001 - one odd message stops no other
            self.env.invalidate_all(flush=False)
            _logger.warning("A message was not sent: %s", type(error).__name__)
            self._drop()
            message.write({'state': 'failed', 'failure_type': 'unknown'})
            return False

    def _find_outage(self):
        """ Return why the rest of a batch need not be tried after this message.

        :return: The failure type of what was not handed over; False when nothing is in the way.
        :rtype: str | bool
        """
        self.ensure_one()
        if self.failure_type == 'school_doubt':
            return 'sms_server'  # A gateway that does not answer would put all in doubt.
        return self.failure_type in OUTAGE_TYPES and self.failure_type

    def _claim(self):
        """ Mark a message as about to be handed over. """
        self.ensure_one()
        self.write({
            'state': 'process', 'failure_type': False, 'school_next_try_at': False,
            'school_claimed_at': fields.Datetime.now(), 'school_tries': self.school_tries + 1,
        })
        self.sms_tracker_id._action_update_from_sms_state('process')

    def _postpone(self, failure_type):
        """ Treat a message as tried, where the account or the gateway fails for all.

        :param str failure_type: Why.
        :return: None
        """
        self.ensure_one()
        self.write({'school_tries': self.school_tries + 1})
        self._update_sms_state_and_trackers('error', failure_type=failure_type)
        self._plan_next_try()

    def _plan_next_try(self):
        """ Plan when messages that were not taken are tried again, or let them have failed.

        :return: None
        """
        now = fields.Datetime.now()
        for sms in self.filtered(lambda sms: sms.state == 'error'):
            message = sms.sms_tracker_id.school_message_id
            if sms.failure_type == 'school_doubt' and sms.sms_tracker_id.school_gateway_ref:
                # A delivery report was here before our own answer: it was taken.
                sms.write({'state': 'pending', 'failure_type': False, 'to_delete': True})
                message._note_tries(sms.school_tries)
            elif sms.failure_type in RETRIED and sms.school_tries <= len(PAUSES):
                at = now + timedelta(minutes=PAUSES[max(sms.school_tries, 1) - 1])
                at = message._delay_to_day(at) if message else at
                sms.school_next_try_at = at
                message._note_next_try(at, sms.school_tries)
                self.env.ref('school_fees.cron_messages')._trigger(at=at)
            else:
                sms.school_next_try_at = False
                message._note_tries(sms.school_tries)
                # The number is clear here: it is kept only where a report may still tell of it. A
                # message of the school is sent anew from its own record.
                if message and sms.failure_type != 'school_doubt':
                    sms.to_delete = True
        for sms in self.filtered(lambda sms: sms.state != 'error'):
            sms.sms_tracker_id.school_message_id._note_tries(sms.school_tries)

    @api.model
    def _cancel_of(self, companies):
        """ Cancel what these schools have in the queue: they send no more.

        :param res.company companies: The schools.
        :return: None
        """
        waiting = self.env['sms.tracker'].search([
            ('school_message_id.company_id', 'in', companies.ids),
            ('school_message_id.state', 'in', ('queued', 'retry')),
        ])
        self.search([
            ('uuid', 'in', waiting.mapped('sms_uuid')), ('state', 'in', ('outgoing', 'error')),
        ])._drop()

    def _drop(self):
        """ Cancel messages for good; their numbers are not kept.

        :return: None
        """
        self.action_set_canceled()
        self.to_delete = True

    @api.model
    def _retry_due(self):
        """ Put messages back into the queue whose pause is over, and note those left in doubt.

        :return: Whether any was put back.
        :rtype: bool
        """
        now = fields.Datetime.now()
        with mute_logger('odoo.sql_db'):
            due = self.search([
                ('school_next_try_at', '<=', now), ('state', '=', 'error'),
                ('to_delete', '!=', True),
            ], limit=500, order='school_next_try_at').try_lock_for_update()
            left = self.search([
                ('state', '=', 'process'), ('to_delete', '!=', True),
                ('school_claimed_at', '<', now - timedelta(minutes=CLAIM_MINUTES)),
            ], limit=500).try_lock_for_update()
            old = self.search([
                ('failure_type', '=', 'school_doubt'), ('to_delete', '!=', True),
                ('school_claimed_at', '<', now - timedelta(days=DOUBT_DAYS)),
            ], limit=500).try_lock_for_update()
        due.school_next_try_at = False
        # A school that has given up its gateway does not want Odoo's own to take over.
        dead = due.filtered(lambda sms: not sms._get_sms_company().school_sms_gateway)
        dead._drop()
        due -= dead
        due.action_set_outgoing()
        for sms in left:
            if sms.sms_tracker_id.school_gateway_ref:  # A report was quicker than our own answer.
                sms.write({'state': 'pending', 'to_delete': True})
            else:
                sms.action_set_error('school_doubt')
        old.to_delete = True
        if due:
            self.env.ref('sms.ir_cron_sms_scheduler_action')._trigger()
        return bool(due)
