from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .. import const


KINDS = [
    ('payment', "Payment"), ('reversal', "Reversal"), ('charge', "Charge"), ('sweep', "Sweep"),
    ('withdrawal', "Withdrawal"), ('other', "Unknown"),
]
# What is booked from the statement alone, since no message tells of it.
BOOKED_KINDS = ('charge', 'sweep', 'withdrawal', 'reversal')


class MpesaStatementLine(models.Model):
    """One row of an organisation statement: money that moved in or out, and what it became.

    No payer's name is kept, and of a phone only what may be shown. A row is a fact: only what it
    became in our books moves.
    """

    _name = 'mpesa.statement.line'
    _description = "M-PESA Statement Line"
    _order = 'completed_at desc, id desc'
    _rec_name = 'receipt'
    _check_company_auto = True

    statement_id = fields.Many2one(
        string="Statement", comodel_name='mpesa.statement', required=True, readonly=True,
        index=True, ondelete='restrict', check_company=True,
        help="The first file that brought this line.",
    )
    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', required=True, readonly=True,
        index=True, ondelete='restrict',
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True, readonly=True,
    )
    environment = fields.Char(string="Environment", required=True, readonly=True)
    shortcode = fields.Char(string="Shortcode", required=True, readonly=True)
    row_number = fields.Integer(string="Row", readonly=True, help="Of the file that brought it.")
    receipt = fields.Char(string="M-PESA Code", required=True, readonly=True)
    completed_at = fields.Datetime(
        string="Completed", required=True, readonly=True,
        help="When the money moved, as Safaricom says. Stored in UTC.",
    )
    to_minute = fields.Boolean(
        readonly=True, help="The file tells no seconds: it moved within this minute.",
    )
    day = fields.Date(
        string="Day", required=True, readonly=True, index=True, help="The day in Kenya.",
    )
    kind = fields.Selection(string="Kind", selection=KINDS, required=True, readonly=True)
    direction = fields.Selection(
        string="Direction", selection=[('in', "In"), ('out', "Out")], required=True, readonly=True,
    )
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    signed_amount = fields.Monetary(
        string="In or Out", compute='_compute_signed_amount', store=True, precompute=True,
        help="Below zero when the money went out.",
    )
    has_balance = fields.Boolean(readonly=True)
    balance = fields.Monetary(
        string="Balance", readonly=True, help="Of the account after this line, as printed.",
    )
    wording = fields.Char(
        string="Words", readonly=True,
        help="How the statement names it, without the names and numbers of people.",
    )
    account_reference = fields.Char(
        string="Account", readonly=True, help="What the payer typed; a phone number is masked.",
    )
    payer_mask = fields.Char(string="Payer's Phone", readonly=True)
    linked_receipt = fields.Char(
        string="Belongs To", readonly=True, help="The M-PESA code that this line is about.",
    )
    on_wallet = fields.Boolean(
        string="Changes the Wallet", readonly=True, default=True,
        help="Whether it changes the shortcode's own account. What moves between the accounts"
             " behind it does not.",
    )
    told_on_wallet = fields.Boolean(
        readonly=True, default=True,
        help="The same, as the file says; it tells lines apart, so no decision changes it.",
    )
    occurrence = fields.Integer(
        string="Occurrence", readonly=True, default=1,
        help="Which of several lines of its M-PESA code and kind, such as two charges of one"
             " payment.",
    )
    mpesa_transaction_id = fields.Many2one(
        string="Movement", comodel_name='mpesa.transaction', readonly=True, index='btree_not_null',
        ondelete='restrict',
    )
    move_id = fields.Many2one(
        string="Entry", comodel_name='account.move', readonly=True, index='btree_not_null',
        ondelete='restrict', check_company=True,
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('new', "To book"), ('matched', "Known"), ('found', "Found"), ('booked', "Booked"),
            ('different', "Different"),
        ],
        required=True, readonly=True, default='new', index=True,
    )
    difference = fields.Selection(
        string="What Differs",
        selection=[
            ('movement', "Another amount than the payment that we know"),
            ('amount', "Another amount than the same line of another file"),
            ('twice', "The same line twice, with another time or balance"),
            ('facts', "Another kind, account or linked code than the same line of another file"),
            ('day', "Another day than the one that its M-PESA code stands for"),
            ('refused', "A second person says that it is not real"),
        ],
        readonly=True,
    )

    # === FIELDS - WHAT A PERSON SAID === #

    note = fields.Char(string="Note", readonly=True)
    decided_as = fields.Selection(
        string="Decided",
        selection=[
            ('charge', "M-PESA charge"), ('transit', "Transfer to or from the bank"),
            ('payment', "Payment of a parent"), ('account', "Another account"),
            ('nothing', "Nothing to book"),
        ],
        readonly=True,
    )
    decided_by_id = fields.Many2one(
        string="Decided By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )

    # === FIELDS - PROCESSING === #

    tries = fields.Integer(string="Tries", readonly=True, default=0)
    next_try_at = fields.Datetime(string="Next Try", readonly=True)
    problem = fields.Char(string="Not Booked Because", readonly=True)

    # One row stands for each (both halves of a sweep share a code); what contradicts it is kept
    # beside it, once, and flagged. By shortcode: a provider that was replaced shares it.
    _line_uniq = models.UniqueIndex(
        "(environment, shortcode, receipt, kind, direction, told_on_wallet, occurrence)"
        " WHERE state <> 'different'",
        "This line of the statement is imported already.",
    )
    _different_uniq = models.UniqueIndex(
        "(environment, shortcode, receipt, kind, direction, told_on_wallet, occurrence, amount,"
        " completed_at, balance)",
        "This line of the statement is imported already.",
    )
    _movement_idx = models.Index("(environment, shortcode, receipt)")
    _to_book_idx = models.Index("(completed_at, id) WHERE state = 'new'")
    _to_link_idx = models.Index(
        "(id) WHERE mpesa_transaction_id IS NULL"
        " AND (state = 'found' OR difference IN ('day', 'refused', 'facts', 'amount'))"
    )

    # === COMPUTE METHODS === #

    @api.depends('amount', 'direction')
    def _compute_signed_amount(self):
        for line in self:
            line.signed_amount = line.amount if line.direction == 'in' else -line.amount

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._(
            "A statement is Safaricom's word on the money, so its lines are never deleted. Nothing"
            " was changed."
        ))

    # === BUSINESS METHODS === #

    @api.model
    def _get_waiting_domain(self):
        """ Return which lines the system still has to book or to link by itself.

        :rtype: Domain
        """
        return Domain([
            '|', '&', ('state', '=', 'new'), ('kind', 'in', BOOKED_KINDS),
            '&', ('state', '=', 'found'), ('mpesa_transaction_id', '=', False),
            ('disputed_by_id', '=', False),
        ]) & ~self._get_held_domain()

    @api.model
    def _get_person_domain(self):
        """ Return which lines wait for a person: of unknown kind, or contradicting what we know.

        :rtype: Domain
        """
        return Domain([
            '|', '|', '&', ('state', '=', 'new'), ('kind', '=', 'other'),
            '&', '&', ('state', '=', 'different'), ('note', '=', False),
            ('statement_id.distrusted_at', '=', False),
            '&', ('disputed_by_id', '!=', False), ('dispute_note', '=', False),
        ]) & ~self._get_doubted_domain()

    @api.model
    def _get_held_domain(self):
        """ Return which lines wait for a second person to release their statement.

        :rtype: Domain
        """
        return self._get_doubted_domain() | self._get_unreleased_domain() & Domain([
            ('statement_id.released_at', '=', False), ('disputed_by_id', '=', False),
        ])

    @api.model
    def _get_unreleased_domain(self):
        """ Return which lines are booked only after a release and are not booked yet: what moves
        money of a parent, and charges larger than any.

        :rtype: Domain
        """
        return Domain([
            '|', '|', '&', '&', ('kind', '=', 'payment'), ('state', '=', 'found'),
            ('mpesa_transaction_id', '=', False),
            '&', ('kind', '=', 'reversal'), ('state', '=', 'new'),
            '&', '&', ('kind', '=', 'charge'), ('state', '=', 'new'),
            ('amount', '>', const.LARGEST_CHARGE),
        ])

    @api.model
    def _get_doubted_domain(self):
        """ Return which lines came with a file that is not believed, and stand on another one that
        is: its release believes them again.

        :rtype: Domain
        """
        return Domain([
            # First what has an index: few lines are disputed.
            ('disputed_by_id', '!=', False), ('disputed_by_id.distrusted_at', '!=', False),
            ('statement_id.distrusted_at', '=', False),
            ('statement_id.released_at', '=', False), ('state', '!=', 'different'),
            ('dispute_note', '=', False),
        ])
