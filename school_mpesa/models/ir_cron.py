from datetime import timedelta

from odoo import api, models

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
        """ Tell whether the action is switched off, or should have run some minutes ago.

        Note: `self.ensure_one()`

        :param datetime now: The present, naive UTC.
        :param int minutes: How late it may be.
        :rtype: bool
        """
        self.ensure_one()
        return not self.active or self.nextcall < now - timedelta(minutes=minutes)
