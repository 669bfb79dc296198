from odoo import api, fields, models


# What a delivery report says, and what Odoo calls it.
REPORTED_STATES = {
    'sent': 'pending', 'submitted': 'pending', 'buffered': 'pending', 'queued': 'pending',
    'success': 'sent',
}
REPORTED_ERRORS = {
    'rejected': 'rejected', 'failed': 'not_delivered', 'absentsubscriber': 'not_delivered',
    'expired': 'expired',
}
REASON_ERRORS = {
    'userdoesnotexist': 'invalid_destination', 'notnetworksubcriber': 'invalid_destination',
    'userisinactive': 'invalid_destination', 'useraccountsuspended': 'not_allowed',
    'userinblacklist': 'not_allowed', 'donotdisturbrejection': 'not_allowed',
}


class SmsTracker(models.Model):
    """What the gateway tells of a message, passed on to the school's own record of it."""

    _inherit = 'sms.tracker'

    school_message_id = fields.Many2one(
        'school.message', string="School Message", ondelete='cascade', index='btree_not_null',
    )
    school_gateway_ref = fields.Char(
        string="Gateway's Reference", readonly=True, index='btree_not_null',
    )

    # === BUSINESS METHODS === #

    def _action_update_from_provider_error(self, provider_error):
        """ Override of `sms` to pass a failed delivery on to the school's message. """
        result = super()._action_update_from_provider_error(provider_error)
        self.school_message_id._note_sms_state('error', result[1])
        return result

    def _action_update_from_sms_state(self, sms_state, failure_type=False, failure_reason=False):
        """ Override of `sms` to pass the state on to the school's message. """
        result = super()._action_update_from_sms_state(
            sms_state, failure_type=failure_type, failure_reason=failure_reason,
        )
        self.school_message_id._note_sms_state(sms_state, failure_type)
        return result

    @api.model
    def _take_report(self, company, reference, status, number='', reason=''):
        """ Write down what a delivery report says; a repeated or unknown one does nothing.

        Our own note of the gateway's reference may not be there yet, or was lost with a worker:
        then the report itself tells that the message to this number was taken.

        :param res.company company: The school whose address was called.
        :param str reference: The gateway's reference.
        :param str status: Such as Success.
        :param str number: The number, in E.164 form.
        :param str reason: Why it failed.
        :return: Whether the message is known.
        :rtype: bool
        """
        Sms = self.env['sms.sms']
        status = (status or '').lower()
        if not reference or (status not in REPORTED_STATES and status not in REPORTED_ERRORS):
            return False
        tracker = self.search([('school_gateway_ref', '=', reference)], limit=1)
        sms = Sms.search([('uuid', '=', tracker.sms_uuid)]) if tracker else Sms
        if tracker:
            owner = tracker.school_message_id.company_id or (sms and sms._get_sms_company())
            if owner and owner != company:
                return False
        else:
            sms = self._find_unanswered(company, number)
            tracker = sms.sms_tracker_id
            if not tracker or tracker.school_gateway_ref:
                return False
            tracker.school_gateway_ref = reference
        if status in REPORTED_STATES:
            tracker._action_update_from_sms_state(REPORTED_STATES[status])
        else:
            error = REASON_ERRORS.get((reason or '').lower()) or REPORTED_ERRORS[status]
            tracker._action_update_from_provider_error(error)
        if sms.failure_type == 'school_doubt':
            sms.write({'state': 'pending', 'failure_type': False})
        sms.filtered(lambda sms: sms.state != 'process' and not sms.to_delete).to_delete = True
        return True

    @api.model
    def _find_unanswered(self, company, number):
        """ Return the message to a number of which our own answer is missing.

        The one that is being handed over just now; else the only one in doubt. Of several in doubt
        nobody knows which was taken.

        :param res.company company: The school.
        :param str number: The number, in E.164 form.
        :rtype: sms.sms
        """
        candidates = self.env['sms.sms'].search([
            ('number', '=', number), ('record_company_id', '=', company.id),
            ('to_delete', '!=', True), ('school_claimed_at', '!=', False),
            '|', ('state', '=', 'process'), ('failure_type', '=', 'school_doubt'),
        ]) if number else self.env['sms.sms']
        candidates = candidates.filtered(lambda sms: sms.state == 'process') or candidates
        return candidates if len(candidates) == 1 else candidates.browse()
