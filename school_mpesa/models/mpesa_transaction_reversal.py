from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from odoo.addons.payment.logging import get_payment_logger


_logger = get_payment_logger(__name__)


class MpesaTransaction(models.Model):
    """Money that Safaricom gave back to its payer: it leaves the books as it left the wallet."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    signed_amount = fields.Monetary(
        string="In or Out", compute='_compute_signed_amount', store=True, precompute=True,
        help="Below zero when the money went out.",
    )
    is_returned = fields.Boolean(
        string="Reversed at M-PESA", readonly=True,
        help="All of it went back to the payer, so it is in our books no more.",
    )
    reversal_ids = fields.One2many(
        string="Reversals", comodel_name='mpesa.transaction', inverse_name='reverses_id',
        readonly=True,
    )
    statement_line_ids = fields.One2many(
        string="Statement Lines", comodel_name='mpesa.statement.line',
        inverse_name='mpesa_transaction_id', readonly=True,
    )
    reversal_state = fields.Selection(
        string="Reversal",
        selection=[
            ('receipt', "Receipt reversed"), ('suspense', "Taken out of Unidentified"),
            ('person', "Whose account it goes on is for a person to say"),
            ('settled', "Booked as a person said"),
        ],
        readonly=True,
        help="What became of the payment that this reversal is about.",
    )
    reversal_read_by_id = fields.Many2one(
        string="Noted By", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who has taken note that M-PESA gave this money back.",
    )
    reversal_note = fields.Char(string="Note", readonly=True)
    reversal_move_id = fields.Many2one(
        string="Settled By", comodel_name='account.move', readonly=True, ondelete='restrict',
        help="The entry that took it off an account.",
    )

    return_move_ids = fields.Many2many(
        string="Went Back By", comodel_name='account.move', readonly=True,
        relation='mpesa_transaction_return_move_rel',
        help="The entries by which the money left the books.",
    )
    reversed_of = fields.Char(
        string="Whose", compute='_compute_reversed_of', groups='school_fees.group_bursar',
        help="Whose money M-PESA gave back, and the receipt that it was on.",
    )

    # === COMPUTE METHODS === #

    @api.depends('amount', 'direction')
    def _compute_signed_amount(self):
        for movement in self:
            movement.signed_amount = (
                movement.amount if movement.direction == 'in' else -movement.amount
            )

    @api.depends('previous_receipt_id', 'reverses_id')
    def _compute_reversed_of(self):
        for movement in self:
            original = movement.sudo().reverses_id
            receipt = (
                movement.sudo().previous_receipt_id or original.receipt_id
                or original.previous_receipt_id
            )
            movement.reversed_of = ', '.join([
                *receipt.line_ids.student_id.mapped('name'), *filter(None, [receipt.number]),
            ]) or original.receipt or False

    # === ACTION METHODS === #

    def action_settle_reversal(self):
        """ Open the question on whose account a reversal goes.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_reversal_settle_action'
            ),
            'context': {'dialog_size': 'medium', 'default_mpesa_transaction_id': self.id},
        }

    def action_note_reversal(self):
        """ Take note that M-PESA gave money back; it leaves the screen *Today*.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office takes note of reversals. Nothing was changed."
            ))
        self.check_access('read')
        reversals = self.sudo().filtered(
            lambda m: m.kind == 'reversal' and not m.reversal_read_by_id
            and m.reversal_state != 'person'
        )
        reversals.reversal_read_by_id = self.env.user

    # === BUSINESS METHODS === #

    def _get_unreversed_amount(self):
        """ Return how much of a payment no reversal has taken back yet, KES.

        :rtype: float
        """
        self.ensure_one()
        # Reversals are booked by one scheduled action, one after the other; the lock keeps people
        # and the drain from booking the payment anew meanwhile.
        self.lock_for_update(allow_referencing=True)
        return self.currency_id.round(self.amount - sum(self.reversal_ids.mapped('amount')))

    def _take_back(self, reversal, day):
        """ Take a payment out of the books, all of which Safaricom gave back to its payer.

        Its receipt is reversed with the day of the reversal, and so is its posting to *Unidentified
        fee receipts*: the money must not wait there, since it is in the wallet no more.

        :param mpesa.transaction reversal: The movement by which it went back.
        :param date day: Its day in Kenya; Odoo takes a later one where that is locked.
        :return: Whether it stood in the books.
        :rtype: bool
        """
        self.ensure_one()
        receipt, waited = self.receipt_id, self.suspense_payment_id.move_id
        stood = receipt.line_ids.move_line_id.move_id | waited
        if self.is_returned or not (receipt or self.suspense_payment_id):
            return False
        if receipt:
            receipt._reverse(self.env._(
                "Reversed at M-PESA (%(code)s)", code=reversal.receipt,
            ), date=day)
            self.write({'receipt_id': False, 'previous_receipt_id': receipt.id})
        if self.suspense_payment_id:
            self._reverse_suspense(date=day)
        self.is_returned = True
        reversal.write({
            'reversal_state': 'receipt' if receipt else 'suspense',
            'previous_receipt_id': receipt.id,
            'return_move_ids': [
                Command.link(move.id) for move in self.env['account.move'].sudo().search([
                    ('reversed_entry_id', 'in', stood.ids),
                ])
            ],
        })
        # Its payer's page and the office must not go on saying *Paid*.
        self.payment_transaction_id.filtered(
            lambda tx: tx.mpesa_push_state == 'paid'
        ).mpesa_is_given_back = True
        # The bills are open again: what else the student has paid settles them first. The money is
        # on no receipt any more, so nothing of it goes back to the queue.
        receipt._after_reversal()
        return True

    def _meet_after_return(self, arrival):
        """ Take a message about a payment that went back to its payer: nothing is booked any more.

        :param Arrival arrival: The news.
        :return: None
        """
        self.ensure_one()
        tx = arrival.tx or arrival.asked
        if tx and tx.mpesa_push_state != 'paid':
            tx.mpesa_needs_person = True  # Paid and given back: neither paid nor unpaid.
        self._learn(arrival)
        arrival.callback._close('done', self.env._(
            "M-PESA gave this payment back to its payer, so it is not booked."
        ), movement=self, tx=tx)

    def _give_back(self, original):
        """ Take back the payment of a reversal that stands on *Unidentified fee receipts*.

        The reversal took the money out of the wallet against that account; with the payment itself
        it leaves the wallet again, so its own entry is reversed on its day.

        :param mpesa.transaction original: The payment, of the same amount.
        :return: Whether it stood in the books; nothing is written when it did not.
        :rtype: bool
        :raise UserError: If it is another amount or shortcode.
        """
        self.ensure_one()
        left = original._get_unreversed_amount()
        if (
            original.kind != 'payment' or original.direction != 'in'
            or (original.environment, original.shortcode) != (self.environment, self.shortcode)
            or any(self.currency_id.compare_amounts(self.amount, other) for other in (
                left, original.amount,
            ))
        ):
            raise UserError(self.env._(
                "%(payment)s is not of the amount that M-PESA gave back by %(reversal)s, or part"
                " of it went back already. Nothing was booked. Choose another payment, the student"
                " or an account.", payment=original.receipt, reversal=self.receipt,
            ))
        if original.is_returned or not (original.receipt_id or original.suspense_payment_id):
            return False
        line = self.statement_line_ids[:1]
        move = line.move_id
        undone = move.sudo().with_context(school_receipt_reversal=True)._reverse_moves(
            [{'ref': f'{move.ref} {original.receipt}', 'date': move.date}], cancel=True,
        )
        line.move_id = False
        self.reverses_id = original
        original._take_back(self, line.day)
        self.return_move_ids = [Command.link(entry.id) for entry in move | undone]
        return True

    @api.model
    def _give_back_late_originals(self):
        """ Take back payments that became known after the reversals that name them.

        :return: None
        """
        waiting = self.sudo().search([
            ('reversal_state', '=', 'person'), ('reverses_id', '=', False),
        ])
        for movement in waiting:
            line = movement.statement_line_ids[:1]
            original = line._find_original()
            if not original or original.is_returned or movement.currency_id.compare_amounts(
                movement.amount, original.amount,
            ):
                continue
            try:
                with self.env.cr.savepoint():
                    if movement.currency_id.compare_amounts(
                        movement.amount, original._get_unreversed_amount(),
                    ) == 0:
                        movement.with_company(movement.company_id)._give_back(original)
            except UserError as error:
                # A person can still say whose it was; the others go on.
                _logger.warning(
                    "M-PESA reversal %s was not linked: %s", movement.id, type(error).__name__,
                )

    def _find_reversible(self):
        """ Return the payments that a reversal may be about: of its amount and before it, those of
        the same phone first.

        :return: At most ten.
        :rtype: mpesa.transaction
        """
        self.ensure_one()
        found = self.search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('company_id', '=', self.company_id.id), ('kind', '=', 'payment'),
            ('direction', '=', 'in'), ('is_returned', '=', False),
            ('denial_state', '!=', 'denied'),
            ('amount', '=', self.amount), ('paid_at', '<=', self.paid_at),
        ], order='paid_at desc, id desc', limit=10)
        mask = self.payer_mask
        return found.sorted(lambda movement: not (mask and movement.payer_mask == mask))

    # === BUSINESS METHODS - WHAT A PERSON SAYS === #

    def _settle_as_reversal_of(self, original, note):
        """ Take back the payment that a person says M-PESA gave back.

        :param mpesa.transaction original: The payment.
        :param str note: Why, for whoever looks later.
        :return: None
        :raise AccessError: If the user is not of the bursar's office, or imported the statement.
        :raise UserError: If it does not wait for a person, or is not that payment's reversal.
        """
        self.ensure_one()
        self.check_access('read')
        original.check_access('read')
        movement = self.sudo()
        for statement in movement.statement_line_ids.statement_id.with_env(self.env):
            statement._check_second_person()
        movement.lock_for_update(allow_referencing=True)
        if movement.reversal_state != 'person' or not movement._give_back(original.sudo()):
            raise UserError(self.env._(
                "Reversal %(code)s is booked by now, or the payment stands in the books no more."
                " Nothing was changed. Read the list again.", code=self.receipt,
            ))
        movement.write({'reversal_note': note, 'reversal_read_by_id': self.env.user.id})

    def _settle_reversal(self, account, note, student=None):
        """ Take money that M-PESA gave back off the account that a person names.

        It stands as a debit on *Unidentified fee receipts*, which one entry moves on.

        :param account.account account: The account; not used for a student.
        :param str note: Why, for whoever looks later.
        :param school.student student: The student who owes it again, or None.
        :return: None
        :raise AccessError: If the user is not of the bursar's office, or imported the statement.
        :raise UserError: If it does not wait for a person; nothing is booked.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._(
                "Only the bursar's office decides about reversals. Nothing was booked."
            ))
        self.check_access('read')
        movement = self.sudo()
        for statement in movement.statement_line_ids.statement_id.with_env(self.env):
            statement._check_second_person()
        movement.lock_for_update(allow_referencing=True)
        if movement.reversal_state != 'person':
            raise UserError(self.env._(
                "Reversal %(code)s is booked by now. Nothing was changed. Read the list again.",
                code=self.receipt,
            ))
        company = movement.company_id
        waiting = movement.statement_line_ids.move_id.line_ids.filtered(
            lambda line: line.account_id == company._get_unidentified_account()
        )
        label = self.env._("Reversed at M-PESA (%(code)s)", code=movement.receipt)
        if student:
            student.check_access('read')
            company = student.sudo().company_id
            partner = student.sudo().partner_id.with_company(company)
            debit = {
                'partner_id': partner.id,
                'account_id': partner.property_account_receivable_id.id,
            }
        else:
            company._check_mpesa_counter_account(account)
            debit = {'account_id': account.id, 'tax_ids': [Command.clear()]}
        move = self.env['account.move'].sudo().with_company(company).create({
            'move_type': 'entry',
            'journal_id': company._get_fees_journal().id,
            'company_id': company.id,
            'date': waiting.date,
            'ref': label,
            'line_ids': [
                Command.create({'name': label, 'debit': movement.amount, **debit}),
                Command.create({
                    'name': label, 'credit': movement.amount, 'account_id': waiting.account_id.id,
                }),
            ],
        })
        move.action_post()
        (waiting + move.line_ids.filtered(
            lambda line: line.account_id == waiting.account_id
        )).reconcile()
        movement.write({
            'reversal_state': 'settled', 'reversal_move_id': move.id, 'reversal_note': note,
            'reversal_read_by_id': self.env.user.id,
        })
        if student:
            # What else the student has paid settles it.
            student.sudo()._settle_oldest_first()
