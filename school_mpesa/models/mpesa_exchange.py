from odoo import api, fields, models

from .. import vault


class MpesaExchange(models.Model):
    """One question to Daraja and its answer, kept as evidence: encrypted, without secrets."""

    _name = 'mpesa.exchange'
    _description = "M-PESA Exchange with Daraja"
    _order = 'id desc'

    transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', required=True,
        readonly=True, index=True, ondelete='cascade',
    )
    kind = fields.Selection(
        string="Kind", selection=[('push', "Prompt"), ('query', "Query")], required=True,
        readonly=True,
    )
    outcome = fields.Char(string="Outcome", readonly=True)
    sealed = fields.Char(readonly=True, groups='base.group_system')

    @api.model
    def _keep(self, transaction, kind, outcome, exchange):
        """ Keep what was said, without password and token.

        :param payment.transaction transaction: The request it was about.
        :param str kind: 'push' or 'query'.
        :param str outcome: In one word, free of personal data.
        :param daraja.Exchange exchange: The question and answer without secrets, or None.
        :return: None
        """
        self.sudo().create({
            'transaction_id': transaction.id,
            'kind': kind,
            'outcome': outcome,
            'sealed': exchange and vault.seal(
                transaction._mpesa_seal_context(kind), exchange.as_text()
            ),
        })
