from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = 'account.move.send'

    # === BUSINESS METHODS === #

    @api.model
    def _get_alerts(self, moves, moves_data):
        """ Override of `account`: a student has no address, and the guardian gets the bill. """
        alerts = super()._get_alerts(moves, moves_data)
        if len(moves) > 1 and 'account_missing_email' in alerts and all(
            move.partner_id.email or (move._is_students_bill() and move._get_email_guardian())
            for move in moves if 'email' in moves_data[move]['sending_methods']
        ):
            del alerts['account_missing_email']
        return alerts
