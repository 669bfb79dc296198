from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .mpesa_callback_found import HELD


class MpesaStatement(models.Model):
    """Release: a second person looks at what only the file tells of, before it is booked.

    A file proves nothing of itself: whoever imports one could have written the row (trust.md A33,
    A34). So payments that it found and reversals wait until somebody else has seen them.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    released_by_id = fields.Many2one(
        string="Released By", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who let the payments and reversals be booked that only this file tells of.",
    )
    released_at = fields.Datetime(
        string="Released", readonly=True, help="When that was, stored in UTC.",
    )
    held_line_ids = fields.One2many(
        string="Lines for Release", comodel_name='mpesa.statement.line',
        compute='_compute_held',
    )
    held_payment_count = fields.Integer(string="Payments to Release", compute='_compute_held')
    held_payment_amount = fields.Monetary(
        string="Payments to Release, Total", compute='_compute_held',
    )
    held_reversal_count = fields.Integer(string="Reversals to Release", compute='_compute_held')
    held_reversal_amount = fields.Monetary(
        string="Reversals to Release, Total", compute='_compute_held',
    )
    held_other_count = fields.Integer(string="Other Lines to Release", compute='_compute_held')
    held_other_amount = fields.Monetary(
        string="Other Lines to Release, Total", compute='_compute_held',
    )
    is_own = fields.Boolean(compute='_compute_is_own')

    # === COMPUTE METHODS === #

    @api.depends(
        'released_at', 'distrusted_at', 'line_ids.state', 'line_ids.mpesa_transaction_id',
        'line_ids.disputed_by_id.distrusted_at',
    )
    def _compute_held(self):
        Line = self.env['mpesa.statement.line']
        held = Line.search([('statement_id', 'in', self.ids), *Line._get_held_domain()])
        by_statement = held.grouped('statement_id')
        for statement in self:
            lines = by_statement.get(statement, Line)
            reversals = lines.filtered(lambda line: line.kind == 'reversal')
            payments = lines.filtered(lambda line: line.kind == 'payment')
            others = lines - payments - reversals
            statement.held_line_ids = lines
            statement.held_payment_count = len(payments)
            statement.held_payment_amount = sum(payments.mapped('amount'))
            statement.held_reversal_count = len(reversals)
            statement.held_reversal_amount = sum(reversals.mapped('amount'))
            statement.held_other_count = len(others)
            statement.held_other_amount = sum(others.mapped('amount'))

    @api.depends_context('uid')
    def _compute_is_own(self):
        for statement in self:
            statement.is_own = statement.create_uid == self.env.user

    # === ACTION METHODS === #

    def action_release(self):
        """ Let the payments and reversals be booked that only this file tells of.

        :return: None
        :raise AccessError: If the user is not of the bursar's office, or imported the file.
        :raise UserError: If it is released, holds nothing, or has places that nobody looked at.
        """
        self.check_access('read')
        for statement in self:
            statement._check_releasable()
            statement.sudo().write({
                'released_by_id': self.env.user.id, 'released_at': fields.Datetime.now(),
            })
        doubted = self.env['mpesa.statement.line'].sudo().search([
            ('statement_id', 'in', self.ids), ('disputed_by_id.distrusted_at', '!=', False),
            ('state', '!=', 'different'), ('dispute_note', '=', False),
        ])
        doubted.disputed_by_id = False
        self.env.flush_all()
        self._mark_stated(doubted.ids)
        self.env.invalidate_all(flush=False)
        self.env['mpesa.callback'].sudo().search([
            ('statement_line_id.statement_id', 'in', self.ids), ('state', '=', 'quarantined'),
            ('statement_line_id.disputed_by_id', '=', False), ('reason', '=', HELD),
        ]).write({'state': 'new', 'reason': False, 'next_try_at': False})
        self.env.ref('school_mpesa.cron_drain').sudo()._trigger()
        self.env.ref('school_mpesa.cron_book_statements').sudo()._trigger()

    # === BUSINESS METHODS === #

    def _check_releasable(self):
        """ Ensure that this user may release a statement, and that there is something to release.

        :return: None
        :raise AccessError: If the user is not of the bursar's office, or imported the file.
        :raise UserError: If it is released, holds nothing, or has places that nobody looked at.
        """
        self.ensure_one()
        self._check_second_person()
        self.sudo().lock_for_update(allow_referencing=True)
        if self.env.user in self.sudo().held_line_ids.create_uid:
            raise AccessError(self.env._(
                "You imported a file by which some of these lines came first, so another person"
                " decides about them. Nothing was booked. Ask somebody of the bursar's office or an"
                " approver to look at them."
            ))
        if self.released_at or not self.held_line_ids:
            raise UserError(self.env._(
                "%(name)s holds nothing that waits for a release. Nothing was changed. Read it"
                " again.", name=self.name,
            ))
        if self._is_unchecked():
            raise UserError(self.env._(
                "%(name)s has gaps, or rows that could not be read, and nobody has looked at them."
                " Nothing was booked. Look at them first, and say so on the statement.",
                name=self.name,
            ))

    def _check_second_person(self):
        """ Ensure that the user is of the bursar's office and did not import this file.

        :return: None
        :raise AccessError: If that is not so.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office releases what a statement found. Nothing was booked."
            ))
        if self.sudo().create_uid == self.env.user:
            raise AccessError(self.env._(
                "You imported this file, so a second person of the bursar's office or an approver"
                " decides about what only the file tells of. Nothing was booked. Ask one of them"
                " to look at it."
            ))


