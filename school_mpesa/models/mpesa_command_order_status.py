from odoo import api, fields, models

from .. import daraja
from .mpesa_command_result import read_number
from .mpesa_command_reversal import DOUBTFUL, ROLE_FAULTS


class MpesaCommand(models.Model):
    """Asking what became of an order, by the order's own name, when no result came."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    finding = fields.Selection(
        selection_add=[('not_carried_out', "Not carried out")],
        ondelete={'not_carried_out': 'cascade'},
    )
    order_id = fields.Many2one(
        string="Order", comodel_name='mpesa.command', readonly=True, index='btree_not_null',
        ondelete='restrict', help="The order that this asks about.",
    )

    _open_order_uniq = models.UniqueIndex(
        "(order_id) WHERE order_id IS NOT NULL AND state IN ('queued', 'sent')",
        "Safaricom is being asked about this order already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('order_id.receipt')
    def _compute_subject(self):
        res = super()._compute_subject()
        for command in self.filtered('order_id'):
            command.subject = command.order_id.receipt
        return res

    @api.depends('order_id')
    def _compute_is_open(self):
        res = super()._compute_is_open()
        for command in self.filtered('order_id'):
            command.can_ask_again = False  # Its order says when it can.
        return res

    @api.depends('order_id.money_back_id.outcome')
    def _compute_outcome(self):
        res = super()._compute_outcome()
        for command in self.filtered(lambda c: c.order_id and not c.is_open):
            command.outcome = command.order_id.money_back_id.outcome
        return res

    # === BUSINESS METHODS === #

    def _can_ask_about_order(self):
        """ Tell whether Safaricom can be asked what became of this order.

        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.state == 'unknown' and self.originator_conversation_id
            and not self.provider_id._mpesa_find_status_problem()
            and not self.search_count([
                ('order_id', '=', self.id), ('state', 'in', ('queued', 'sent')),
            ], limit=1)
        )

    def _ask_about_order(self):
        """ Ask what became of these orders, of those that can be asked about.

        :return: The questions.
        :rtype: mpesa.command
        """
        return self.browse().concat(*(
            self._queue(command.provider_id, 'status', order_id=command.id)
            for command in self if command._can_ask_about_order()
        ))

    def _fail(self, finding, **values):
        """ Override to ask about an order of which nobody knows what became. """
        res = super()._fail(finding, **values)
        self.filtered('money_back_id')._ask_about_order()
        return res

    def _get_status_subject(self):
        """ Override: an order is asked about by its own name. """
        if not self.order_id:
            return super()._get_status_subject()
        return {'conversation_id': self.order_id.originator_conversation_id}

    def _take_status_result(self, callback, result):
        """ Override: what is said of an order says whether money went back. """
        if not self.order_id:
            return super()._take_status_result(callback, result)
        status, order = daraja.read_status(result), self.order_id
        self.write({
            'state': 'failed' if status.state in {'not_allowed', 'no_answer'} else 'done',
            'finding': {'not_allowed': 'refused', 'failed': 'not_carried_out'}.get(
                status.state, status.state,
            ),
        })
        # It was asked by itself, by an initiator that is good for what else it does: one that only
        # lacks this role is not called refused.
        if status.state != 'no_answer' and status.result_code not in ROLE_FAULTS:
            self.provider_id._mpesa_note_initiator(
                status.result_code if status.state == 'not_allowed' else '',
            )
        callback._close('done')
        if order.state == 'done':
            return None  # Its own result has come meanwhile.
        if status.state == 'completed':
            order._take_given_back(callback, self._read_order(status))
        elif status.state == 'failed' and order.state == 'unknown':
            if order.finding in DOUBTFUL:
                order.needs_person = True  # Safaricom has said otherwise: the statement tells.
                return None
            order.write({'state': 'failed', 'finding': 'not_carried_out'})
            order.money_back_id._follow('failed')
        return None

    def _read_order(self, status):
        """ Return what an answer says of the order, as a result of its own would say it.

        :param daraja.PaymentStatus status: The answer, which says that it was carried out.
        :return: Without a code where it is not said that our shortcode gave the money.
        :rtype: daraja.ReversalOutcome
        """
        is_ours = bool(status.parties) and read_number(status.parties[0]) in {
            self.shortcode, self.provider_id._mpesa_get_payer_number(),
        }
        return daraja.ReversalOutcome(
            'reversed', status.result_code, receipt=status.receipt if is_ours else None,
            amount=status.amount, completed_at_utc=status.finalised_at_utc,
        )
