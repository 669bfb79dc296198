from odoo import api, models


class MpesaAlert(models.Model):
    """What the web client shows of open alerts on every screen."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    @api.model
    def get_open(self):
        """ Return the open alerts of the school in front, the critical ones first.

        :return: Of each `id`, `level`, `name`, `what`, `meaning`, `advice` and `acknowledged`;
                 none for those who may not read alerts.
        :rtype: list[dict]
        """
        if not self.has_access('read'):
            return []
        # In sudo mode: whoever opens the system wakes the watch over what runs by itself.
        self.sudo()._check_without_scheduler()
        alerts = self.search([
            ('cleared_at', '=', False), ('company_id', '=', self.env.company.id),
        ], order='level, id desc')
        return [{
            'id': alert.id, 'level': alert.level, 'name': alert.display_name, 'what': alert.what,
            'meaning': alert.meaning, 'advice': alert.advice,
            'acknowledged': bool(alert.acknowledged_at),
        } for alert in alerts]
