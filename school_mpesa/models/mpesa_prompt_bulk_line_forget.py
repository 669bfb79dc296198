from odoo import api, models


class MpesaPromptBulkLine(models.Model):
    """Whose phone was asked, or left out, is forgotten like the phones of requests."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.prompt.bulk.line'

    @api.model
    def _forget_payers(self, school, before, limit):
        """ Forget the guardians and phones of runs; one that was stopped goes on no more.

        :param res.company school: The school.
        :param datetime before: UTC; runs made earlier.
        :param int limit: The most at once.
        :return: How many lines were looked at.
        :rtype: int
        """
        lines_sudo = self.sudo().search([
            ('company_id', '=', school.id), ('create_date', '<', before),
            ('phone_index', '!=', False), ('run_id.state', '!=', 'running'),
        ], order='id', limit=limit)
        lines_sudo.run_id.filtered(lambda run: run.state == 'stopped').state = 'done'
        lines_sudo.write({'phone_mask': False, 'phone_index': False, 'guardian_id': False})
        return len(lines_sudo)
