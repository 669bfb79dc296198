from odoo import api, fields, models
from odoo.exceptions import UserError


# Where payments arrive: of a paybill its utility account, of a till its merchant account.
WALLET_ROLES = ('utility', 'merchant')


class MpesaBalance(models.Model):
    """What was in the accounts of a shortcode at one moment, as Safaricom answered.

    It is kept beside what our books held at that moment, and never stands for it: no balance is
    taken from here.
    """

    _name = 'mpesa.balance'
    _description = "M-PESA Balance"
    _order = 'looked_at desc, id desc'

    command_id = fields.Many2one(
        string="Question", comodel_name='mpesa.command', required=True, readonly=True,
        index=True, ondelete='cascade',
    )
    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', required=True, readonly=True,
        ondelete='cascade',  # As the question itself.
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True, readonly=True,
    )
    environment = fields.Char(string="Environment", required=True, readonly=True)
    shortcode = fields.Char(string="Shortcode", required=True, readonly=True)
    asked_at = fields.Datetime(string="Asked", required=True, readonly=True)
    answered_at = fields.Datetime(string="Answered", required=True, readonly=True)
    looked_at = fields.Datetime(
        string="As Of", required=True, readonly=True,
        help="When Safaricom looked into the accounts. Stored in UTC.",
    )

    # === FIELDS - WHAT SAFARICOM SAYS === #

    account_ids = fields.One2many(
        string="Accounts", comodel_name='mpesa.balance.account', inverse_name='balance_id',
        readonly=True,
    )
    unreadable = fields.Integer(
        string="Unreadable Accounts", readonly=True,
        help="Accounts that Safaricom told of in a way that cannot be read.",
    )
    has_wallet = fields.Boolean(
        readonly=True, help="Whether it told of the account that payments arrive in.",
    )
    wallet_amount = fields.Monetary(
        string="At Safaricom", readonly=True, aggregator='avg',
        help="What was in the account that payments arrive in.",
    )
    settlement_amount = fields.Monetary(
        string="Settlement", readonly=True, aggregator='avg',
        help="What had left that account and not reached the working account.",
    )
    working_amount = fields.Monetary(
        string="Working", readonly=True, aggregator='avg',
        help="What had left that account and waited there to go to the bank.",
    )
    charges_amount = fields.Monetary(
        string="Charges Account", readonly=True, aggregator='avg',
        help="Safaricom's charges add up here, below zero, until they are settled.",
    )

    _command_uniq = models.UniqueIndex("(command_id)", "This answer is kept already.")
    _provider_idx = models.Index("(provider_id, looked_at)")

    # === COMPUTE METHODS === #

    @api.depends('shortcode', 'looked_at')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for balance in self:
            moment = balance.command_id._format_moment(balance.looked_at)
            balance.display_name = f'{balance.shortcode or ""}, {moment}'

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What Safaricom has told stays on record."))

    # === BUSINESS METHODS === #

    @api.model
    def _keep(self, command, told):
        """ Keep what Safaricom answered, beside what our books hold.

        :param mpesa.command command: The question.
        :param daraja.Balances told: Its answer, with at least one account.
        :return: The balance.
        :rtype: mpesa.balance
        """
        wallet = self._pick_wallet(told, command.provider_id)
        balance = self.create({
            'command_id': command.id,
            'provider_id': command.provider_id.id,
            'company_id': command.company_id.id,
            'currency_id': command.currency_id.id,
            'environment': command.environment,
            'shortcode': command.shortcode,
            'asked_at': command.sent_at,
            'answered_at': command.answered_at,
            # One of the future is a misreading, and would compare with entries not made yet.
            'looked_at': min(told.completed_at_utc or command.answered_at, command.answered_at),
            'unreadable': told.unreadable,
            'has_wallet': bool(wallet),
            'wallet_amount': float(wallet.current) if wallet else 0,
            **{
                f'{role}_amount': float(account.current)
                for role in ('settlement', 'working', 'charges') if (account := told.find(role))
            },
            'account_ids': [fields.Command.create({
                'name': account.name,
                'role': account.role,
                **{
                    name: float(getattr(account, name))
                    for name in ('current', 'available', 'reserved', 'uncleared')
                },
            }) for account in told.accounts],
        })
        balance._compare()
        return balance

    @api.model
    def _pick_wallet(self, told, provider):
        """ Return the account that payments arrive in.

        :param daraja.Balances told: What Safaricom answered.
        :param payment.provider provider: The shortcode.
        :rtype: daraja.AccountBalance | None
        """
        roles = WALLET_ROLES if provider.mpesa_shortcode_type == 'paybill' else WALLET_ROLES[::-1]
        return next((account for role in roles if (account := told.find(role))), None)


class MpesaBalanceAccount(models.Model):
    """One account in an answer, as Safaricom named it."""

    _name = 'mpesa.balance.account'
    _description = "M-PESA Account Balance"
    _order = 'id'

    balance_id = fields.Many2one(
        string="Balance", comodel_name='mpesa.balance', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    currency_id = fields.Many2one(related='balance_id.currency_id')
    name = fields.Char(string="Account", required=True, readonly=True)
    role = fields.Selection(
        string="What It Is For",
        selection=[
            ('utility', "Payments to the paybill arrive here"),
            ('merchant', "Payments to the till arrive here"),
            ('settlement', "Between the two"), ('working', "On its way to the bank"),
            ('charges', "Safaricom's charges"), ('float', "Float, mostly not used"),
            ('other', "Not known to us"),
        ],
        required=True, readonly=True,
    )
    current = fields.Monetary(string="Balance", readonly=True)
    available = fields.Monetary(
        string="Available", readonly=True, help="What can be paid out of it.",
    )
    reserved = fields.Monetary(string="Reserved", readonly=True)
    uncleared = fields.Monetary(string="Not Cleared", readonly=True)
