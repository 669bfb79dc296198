from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..proof import get_day_bounds


# The figures of a day. All are computed together, and none changes once the day is signed.
COUNTED = ('inbox', 'movement', 'pull', 'statement', 'ledger', 'suspense', 'waiting', 'reversed')
FIGURES = (
    *(f'{name}_count' for name in COUNTED), *(f'{name}_total' for name in COUNTED),
    'student_total', 'cleared_total', 'denied_total', 'unaccounted', 'out_total',
    'charge_total', 'sweep_total', 'other_total', 'statement_difference', 'wallet_balance',
    'stated_balance', 'balance_difference', 'is_stated', 'is_pulled', 'has_stated_balance',
    'unchecked_count',
)
LOCKED = (
    'provider_id', 'company_id', 'currency_id', 'environment', 'shortcode', 'day', 'computed_at',
    'state', 'note', 'signed_by_id', 'signed_at', *FIGURES,
)


class MpesaDayClose(models.Model):
    """The proof of a day: that every shilling that reached a shortcode is in the books.

    What Safaricom told us, what Pull and the statement say and what the ledger holds are compared
    (`proof.compare_day`). A person signs the day, and from then on the database itself keeps its
    figures; what is found later is an amendment.
    """

    _name = 'mpesa.day.close'
    _inherit = ['mail.thread', 'school.approval.mixin']
    _description = "M-PESA Day Proof"
    _order = 'day desc, shortcode, id'
    _check_company_auto = True

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
    day = fields.Date(string="Day", required=True, readonly=True, help="The day in Kenya.")
    state = fields.Selection(
        string="Status",
        selection=[
            ('unproven', "Not yet proven by statement"), ('different', "Differences"),
            ('proven', "Proven"), ('signed', "Signed"),
        ],
        required=True, readonly=True, default='unproven', index=True, tracking=True,
    )
    computed_at = fields.Datetime(string="Computed", readonly=True)

    # === FIELDS - THE SOURCES === #

    inbox_count = fields.Integer(
        string="Told by Safaricom", readonly=True,
        help="Payments of the day that a message of Safaricom's told of, each once.",
    )
    inbox_total = fields.Monetary(string="Told by Safaricom, KES", readonly=True)
    movement_count = fields.Integer(
        string="Payments", readonly=True, help="Payments of the day that we know of.",
    )
    movement_total = fields.Monetary(string="Received", readonly=True)
    pull_count = fields.Integer(string="Told by Pull", readonly=True)
    pull_total = fields.Monetary(string="Told by Pull, KES", readonly=True)
    statement_count = fields.Integer(string="Payments on the Statement", readonly=True)
    statement_total = fields.Monetary(string="Statement In", readonly=True)
    ledger_count = fields.Integer(
        string="Lines in the Ledger", readonly=True,
        help="Posted lines of that day on the account of the wallet.",
    )
    ledger_total = fields.Monetary(
        string="Ledger", readonly=True, help="What the day changed on the account of the wallet.",
    )
    is_stated = fields.Boolean(
        string="Statement Covers the Day", readonly=True,
        help="Whether statements leave no second of the day uncovered.",
    )
    is_pulled = fields.Boolean(string="Pull Covers the Day", readonly=True)
    unchecked_count = fields.Integer(
        string="Statements to Check", readonly=True,
        help="Statements of the day with gaps or rows that could not be read. They prove nothing"
             " until a person has checked them.",
    )
    out_total = fields.Monetary(
        string="Taken Back", readonly=True, help="What Safaricom took back on that day.",
    )
    charge_total = fields.Monetary(string="Charges", readonly=True)
    sweep_total = fields.Monetary(
        string="Sweeps", readonly=True, help="What left for the bank on that day.",
    )
    other_total = fields.Monetary(string="Unknown", readonly=True)
    statement_difference = fields.Monetary(
        string="Difference", readonly=True,
        help="What the statement has more than our payments; nothing where it does not cover the"
             " day.",
    )

    # === FIELDS - WHERE THE MONEY IS === #

    student_total = fields.Monetary(string="On Students", readonly=True)
    suspense_count = fields.Integer(string="Unidentified Payments", readonly=True)
    suspense_total = fields.Monetary(string="Unidentified", readonly=True)
    waiting_count = fields.Integer(
        string="Messages Waiting", readonly=True,
        help="Messages about money of that day that are not booked: parked, quarantined, in"
             " conflict or not processed yet.",
    )
    waiting_total = fields.Monetary(string="Parked", readonly=True)
    reversed_count = fields.Integer(string="Reversed Payments", readonly=True)
    reversed_total = fields.Monetary(
        string="Reversed", readonly=True, help="Of the day's payments, what was taken back since.",
    )
    cleared_total = fields.Monetary(
        string="Taken Off Unidentified by an Entry", readonly=True,
        help="By hand, and not by saying whose it is. Each such payment is a difference.",
    )
    denied_total = fields.Monetary(
        string="Not Known to Safaricom", readonly=True,
        help="What messages told of and Safaricom does not know. It is not in what was received,"
             " and not in the books.",
    )
    unaccounted = fields.Monetary(
        string="Unaccounted", readonly=True,
        help="Received less what is on students, unidentified, taken off by an entry, parked or"
             " reversed. It must be zero, to the cent.",
    )
    wallet_balance = fields.Monetary(
        string="Wallet by Our Books", readonly=True, help="At the end of the day.",
    )
    has_stated_balance = fields.Boolean(readonly=True)
    stated_balance = fields.Monetary(
        string="Wallet by the Statement", readonly=True, help="At the end of the day.",
    )
    balance_difference = fields.Monetary(
        string="Balances Differ By", readonly=True,
        help="What the statement's balance has more than our books.",
    )

    # === FIELDS - WHAT A PERSON SAYS === #

    difference_ids = fields.One2many(
        string="Differences", comodel_name='mpesa.day.difference', inverse_name='close_id',
    )
    open_count = fields.Integer(
        string="Open Differences", compute='_compute_open_count', store=True,
    )
    note = fields.Char(string="Note", help="What the person who signs wants known of the day.")
    signed_by_id = fields.Many2one(
        string="Signed By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )
    signed_at = fields.Datetime(string="Signed", readonly=True)
    amendment_ids = fields.One2many(
        string="Amendments", comodel_name='mpesa.day.amendment', inverse_name='close_id',
        readonly=True, help="What was found after the day was signed.",
    )
    unseen_count = fields.Integer(
        string="New Amendments", compute='_compute_unseen_count', store=True,
    )
    mailed_news = fields.Char(readonly=True, groups='base.group_system')
    is_over = fields.Boolean(compute='_compute_is_over')
    is_same_as_before = fields.Boolean(
        compute='_compute_is_same_as_before',
        help="Whether the balances differ by what they differed by at the end of the day before.",
    )

    _day_uniq = models.Constraint('UNIQUE(provider_id, day)', "A day is proven once.")

    def init(self):
        """ Let the database itself keep the figures of a signed day. """
        # Raw SQL: a rule that must hold for every session, also psql, has to live in the database.
        old, new = (
            SQL(', ').join(SQL('%s.%s', SQL(row), SQL.identifier(name)) for name in LOCKED)
            for row in ('OLD', 'NEW')
        )
        self.env.cr.execute(SQL(
            """
            CREATE OR REPLACE FUNCTION mpesa_day_close_guard() RETURNS trigger AS $guard$
            BEGIN
                IF TG_OP = 'TRUNCATE' THEN
                    RAISE EXCEPTION 'A signed day never changes.'
                        USING ERRCODE = 'restrict_violation';
                END IF;
                IF OLD.signed_at IS NULL THEN
                    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
                END IF;
                IF TG_OP = 'UPDATE' AND (%(old)s) IS NOT DISTINCT FROM (%(new)s) THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'A signed day never changes.' USING ERRCODE = 'restrict_violation';
            END
            $guard$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS mpesa_day_close_guard_rows ON mpesa_day_close;
            CREATE TRIGGER mpesa_day_close_guard_rows BEFORE UPDATE OR DELETE ON mpesa_day_close
                FOR EACH ROW EXECUTE FUNCTION mpesa_day_close_guard();
            DROP TRIGGER IF EXISTS mpesa_day_close_guard_table ON mpesa_day_close;
            CREATE TRIGGER mpesa_day_close_guard_table BEFORE TRUNCATE ON mpesa_day_close
                FOR EACH STATEMENT EXECUTE FUNCTION mpesa_day_close_guard();
            """, old=old, new=new,
        ))

    # === COMPUTE METHODS === #

    @api.depends('day', 'shortcode')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for close in self:
            day = format_date(self.env, close.day, date_format='EEE d MMM y') if close.day else ''
            close.display_name = f'{close.shortcode or ""}, {day}'

    @api.depends('difference_ids.state')
    def _compute_open_count(self):
        for close in self:
            close.open_count = len(close.difference_ids.filtered(lambda d: d.state == 'open'))

    @api.depends('amendment_ids.seen_by_id')
    def _compute_unseen_count(self):
        for close in self:
            close.unseen_count = len(close.amendment_ids.filtered(lambda a: not a.seen_by_id))

    @api.depends('day')
    def _compute_is_over(self):
        now = fields.Datetime.now()
        for close in self:
            close.is_over = bool(close.day) and close._get_end() <= now

    @api.depends('balance_difference', 'has_stated_balance')
    def _compute_is_same_as_before(self):
        for close in self:
            before = close.sudo()._find_day_before()
            close.is_same_as_before = bool(before) and close.currency_id.compare_amounts(
                before.balance_difference, close.balance_difference,
            ) == 0

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm`: a person notes; all else comes by itself or by signing.

        :raise AccessError: If something else is written, or after the day is signed.
        """
        if not self.env.su and (
            vals.keys() - {'note', 'difference_ids'} or any(close.signed_at for close in self)
        ):
            raise AccessError(self.env._(
                "A day's proof takes notes, and nothing after it is signed. Nothing was changed."
            ))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The proof of a day is never deleted. Nothing was changed."))

    # === BUSINESS METHODS === #

    def _get_end(self):
        """ Return when the day ends.

        Note: `self.ensure_one()`

        :return: Naive UTC.
        :rtype: datetime
        """
        self.ensure_one()
        return get_day_bounds(self.day)[1]

    @api.model
    def _get_today(self):
        """ Return the day in Kenya.

        :rtype: date
        """
        return self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())

    @api.model
    def _get_sources_line(self, close):
        """ Return the four sources of a day beside each other, for screen, paper and mail.

        :param mpesa.day.close close: The day.
        :return: (label, count, amount) of each.
        :rtype: list[tuple]
        """
        plain = close.currency_id._format_plain
        return [
            (self.env._("Told by Safaricom"), close.inbox_count, plain(close.inbox_total)),
            (self.env._("Payments we know"), close.movement_count, plain(close.movement_total)),
            (self.env._("Told by Pull"), close.pull_count, plain(close.pull_total)),
            (self.env._("Statement"), close.statement_count, plain(close.statement_total)),
            (self.env._("Ledger"), close.ledger_count, plain(close.ledger_total)),
        ]

    def _format_moment(self, moment):
        """ Return a moment as Kenyans read it.

        :param datetime moment: Naive UTC.
        :rtype: str
        """
        local = moment + timedelta(hours=3) if isinstance(moment, datetime) else None
        return local.strftime('%d/%m/%Y %H:%M:%S') if local else ''

    def _open_receipt(self, receipt):
        """ Return how to open the movement or else the line of an M-PESA code.

        :param str receipt: The code.
        :return: A window action.
        :rtype: dict
        :raise UserError: If there is no code.
        """
        self.ensure_one()
        if not receipt:
            raise UserError(self.env._(
                "This is about the books of the whole day. Open the account of the wallet in"
                " Accounting and look at its lines of that day."
            ))
        domain = [('shortcode', '=', self.shortcode), ('receipt', '=', receipt)]
        for model in ('mpesa.transaction', 'mpesa.statement.line'):
            found = self.env[model].search(domain)
            if found:
                break
        return {
            'type': 'ir.actions.act_window', 'name': receipt, 'res_model': model,
            **({'res_id': found.id, 'views': [(False, 'form')]} if len(found) == 1 else {
                'domain': domain, 'views': [(False, 'list'), (False, 'form')],
            }),
        }
