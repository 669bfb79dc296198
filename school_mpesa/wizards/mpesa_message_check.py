from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command

from .. import const, daraja, vault


# The clocks of the phone's message and of Safaricom's news may stand on two sides of midnight.
MIDNIGHT_MINUTES = 5
UNREAD_MOST = 300  # messages of Safaricom that wait, which one check reads


class MpesaMessageCheck(models.TransientModel):
    """Is this message real? A counter checks the M-PESA message that a payer shows.

    What the message says books nothing and proves nothing; only what Safaricom told us counts. A
    cashier may read no movement, so the look-up runs in sudo mode and tells what a counter may
    know: amount, students, receipt and time, never the payer. The text itself is not stored: it
    can hold names, numbers and a stranger's balance.
    """

    _name = 'mpesa.message.check'
    _description = "Is This Message Real?"

    message = fields.Text(
        string="M-PESA Message", compute='_compute_message', inverse='_inverse_message',
        help="The whole text as the phone shows it, or the M-PESA code alone.",
    )
    currency_id = fields.Many2one(
        comodel_name='res.currency', default=lambda self: self.env.company.currency_id,
    )
    code = fields.Char(string="M-PESA Code", readonly=True)
    told_amount = fields.Monetary(string="Amount in the Message", readonly=True)
    told_day = fields.Date(string="Day in the Message", readonly=True)

    # === FIELDS - WHAT WAS FOUND: links that only the system reads and writes === #

    checked_at = fields.Datetime(groups='base.group_system')
    movement_id = fields.Many2one(comodel_name='mpesa.transaction', groups='base.group_system')
    reference_receipt_id = fields.Many2one(
        comodel_name='school.receipt', groups='base.group_system',
    )
    unread = fields.Selection(
        selection=[('waiting', "Waiting"), ('doubtful', "Doubtful"), ('many', "Too many to read")],
        groups='base.group_system',
    )
    similar_code = fields.Char(groups='base.group_system')
    command_ids = fields.Many2many(
        comodel_name='mpesa.command', groups='base.group_system',
        help="What Safaricom was asked about the code.",
    )

    # === COMPUTE METHODS === #

    def _compute_message(self):
        self.message = False

    def _inverse_message(self):
        for check in self.filtered(lambda c: (c.message or '').strip()):
            told = daraja.read_message(check.message)
            if not told.code:
                # An error leaves on the screen what was typed, to be put right.
                raise UserError(check._explain_no_code(told))
            check.write({
                'code': told.code,
                'told_amount': float(told.amount or 0),
                'told_day': told.day,
            })
            check.sudo().write({
                'checked_at': False, 'movement_id': False, 'reference_receipt_id': False,
                'unread': False, 'similar_code': False, 'command_ids': [Command.clear()],
            })

    # === ACTION METHODS === #

    def action_check(self):
        """ Look up what Safaricom told us of the payment.

        :return: The action that shows the answer.
        :rtype: dict
        :raise UserError: If there is nothing to check, or too many were checked.
        """
        self.ensure_one()
        self._check_right()
        if not self.code:
            raise UserError(self._explain_no_code(daraja.MessageText()))
        self._count()
        # In sudo mode: what was found is nobody's to write, and movements are not a cashier's.
        # The schools are the user's, checked here: in sudo mode any would be believed.
        self.sudo()._look_up(self.env.companies)
        self._ask_safaricom()
        return self._get_action()

    def action_check_similar(self):
        """ Check the code that was meant perhaps, which a person chose so.

        :return: The action that shows the answer.
        :rtype: dict
        """
        self.ensure_one()
        self._check_right()
        if self.sudo().similar_code:
            self.code = self.sudo().similar_code
        return self.action_check()

    def action_open_receipt(self):
        """ Open the receipt that the payment is on.

        :rtype: dict
        :raise AccessError: If the user may not see it.
        """
        self.ensure_one()
        self._check_right()
        receipt = self._get_receipt_sudo().sudo(False)
        receipt.check_access('read')
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'school.receipt',
            'res_id': receipt.id,
            'views': [(False, 'form')],
        }

    def action_open_queue(self):
        """ Open the money that nobody has been found for.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_transaction_action'),
            'context': {'search_default_unidentified': 1, 'search_default_receipt': self.code},
        }

    # === BUSINESS METHODS === #

    def _check_right(self):
        """ Ensure that the user works at the counter, on a check of the user's own.

        :raise AccessError: If not.
        """
        if not self.env.user.has_group('school_fees.group_cashier'):
            raise AccessError(self.env._("Only the counter and the bursar's office check messages."
                                         " Nothing was checked."))
        self.check_access('write')

    def _count(self):
        """ Count this check, so that nobody walks through codes.

        :raise UserError: If this user checked too many.
        """
        if not vault.has_keys():
            raise UserError(self.env._(
                "This server holds no encryption keys, so no message of Safaricom can be here."
                " Nothing was checked. Ask the administrator: the M-PESA provider says how to make"
                " them."
            ))
        counter_sudo = self.env['mpesa.rate.counter'].sudo()  # Nobody else may count.
        for most, seconds in const.MESSAGE_CHECK_LIMITS:
            if counter_sudo._hit('message check', str(self.env.uid), seconds) > most:
                raise UserError(self.env._(
                    "You have checked %(count)s messages in a short time, which is the most that"
                    " one person may. This one was not checked, so give no receipt for it. Try"
                    " again in some minutes, or ask the bursar.", count=most,
                ))

    def _look_up(self, companies):
        """ Find the payment of the code, or what else is known of it. In sudo mode.

        :param res.company companies: The schools that the user may see.
        :return: None
        """
        movement = self._find_movements([self.code], companies)[:1]
        unread = not movement and self._find_unread(companies)
        receipt = (
            self.env['school.receipt'] if movement or unread else self._find_reference(companies)
        )
        known = movement or receipt or unread in {'waiting', 'doubtful'}
        similar = [] if known else daraja.similar_codes(self.code)
        self.write({
            'checked_at': fields.Datetime.now(),
            'movement_id': movement.id,
            'reference_receipt_id': receipt.id,
            'unread': unread,
            'similar_code': self._find_movements(similar, companies)[:1].receipt,
        })

    def _ask_safaricom(self):
        """ Ask Safaricom about a code of which nothing is known; its answer comes later.

        In the name of the user, whose questions are counted.
        """
        check = self.sudo()
        if not (check.movement_id or check.unread or check.reference_receipt_id):
            check.command_ids = [Command.set(
                self.env['mpesa.command']._ask_counter(self.env.companies, self.code).ids
            )]

    def _get_movement(self):
        """ Return the payment of the code: also one that was booked since Safaricom was asked.

        :return: In sudo mode.
        :rtype: mpesa.transaction
        """
        check = self.sudo()
        if check.movement_id or not check.command_ids:
            return check.movement_id
        return check._find_movements([self.code], self.env.companies)[:1]

    def _find_movements(self, codes, companies):
        """ Return the movements of some codes that some schools have to do with.

        A shortcode also serves the branches of its school.

        :param list[str] codes: M-PESA codes.
        :param res.company companies: The schools.
        :return: What was paid to us first; production first.
        :rtype: mpesa.transaction
        """
        return self.env['mpesa.transaction'].search([
            ('receipt', 'in', codes), ('company_id', 'parent_of', companies.ids),
        ]).sorted(lambda m: (m.kind != 'payment', m.environment != 'production'))

    def _find_reference(self, companies):
        """ Return the receipt that names the code although it is no payment Safaricom told us of.

        :param res.company companies: The schools.
        :rtype: school.receipt
        """
        return self.env['school.receipt'].search([
            # The desk keeps references in capitals, as codes are.
            ('external_ref', '=', self.code), ('company_id', 'in', companies.ids),
            ('state', '!=', 'draft'),
        ]).sorted(lambda receipt: receipt.state != 'posted')[:1]

    def _find_unread(self, companies):
        """ Tell whether a message that is not booked names the code.

        The messages are sealed, so those that wait are opened one after the other.

        :param res.company companies: The schools.
        :return: 'waiting', 'doubtful' or False; 'many' when more wait than one check reads.
        :rtype: str | bool
        """
        Callback = self.env['mpesa.callback']
        ours = [
            ('company_id', 'parent_of', companies.ids),
            ('endpoint', 'in', ('stk', 'confirmation')),
        ]
        # Each in the order of its own small index.
        waiting = Callback.search(
            [('state', 'in', ('new', 'parked')), *ours],
            order='next_try_at, id', limit=UNREAD_MOST + 1,
        )
        doubtful = Callback.search(
            [('state', 'in', ('quarantined', 'conflict', 'unreadable')), *ours],
            order='state, id desc', limit=UNREAD_MOST,
        )
        if any(self._list_told(waiting[:UNREAD_MOST])):
            return 'waiting'
        if any(self._list_told(doubtful)):
            return 'doubtful'
        return 'many' if len(waiting) > UNREAD_MOST else False

    def _list_told(self, callbacks):
        """ Tell of messages whether they are about the payment of the code.

        What the payer typed as account may be a code as well, so the messages are read.

        :param mpesa.callback callbacks: The messages.
        :return: One answer for each.
        :rtype: Iterator[bool]
        """
        for callback, body in callbacks._read_bodies().items():
            parse = daraja.parse_stk_callback if callback.endpoint == 'stk' else daraja.parse_c2b
            try:
                yield body is not None and parse(body).receipt == self.code
            except daraja.UnreadableCallback:
                yield self.code.encode() in body.upper()

    def _get_receipt_sudo(self):
        """ Return the receipt that the answer names, in sudo mode.

        :return: None when the user's schools are not those of the receipt.
        :rtype: school.receipt
        """
        check = self.sudo()
        movement = self._get_movement()
        receipt = (
            movement.receipt_id or movement.previous_receipt_id or check.reference_receipt_id
        )
        return receipt.filtered(lambda r: r.company_id in self.env.companies)

    def _is_altered(self):
        """ Tell which parts of the message contradict what Safaricom told us.

        :return: Of 'amount' and 'day', those that do.
        :rtype: set[str]
        """
        movement = self._get_movement()
        altered = set()
        if self.told_amount and movement.currency_id.compare_amounts(
            self.told_amount, movement.amount,
        ) != 0:
            altered.add('amount')
        slack = timedelta(minutes=MIDNIGHT_MINUTES)
        if self.told_day and movement.paid_at and self.told_day not in {
            movement._get_eat_day(movement.paid_at + difference)
            for difference in (-slack, slack)
        }:
            altered.add('day')
        return altered

    def _get_action(self):
        """ Return the action that shows this check again, with its answer.

        :rtype: dict
        """
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_message_check_action'),
            'res_id': self.id,
        }
