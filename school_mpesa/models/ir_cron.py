from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import api, models
from odoo.tools import mute_logger

from odoo.addons.base.models.ir_cron import CompletionStatus


# The methods of `base` that are overridden here return nothing.
# pylint: disable=missing-return
OUR_JOBS = (
    'school_mpesa.cron_drain', 'school_mpesa.cron_send_prompts', 'school_mpesa.cron_chase',
    'school_mpesa.cron_commands', 'school_mpesa.cron_pull', 'school_mpesa.cron_book_statements',
    'school_mpesa.cron_prove_today', 'school_mpesa.cron_prove_yesterday',
    'school_mpesa.cron_prove_news', 'school_mpesa.cron_prompt_bulk',
    'school_mpesa.cron_check_alerts',
)
# A run that has said nothing for so long hangs, although it holds its action.
HANGS = timedelta(hours=1)


class IrCron(models.Model):
    _inherit = 'ir.cron'

    @api.model
    def _clear_schedule(self, job):
        """ Override of `base` to leave the drain's wake-ups to the drain.

        Odoo deletes them on the scheduler's own cursor, which commits only after the job: the
        drain, which deletes and commits its wake-ups before it claims anything, would wait for
        that commit for ever. An accept would also still see a wake-up that is about to vanish.
        """
        if job['id'] == self.env['ir.model.data']._xmlid_to_res_id('school_mpesa.cron_drain'):
            return
        super()._clear_schedule(job)

    @api.model
    def _reschedule_asap(self, job):
        """ Override of `base` to go on at once with what a run's ten seconds did not finish.

        Odoo only writes the wake-up; without a notification nobody reads it for up to 70 s.
        """
        super()._reschedule_asap(job)
        self._notify_after_mpesa_job(job)

    @api.model
    def _reschedule_later(self, job):
        """ Override of `base` to look again for what came in while the action ran.

        Workers that were notified meanwhile found the action taken, and sleep again. One that is
        woken for nothing reads one row.
        """
        super()._reschedule_later(job)
        if not job.get('mpesa_failed'):  # A failing action would be woken in a loop.
            self._notify_after_mpesa_job(job)

    @api.model
    def _notify_after_mpesa_job(self, job):
        if self._is_mpesa_job(job):
            self.env.cr.postcommit.add(self._notifydb)

    @api.model
    def _update_failure_count(self, job, status):
        """ Override of `base`: money goes on arriving, so these actions never switch off.

        Odoo deactivates an action that failed five times within a week; workers killed in the
        middle of a batch count as failures.
        """
        super()._update_failure_count(job, status)
        job['mpesa_failed'] = status == CompletionStatus.FAILED
        if self._is_mpesa_job(job) and job['active']:
            # Raw SQL, as in `base`: the scheduler holds the row, which the ORM would lock again.
            self.env.cr.execute(
                "UPDATE ir_cron SET active = TRUE WHERE id = %s AND NOT active", [job['id']],
            )

    @api.model
    def _is_mpesa_job(self, job):
        data = self.env['ir.model.data']
        return job['id'] in {data._xmlid_to_res_id(xmlid) for xmlid in OUR_JOBS}

    def _mpesa_is_late(self, now, minutes=2):
        """ Tell whether the action does not run although it should.

        Odoo moves the next call only after all is done: an action that is merely busy is overdue,
        too, but it notes its progress, or a worker holds it. Of those that can wait, somebody who
        switches one off means it.

        Note: `self.ensure_one()`

        :param datetime now: The present, naive UTC.
        :param int minutes: How late it may be.
        :rtype: bool
        """
        self.ensure_one()
        if not self.active:
            return self._is_mpesa_job(self)
        limit = now - timedelta(minutes=minutes)
        if self.nextcall >= limit:
            return False
        progress = self.env['ir.cron.progress'].search(
            [('cron_id', '=', self.id)], order='write_date desc', limit=1,
        )
        last_sign = max(self.nextcall, progress.write_date or self.nextcall)
        return last_sign < limit and (last_sign < now - HANGS or not self._mpesa_is_running())

    def _mpesa_is_running(self):
        """ Tell whether a worker holds the action, or has just had it.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        try:
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint(flush=False) as savepoint:
                is_free = bool(self.try_lock_for_update(allow_referencing=True))
                savepoint.rollback()  # The scheduler passes over an action that we hold.
        except pg_errors.SerializationFailure:
            return True
        return not is_free

    def _mpesa_is_failing(self):
        """ Tell whether the action fails, and is not about to make up for it by itself.

        One failure of an action that is soon tried again says little: a worker was killed, or two
        wrote the same row.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return self.failure_count > (1 if self.interval_type == 'minutes' else 0)
