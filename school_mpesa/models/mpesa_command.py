from odoo import api, fields, models
from odoo.exceptions import UserError


OPEN_STATES = ('queued', 'sent')


class MpesaCommand(models.Model):
    """An outgoing question to Safaricom, and what it answered.

    It is committed as *queued* first; a scheduled action sends it. It moves no money: what an
    answer tells of goes into the inbox and is booked from there, like everything else.
    """

    _name = 'mpesa.command'
    _inherit = ['mpesa.outbox.mixin']
    _description = "Question to Safaricom"
    _order = 'id desc'

    kind = fields.Selection(
        string="Kind", selection=[('status', "Transaction status"), ('pull', "Pull")],
        required=True, readonly=True,
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('queued', "Queued"), ('sent', "Asked"), ('done', "Answered"), ('failed', "Failed"),
            ('unknown', "No answer"),
        ],
        required=True, readonly=True, default='queued', index=True,
    )
    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', required=True, readonly=True,
        index=True, ondelete='cascade',  # A provider that moved money cannot be deleted anyway.
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True, readonly=True,
    )
    environment = fields.Char(string="Environment", required=True, readonly=True)
    shortcode = fields.Char(string="Shortcode", required=True, readonly=True)
    asked_by_id = fields.Many2one(
        string="Asked By", comodel_name='res.users', readonly=True,
        help="Empty when the system asked by itself.",
    )
    payment_transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null', ondelete='set null',
    )

    repeats_id = fields.Many2one(
        string="Asked Before", comodel_name='mpesa.command', readonly=True,
        index='btree_not_null', ondelete='restrict',
        help="The same question, whose answer did not name it.",
    )

    # === FIELDS - SENDING === #

    sent_at = fields.Datetime(string="Asked At", readonly=True, index='btree_not_null')
    tries = fields.Integer(string="Calls", readonly=True, default=0)
    next_try_at = fields.Datetime(string="Next Call", readonly=True)
    conversation_id = fields.Char(
        readonly=True, index='btree_not_null', groups='base.group_system',
        help="Safaricom's name of the question, by which its answer is known.",
    )
    originator_conversation_id = fields.Char(
        readonly=True, index='btree_not_null', groups='base.group_system',
        help="The other name of the question.",
    )

    # === FIELDS - TRANSACTION STATUS === #

    receipt = fields.Char(
        string="M-PESA Code", readonly=True, index='btree_not_null',
        help="The payment that was asked about.",
    )
    mpesa_transaction_id = fields.Many2one(
        string="Movement", comodel_name='mpesa.transaction',
        compute='_compute_mpesa_transaction_id',
        help="What we know of the payment that was asked about.",
    )
    amount = fields.Monetary(
        string="Amount", readonly=True, help="What was paid, as Safaricom answered.",
    )
    paid_at = fields.Datetime(
        string="Paid", readonly=True,
        help="When the money moved, as Safaricom answered. Stored in UTC.",
    )

    # === FIELDS - PULL: the time it is about, and what came === #

    window_start = fields.Datetime(string="From", readonly=True)
    window_end = fields.Datetime(string="Until", readonly=True)
    rows = fields.Integer(string="Payments Told", readonly=True, default=0)
    found = fields.Integer(
        string="Found", readonly=True, default=0,
        help="Payments that no message had told of. They are booked like all others.",
    )
    unreadable = fields.Integer(
        string="Unreadable", readonly=True, default=0,
        help="Rows that could not be read. Each may be a payment.",
    )
    dated_by_code = fields.Integer(
        string="Dated by Their Code", readonly=True, default=0,
        help="Payments without a time that can be read: their day is that of their M-PESA code.",
    )
    page_digest = fields.Char(readonly=True, groups='base.group_system')
    pull_zone = fields.Selection(
        string="Times of Pull",
        selection=[
            ('utc', "UTC, as they are marked"), ('eat', "Kenyan time, though marked as UTC"),
            ('assumed', "Taken as marked (UTC): nothing told"),
        ],
        readonly=True,
        help="Safaricom marks Pull's times as UTC, and is not known to mean it. Payments whose time"
             " is known, and the days of M-PESA codes, tell.",
    )

    # === FIELDS - THE ANSWER === #

    finding = fields.Selection(
        string="Answer",
        selection=[
            ('completed', "Paid to us"), ('elsewhere', "Not paid to us"),
            ('unclear', "Completed, with parts missing"), ('not_paid', "Not paid"),
            ('pending', "Not finished"), ('not_found', "Not found"),
            ('other', "About another payment"), ('refused', "Safaricom refuses the initiator"),
            ('no_answer', "Safaricom gave no answer"), ('timed_out', "Safaricom gave up"),
            ('silent', "No result came"), ('nameless', "Answer that names no question"),
            ('not_sent', "Could not be asked"),
            ('read', "All read"), ('unread', "Some could not be read"),
            ('stuck', "The same page again"),
        ],
        readonly=True,
    )
    result_code = fields.Char(string="Result", readonly=True)
    result_digest = fields.Char(
        readonly=True, groups='base.group_system',
        help="Keyed digest of the result; the same again is a repeat.",
    )
    problem = fields.Char(readonly=True, help="Why it could not be asked, in words.")
    answered_at = fields.Datetime(string="Answered", readonly=True)
    needs_person = fields.Boolean(
        string="Needs a Person", readonly=True, index='btree_not_null',
        help="Something in the answer somebody has to look at.",
    )
    callback_ids = fields.One2many(
        string="Messages", comodel_name='mpesa.callback', inverse_name='mpesa_command_id',
        readonly=True,
    )
    exchange_ids = fields.One2many(
        string="Calls to Safaricom", comodel_name='mpesa.exchange', inverse_name='command_id',
        readonly=True,
    )

    _open_status_uniq = models.UniqueIndex(
        "(provider_id, receipt) WHERE kind = 'status' AND state IN ('queued', 'sent')",
        "Safaricom is being asked about this M-PESA code already.",
    )
    _open_pull_uniq = models.UniqueIndex(
        "(provider_id) WHERE kind = 'pull' AND state IN ('queued', 'sent')",
        "Payments of this shortcode are being pulled already.",
    )
    _window_idx = models.Index(
        "(provider_id, window_end) WHERE kind = 'pull' AND state = 'done'"
    )
    _outbox_idx = models.Index("(id) WHERE state = 'queued'")

    # === COMPUTE METHODS === #

    @api.depends('receipt', 'state')
    def _compute_mpesa_transaction_id(self):
        movements = self.env['mpesa.transaction'].search([
            ('receipt', 'in', [command.receipt for command in self if command.receipt]),
            ('kind', '=', 'payment'), ('direction', '=', 'in'),
        ])
        known = {(m.environment, m.shortcode, m.receipt): m for m in movements}
        for command in self:
            command.mpesa_transaction_id = known.get(
                (command.environment, command.shortcode, command.receipt), False,
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was asked of Safaricom stays on record."))

    # === BUSINESS METHODS === #

    @api.model
    def _queue(self, provider, kind, **values):
        """ Put a question into the outbox and wake the scheduled action.

        :param payment.provider provider: The shortcode that asks.
        :param str kind: As of the field.
        :param values: Other values of the row.
        :return: The question, in sudo mode.
        :rtype: mpesa.command
        """
        command = self.sudo().create({
            'kind': kind,
            'provider_id': provider.id,
            'company_id': provider.company_id.id,
            'currency_id': provider.company_id.currency_id.id,
            'environment': provider.mpesa_environment,
            'shortcode': provider.mpesa_shortcode,
            **values,
        })
        self.env.ref('school_mpesa.cron_commands')._trigger()
        return command

    def _mpesa_seal_context(self, name):
        """ Return the context that the evidence of this question is bound to.

        :param str name: The kind of exchange.
        :rtype: str
        """
        self.ensure_one()
        return f'mpesa.command,{self.id},{name}'

    def _fail(self, finding, **values):
        """ End questions that got no answer.

        :param str finding: What came of it, as the field's words.
        :param values: Other values, such as `state` when it is not known whether one comes yet.
        :return: None
        """
        self.write({
            'state': 'failed', 'finding': finding, 'answered_at': fields.Datetime.now(),
            'next_try_at': False, **values,
        })
