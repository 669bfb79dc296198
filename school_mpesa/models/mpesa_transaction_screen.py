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
        ],
        compute='_compute_booking_state', search='_search_booking_state',
    )
    payer_name = fields.Char(
        string="Payer", compute='_compute_payer_name', groups='school_fees.group_bursar',
        help="As M-PESA gave it; opened for this screen only.",
    )

    @api.depends('receipt_id', 'suspense_payment_id', 'payment_transaction_id')
    def _compute_booking_state(self):
        for movement in self:
            if movement.receipt_id:
                movement.booking_state = (
                    'request' if movement.payment_transaction_id else 'matched'
                )
            else:
                movement.booking_state = (
                    'unidentified' if movement.suspense_payment_id else 'open'
                )

    def _search_booking_state(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domains = {
            'request': [('receipt_id', '!=', False), ('payment_transaction_id', '!=', False)],
            'matched': [('receipt_id', '!=', False), ('payment_transaction_id', '=', False)],
            'unidentified': [('receipt_id', '=', False), ('suspense_payment_id', '!=', False)],
            'open': [('receipt_id', '=', False), ('suspense_payment_id', '=', False)],
        }
        return fields.Domain.OR(domains[state] for state in value if state in domains)

    @api.depends('receipt_id', 'suspense_payment_id')
    def _compute_booked_as(self):
        for movement in self:
            if movement.receipt_id:
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
