from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .school_receipt_desk import DESK_KINDS


class SchoolCashUp(models.Model):
    """The end of a person's day at the desk: what must be there, what was counted, and the rest."""

    _name = 'school.cash.up'
    _inherit = ['mail.thread', 'school.approval.mixin']
    _description = "Cash-Up"
    _order = 'date desc, id desc'
    _check_company_auto = True

    user_id = fields.Many2one(
        string="Person", comodel_name='res.users', required=True, readonly=True, index=True,
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')
    date = fields.Date(string="Date", required=True, readonly=True)
    state = fields.Selection(
        string="Status", selection=[('open', "Open"), ('closed', "Closed")],
        required=True, readonly=True, default='open', tracking=True,
    )
    line_ids = fields.One2many(
        string="Count", comodel_name='school.cash.up.line', inverse_name='cash_up_id',
    )
    expected = fields.Monetary(string="Expected", compute='_compute_totals')
    counted = fields.Monetary(string="Counted", compute='_compute_totals')
    difference = fields.Monetary(string="Difference", compute='_compute_totals')
    correction_ids = fields.Many2many(
        string="Reversed Receipts", comodel_name='school.receipt',
        compute='_compute_corrections', compute_sudo=True,
        help="Receipts that an earlier cash-up counted and that were reversed since.",
    )
    refund_correction_ids = fields.Many2many(
        string="Reversed Refunds", comodel_name='school.refund', compute='_compute_corrections',
        compute_sudo=True,
        help="Refunds that an earlier cash-up took off and that were reversed since.",
    )
    note = fields.Char(
        string="Note", help="Why the count differs, and what was done about it.",
    )
    closed_by_id = fields.Many2one(
        string="Closed By", comodel_name='res.users', readonly=True,
    )

    _one_open = models.UniqueIndex(
        "(user_id, company_id) WHERE state = 'open'",
        "This person has an open cash-up already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('user_id', 'date')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for cash_up in self:
            day = format_date(self.env, cash_up.date, date_format='d MMM y')
            cash_up.display_name = f'{cash_up.user_id.name}, {day}'

    @api.depends('line_ids.expected', 'line_ids.counted')
    def _compute_totals(self):
        for cash_up in self:
            cash_up.expected = sum(cash_up.line_ids.mapped('expected'))
            cash_up.counted = sum(cash_up.line_ids.mapped('counted'))
            cash_up.difference = cash_up.counted - cash_up.expected

    @api.depends('state')
    def _compute_corrections(self):
        for cash_up in self:
            cash_up.correction_ids, cash_up.refund_correction_ids = cash_up._get_corrections()

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm`: a person counts and notes; all else comes by itself.

        :raise AccessError: If something else is written, or after the close.
        """
        if not self.env.su and (
            vals.keys() - {'note', 'line_ids'} or 'closed' in self.mapped('state')
        ):
            raise AccessError(self.env._(
                "A cash-up takes the count and a note, and nothing after it is closed."
            ))
        return super().write(vals)

    # === ACTION METHODS === #

    @api.model
    def action_open_mine(self):
        """ Open the user's cash-up of today, made when there is none.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is no cashier.
        """
        self._check_role('school_fees.group_cashier')
        CashUp = self._as_office()
        today = fields.Date.context_today(self)
        company = self.env.company
        cash_up_sudo = CashUp.search([
            ('user_id', '=', self.env.uid), ('company_id', '=', company.id),
            ('state', '=', 'open'),
        ], limit=1)
        if not cash_up_sudo:
            cash_up_sudo = CashUp.create({
                'user_id': self.env.uid, 'company_id': company.id, 'date': today, 'state': 'open',
            })
            cash_up_sudo.env['school.cash.up.line'].create([
                {'cash_up_id': cash_up_sudo.id, 'money_kind': kind} for kind, _name in DESK_KINDS
            ])
        cash_up_sudo.date = today
        return {
            'type': 'ir.actions.act_window', 'name': self.env._("Cash-up"),
            'res_model': 'school.cash.up', 'res_id': cash_up_sudo.id, 'views': [(False, 'form')],
        }

    def action_close(self):
        """ Close the count: the money is handed in, and these receipts are counted no more.

        :return: None
        :raise AccessError: If it is another person's and the user is no bursar.
        :raise UserError: If it is closed already, or differs without a word about it.
        """
        for cash_up in self:
            cash_up_sudo = cash_up._lock_one()
            if cash_up_sudo.user_id != self.env.user:
                cash_up._check_role('school_fees.group_bursar')
            if cash_up_sudo.state != 'open':
                raise UserError(self.env._("This cash-up is closed already. Nothing was changed."))
            cash_up_sudo._close()

    # === BUSINESS METHODS === #

    def _close(self):
        """ Keep what was expected, and take the receipts and refunds into this count.

        Note: `self.ensure_one()`

        :return: None
        :raise UserError: If the count differs and the note is empty.
        """
        self.ensure_one()
        receipts, refunds = self._get_open_records()
        expected = self._sum_expected(receipts, refunds)
        differs = any(
            self.currency_id.compare_amounts(line.counted, expected[line.money_kind]) != 0
            for line in self.line_ids
        )
        if differs and not (self.note or '').strip():
            raise UserError(self.env._(
                "What you counted is not what is expected, and the note is empty. Nothing was"
                " closed. Count again; if it stays so, say in the note what you know about it."
            ))
        for line in self.line_ids:
            line.closed_expected = expected[line.money_kind]
        receipts_reversed, refunds_reversed = self._get_corrections()
        receipts.cash_up_id = self
        refunds.cash_up_id = self
        receipts_reversed.correction_cash_up_id = self
        refunds_reversed.correction_cash_up_id = self
        self.write({'state': 'closed', 'closed_by_id': self.env.uid})

    def _get_open_records(self):
        """ Return the person's receipts and refunds that no count has taken yet.

        Note: `self.ensure_one()`

        :rtype: tuple[school.receipt, school.refund]
        """
        self.ensure_one()
        kinds = [kind for kind, _name in DESK_KINDS]
        common = [
            ('company_id', '=', self.company_id.id), ('cash_up_id', '=', False),
            ('money_kind', 'in', kinds),
        ]
        # A cashier sees own counts only; what belongs to them is read for the count.
        receipts_sudo = self.env['school.receipt'].sudo().search([
            *common, ('issued_by_id', '=', self.user_id.id), ('state', '=', 'posted'),
        ])
        refunds_sudo = self.env['school.refund'].sudo().search([
            *common, ('asked_by_id', '=', self.user_id.id), ('state', '=', 'done'),
        ])
        return receipts_sudo, refunds_sudo

    def _get_corrections(self):
        """ Return the person's receipts and refunds that were reversed after they were counted.

        They change nothing of what must be in the box today: they say by how much an earlier count
        was told too much or too little. Each is a correction once.

        Note: `self.ensure_one()`

        :rtype: tuple[school.receipt, school.refund]
        """
        self.ensure_one()
        common = [
            ('company_id', '=', self.company_id.id), ('state', '=', 'reversed'),
            ('cash_up_id', '!=', False),
            ('correction_cash_up_id', '=', self.id if self.state == 'closed' else False),
        ]
        # A cashier sees own counts only; what belongs to them is read for the count.
        receipts_sudo = self.env['school.receipt'].sudo().search([
            *common, ('issued_by_id', '=', self.user_id.id),
        ])
        refunds_sudo = self.env['school.refund'].sudo().search([
            *common, ('asked_by_id', '=', self.user_id.id),
        ])
        return receipts_sudo, refunds_sudo

    @api.model
    def _sum_expected(self, receipts, refunds):
        """ Return what must be there of each kind of money.

        :param school.receipt receipts: What came in.
        :param school.refund refunds: What went out.
        :return: KES by kind of money.
        :rtype: dict[str, float]
        """
        sums = {kind: 0.0 for kind, _name in DESK_KINDS}
        for receipt in receipts:
            sums[receipt.money_kind] += receipt.amount
        for refund in refunds:
            sums[refund.money_kind] -= refund.amount
        return sums


class SchoolCashUpLine(models.Model):
    """One kind of money in a cash-up."""

    _name = 'school.cash.up.line'
    _description = "Cash-Up Line"
    _order = 'cash_up_id, id'

    cash_up_id = fields.Many2one(
        comodel_name='school.cash.up', required=True, readonly=True, index=True,
        ondelete='cascade',
    )
    user_id = fields.Many2one(related='cash_up_id.user_id')
    company_id = fields.Many2one(related='cash_up_id.company_id')
    currency_id = fields.Many2one(related='cash_up_id.currency_id')
    money_kind = fields.Selection(
        string="Channel", selection=DESK_KINDS, required=True, readonly=True,
    )
    expected = fields.Monetary(string="Expected", compute='_compute_expected')
    closed_expected = fields.Monetary(string="Expected at the Close", readonly=True)
    counted = fields.Monetary(string="Counted")
    difference = fields.Monetary(string="Difference", compute='_compute_expected')
    correction = fields.Monetary(
        string="Corrections", compute='_compute_correction',
        help="What earlier counts were told and was reversed since. It is not in the box today.",
    )

    _kind_uniq = models.Constraint(
        'UNIQUE(cash_up_id, money_kind)', "A cash-up counts each kind of money once.",
    )

    # === COMPUTE METHODS === #

    @api.depends('cash_up_id.state', 'counted', 'closed_expected', 'money_kind')
    def _compute_expected(self):
        for cash_up, lines in self.grouped('cash_up_id').items():
            sums = cash_up._sum_expected(*cash_up._get_open_records()) if (
                cash_up.state == 'open'
            ) else {}
            for line in lines:
                line.expected = sums.get(line.money_kind, line.closed_expected)
                line.difference = line.counted - line.expected

    @api.depends('cash_up_id.state', 'money_kind')
    def _compute_correction(self):
        for cash_up, lines in self.grouped('cash_up_id').items():
            receipts_sudo, refunds_sudo = cash_up._get_corrections()
            sums = cash_up._sum_expected(receipts_sudo, refunds_sudo)
            for line in lines:
                line.correction = 0.0 - sums.get(line.money_kind, 0.0)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `orm`: a person writes what was counted, until the close.

        :raise AccessError: If something else is written, or after the close.
        """
        if not self.env.su and (
            vals.keys() - {'counted'} or 'closed' in self.cash_up_id.mapped('state')
        ):
            raise AccessError(self.env._(
                "A cash-up takes the count and a note, and nothing after it is closed."
            ))
        return super().write(vals)
