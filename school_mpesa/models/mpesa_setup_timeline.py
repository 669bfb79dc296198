from odoo import api, fields, models


class MpesaSetupStep(models.Model):
    """The way of the first payment, with the seconds that each part of it took."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.setup.step'

    timeline = fields.Char(compute='_compute_timeline')

    # === COMPUTE METHODS === #

    @api.depends('payment_transaction_id.mpesa_push_state')
    @api.depends_context('lang')
    def _compute_timeline(self):
        for step in self:
            step.timeline = bool(step.payment_transaction_id) and step._describe_timeline()

    # === ACTION METHODS === #

    def action_open_payment(self):
        """ Open the receipt of the first payment, or the request while there is none.

        :rtype: dict
        """
        self.ensure_one()
        self._ensure_system()
        tx = self.payment_transaction_id
        return (
            tx.action_mpesa_view_receipt() if tx.mpesa_receipt_id else tx.action_mpesa_open()
        )

    # === BUSINESS METHODS === #

    def _describe_timeline(self):
        """ Return the way of the request so far: each part, with the seconds since the asking.

        :rtype: str
        """
        self.ensure_one()
        tx = self.payment_transaction_id.sudo()  # Evidence, of which only times are told.
        pushed = tx.mpesa_exchange_ids.filtered(lambda e: e.kind == 'push')[-1:]
        told = tx.mpesa_receipt_id.sms_ids.sorted('id')[:1]
        parts = [
            (self.env._("on the phone"), pushed.create_date),
            (self.env._("PIN entered"), tx.mpesa_movement_ids[:1].paid_at),
            (self.env._("answer here"), tx.mpesa_callback_ids.sorted('id')[:1].received_at),
            (self.env._("booked"), tx.mpesa_receipt_id.create_date),
            (self.env._("told by SMS"), told.create_date),
        ]
        return ' > '.join([self.env._("asked"), *(
            self.env._(
                "%(part)s after %(count)s s", part=part,
                # Safaricom's clock has whole seconds, and is not ours.
                count=max(round((moment - tx.create_date).total_seconds()), 0),
            )
            for part, moment in parts if moment
        )])

    def _begin_payment(self, tx):
        """ Wait for the payment that was just asked for.

        :param payment.transaction tx: The request.
        :return: None
        """
        self.ensure_one()
        self.payment_transaction_id = tx
        self._keep()
