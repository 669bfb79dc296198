from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class MpesaTransaction(models.Model):
    """Money of which a message told, and which Safaricom does not know: it was never paid.

    Who knows a stolen callback address can tell of any payment. Two people take such money out of
    the books: one says what Safaricom answered, another approves it. The movement stays, and what
    tells of it later books nothing: a person decides again.
    """

    _name = 'mpesa.transaction'
    _inherit = ['mpesa.transaction', 'school.approval.mixin']

    denial_state = fields.Selection(
        string="Denial",
        selection=[
            ('asked', "Waits for a second person"), ('refused', "Refused: it stands"),
            ('denied', "Safaricom does not know it"), ('undone', "Denial taken back"),
        ],
        readonly=True, help="Whether people have found out that Safaricom does not know it.",
    )
    denial_asked_by_id = fields.Many2one(
        string="Denied By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )
    denial_asked_on = fields.Datetime(string="Denied On", readonly=True)
    denial_note = fields.Char(string="Denied Because", readonly=True)
    denial_decided_by_id = fields.Many2one(
        string="Second Person", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who approved the denial, or refused it.",
    )
    denial_decided_on = fields.Datetime(string="Decided On", readonly=True)
    denial_undone_by_id = fields.Many2one(
        string="Taken Back By", comodel_name='res.users', readonly=True, ondelete='restrict',
    )
    denial_undone_on = fields.Datetime(string="Taken Back On", readonly=True)
    denial_undo_note = fields.Char(string="Taken Back Because", readonly=True)
    denial_told_at = fields.Datetime(
        string="Told Again", readonly=True,
        help="When a message told of it after it had been denied, stored in UTC.",
    )
    denial_day = fields.Date(
        readonly=True, help="The day of the entry by which it left the wallet.",
    )
    denial_move_ids = fields.Many2many(
        string="Came and Left By", comodel_name='account.move', readonly=True,
        relation='mpesa_transaction_denial_move_rel',
        help="The entries by which the money came into the books and left them again.",
    )
    denial_is_mine = fields.Boolean(
        compute='_compute_denial_is_mine',
        help="Whether the reader asked for the denial, and so cannot approve it.",
    )
    denial_is_told = fields.Boolean(
        string="Denied and Told Again", compute='_compute_denial_is_told',
        search='_search_denial_is_told',
    )

    # Few among many, and *Today* asks for them each time.
    _denial_idx = models.Index("(denial_state) WHERE denial_state IN ('asked', 'denied')")

    # === COMPUTE METHODS === #

    @api.depends('denial_asked_by_id')
    @api.depends_context('uid')
    def _compute_denial_is_mine(self):
        for movement in self:
            movement.denial_is_mine = movement.denial_asked_by_id == self.env.user

    @api.depends(
        'denial_state', 'denial_told_at', 'pulled_at', 'verified_by',
        'statement_line_ids.disputed_by_id', 'statement_line_ids.statement_id.distrusted_at',
    )
    def _compute_denial_is_told(self):
        told = self.filtered_domain(self._get_told_domain())
        for movement in self:
            movement.denial_is_told = movement in told

    def _search_denial_is_told(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = fields.Domain(self._get_told_domain())
        return fields.Domain.OR(domain if told else ~domain for told in value)

    @api.model
    def _get_told_domain(self):
        """ Return which denied payments Safaricom tells of all the same.

        :rtype: list
        """
        return [
            ('denial_state', '=', 'denied'), '|', ('denial_told_at', '!=', False),
            *self._get_vouched_domain(),
        ]

    @api.model
    def _get_vouched_domain(self):
        """ Return which payments Safaricom tells of when asked, or a believed statement of it.

        :rtype: list
        """
        return [
            '|', ('pulled_at', '!=', False), '|', ('verified_by', 'like', 'status'),
            ('statement_line_ids', 'any', [
                ('disputed_by_id', '=', False), ('state', '!=', 'different'),
                ('statement_id.distrusted_at', '=', False),
            ]),
        ]

    # === ACTION METHODS === #

    def action_deny(self):
        """ Open the question what Safaricom answered.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        self.ensure_one()
        self._check_role('school_fees.group_bursar')
        return self._get_denial_action(is_undo=False)

    def action_approve_denial(self):
        """ Take these payments out of the books, as another person asked.

        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If nothing is asked for, the user asked it, or Safaricom tells of it.
        """
        self._check_role('school_fees.group_approver')
        for movement in self:
            movement_sudo = movement._lock_one()
            movement_sudo._check_denial_is_asked()
            movement._check_second_person(movement_sudo.denial_asked_by_id)
            movement_sudo._check_deniable()
            movement_sudo.with_company(movement_sudo.company_id)._take_out()

    def action_refuse_denial(self):
        """ Let the payments stand: an approver refuses, or who asked thinks better of it.

        :return: None
        :raise AccessError: If the user is neither.
        :raise UserError: If nothing is asked for.
        """
        for movement in self:
            movement_sudo = movement._lock_one()
            movement_sudo._check_denial_is_asked()
            if movement_sudo.denial_asked_by_id != self.env.user:
                movement._check_role('school_fees.group_approver')
            movement_sudo.write({
                'denial_state': 'refused', 'denial_decided_by_id': self.env.uid,
                'denial_decided_on': fields.Datetime.now(),
            })

    def action_undo_denial(self):
        """ Open the question why the payment is real after all.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is no approver.
        """
        self.ensure_one()
        self._check_role('school_fees.group_approver')
        return self._get_denial_action(is_undo=True)

    # === BUSINESS METHODS === #

    def _get_denial_action(self, *, is_undo):
        """ Return the dialog that asks for the note.

        :param bool is_undo: Whether a denial is taken back.
        :rtype: dict
        """
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_denial_action'),
            **({'name': self.env._("Take the denial back")} if is_undo else {}),
            'context': {
                'dialog_size': 'medium', 'default_mpesa_transaction_id': self.id,
                'default_is_undo': is_undo,
            },
        }

    def _ask_denial(self, note):
        """ Say that Safaricom does not know this payment; nothing is booked before it is approved.

        Note: `self.ensure_one()`

        :param str note: What Safaricom answered, in words.
        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If Safaricom told of it, it is not in the books, or is asked for already.
        """
        self._check_role('school_fees.group_bursar')
        movement_sudo = self._lock_one()
        if movement_sudo.denial_state == 'asked':
            raise UserError(self.env._(
                "%(person)s has said so already, and it waits for a second person. Nothing was"
                " changed.", person=movement_sudo.denial_asked_by_id.name,
            ))
        movement_sudo._check_deniable()
        movement_sudo.write({
            'denial_state': 'asked', 'denial_asked_by_id': self.env.uid,
            'denial_asked_on': fields.Datetime.now(), 'denial_note': note,
            **dict.fromkeys((
                'denial_decided_by_id', 'denial_decided_on', 'denial_undone_by_id',
                'denial_undone_on', 'denial_undo_note', 'denial_told_at',
            ), False),
        })

    def _check_denial_is_asked(self):
        """ Ensure that a denial waits.

        :return: None
        :raise UserError: If not.
        """
        self.ensure_one()
        if self.denial_state != 'asked':
            raise UserError(self.env._(
                "Nobody asks any more to take payment %(code)s out of the books. Nothing was"
                " changed. Read it again.", code=self.receipt,
            ))

    def _check_deniable(self):
        """ Ensure that this is money in the books of which only a message, or a file, told.

        :return: None
        :raise UserError: If not.
        """
        self.ensure_one()
        if self.kind != 'payment' or self.direction != 'in' or self.reversal_ids or not (
            self.receipt_id or self.suspense_payment_id
        ):
            raise UserError(self.env._(
                "Payment %(code)s does not stand in the books, or M-PESA gave some of it back."
                " Nothing was changed.", code=self.receipt,
            ))
        told = {self.source, *(self.verified_by or '').split()}
        if self.pulled_at or told & {'pull', 'status'}:
            raise UserError(self.env._(
                "Safaricom told of payment %(code)s itself, when we asked: it was paid. Nothing was"
                " changed. If a statement has it not, download that statement again.",
                code=self.receipt,
            ))
        lines = self.statement_line_ids.filtered(
            lambda line: not line.disputed_by_id and line.state != 'different'
            and not line.statement_id.distrusted_at
        )
        if lines and told != {'statement'}:
            raise UserError(self.env._(
                "Statement %(name)s has payment %(code)s, so Safaricom knows it. Nothing was"
                " changed. If the file is not genuine, find that out first.",
                code=self.receipt, name=lines[0].statement_id.name,
            ))
        if not self.receipt_id:
            self._check_waits_whole()

    def _check_waits_whole(self):
        """ Ensure that no entry by hand took some of it off *Unidentified fee receipts*.

        :return: None
        :raise UserError: If one did: the money would leave the books twice.
        """
        if not self._waits_whole():
            raise UserError(self.env._(
                "An entry by hand took some of payment %(code)s off Unidentified. Nothing was"
                " changed. Have an accountant reverse that entry first, or the money would leave"
                " the books twice.", code=self.receipt,
            ))

    def _waits_whole(self):
        """ Tell whether all of this payment waits on *Unidentified fee receipts*.

        :rtype: bool
        """
        self.ensure_one()
        waiting = self.suspense_payment_id._get_counterpart_line()
        return self.currency_id.compare_amounts(-waiting.amount_residual, self.amount) == 0

    def _take_out(self):
        """ Take money out of the books that was never paid: off the student, out of the wallet.

        All entries are reversed on their own days, where those are not locked, since the wallet at
        Safaricom never held it.

        Note: `self.ensure_one()`, in sudo mode.

        :return: None
        """
        self.ensure_one()
        receipt = self.receipt_id
        if receipt:
            receipt._reverse(self.env._(
                "Safaricom does not know this payment (%(code)s)", code=self.receipt,
            ), same_day=True)
            self.write({'receipt_id': False, 'previous_receipt_id': receipt.id})
        held = self.suspense_payment_id or receipt.line_ids.payment_id
        if self.suspense_payment_id:
            self._check_waits_whole()
            self._reverse_suspense()
        self.write({
            'denial_state': 'denied', 'denial_decided_by_id': self.env.uid,
            'denial_decided_on': fields.Datetime.now(),
            'denial_day': max(held.move_id.reversal_move_ids.mapped('date')),
            'denial_move_ids': [Command.set(self._find_entries().ids)],
        })
        # Its payer's page and the office must not go on saying *Paid*.
        self.payment_transaction_id.filtered(
            lambda tx: tx.mpesa_push_state == 'paid'
        ).mpesa_is_denied = True
        # The bills are open again: what else the student has paid settles them first.
        receipt._after_reversal()
        self.env.ref('school_mpesa.cron_prove_news').sudo()._trigger()

    def _find_entries(self):
        """ Return all entries by which this money came into the wallet and left it.

        :rtype: account.move
        """
        self.ensure_one()
        receipts = self.env['school.receipt'].search([
            ('money_kind', '=', 'mpesa'), ('external_ref', '=', self.receipt),
            ('company_id', 'child_of', self.company_id.id),
        ])
        waited = self.env['account.payment'].search([
            ('memo', '=', self.receipt), ('journal_id', '=', self.provider_id.journal_id.id),
        ])
        entries = (receipts.line_ids.payment_id | waited).move_id
        return entries | self.env['account.move'].search([('reversed_entry_id', 'in', entries.ids)])

    def _undo_denial(self, note):
        """ Take a denial back: the money waits in *Unidentified fee receipts* for its owner.

        An approver does it, and nobody who imported a file that tells of it: who wrote the file
        could else let it vouch for the money. Where Safaricom itself has not told of it meanwhile,
        it is none of the two who denied it.

        Note: `self.ensure_one()`

        :param str note: Why it is real, in words.
        :return: None
        :raise AccessError: If the user is no approver, or imported such a file.
        :raise UserError: If it is not denied.
        """
        self._check_role('school_fees.group_approver')
        movement_sudo = self._lock_one()
        if movement_sudo.denial_state != 'denied':
            raise UserError(self.env._(
                "Payment %(code)s is not denied any more. Nothing was changed. Read it again.",
                code=self.receipt,
            ))
        for statement in movement_sudo.statement_line_ids.statement_id.with_env(self.env):
            statement._check_second_person()
        if not movement_sudo.filtered_domain(self._get_vouched_domain()):
            # Only a message tells of it again, which whoever forged the first one can send.
            for person in movement_sudo.denial_asked_by_id | movement_sudo.denial_decided_by_id:
                self._check_second_person(person)
        movement_sudo.with_company(movement_sudo.company_id)._bring_back(note)

    def _bring_back(self, note):
        """ Put denied money back into the wallet, on the day on which it had left it.

        Note: `self.ensure_one()`, in sudo mode.

        :param str note: Why it is real, in words.
        :return: None
        """
        self.ensure_one()
        payment = self.env['account.payment'].create({
            **self._prepare_suspense_payment(self._make_arrival()), 'date': self.denial_day,
        })
        payment.action_post()
        self.write({
            'suspense_payment_id': payment.id, 'denial_state': 'undone',
            'denial_undone_by_id': self.env.uid, 'denial_undone_on': fields.Datetime.now(),
            'denial_undo_note': note,
        })
        self.payment_transaction_id.mpesa_is_denied = False
        self.env.ref('school_mpesa.cron_prove_news').sudo()._trigger()

    def _meet_again(self, arrival):
        """ Override: what was denied is not booked by what tells of it later. """
        # Also not by the same words again, which are a plain repeat of anything else.
        if self.denial_state == 'denied' and not (
            arrival.problem or self._find_contradiction(arrival)
        ):
            self._meet_after_denial(arrival)
            return
        super()._meet_again(arrival)

    def _meet_after_denial(self, arrival):
        """ Take a message about a payment that was denied: nothing is booked, a person decides.

        :param Arrival arrival: The news.
        :return: None
        """
        self.ensure_one()
        tx = arrival.tx or arrival.asked
        if tx and tx.mpesa_push_state != 'paid':
            tx.mpesa_needs_person = True  # Paid or not: that is for the person who decides.
        self._learn(arrival)
        self.denial_told_at = fields.Datetime.now()
        arrival.callback._close('done', self.env._(
            "Denied before, but Safaricom tells of it now: nothing is booked, a person decides."
        ), movement=self, tx=tx)
