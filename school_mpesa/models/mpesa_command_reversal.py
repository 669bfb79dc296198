from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import const, daraja


# The initiator is known and not locked: it only may not do this. It still asks about payments.
ROLE_FAULTS = ('21', 'TP40153', '100000010')
# Of these causes the initiator was obeyed, or nobody looked at it.
NOTHING_OF_INITIATOR = ('busy', 'unknown', 'duplicate')
# Safaricom says that money went back, and nothing could be booked from it.
DOUBTFUL = ('unclear', 'other', 'contradicts')


class MpesaCommand(models.Model):
    """The order to give a payment back to who paid it.

    It moves money, so it goes out once and is never repeated by itself: what is not known after a
    call stays unknown until Safaricom or a statement tells, or a person has looked it up.
    """

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.command'

    kind = fields.Selection(
        selection_add=[('reversal', "Reversal")], ondelete={'reversal': 'cascade'},
    )
    finding = fields.Selection(
        selection_add=[
            ('given_back', "Given back"), ('not_given_back', "Not given back"),
            ('contradicts', "Given back, and the books say otherwise"),
        ],
        ondelete=dict.fromkeys(('given_back', 'not_given_back', 'contradicts'), 'cascade'),
    )
    money_back_id = fields.Many2one(
        string="Money Back", comodel_name='mpesa.money.back', readonly=True, ondelete='restrict',
        index='btree_not_null',
    )

    _money_back_uniq = models.UniqueIndex(
        "(money_back_id) WHERE money_back_id IS NOT NULL",
        "Safaricom is told once to give a payment back.",
    )

    # === COMPUTE METHODS === #

    @api.depends('money_back_id.outcome')
    def _compute_outcome(self):
        res = super()._compute_outcome()
        for command in self.filtered('money_back_id'):
            command.outcome = command.money_back_id.outcome
        return res

    # === BUSINESS METHODS - SENDING === #

    @api.model
    def _get_result_kinds(self):
        """ Override to add the reversal. """
        return [*super()._get_result_kinds(), 'reversal']

    @api.model
    def _claim_queued(self):
        """ Override to show that the order is on its way. """
        claimed = super()._claim_queued()
        claimed.money_back_id._follow('sent')
        return claimed

    def _prepare_reversal(self):
        """ Gather what the order needs.

        :rtype: dict
        :raise UserError: If it must not go out any more.
        """
        order = self.money_back_id
        limit = timedelta(minutes=const.MONEY_BACK_SENDING_MINUTES)
        if order.state != 'sent' or fields.Datetime.now() - order.decided_at > limit:
            raise UserError(self.env._(
                "It was approved too long ago to go out by itself now."
            ))
        if problem := order._find_problem():
            raise UserError(problem)
        provider = self.provider_id
        return {
            'ask': provider._mpesa_get_client().reverse,
            'message': daraja.Reversal(
                provider._mpesa_get_initiator(), provider.mpesa_shortcode, receipt=self.receipt,
                amount=int(order.amount), remarks='School fees', **self._get_result_addresses(),
            ),
        }

    def _may_call_again(self, sent):
        """ Override: an order that moves money goes out once. """
        return self.kind != 'reversal' and super()._may_call_again(sent)

    def _explain_error(self, error):
        """ Override to name the product that is missing. """
        if self.kind == 'reversal' and isinstance(error, daraja.ProductMissing):
            return self.env._(
                "The Daraja app of these keys lacks Reversal. Add the product on the Daraja portal."
            )
        return super()._explain_error(error)

    def _fail(self, finding, **values):
        """ Override to tell what is given back by it. """
        res = super()._fail(finding, **values)
        for command in self.filtered('money_back_id'):
            command.money_back_id._follow(command.state)
        return res

    # === BUSINESS METHODS - THE ANSWER === #

    def _is_overruled_by(self, result):
        """ Override: that money went back is true whatever was said before, and what told nothing
        gives way to anything. """
        if self.kind != 'reversal':
            return super()._is_overruled_by(result)
        return self.state != 'done' and (
            self.finding == 'no_answer' or daraja.read_reversal(result).state == 'reversed'
        )

    def _note_conflict(self):
        """ Override: after two answers nobody knows whether money moved. """
        res = super()._note_conflict()
        if self.kind == 'reversal' and self.state != 'done':
            self.state = 'unknown'
            self.money_back_id._doubt()
            self._ask_about_order()
        return res

    def _take_reversal_result(self, callback, result):
        """ Record what became of the order, and book that the money went back.

        :param mpesa.callback callback: The message.
        :param daraja.Result result: What it says.
        :return: None
        """
        told = daraja.read_reversal(result)
        self._note_operator(told)
        if told.state == 'reversed':
            self._take_given_back(callback, told)
            return
        if self.state == 'done' or self.finding in DOUBTFUL:
            # Safaricom has said by then, in answer to a question, that it went back.
            self._note_conflict()
            callback._close('conflict', self.env._(
                "It does not say that money went back, and Safaricom has said before that it did."
            ))
            return
        is_open = told.state == 'unknown'
        self.write({
            'state': 'unknown' if is_open else 'failed',
            'finding': {
                'unknown': 'no_answer', 'not_allowed': 'refused',
            }.get(told.state, 'not_given_back'),
            'next_try_at': False,
        })
        self.money_back_id._follow(self.state)
        self._ask_about_order()
        callback._close('done')

    def _take_given_back(self, callback, told):
        """ Book that the money went back, where the result says so of this very payment.

        :param mpesa.callback callback: The message.
        :param daraja.ReversalOutcome told: What it says.
        :return: None
        """
        payment = self.money_back_id.mpesa_transaction_id.with_company(self.company_id)
        reversal = payment.browse()
        finding = self._judge_given_back(told, payment)
        if finding == 'given_back':
            reversal = payment._book_given_back(
                told, callback._get_moment(told.completed_at_utc),
            )
            finding = 'given_back' if reversal else 'contradicts'
        if reversal:
            self.money_back_id._note_given_back(reversal)
        else:
            self.money_back_id._doubt()
        self.write({
            'state': 'done' if reversal else 'unknown', 'finding': finding,
            'needs_person': not reversal, 'next_try_at': False,
        })
        if reversal:
            callback._close('done', movement=reversal)
        else:
            callback._close('conflict', self.env._(
                "It says that money went back, and does not fit the payment or the books. Nothing"
                " is booked from it: the statement of that day tells."
            ))

    def _judge_given_back(self, told, payment):
        """ Say whether a result tells of the payment that was ordered back.

        :param daraja.ReversalOutcome told: What it says.
        :param mpesa.transaction payment: The payment.
        :return: A word of the field `finding`.
        :rtype: str
        """
        if not told.receipt or told.receipt == payment.receipt or not told.amount:
            return 'unclear'
        is_same = told.original in {None, payment.receipt} and payment._same_money(told.amount)
        return 'given_back' if is_same else 'other'

    def _note_operator(self, told):
        """ Keep what Safaricom says of the initiator: three wrong passwords lock it.

        :param daraja.ReversalOutcome told: The outcome.
        :return: None
        """
        cause = daraja.order_code(told.result_code).cause
        if cause in NOTHING_OF_INITIATOR or told.result_code in ROLE_FAULTS:
            return
        self.provider_id._mpesa_note_initiator(told.result_code if cause == 'operator' else '')

    @api.model
    def _find_lost_reversal(self, lost, result):
        """ Return the order whose names were lost, when the result names its payment.

        :param list lost: Which orders can be meant.
        :param daraja.Result result: The parsed message.
        :rtype: mpesa.command
        """
        code = daraja.read_reversal(result).original
        return self.search([*lost, ('receipt', '=', code)], limit=1) if code else self

    def _take_nameless_reversal(self, callback):
        """ Leave an answer to a person that may be to this order and does not name it.

        Who knows the address could write it, so nothing that it says is believed.

        :param mpesa.callback callback: The message.
        :return: None
        """
        self.ensure_one()
        self.write({'finding': 'nameless', 'needs_person': True})
        callback._close('parked', self.env._(
            "It names no order of ours, so nothing is booked from it. Import the statement of that"
            " day: what it tells is booked."
        ))
