from odoo import api, models


class SmsSms(models.Model):
    """A question to a payer is looked at again before it goes."""

    _inherit = 'sms.sms'

    @api.model
    def _cancel_of(self, companies):
        """ Override of `school_fees` to cancel the questions to payers too. """
        res = super()._cancel_of(companies)
        self.env['mpesa.payer.question'].search([
            ('company_id', 'in', companies.ids), ('sms_uuid', '!=', False),
            ('answered_at', '=', False),
        ])._drop_sms()
        return res

    def _is_due(self):
        """ Override of `school_fees` to drop a question that is answered otherwise by now. """
        # In sudo mode: the queue is sent by whoever runs it, for all schools.
        question_sudo = self.env['mpesa.payer.question'].sudo().search([
            ('sms_uuid', '=', self.uuid),
        ], limit=1)
        if question_sudo:
            return question_sudo._may_go_now(self)
        return super()._is_due()
