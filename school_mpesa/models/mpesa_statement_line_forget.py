from odoo import api, models


class MpesaStatementLine(models.Model):
    """The masked number of who paid is forgotten with the payer."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    @api.model
    def _forget_payers(self, school, before, limit):
        """ Forget the masked numbers of lines whose payment is known.

        :param res.company school: The school.
        :param datetime before: UTC; lines completed earlier.
        :param int limit: The most at once.
        :return: How many lines were looked at.
        :rtype: int
        """
        lines_sudo = self.sudo().search([
            ('company_id', '=', school.id), ('completed_at', '<', before),
            ('payer_mask', 'not in', (False, '')), ('state', 'not in', ('new', 'different')),
        ], order='id', limit=limit)
        lines_sudo.payer_mask = False
        return len(lines_sudo)