class MpesaStatementLine(models.Model):
    """What a release books, said before it does."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    callback_ids = fields.One2many(
        string="Messages", comodel_name='mpesa.callback', inverse_name='statement_line_id',
        readonly=True,
    )
    is_released = fields.Boolean(compute='_compute_is_released')
    is_held = fields.Boolean(string="Waits for Release", compute='_compute_is_held')
    release_text = fields.Char(
        string="Release Does", compute='_compute_release_text', groups='school_fees.group_bursar',
        help="What is booked when a second person releases the statement.",
    )

    # === COMPUTE METHODS === #

    @api.depends('statement_id.released_at', 'disputed_by_id')
    def _compute_is_released(self):
        for line in self:
            line.is_released = bool(line.statement_id.released_at) and not line.disputed_by_id

    @api.depends(
        'statement_id.released_at', 'statement_id.distrusted_at', 'disputed_by_id.distrusted_at',
        'kind', 'state', 'mpesa_transaction_id',
    )
    def _compute_is_held(self):
        held = self.filtered_domain(self._get_held_domain())
        for line in self:
            line.is_held = line in held

    @api.depends('is_held')
    def _compute_release_text(self):
        held = self.filtered('is_held')
        self.release_text = False
        unbooked = held.filtered_domain(self._get_unreleased_domain())
        for line in held - unbooked:
            line.release_text = self.env._(
                "It came with a file that is not believed, and counts again",
            )
        held = unbooked
        payments = held.filtered(lambda line: line.kind == 'payment')
        whose = payments.sudo()._find_whose()  # Sealed bytes are nobody's to read.
        for line in payments:
            line.release_text = whose.get(line.sudo()) or self.env._(
                "Nobody's yet: it waits among the unidentified payments"
            )
        charges = held.filtered(lambda line: line.kind == 'charge')
        for line in charges:
            line.release_text = self.env._("An M-PESA charge, larger than any tariff has")
        for line in held - payments - charges:
            line.release_text = line.sudo()._say_what_is_reversed()

    # === BUSINESS METHODS === #

    def _find_whose(self):
        """ Return on whom held payments would be booked, by what their payers typed.

        :return: Names of students or families, for lines whose account names one.
        :rtype: dict[mpesa.statement.line, str]
        """
        whose = {}
        for provider, lines in self.grouped('provider_id').items():
            arrivals = {}
            for callback, body in lines.callback_ids._read_bodies().items():
                if body:
                    arrivals[callback._read_found(body)] = callback.statement_line_id
            matches = self.env['mpesa.transaction']._match_accounts(provider, list(arrivals))
            for arrival, match in matches.items():
                if match.posts:
                    whose[arrivals[arrival]] = match.found[0][0].display_name
        return whose

    def _say_what_is_reversed(self):
        """ Return what a held reversal takes back.

        :rtype: str
        """
        self.ensure_one()
        original = self._find_original()
        receipt = original.receipt_id
        if receipt and self.currency_id.compare_amounts(self.amount, original.amount) == 0:
            return self.env._(
                "Receipt %(number)s of %(whose)s is reversed", number=receipt.number,
                whose=', '.join(receipt.line_ids.student_id.mapped('name')),
            )
        return self.env._("The money leaves the wallet; a person says whose it was") \
            if not original.suspense_payment_id else \
            self.env._("It leaves the unidentified payments")

    def _close_held(self):
        """ Finish the held messages of payments that are booked by another way.

        :return: None
        """
        held = self.callback_ids.filtered(lambda callback: callback.state == 'quarantined')
        for callback in held:
            line = callback.statement_line_id
            if line.state == 'different':
                callback._close(
                    'conflict', self.env._("Another amount for a known M-PESA code."),
                    movement=line.mpesa_transaction_id,
                )
            else:
                callback._close('repeat', movement=line.mpesa_transaction_id)
