import secrets
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import float_round

from .. import const, vault


CHANNELS = [
    ('stk_push', "STK Push"),
    ('payment_link', "Payment Link"),
    ('invoice', "Invoice Payment"),
    ('statement', "Statement Payment"),
    ('api', "School App"),
]


class PaymentTransaction(models.Model):
    """A payment request: what we asked for, of whom, how, and what became of it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    # === FIELDS - THE REQUEST === #

    mpesa_channel = fields.Selection(string="Channel", selection=CHANNELS, readonly=True)
    mpesa_student_id = fields.Many2one(
        string="Student", comodel_name='school.student', readonly=True, index='btree_not_null',
        ondelete='restrict',
    )
    mpesa_initiator_id = fields.Many2one(
        string="Asked By", comodel_name='res.users', readonly=True,
    )
    mpesa_note = fields.Char(string="Note", readonly=True)
    mpesa_account_reference = fields.Char(
        string="Account", readonly=True,
        help="What the payer sees on the pop-up: the admission number.",
    )
    mpesa_intent = fields.Char(
        readonly=True, copy=False, groups='base.group_system', exportable=False,
        help="One rendered form is one request, however often it is sent.",
    )
    mpesa_retry_of_id = fields.Many2one(
        string="Retry Of", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null', copy=False,
    )

    # === FIELDS - THE PHONE, never in clear === #

    mpesa_phone = fields.Char(
        string="Payer's Phone", compute='_compute_mpesa_phone', groups='base.group_system',
        exportable=False,
    )
    mpesa_phone_mask = fields.Char(string="Phone (masked)", readonly=True)
    mpesa_phone_sealed = fields.Char(
        readonly=True, copy=False, groups='base.group_system', exportable=False,
    )
    mpesa_phone_index = fields.Char(
        readonly=True, copy=False, index='btree_not_null', groups='base.group_system',
        exportable=False,
    )
    mpesa_in_flight = fields.Boolean(
        readonly=True, copy=False, default=False,
        help="A prompt may be open on the phone: no second one is sent there.",
    )

    # === FIELDS - THE PUSH === #

    mpesa_push_state = fields.Selection(
        string="Prompt",
        selection=[
            ('queued', "Queued"),
            ('sent', "Sending"),
            ('accepted', "On the phone"),
            ('unknown', "Unknown"),
            ('receipt_pending', "Paid, receipt pending"),
            ('paid', "Paid"),
            ('declined', "Not paid"),
            ('expired', "Expired"),
        ],
        readonly=True, copy=False, index='btree_not_null',
    )
    mpesa_salt = fields.Char(
        readonly=True, copy=False, groups='base.group_system', exportable=False,
    )
    mpesa_push_digest = fields.Char(
        readonly=True, copy=False, groups='base.group_system', exportable=False,
    )
    mpesa_attempt_digest = fields.Char(
        readonly=True, copy=False, groups='base.group_system', exportable=False,
    )
    mpesa_attempt_token = fields.Char(
        compute='_compute_mpesa_attempt', groups='base.group_system', exportable=False,
    )
    mpesa_attempt_url = fields.Char(
        string="Waiting Page", compute='_compute_mpesa_attempt', groups='base.group_system',
        exportable=False,
    )
    mpesa_sent_at = fields.Datetime(string="Sent", readonly=True, copy=False)
    mpesa_push_tries = fields.Integer(string="Calls", readonly=True, copy=False)
    mpesa_next_push_at = fields.Datetime(readonly=True, copy=False)
    mpesa_merchant_request_id = fields.Char(
        string="Merchant Request", readonly=True, copy=False,
    )
    mpesa_checkout_sealed = fields.Char(
        readonly=True, copy=False, groups='base.group_system', exportable=False,
        help="Sealed: a CheckoutRequestID ends in the payer's number (daraja.md 1.9).",
    )
    mpesa_checkout_index = fields.Char(
        readonly=True, copy=False, index='btree_not_null', groups='base.group_system',
        exportable=False,
    )

    # === FIELDS - THE OUTCOME === #

    mpesa_result_code = fields.Char(string="Result", readonly=True, copy=False)
    mpesa_result_source = fields.Selection(
        string="Learnt From",
        selection=[
            ('answer', "Safaricom's answer"), ('callback', "Callback"), ('query', "Query"),
            ('confirmation', "Paybill confirmation"), ('school', "This system"),
        ],
        readonly=True, copy=False,
    )
    mpesa_was_declined = fields.Boolean(
        readonly=True, copy=False, help="A failure was shown before the money came.",
    )
    mpesa_next_query_at = fields.Datetime(string="Next Query", readonly=True, copy=False)
    mpesa_query_code = fields.Char(
        readonly=True, copy=False,
        help="What the last query with a final answer said. A success is never taken back.",
    )
    mpesa_queried_at = fields.Datetime(
        readonly=True, copy=False, help="When that answer came.",
    )
    mpesa_query_confirmed = fields.Boolean(
        readonly=True, copy=False, help="A query has followed the outcome.",
    )
    mpesa_needs_person = fields.Boolean(
        string="Ask Safaricom", readonly=True, copy=False,
        help="No outcome for a day, or one that contradicts the request: somebody has to look it"
             " up.",
    )
    mpesa_is_given_back = fields.Boolean(
        string="Given Back by M-PESA", readonly=True, copy=False,
        help="It was paid, and M-PESA gave all of it back to the payer.",
    )
    mpesa_is_denied = fields.Boolean(
        string="Not Known to Safaricom", readonly=True, copy=False,
        help="A message said that it was paid, and Safaricom does not know that payment.",
    )
    mpesa_untold = fields.Boolean(readonly=True, copy=False)
    mpesa_receipt_id = fields.Many2one(
        string="Receipt", comodel_name='school.receipt', readonly=True, copy=False,
        index='btree_not_null', ondelete='restrict',
    )
    mpesa_receipt_number = fields.Char(string="M-PESA Code", readonly=True, copy=False)

    _mpesa_intent_uniq = models.UniqueIndex(
        "(mpesa_intent) WHERE mpesa_intent IS NOT NULL", "This form was already sent.",
    )
    _mpesa_in_flight_uniq = models.UniqueIndex(
        "(mpesa_phone_index) WHERE mpesa_in_flight", "A prompt is already on this phone.",
    )
    _mpesa_push_digest_uniq = models.UniqueIndex(
        "(mpesa_push_digest) WHERE mpesa_push_digest IS NOT NULL", "This prompt exists already.",
    )
    _mpesa_attempt_digest_uniq = models.UniqueIndex(
        "(mpesa_attempt_digest) WHERE mpesa_attempt_digest IS NOT NULL", "This exists already.",
    )
    _mpesa_outbox_idx = models.Index("(id) WHERE mpesa_push_state = 'queued'")
    _mpesa_chase_idx = models.Index(
        "(mpesa_next_query_at) WHERE mpesa_next_query_at IS NOT NULL"
    )
    _mpesa_untold_idx = models.Index("(id) WHERE mpesa_untold")
    # What was asked on one day, whatever was asked before.
    _mpesa_asked_idx = models.Index(
        "(company_id, create_date) WHERE mpesa_push_state IS NOT NULL"
    )
    _mpesa_confirmation_idx = models.Index(
        "(provider_id, mpesa_account_reference, amount) WHERE mpesa_push_state IS NOT NULL"
    )
    _mpesa_recent_idx = models.Index(
        "(provider_id, create_date) WHERE mpesa_push_state IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_phone_sealed')
    def _compute_mpesa_phone(self):
        for tx in self:
            sealed = tx.sudo().mpesa_phone_sealed
            tx.mpesa_phone = sealed and vault.unseal(tx._mpesa_seal_context('phone'), sealed)

    @api.depends('mpesa_salt')
    def _compute_mpesa_attempt(self):
        for tx in self:
            salt = tx.sudo().mpesa_salt
            tx.mpesa_attempt_token = salt and vault.derive_token('attempt', salt)
            tx.mpesa_attempt_url = salt and f'/p/a/{tx.mpesa_attempt_token}'

    # === CRUD METHODS === #

    @api.model
    def _get_specific_create_values(self, provider_code, values):
        """ Override of `payment`: whole shillings, and no phone in clear.

        `partner_phone` would copy the partner's number into every request; it stays empty on ours
        (design section 8).
        """
        res = super()._get_specific_create_values(provider_code, values)
        if provider_code != 'mpesa':
            return res
        return {
            **res,
            'amount': float_round(values['amount'], precision_digits=0, rounding_method='UP'),
            'partner_phone': False,
        }

    # === BUSINESS METHODS === #

    @api.model
    def _mpesa_prepare_secrets(self, phone):
        """ Return the create values that hold a request's tokens and phone.

        :param str phone: The number as Daraja wants it, 2547… or 2541….
        :rtype: dict
        """
        salt = secrets.token_hex(16)
        return {
            'mpesa_salt': salt,
            'mpesa_push_digest': vault.blind_index('push', vault.derive_token('push', salt)),
            'mpesa_attempt_digest': vault.blind_index(
                'attempt', vault.derive_token('attempt', salt)
            ),
            'mpesa_phone_sealed': vault.seal(f'payment.transaction,{salt},phone', phone),
            'mpesa_phone_index': vault.blind_index('phone', phone),
        }

    def _mpesa_seal_context(self, name):
        """ Return the context that a sealed field of this request is bound to.

        :param str name: 'phone' or 'checkout'.
        :rtype: str
        """
        self.ensure_one()
        return f'payment.transaction,{self.sudo().mpesa_salt},{name}'

    def _mpesa_get_checkout_request_id(self):
        """ Return Daraja's id of the prompt, '' while there is none.

        :rtype: str
        """
        self.ensure_one()
        sealed = self.sudo().mpesa_checkout_sealed
        return vault.unseal(self._mpesa_seal_context('checkout'), sealed) if sealed else ''

    @api.model
    def _mpesa_find_attempt(self, token):
        """ Find the request of a waiting page.

        :param str token: The end of the page's address, any text.
        :return: The request in sudo mode, or an empty recordset.
        :rtype: payment.transaction
        """
        if not token or not token.isascii() or len(token) != 32:
            return self.sudo().browse()
        return self.sudo().search([
            ('mpesa_attempt_digest', '=', vault.blind_index('attempt', token)),
        ], limit=1)

    def _mpesa_move_to(self, push_state, **values):
        """ Move requests to a push state and to the Odoo state that goes with it.

        The state is written directly, and not through `_set_*`, because those post a message on
        each linked bill inside the money's own transaction; ours go out after the commit.

        :param str push_state: One of the push states of design section 3.
        :param values: Other fields to write along.
        :return: None
        """
        state = const.STATE_OF_PUSH[push_state]
        is_open = push_state in const.OPEN_PUSH_STATES
        self.write({
            'mpesa_push_state': push_state,
            'state': state,
            'last_state_change': fields.Datetime.now(),
            **({} if is_open else {'mpesa_in_flight': False, 'mpesa_untold': True}),
            **values,
        })

    def _mpesa_get_amount(self):
        """ Return the amount as an exact number.

        :return: KES.
        :rtype: Decimal
        """
        self.ensure_one()
        return Decimal(str(self.amount))
