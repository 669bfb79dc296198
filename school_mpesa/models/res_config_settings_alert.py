from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'  # pylint: disable=consider-merging-classes-inherited

    mpesa_alert_user_ids = fields.Many2many(
        related='company_id.mpesa_alert_user_ids', readonly=False,
    )
    mpesa_alert_daily = fields.Boolean(related='company_id.mpesa_alert_daily', readonly=False)
    mpesa_alert_window = fields.Integer(related='company_id.mpesa_alert_window', readonly=False)
    mpesa_alert_least_requests = fields.Integer(
        related='company_id.mpesa_alert_least_requests', readonly=False,
    )
    mpesa_alert_success_warning = fields.Float(
        related='company_id.mpesa_alert_success_warning', readonly=False,
    )
    mpesa_alert_success_critical = fields.Float(
        related='company_id.mpesa_alert_success_critical', readonly=False,
    )
    mpesa_alert_failed = fields.Float(related='company_id.mpesa_alert_failed', readonly=False)
    mpesa_alert_pending = fields.Integer(related='company_id.mpesa_alert_pending', readonly=False)
    mpesa_alert_slow_warning = fields.Float(
        related='company_id.mpesa_alert_slow_warning', readonly=False,
    )
    mpesa_alert_slow_critical = fields.Float(
        related='company_id.mpesa_alert_slow_critical', readonly=False,
    )
    mpesa_alert_silence = fields.Integer(related='company_id.mpesa_alert_silence', readonly=False)
    mpesa_alert_opens = fields.Float(related='company_id.mpesa_alert_opens', readonly=False)
    mpesa_alert_closes = fields.Float(related='company_id.mpesa_alert_closes', readonly=False)
    mpesa_alert_days = fields.Selection(related='company_id.mpesa_alert_days', readonly=False)
    mpesa_alert_errors = fields.Integer(related='company_id.mpesa_alert_errors', readonly=False)
    mpesa_alert_backlog_warning = fields.Integer(
        related='company_id.mpesa_alert_backlog_warning', readonly=False,
    )
    mpesa_alert_backlog_critical = fields.Integer(
        related='company_id.mpesa_alert_backlog_critical', readonly=False,
    )
    mpesa_alert_late = fields.Integer(related='company_id.mpesa_alert_late', readonly=False)
    mpesa_alert_password = fields.Integer(related='company_id.mpesa_alert_password', readonly=False)
    mpesa_alert_certificate = fields.Integer(
        related='company_id.mpesa_alert_certificate', readonly=False,
    )
