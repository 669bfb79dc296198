from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'  # pylint: disable=consider-merging-classes-inherited

    school_sms_gateway = fields.Selection(related='company_id.school_sms_gateway', readonly=False)
    school_sms_environment = fields.Selection(
        related='company_id.school_sms_environment', readonly=False,
    )
    school_sms_username = fields.Char(related='company_id.school_sms_username', readonly=False)
    school_sms_key = fields.Char(related='company_id.school_sms_key', readonly=False)
    school_sms_sender = fields.Char(related='company_id.school_sms_sender', readonly=False)
    school_sms_receipts = fields.Boolean(
        related='company_id.school_sms_receipts', readonly=False,
    )
    school_sms_report_url = fields.Char(related='company_id.school_sms_report_url')
    school_sms_test_number = fields.Char(string="Test Number")

    # === ACTION METHODS === #

    def action_send_test_sms(self):
        """ Send a test message with what is saved, and say what the gateway answered.

        :return: A notification.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.company_id._send_test_sms(self.school_sms_test_number),
            },
        }

    def action_new_school_sms_address(self):
        """ Replace the address for delivery reports.

        :return: An action that opens the settings again.
        :rtype: dict
        """
        self.ensure_one()
        self.company_id.action_new_school_sms_address()
        return {'type': 'ir.actions.client', 'tag': 'reload'}
