from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import daraja
from .mpesa_callback_found import FOUND_ENDPOINTS


MONEY_ENDPOINTS = ('stk', 'confirmation', *FOUND_ENDPOINTS)


class MpesaCallback(models.Model):
    """Asking Safaricom about the payment that a doubtful message tells of."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    can_ask_safaricom = fields.Boolean(compute='_compute_can_ask_safaricom')

    # === COMPUTE METHODS === #

    @api.depends('state', 'endpoint')
    def _compute_can_ask_safaricom(self):
        for callback in self:
            callback.can_ask_safaricom = (
                callback.state in {'conflict', 'quarantined', 'parked'}
                and callback.endpoint in MONEY_ENDPOINTS
                and callback.provider_id.sudo().mpesa_status_enabled
            )  # In sudo mode: providers are the system's.

    # === ACTION METHODS === #

    def action_ask_safaricom(self):
        """ Ask what Safaricom says of the payment that the message tells of.

        :return: The action that shows the question and its answer.
        :rtype: dict
        :raise UserError: If the message names no payment, or it cannot be asked.
        """
        self.ensure_one()
        Command = self.env['mpesa.command']
        Command._check_office()
        self.check_access('read')
        code = self.sudo()._list_told_codes()[self.sudo()]
        if not code:
            raise UserError(self.env._(
                "The message names no M-PESA code, so there is nothing to ask about. Nothing was"
                " sent."
            ))
        return Command._ask_status(
            self.provider_id, code, self.payment_transaction_id,
        )._get_view_action()

    # === BUSINESS METHODS === #

    def _list_told_codes(self):
        """ Return the M-PESA code that each message names; read in sudo mode, for its bytes.

        :return: The codes, '' where there is none.
        :rtype: dict[mpesa.callback, str]
        """
        codes = {}
        for callback, body in self._read_bodies().items():
            try:
                codes[callback] = (body and callback._read_told_code(body)) or ''
            except daraja.UnreadableCallback:
                codes[callback] = ''
        return codes

    def _read_told_code(self, body):
        """ Return the M-PESA code that a message names.

        :param bytes body: Its bytes.
        :rtype: str
        :raise UnreadableCallback: If it cannot be read.
        """
        self.ensure_one()
        if self.endpoint == 'stk':
            return daraja.parse_stk_callback(body).receipt
        if self.endpoint == 'confirmation':
            return daraja.parse_c2b(body).receipt
        if self.endpoint in FOUND_ENDPOINTS:
            return self._read_found(body).receipt
        return ''
