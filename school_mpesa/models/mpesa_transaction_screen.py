from odoo import api, fields, models


class MpesaTransaction(models.Model):
    """A movement on screen: what it became in the books, and who paid."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    booked_as = fields.Char(string="Booked As", compute='_compute_booked_as')
    booking_state = fields.Selection(
        string="Booking",
        selection=[
            ('request', "Request"), ('matched', "Matched"), ('unidentified', "Unidentified"),
            ('open', "Not booked"), ('returned', "Reversed at M-PESA"),
            ('person', "Reversed at M-PESA: for a person"),
            ('denied', "Not known to Safaricom"),
        ],
        compute='_compute_booking_state', store=True, precompute=True,
    )
    payer_name = fields.Char(
        string="Payer", compute='_compute_payer_name', groups='school_fees.group_bursar',
        exportable=False, help="As M-PESA gave it; opened for this screen only.",
    )

    @api.depends(
        'receipt_id', 'suspense_payment_id', 'payment_transaction_id', 'is_returned', 'kind',
        'reversal_state', 'denial_state',
    )
    def _compute_booking_state(self):
        for movement in self:
            if movement.is_returned or movement.kind == 'reversal':
                movement.booking_state = (
                    'person' if movement.reversal_state == 'person' else 'returned'
                )
            elif movement.denial_state == 'denied':
                movement.booking_state = 'denied'
            elif movement.receipt_id:
                movement.booking_state = (
                    'request' if movement.payment_transaction_id else 'matched'
                )
            else:
                movement.booking_state = (
                    'unidentified' if movement.suspense_payment_id else 'open'
                )

    @api.depends(
        'receipt_id', 'suspense_payment_id', 'is_returned', 'kind', 'reversal_state',
        'denial_state',
    )
    def _compute_booked_as(self):
        outcomes = dict(self._fields['reversal_state']._description_selection(self.env))
        for movement in self:
            if movement.kind == 'reversal':
                movement.booked_as = outcomes.get(movement.reversal_state, '')
            elif movement.is_returned or movement.denial_state == 'denied':
                receipt = movement.sudo().previous_receipt_id
                movement.booked_as = (
                    self.env._("%(number)s, reversed", number=receipt.number) if receipt
                    else self.env._("Not any more")
                )
            elif movement.receipt_id:
                movement.booked_as = movement.sudo().receipt_id.number
            elif movement.suspense_payment_id:
                movement.booked_as = self.env._("Unidentified fee receipts")
            else:
                movement.booked_as = self.env._("Not booked")

    @api.depends('payer_sealed')
    def _compute_payer_name(self):
        for movement in self:
            movement.payer_name = movement._read_payer().get('name')

    # === BUSINESS METHODS === #

    def _is_disputed(self, endpoint):
        """ Tell whether a message of a kind contradicts the movement, and waits for a person.

        :param str endpoint: The kind of message.
        :rtype: bool
        """
        self.ensure_one()
        return bool(self.sudo().callback_ids.filtered(
            lambda c: c.endpoint == endpoint and c.state == 'conflict'
        ))
