from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import proof


# An order that may have moved money, or may still move it: a payment has one at a time.
OPEN_STATES = ('asked', 'approved', 'sent', 'unknown')
# Results have come hours late: until then nobody says that money did not go back.
PATIENCE = timedelta(hours=24)


class MpesaMoneyBack(models.Model):
    """A payment that is to go back to who paid it: asked for by one person, approved by another.

    Safaricom is told once, by a question of the kind *reversal* in the same outbox as all others.
    Nothing is booked before it confirms: by the result of the order, or by a statement that tells
    of the reversal.
    """

    _name = 'mpesa.money.back'
    _inherit = ['mail.thread', 'school.approval.mixin']
    _description = "M-PESA Money Back"
    _order = 'id desc'
    _rec_name = 'number'
    _check_company_auto = True

    number = fields.Char(string="Number", required=True, readonly=True)
    mpesa_transaction_id = fields.Many2one(
        string="Payment", comodel_name='mpesa.transaction', required=True, readonly=True,
        index=True, check_company=True, ondelete='restrict',
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
    amount = fields.Monetary(
        string="Amount", required=True, readonly=True,
        help="All of the payment: Safaricom promises nothing of a part.",
    )
    whose = fields.Char(
        string="Whose", readonly=True,
        help="Whose money it was when it was asked back, and the receipt that it was on.",
    )
    reason = fields.Char(string="Reason", required=True, readonly=True)
    state = fields.Selection(
        string="Status",
        selection=[
            ('asked', "Asked"), ('approved', "Approved"), ('sent', "Ordered"),
            ('done', "Given back"), ('failed', "Not given back"), ('unknown', "Not known"),
            ('refused', "Refused"), ('expired', "Expired"),
        ],
        required=True, readonly=True, default='asked', tracking=True, index=True,
    )

    # === FIELDS - WHO, AND WHEN === #

    asked_by_id = fields.Many2one(
        string="Asked By", comodel_name='res.users', required=True, readonly=True,
        ondelete='restrict',
    )
    expires_at = fields.Datetime(
        string="Waits Until", required=True, readonly=True,
        help="Who has not approved it by then does not any more.",
    )
    decided_by_id = fields.Many2one(
        string="Second Person", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who approved it, or refused it.",
    )
    decided_at = fields.Datetime(string="Decided On", readonly=True)
    closed_by_id = fields.Many2one(
        string="Looked Up By", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who has found out that the money never went back.",
    )

    # === FIELDS - WHAT CAME OF IT === #

    command_ids = fields.One2many(
        string="Order", comodel_name='mpesa.command', inverse_name='money_back_id', readonly=True,
    )
    reversal_id = fields.Many2one(
        string="Went Back By", comodel_name='mpesa.transaction', readonly=True,
        index='btree_not_null', ondelete='restrict', check_company=True,
    )
    can_approve = fields.Boolean(compute='_compute_can_decide')
    can_refuse = fields.Boolean(compute='_compute_can_decide')
    can_close = fields.Boolean(compute='_compute_can_decide')
    can_ask_safaricom = fields.Boolean(compute='_compute_can_ask_safaricom')

    _open_uniq = models.UniqueIndex(
        "(mpesa_transaction_id) WHERE state IN ('asked', 'approved', 'sent', 'unknown')",
        "This payment is being given back already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('state', 'asked_by_id', 'command_ids.needs_person')
    @api.depends_context('uid')
    def _compute_can_decide(self):
        is_approver = self.env.user.has_group('school_fees.group_approver')
        for order in self:
            is_other = is_approver and order.asked_by_id != self.env.user
            order.can_approve = is_other and order.state == 'asked'
            order.can_refuse = order.state == 'asked' and (
                is_approver or order.asked_by_id == self.env.user
            )
            order.can_close = is_other and order._can_be_closed()

    @api.depends('state', 'command_ids.state')
    def _compute_can_ask_safaricom(self):
        for order in self:
            # In sudo mode: the names of an order are the system's.
            command = order.sudo().command_ids
            order.can_ask_safaricom = order.state == 'unknown' and command._can_ask_about_order()

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was asked about money stays on record. Refuse it."))

    # === BUSINESS METHODS === #

    def _can_be_closed(self):
        """ Tell whether a person may say that it never went back: Safaricom had a day to tell, and
        where it has said two things, a statement of that day is there.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.state == 'unknown' and fields.Datetime.now() - self.decided_at >= PATIENCE
            and not self._waits_for_statement()
        )

    def _waits_for_statement(self):
        """ Tell whether Safaricom has said two things, of which a statement has to tell the true.

        :rtype: bool
        """
        self.ensure_one()
        # In sudo mode: who may approve need not read statements.
        order = self.sudo()
        return (
            order.state == 'unknown' and order.command_ids.needs_person and not order._is_stated()
        )

    def _is_stated(self):
        """ Tell whether one statement has everything from the order until its day ended.

        :rtype: bool
        """
        self.ensure_one()
        command = self.command_ids
        day = self.env['mpesa.transaction']._get_eat_day(command.sent_at)
        _start, end = proof.get_day_bounds(day)
        return any(
            statement._is_whole() and statement._get_cover()['start'] <= command.sent_at
            and statement._get_cover()['end'] >= end
            for statement in self.env['mpesa.statement'].search([
                ('environment', '=', command.environment), ('shortcode', '=', command.shortcode),
                ('period_start', '<=', command.sent_at), ('distrusted_at', '=', False),
            ])
        )

    def _follow(self, state):
        """ Note what became of orders that are under way.

        Money that went back stays so, and what a person has closed, whatever else is told.

        :param str state: As of the field.
        :return: None
        """
        self.filtered(lambda order: order.state in {'approved', 'sent', 'unknown'}).state = state

    def _doubt(self):
        """ Note that the money may have gone back, also where Safaricom had refused the order.

        What a person has closed stays closed, and so does an order after which another was asked
        for: they say what Safaricom has said since.

        :return: None
        """
        self._follow('unknown')
        for order in self.filtered(lambda order: order.state == 'failed'):
            orders = order.mpesa_transaction_id.money_back_ids
            if not order.closed_by_id and not any(o.state in OPEN_STATES for o in orders):
                order.state = 'unknown'

    def _note_given_back(self, reversal):
        """ Note that the money went back: Safaricom has said so, and it has left the books.

        An order that was not sent yet is sent no more.

        :param mpesa.transaction reversal: The movement by which it went.
        :return: None
        """
        for order in self.filtered(lambda order: order.state != 'done'):
            order.command_ids.filtered(lambda command: command.state == 'queued')._fail(
                'not_sent', problem=self.env._("M-PESA had given it back by then."),
            )
            order.write({'state': 'done', 'reversal_id': reversal.id})
