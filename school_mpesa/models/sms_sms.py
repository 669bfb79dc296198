from odoo import models


class SmsSms(models.Model):
    """A question to a payer is looked at again before it goes."""

    _inherit = 'sms.sms'

    def _is_due(self):
        """ Override of `school_fees` to drop a question that is answered otherwise by now. """
        # In sudo mode: the queue is sent by whoever runs it, for all schools.
        question_sudo = self.env['mpesa.payer.question'].sudo().search([
            ('sms_uuid', '=', self.uuid),
        ], limit=1)
        if question_sudo:
            return question_sudo._may_go_now(self)
        return super()._is_due()
