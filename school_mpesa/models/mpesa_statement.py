from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .mpesa_statement_line import KINDS


class MpesaStatement(models.Model):
    """An organisation statement that a person downloaded from Safaricom's portal and imported.

    It is the word of Safaricom on what happened to a shortcode's account. Files overlap and are
    imported again: a line belongs to the first file that brought it, and the figures here are
    those of this file, whole. Everything but the note is a fact and never changes.
    """

    _name = 'mpesa.statement'
    _description = "M-PESA Statement"
    _order = 'period_end desc, id desc'
    _check_company_auto = True

    name = fields.Char(string="Statement", compute='_compute_name')
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
    period_start = fields.Datetime(
        string="From", required=True, readonly=True,
        help="From when on the statement lists everything. Stored in UTC.",
    )
    period_end = fields.Datetime(
        string="Until", required=True, readonly=True,
        help="Until when the statement lists everything. A period that was not over when the file"
             " was imported ends with its last line. Stored in UTC.",
    )
    template = fields.Char(string="Layout", readonly=True)
    account = fields.Char(
        string="Account", readonly=True,
        help="Which account of the shortcode it is of, where the file says it.",
    )
    file_name = fields.Char(string="File", readonly=True)
    file_digest = fields.Char(
        readonly=True, groups='base.group_system',
        help="Keyed digest of the file's bytes: the file that was kept elsewhere can be compared.",
    )
    to_minute = fields.Boolean(
        string="Without Seconds", readonly=True,
        help="No row tells its seconds, as when a spreadsheet has saved the file again.",
    )
    has_balances = fields.Boolean(string="States Balances", readonly=True)
    opening_balance = fields.Monetary(string="Opening Balance", readonly=True)
    closing_balance = fields.Monetary(string="Closing Balance", readonly=True)
    gap_count = fields.Integer(
        string="Gaps", readonly=True,
        help="How often the balance of a line is not printed, or does not follow from the line"
             " before: something in the file is missing or was altered.",
    )
    line_ids = fields.One2many(
        string="Lines", comodel_name='mpesa.statement.line', inverse_name='statement_id',
        readonly=True,
    )

    # === FIELDS - COUNTS: of the file, whole === #

    new_count = fields.Integer(
        string="New Lines", readonly=True, help="Lines that no earlier file had brought.",
    )
    known_count = fields.Integer(
        string="Known Lines", readonly=True,
        help="Lines that stand in an earlier file too. They add nothing.",
    )
    skipped_count = fields.Integer(
        string="Not Completed", readonly=True,
        help="Rows about attempts that moved no money.",
    )
    unreadable_count = fields.Integer(
        string="Unreadable Rows", readonly=True,
        help="Each may be money. They are in the file, and not among the lines.",
    )
    unreadable = fields.Text(string="Which Rows", readonly=True)
    checked_by_id = fields.Many2one(
        string="Checked By", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who has looked at the gaps and the rows that could not be read.",
    )
    payment_count = fields.Integer(string="Payments", readonly=True)
    charge_count = fields.Integer(string="Charges", readonly=True)
    sweep_count = fields.Integer(string="Sweeps", readonly=True)
    withdrawal_count = fields.Integer(string="Withdrawals", readonly=True)
    reversal_count = fields.Integer(string="Reversals", readonly=True)
    other_count = fields.Integer(string="Unknown Lines", readonly=True)
    payment_amount = fields.Monetary(string="Paid In", readonly=True)
    charge_amount = fields.Monetary(string="Charges Total", readonly=True)
    sweep_amount = fields.Monetary(string="Sweeps Total", readonly=True)
    withdrawal_amount = fields.Monetary(string="Withdrawals Total", readonly=True)
    reversal_amount = fields.Monetary(string="Reversals Total", readonly=True)
    other_amount = fields.Monetary(string="Unknown Lines Total", readonly=True)
    wallet_amount = fields.Monetary(
        string="Change of the Wallet", readonly=True,
        help="What the lines together add to the shortcode's own account.",
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('booking', "Being booked"), ('check', "Needs a person"),
            ('release', "Waits for a second person"), ('done', "Booked"),
            ('distrusted', "Not believed"),
        ],
        compute='_compute_state',
    )
    waiting_count = fields.Integer(string="Still to Book", compute='_compute_state')
    held_count = fields.Integer(
        string="For Release", compute='_compute_state', search='_search_held_count',
        help="Payments, reversals and unusual charges that only this file tells of: a second person"
             " lets them be booked.",
    )
    person_count = fields.Integer(string="For a Person", compute='_compute_state')
    found_count = fields.Integer(
        string="Found Payments", compute='_compute_state',
        help="Payments that no message had told of before this file.",
    )

    # === COMPUTE METHODS === #

    @api.depends('shortcode', 'period_start', 'period_end')
    def _compute_name(self):
        for statement in self:
            first, last = (
                (moment + timedelta(hours=3)).strftime('%d/%m/%Y') if moment else ''
                for moment in (statement.period_start, statement.period_end)
            )
            period = first if first == last else f'{first} - {last}'
            statement.name = f'{statement.shortcode or ""} {period}'.strip()

    @api.depends(
        'line_ids.state', 'line_ids.mpesa_transaction_id', 'line_ids.note', 'checked_by_id',
        'gap_count', 'unreadable_count', 'released_at', 'line_ids.disputed_by_id',
        'line_ids.dispute_note', 'distrusted_at',
    )
    def _compute_state(self):
        Line = self.env['mpesa.statement.line']
        counts = {}
        for name, domain in (
            ('waiting_count', Line._get_waiting_domain()),
            ('person_count', Line._get_person_domain()),
            ('found_count', [('state', '=', 'found')]),
            ('held_count', Line._get_held_domain()),
        ):
            counts[name] = dict(Line._read_group(
                [('statement_id', 'in', self.ids), *domain], ['statement_id'], ['__count'],
            ))
        for statement in self:
            for name, found in counts.items():
                statement[name] = found.get(statement, 0)
            if statement.person_count or statement._is_unchecked():
                statement.state = 'check'
            elif statement.held_count:
                statement.state = 'release'
            elif statement.distrusted_at:
                statement.state = 'distrusted'
            else:
                statement.state = 'booking' if statement.waiting_count else 'done'

    @api.model
    def _search_held_count(self, operator, value):
        if (operator, value) != ('>', 0):
            return NotImplemented
        held = self.env['mpesa.statement.line']._get_held_domain()
        return [('line_ids', 'any', list(held))]

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._(
            "A statement is Safaricom's word on the money, so it is never deleted. Nothing was"
            " changed."
        ))

    # === ACTION METHODS === #

    def action_open_lines(self):
        """ Open all lines of the period, whichever file brought them.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_statement_line_action'
            ),
            'name': self.name,
            'domain': [
                ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
                ('company_id', '=', self.company_id.id),
                ('completed_at', '>=', self.period_start),
                ('completed_at', '<=', self.period_end),
            ],
            'context': {},
        }

    def action_check(self):
        """ Say that the gaps and the rows that could not be read were looked at.

        A file with a gap may be one that somebody changed, so its importer does not say it.

        :return: None
        :raise AccessError: If the user is not of the bursar's office, or imported the file.
        """
        self.check_access('read')
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office checks statements. Nothing was changed."
            ))
        for statement in self.sudo():
            if statement.create_uid == self.env.user:
                raise AccessError(self.env._(
                    "You imported this file, so a second person of the bursar's office or an"
                    " approver looks at its gaps and at the rows that could not be read. Nothing"
                    " was changed. Ask one of them, or download the statement again."
                ))
            statement.checked_by_id = self.env.user

    # === BUSINESS METHODS === #

    def _is_unchecked(self):
        """ Tell whether something in the file itself waits for a person's look.

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.gap_count or self.unreadable_count) and not (
            self.checked_by_id or self.distrusted_at
        )

    @api.model
    def _get_totals(self, lines):
        """ Return how many lines a file has of each kind, and how much money they moved.

        :param list lines: The lines as read (`daraja.StatementLine`).
        :return: The values of the counts' fields; money that went out counts below zero.
        :rtype: dict
        """
        values = {
            'wallet_amount': 0,
            **{f'{kind}_{what}': 0 for kind in dict(KINDS) for what in ('count', 'amount')},
        }
        for line in lines:
            kind = self._get_kind(line)
            values[f'{kind}_count'] += 1
            signed = line.amount if line.direction == 'in' else -line.amount
            values[f'{kind}_amount'] += signed
            values['wallet_amount'] += signed if line.moves_wallet else 0
        return {
            key: value if key.endswith('_count') else float(value) for key, value in values.items()
        }
