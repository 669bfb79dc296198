from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .. import vault


# What Pull told of payers is in the inbox too, under keys that forgetting a payer deletes. The page
# as it came is evidence for a while only: it lies under the server's key.
PULLED_DAYS = 14


class MpesaExchange(models.Model):
    """One question to Daraja and its answer, kept as evidence: encrypted, without secrets."""

    _name = 'mpesa.exchange'
    _description = "M-PESA Exchange with Daraja"
    _order = 'id desc'

    transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null', ondelete='cascade',
    )
    command_id = fields.Many2one(
        string="Question", comodel_name='mpesa.command', readonly=True, index='btree_not_null',
        ondelete='cascade',
    )
    kind = fields.Selection(
        string="Kind",
        selection=[
            ('push', "Prompt"), ('query', "Query"), ('status', "Transaction status"),
            ('pull', "Pull"), ('reversal', "Reversal"),
        ],
        required=True, readonly=True,
    )
    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', readonly=True, ondelete='cascade',
        groups='base.group_system',
    )
    outcome = fields.Char(string="Outcome", readonly=True)
    seconds = fields.Float(
        string="Seconds", readonly=True, help="How long Safaricom took to answer.",
    )
    sealed = fields.Char(readonly=True, groups='base.group_system', exportable=False)

    _subject = models.Constraint(
        "CHECK ((transaction_id IS NULL) <> (command_id IS NULL))",
        "An exchange is about one request or one question.",
    )

    _speed_idx = models.Index("(provider_id, create_date) WHERE seconds > 0")

    @api.model
    def _keep(self, subject, kind, outcome, exchange):
        """ Keep what was said, without password and token.

        :param subject: The request (payment.transaction) or question (mpesa.command) it was about.
        :param str kind: As of the field.
        :param str outcome: In one word, free of personal data.
        :param daraja.Exchange exchange: The question and answer without secrets, or None.
        :return: None
        """
        link = 'command_id' if subject._name == 'mpesa.command' else 'transaction_id'
        self.sudo().create({
            link: subject.id,
            'kind': kind,
            'provider_id': subject.sudo().provider_id.id,
            'outcome': outcome,
            'seconds': exchange and exchange.seconds,
            'sealed': exchange and vault.seal(
                subject._mpesa_seal_context(kind), exchange.as_text()
            ),
        })

    @api.autovacuum
    def _gc_pulled(self):
        limit = fields.Datetime.now() - timedelta(days=PULLED_DAYS)
        self.search([('kind', '=', 'pull'), ('create_date', '<', limit)]).unlink()

    @api.autovacuum
    def _gc_old(self):
        """ Delete what was said to Safaricom longer ago than a school keeps records. """
        for school in self.env['res.company'].search([]):  # pylint: disable=no-search-all
            limit = fields.Datetime.now() - relativedelta(years=school.mpesa_record_years)
            old = Domain('create_date', '<', limit)
            self.search(old & (
                Domain('transaction_id.company_id', '=', school.id)
                | Domain('command_id.company_id', '=', school.id)
            ), limit=10_000).unlink()
