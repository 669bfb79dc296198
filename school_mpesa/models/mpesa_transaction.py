import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import vault


class MpesaTransaction(models.Model):
    """A movement of money at Safaricom: one row per shortcode and receipt number.

    This is what Safaricom says happened, whatever we asked for. It is never deleted and its money
    columns never change; what it became in our books is linked.
    """

    _name = 'mpesa.transaction'
    _description = "M-PESA Movement"
    _order = 'paid_at desc, id desc'
    _rec_name = 'receipt'
    _check_company_auto = True

    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', required=True, readonly=True,
        index=True, ondelete='restrict',
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    environment = fields.Char(string="Environment", required=True, readonly=True)
    shortcode = fields.Char(string="Shortcode", required=True, readonly=True)
    receipt = fields.Char(string="M-PESA Code", required=True, readonly=True, index=True)
    kind = fields.Selection(
        string="Kind", selection=[('payment', "Payment"), ('reversal', "Reversal")],
        required=True, readonly=True, default='payment',
    )
    direction = fields.Selection(
        string="Direction", selection=[('in', "In"), ('out', "Out")], required=True, readonly=True,
        default='in',
    )
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', required=True, readonly=True,
    )
    paid_at = fields.Datetime(
        string="Paid", readonly=True,
        help="When the money moved, as Safaricom says. Stored in UTC.",
    )
    first_seen_at = fields.Datetime(
        string="First Seen", required=True, readonly=True, default=fields.Datetime.now,
    )
    account_reference = fields.Char(
        string="Account", readonly=True, help="What the payer typed, to the letter.",
    )
    source = fields.Selection(
        string="Learnt From",
        selection=[
            ('stk', "Prompt result"), ('confirmation', "Paybill confirmation"), ('pull', "Pull"),
            ('statement', "Statement"), ('status', "Status question"),
        ],
        required=True, readonly=True,
    )
    verified_by = fields.Char(
        string="Also Seen In", readonly=True, help="The other messages that told the same.",
    )
    pulled_at = fields.Datetime(
        string="Told by Pull", readonly=True, help="When Pull told of it, stored in UTC.",
    )
    stated_at = fields.Datetime(
        string="On a Statement", readonly=True,
        help="When a statement that tells of it was imported, stored in UTC.",
    )
    stk_digest = fields.Char(
        readonly=True, groups='base.group_system', exportable=False,
        help="Keyed digest of what the prompt's result said; the same again is a repeat.",
    )
    confirmation_digest = fields.Char(
        readonly=True, groups='base.group_system', exportable=False,
        help="Keyed digest of what the confirmation said; the same again is a repeat.",
    )
    payer_sealed = fields.Char(readonly=True, groups='base.group_system', exportable=False)
    payer_key_id = fields.Integer(readonly=True, groups='base.group_system', exportable=False)
    payer_index = fields.Char(
        readonly=True, index='btree_not_null', groups='base.group_system', exportable=False,
        help="Keyed digest of the payer's number, so that it can be searched for.",
    )
    payer_mask = fields.Char(string="Payer's Phone", readonly=True)
    payment_transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null', ondelete='restrict',
    )
    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='school.receipt', readonly=True, index='btree_not_null',
        ondelete='restrict',
        # No `check_company`: a shortcode also serves the branches of its school.
    )
    previous_receipt_id = fields.Many2one(
        string="Was On", comodel_name='school.receipt', readonly=True, index='btree_not_null',
        ondelete='restrict',  # Without `check_company`: see above.
        help="The receipt that was reversed, which the movement had been matched with.",
    )
    suspense_payment_id = fields.Many2one(
        string="Unidentified Payment", comodel_name='account.payment', readonly=True,
        index='btree_not_null', ondelete='restrict', check_company=True,
        help="The posting to \"Unidentified fee receipts\" while nobody knew whose money it is.",
    )
    reverses_id = fields.Many2one(
        string="Reverses", comodel_name='mpesa.transaction', readonly=True,
        index='btree_not_null', ondelete='restrict',
    )
    callback_ids = fields.One2many(
        string="Messages", comodel_name='mpesa.callback', inverse_name='mpesa_transaction_id',
        readonly=True,
    )

    _movement_uniq = models.UniqueIndex(
        "(environment, shortcode, receipt, kind, direction)",
        "This movement of money is already recorded.",
    )

    # The queue of unidentified payments, and what is not booked: few among many.
    _unbooked_idx = models.Index("(company_id, paid_at) WHERE receipt_id IS NULL")
    # Reversals that wait for a person, or for their payment: few among many.
    _reversal_waits_idx = models.Index("(id) WHERE reversal_state = 'person'")

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A movement of money is never deleted."))

    # === BUSINESS METHODS === #

    def _same_money(self, amount):
        """ Tell whether another message about this movement says the same.

        :param Decimal amount: What the other message says, in KES.
        :rtype: bool
        """
        self.ensure_one()
        return self.currency_id.compare_amounts(self.amount, float(amount)) == 0

    def _read_payer(self):
        """ Return what is known of the payer, for a screen that may show it.

        :return: {'phone': str, 'name': str}, empty when forgotten or never known.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        self.ensure_one()
        if not (self.env.su or self.env.user.has_group('school_fees.group_bursar')):
            raise AccessError(self.env._("Only the bursar's office sees who paid."))
        movement = self.sudo()
        key = self.env['mpesa.callback.key'].sudo().browse(movement.payer_key_id).exists()
        if not (movement.payer_sealed and key):
            return {}
        return json.loads(vault.unseal_bytes(
            vault.open_data_key(key.wrapped), bytes.fromhex(movement.payer_sealed),
        ))

    @api.model
    def _get_eat_day(self, moment):
        """ Return the day in Kenya of a moment.

        East Africa Time is UTC+3 the whole year, without daylight saving.

        :param datetime moment: A naive UTC datetime.
        :rtype: date
        """
        return (moment + timedelta(hours=3)).date()
