from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models

from .. import proof
from .mpesa_day_facts import exact


# What makes Safaricom's balance another than that of our books, and is known.
PARTS = (
    'unprocessed_amount', 'parked_amount', 'charge_amount', 'transfer_amount', 'line_amount',
)
_PART_OF_KIND = {
    'charge': 'charge_amount', 'sweep': 'transfer_amount', 'withdrawal': 'transfer_amount',
}


class MpesaBalance(models.Model):
    """What our books held at that moment, and what of the difference is known."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.balance'

    compared_at = fields.Datetime(string="Compared", readonly=True)
    book_amount = fields.Monetary(
        string="By Our Books", readonly=True, aggregator='avg',
        help="What the account of the wallet held at that moment.",
    )
    difference = fields.Monetary(
        string="Difference", readonly=True, aggregator=None,
        help="What Safaricom has more than our books; below zero, what it has less.",
    )
    unprocessed_amount = fields.Monetary(
        string="Not Processed Yet", readonly=True, aggregator=None,
        help="Messages of the time before that are booked by themselves.",
    )
    parked_amount = fields.Monetary(
        string="Messages for a Person", readonly=True, aggregator=None,
        help="Messages about money that wait in the inbox for somebody.",
    )
    charge_amount = fields.Monetary(
        string="Charges Not Booked", readonly=True, aggregator=None,
        help="Charges on an imported statement that are not in the books yet.",
    )
    transfer_amount = fields.Monetary(
        string="Transfers Not Booked", readonly=True, aggregator=None,
        help="Sweeps and transfers to the bank on an imported statement that are not in the books"
             " yet.",
    )
    line_amount = fields.Monetary(
        string="Other Lines Not Booked", readonly=True, aggregator=None,
        help="Other lines of an imported statement that are not in the books yet.",
    )
    unexplained = fields.Monetary(
        string="Not Explained", readonly=True, aggregator=None,
        help="The difference, less what of it is known.",
    )
    stated_until = fields.Datetime(
        string="Statement Until", readonly=True,
        help="Until when statements tell of everything; empty where none was imported.",
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('agrees', "Agrees"), ('explained', "Explained"), ('different', "Not explained"),
            ('nothing', "Nothing to compare"),
        ],
        compute='_compute_state', store=True, index=True,
    )

    # === COMPUTE METHODS === #

    @api.depends('has_wallet', 'difference', 'unexplained')
    def _compute_state(self):
        for balance in self:
            if not balance.has_wallet:
                balance.state = 'nothing'
            elif not balance.currency_id.is_zero(balance.unexplained):
                balance.state = 'different'
            elif not balance.currency_id.is_zero(balance.difference):
                balance.state = 'explained'
            else:
                balance.state = 'agrees'

    # === BUSINESS METHODS === #

    def _compare(self):
        """ Compare with our books, as they tell of that moment now.

        Note: in sudo mode.

        :return: None
        """
        now = fields.Datetime.now()
        waiting = self.env['mpesa.callback']._read_waiting_money(
            self.filtered('has_wallet').provider_id
        )
        for balance in self.filtered('has_wallet'):
            booked = balance._read_book_amount()
            difference = exact(balance.wallet_amount) - booked
            parts = balance._read_parts(waiting[balance.provider_id.id])
            balance.write({
                'compared_at': now,
                'book_amount': float(booked),
                'difference': float(difference),
                **{name: float(parts[name]) for name in PARTS},
                'unexplained': float(difference - sum(parts.values())),
                'stated_until': balance._find_stated_until(),
            })

    def _read_book_amount(self):
        """ Return what the wallet held at that moment by our books.

        Entries have a day and no hour: what moved later on that day is taken off again.

        :return: KES.
        :rtype: Decimal
        """
        self.ensure_one()
        day = self.env['mpesa.transaction']._get_eat_day(self.looked_at)
        (total,), = self.env['account.move.line']._read_group([
            ('account_id', '=', self.provider_id.journal_id.default_account_id.id),
            ('parent_state', '=', 'posted'), ('date', '<=', day),
        ], aggregates=['balance:sum'])
        later = [('provider_id', '=', self.provider_id.id), ('environment', '=', self.environment)]
        _start, end = proof.get_day_bounds(day)
        movements = self.env['mpesa.transaction'].search([
            *later, ('paid_at', '>', self.looked_at), ('paid_at', '<', end),
            '|', '|', '|', ('receipt_id', '!=', False), ('suspense_payment_id', '!=', False),
            # Both entries of what came and went back stand in the books.
            ('is_returned', '=', True), ('reversal_state', '!=', False),
        ]).filtered(lambda movement: movement.denial_state != 'denied')
        lines = self.env['mpesa.statement.line'].search([
            *later, ('completed_at', '>', self.looked_at), ('completed_at', '<', end),
            ('on_wallet', '=', True), ('move_id', '!=', False), ('kind', '!=', 'reversal'),
        ])
        return exact(total or 0) - sum((
            exact(movement.amount) * (1 if movement.direction == 'in' else -1)
            for movement in movements
        ), Decimal(0)) - sum((exact(line.signed_amount) for line in lines), Decimal(0))

    def _read_parts(self, waiting):
        """ Return what is known to have moved by then and not in the books, each code once.

        :param list waiting: As `mpesa.callback._read_waiting_money` has it of this shortcode.
        :return: KES by the names of :data:`PARTS`; below zero what Safaricom has less.
        :rtype: dict[str, Decimal]
        """
        self.ensure_one()
        parts = defaultdict(Decimal)
        told = {
            receipt: (amount, state) for receipt, amount, moment, state in waiting
            if moment <= self.looked_at
        }
        lines = self.env['mpesa.statement.line'].search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('completed_at', '<=', self.looked_at), ('on_wallet', '=', True),
            ('state', 'in', ('new', 'found')), ('mpesa_transaction_id', '=', False),
            ('disputed_by_id', '=', False),
        ])
        known = {(movement.receipt, movement.kind) for movement in (
            self.env['mpesa.transaction'].search([
                ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
                ('receipt', 'in', [*told, *lines.mapped('receipt')]),
            ])
        )}
        # What a statement brought waits for its release, whatever the inbox holds of it.
        stated = {(line.receipt, line.kind) for line in lines}
        for receipt, (amount, state) in told.items():
            if (receipt, 'payment') not in known | stated:
                parts['unprocessed_amount' if state == 'new' else 'parked_amount'] += amount
        for line in lines:
            if (line.receipt, line.kind) not in known:
                name = _PART_OF_KIND.get(line.kind, 'line_amount')
                parts[name] += exact(line.signed_amount)
        return {name: parts[name] for name in PARTS}

    def _find_stated_until(self):
        """ Return until when statements that are believed tell of everything before that moment.

        :return: Naive UTC, or False where none was imported.
        :rtype: datetime | bool
        """
        self.ensure_one()
        last = self.env['mpesa.statement'].search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('period_start', '<=', self.looked_at), ('distrusted_at', '=', False),
        ], order='period_end desc', limit=1)
        return min(last._get_cover()['end'], self.looked_at) if last else False
