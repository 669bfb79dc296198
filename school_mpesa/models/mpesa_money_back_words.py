from odoo import api, fields, models
from odoo.tools import format_datetime

from .. import daraja
from .mpesa_command_reversal import DOUBTFUL
from .mpesa_command_screen import NAIROBI


class MpesaMoneyBack(models.Model):
    """Money back in words: what happened, whether money moved, and what to do."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.money.back'

    outcome = fields.Char(
        string="What Came of It", compute='_compute_outcome',
        help="What happened, whether money moved, and what to do.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'state', 'expires_at', 'reversal_id.reversal_state', 'closed_by_id',
        'command_ids.finding', 'command_ids.result_code', 'command_ids.problem',
        'command_ids.needs_person',
    )
    @api.depends_context('lang')
    def _compute_outcome(self):
        for order in self:
            order.outcome = getattr(order, f'_describe_{order.state}')()

    # === BUSINESS METHODS === #

    def _describe_asked(self):
        return self.env._(
            "A second person has to approve it, until %(moment)s. No money has moved.",
            moment=self._format_moment(self.expires_at),
        )

    def _describe_approved(self):
        return self.env._("Approved; Safaricom is told within a minute. No money has moved.")

    def _describe_sent(self):
        return self.env._(
            "Safaricom has the order. Its answer comes within seconds as a rule, sometimes after"
            " hours. Nothing is booked before."
        )

    def _describe_done(self):
        values = {
            'amount': self.currency_id._format_plain(self.amount),
            'moment': self._format_moment(self.reversal_id.paid_at),
            'code': self.reversal_id.receipt,
        }
        if not self.command_ids.sent_at:
            return self.env._(
                "M-PESA gave %(amount)s back on %(moment)s (%(code)s), without an order of ours."
                " It has left the books, and no order is sent.", **values,
            )
        if self.reversal_id.reversal_state == 'receipt':
            return self.env._(
                "M-PESA gave %(amount)s back on %(moment)s (%(code)s). It has left the books: its"
                " receipt is reversed, and the bills that it paid are open again.", **values,
            )
        if self.reversal_id.reversal_state == 'suspense':
            return self.env._(
                "M-PESA gave %(amount)s back on %(moment)s (%(code)s). It has left the books: it"
                " waits under Unidentified no more.", **values,
            )
        return self.env._(
            "M-PESA gave %(amount)s back on %(moment)s (%(code)s). It has left the wallet; on whose"
            " account it goes, a person says at the reversal of this code.", **values,
        )

    def _describe_refused(self):
        return self.env._(
            "Refused by %(person)s. No money has moved.", person=self.decided_by_id.name,
        )

    def _describe_expired(self):
        return self.env._(
            "Nobody approved it in time. No money has moved. Ask again if it is still right."
        )

    def _describe_unknown(self):
        command = self.command_ids
        why = {
            'no_answer': self.env._(
                "Safaricom answered %(code)s, which does not say whether money moved.",
                code=command.result_code,
            ),
            'timed_out': self.env._("Safaricom gave up on the order."),
            'nameless': self.env._("An answer came that does not name this order."),
            'unclear': self.env._("Safaricom says that it went back, and leaves parts out."),
            'other': self.env._(
                "Safaricom's answer is about another payment or another amount."
            ),
            'contradicts': self.env._(
                "Safaricom says that it went back, and the books say otherwise."
            ),
            **dict.fromkeys(('not_given_back', 'refused', 'not_carried_out'), self.env._(
                "Safaricom has said two different things about the order.",
            )),
        }.get(command.finding) or self.env._("No answer came to the order.")
        return self.env._(
            "%(why)s The money may have moved: nothing is booked, and the order is not sent again."
            " Do not give it back in another way yet. Look %(code)s up on the organisation portal,"
            " or import the statement of that day: if it went back, it is booked by itself.",
            why=why, code=self.mpesa_transaction_id.receipt,
        )

    def _describe_failed(self):
        command = self.command_ids
        if command.needs_person and command.finding in DOUBTFUL:
            return self.env._(
                "Safaricom has since said otherwise: the money may have gone back. Do not give it"
                " back in another way. Look %(code)s up on the organisation portal, or import the"
                " statement of that day: if it went back, it is booked by itself.",
                code=self.mpesa_transaction_id.receipt,
            )
        if self.closed_by_id:
            return self.env._(
                "%(person)s looked it up: it never went back. No money has moved.",
                person=self.closed_by_id.name,
            )
        if command.finding == 'not_sent':
            return self.env._(
                "The order did not go out. %(problem)s No money has moved. Put it right, then ask"
                " again.", problem=command.problem or '',
            )
        if command.finding == 'not_carried_out':
            return self.env._(
                "Safaricom says that the order was not carried out. No money has moved. Ask again."
            )
        return self._describe_refusal(daraja.order_code(command.result_code or ''))

    def _describe_refusal(self, meant):
        """ Say what Safaricom's refusal means, and what to do.

        :param daraja.OrderCode meant: The row of its code.
        :rtype: str
        """
        code = meant.code
        if code in {'21', 'TP40153', '100000010'}:
            return self.env._(
                "The initiator may not give money back (%(code)s). No money has moved. Give it the"
                " role for reversals on the organisation portal, then ask again.", code=code,
            )
        if code == '8006':
            return self.env._(
                "Safaricom has locked the initiator (8006). No money has moved. The administrator"
                " unlocks it on the organisation portal and sets a new password at the M-PESA"
                " shortcode; then ask again."
            )
        return {
            'funds': self.env._(
                "There is too little money in the account of the shortcode (%(code)s). No money"
                " has moved. Bring money back into it, then ask again.", code=code,
            ),
            'operator': self.env._(
                "Safaricom does not accept the initiator's name, password or certificate"
                " (%(code)s). No money has moved. The administrator puts it right at the M-PESA"
                " shortcode; then ask again.", code=code,
            ),
            'original': self.env._(
                "Safaricom finds no payment of this code that it can still give back (%(code)s). No"
                " money has moved. Compare the code with the statement; if the time for it is over,"
                " give the money back by a refund.", code=code,
            ),
            'reversed': self.env._(
                "The payment went back before (%(code)s); this order moved no money. Import the"
                " statement: the reversal that it tells of is booked. Do not refund it again.",
                code=code,
            ),
            'product': self.env._(
                "Safaricom does not let this shortcode give money back (%(code)s). No money has"
                " moved. Ask Safaricom for the product, or give the money back by a refund.",
                code=code,
            ),
            'busy': self.env._(
                "M-PESA was too busy (%(code)s). No money has moved. Ask again in some minutes.",
                code=code,
            ),
        }.get(meant.cause) or self.env._(
            "Safaricom refused the order (%(code)s). No money has moved. The account of the payer"
            " or of the shortcode does not take it, or a limit is reached: look it up on the"
            " organisation portal, then ask again or give the money back by a refund.", code=code,
        )

    def _format_moment(self, moment):
        return format_datetime(
            self.env, moment, tz=NAIROBI, dt_format='d MMM yyyy, HH:mm',
        ) if moment else ''
