from odoo import api, models


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
