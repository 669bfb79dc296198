from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .mpesa_money_back import OPEN_STATES


class MpesaTransaction(models.Model):
    """Giving a payment back to who paid it: whether it can, and what the books do then."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    source = fields.Selection(
        selection_add=[('reversal', "Reversal's result")], ondelete={'reversal': 'cascade'},
    )
    money_back_ids = fields.One2many(
        string="Money Back", comodel_name='mpesa.money.back', inverse_name='mpesa_transaction_id',
        readonly=True,
    )
    can_give_back = fields.Boolean(compute='_compute_can_give_back')

    # === COMPUTE METHODS === #

    @api.depends('provider_id', 'is_returned', 'kind', 'denial_state', 'money_back_ids.state')
    def _compute_can_give_back(self):
        for movement in self:
            # In sudo mode: providers are the system's.
            movement.can_give_back = (
                movement.kind == 'payment' and movement.direction == 'in'
                and not movement.is_returned and movement.denial_state not in {'asked', 'denied'}
                and movement.provider_id.sudo().mpesa_reversal_enabled
                and not any(order.state in OPEN_STATES for order in movement.money_back_ids)
            )

    # === ACTION METHODS === #

    def action_give_back(self):
        """ Open the question why this payment is to go back.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        self.ensure_one()
        self._check_role('school_fees.group_bursar')
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_money_back_wizard_action'
            ),
            'context': {'dialog_size': 'medium', 'default_mpesa_transaction_id': self.id},
        }

    # === BUSINESS METHODS === #

    def _get_whose(self):
        """ Return whose money this is, and the receipt that it is on.

        :return: '' while nobody knows.
        :rtype: str
        """
        self.ensure_one()
        receipt = self.receipt_id
        return ', '.join([
            *receipt.line_ids.student_id.mapped('name'), *filter(None, [receipt.number]),
        ])

    def _find_money_back_problem(self):
        """ Say why Safaricom cannot be told to give this payment back, '' when it can.

        Note: `self.ensure_one()`, in sudo mode.

        :rtype: str
        """
        self.ensure_one()
        provider = self.provider_id
        if problem := provider._mpesa_find_reversal_problem():
            return problem
        if self.kind != 'payment' or self.direction != 'in' or (
            (self.environment, self.shortcode)
            != (provider.mpesa_environment, provider.mpesa_shortcode)
        ):
            return self.env._(
                "%(code)s is no payment to shortcode %(shortcode)s as it is set up now.",
                code=self.receipt, shortcode=provider.mpesa_shortcode,
            )
        if self._left_the_books() or self.reversal_ids or self.denial_state == 'asked':
            return self.env._(
                "%(code)s is not in the books, or some of it went back already, or somebody says"
                " that Safaricom does not know it.", code=self.receipt,
            )
        if not (self.receipt_id or self._waits_whole()):
            return self.env._(
                "An entry by hand took some of payment %(code)s off Unidentified. Have an"
                " accountant reverse that entry first.", code=self.receipt,
            )
        return self._find_beyond_limits() or self._find_refund_problem()

    def _find_refund_problem(self):
        """ Say by which refund this money may leave the school, or has left it, '' when by none.

        :rtype: str
        """
        self.ensure_one()
        refund = self.env['school.refund'].search([
            ('student_id', 'in', [
                student.id for student in self.receipt_id._get_shares_now()
            ]),
            '|', ('state', '=', 'asked'),
            '&', ('state', '=', 'done'), ('date', '>=', self._get_eat_day(self.paid_at)),
        ], limit=1)
        if not refund:
            return ''
        return self.env._(
            "Refund %(number)s of %(amount)s is asked for, or was paid out since %(code)s came: the"
            " same money would go back twice. Refuse or reverse that refund first, or let the"
            " refund be the way.", number=refund.number, code=self.receipt,
            amount=self.currency_id._format_plain(refund.amount),
        )

    def _find_beyond_limits(self):
        """ Say which limit of the shortcode this payment is beyond, '' when none.

        :rtype: str
        """
        self.ensure_one()
        provider, currency = self.provider_id, self.currency_id
        if currency.compare_amounts(self.amount, int(self.amount)) != 0:
            return self.env._(
                "Safaricom takes whole shillings only, and this payment is of %(amount)s.",
                amount=currency._format_plain(self.amount),
            )
        most = provider.mpesa_money_back_most
        if currency.compare_amounts(self.amount, most) > 0:
            return self.env._(
                "%(amount)s is above %(most)s, the most that is given back at a time. The"
                " administrator sets the limit at the M-PESA shortcode.",
                amount=currency._format_plain(self.amount), most=currency._format_plain(most),
            )
        days = provider.mpesa_money_back_days
        if not self.paid_at or fields.Datetime.now() - self.paid_at > timedelta(days=days):
            return self.env._(
                "%(code)s was paid more than %(days)s days ago, which is the limit that the"
                " administrator has set at the M-PESA shortcode. Give it back by a refund"
                " instead.", code=self.receipt, days=days,
            )
        return ''

    def _left_the_books(self):
        """ Tell whether nothing of this payment stands in the books.

        :rtype: bool
        """
        self.ensure_one()
        return self.is_returned or not (self.receipt_id or self.suspense_payment_id)

    def _check_deniable(self):
        """ Override: while a payment is given back, Safaricom is about to say what it knows. """
        if any(order.state in OPEN_STATES for order in self.money_back_ids):
            raise UserError(self.env._(
                "Payment %(code)s is being given back. Nothing was changed. Refuse that first, or"
                " wait for Safaricom's answer.", code=self.receipt,
            ))
        return super()._check_deniable()

    # === BUSINESS METHODS - BOOKING === #

    def _book_given_back(self, told, paid_at):
        """ Take this payment out of the books, as Safaricom says that it gave it back.

        A statement may have told of the same reversal before: then there is nothing more to book.

        :param daraja.ReversalOutcome told: What Safaricom says, checked.
        :param datetime paid_at: When it went back, naive UTC.
        :return: The movement by which it went back; none where the books say otherwise, in which
                 case nothing was written.
        :rtype: mpesa.transaction
        """
        self.ensure_one()
        reversal = self._find_reversal(self.environment, self.shortcode, told.receipt)
        left = self._get_unreversed_amount()
        if reversal:
            if reversal.reverses_id == self and reversal._same_money(told.amount):
                reversal.verified_by = ' '.join(filter(None, (reversal.verified_by, 'reversal')))
                return reversal
            # A statement told of it without saying of which payment it is.
            waits = reversal.reversal_state == 'person' and not reversal.reverses_id
            if waits and not self._left_the_books() and not any(
                self.currency_id.compare_amounts(reversal.amount, amount)
                for amount in (left, self.amount)
            ):
                reversal.with_company(self.company_id)._give_back(self)
                return reversal
            return self.browse()
        if self._left_the_books() or self.currency_id.compare_amounts(left, self.amount) != 0:
            return self.browse()
        reversal = self.create(self._prepare_given_back(told, paid_at))
        self._take_back(reversal, self._get_eat_day(paid_at))
        return reversal

    @api.model
    def _find_reversal(self, environment, shortcode, code):
        """ Return the reversal that has an M-PESA code.

        :param str environment: Where it was made.
        :param str shortcode: The shortcode that gave the money back.
        :param str code: Its own code.
        :rtype: mpesa.transaction
        """
        return self.search([
            ('environment', '=', environment), ('shortcode', '=', shortcode),
            ('receipt', '=', code), ('kind', '=', 'reversal'), ('direction', '=', 'out'),
        ], limit=1)

    def _prepare_given_back(self, told, paid_at):
        """ Return the values of the movement by which this payment went back.

        :param daraja.ReversalOutcome told: What Safaricom says.
        :param datetime paid_at: When it went back, naive UTC.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'provider_id': self.provider_id.id,
            'company_id': self.company_id.id,
            'environment': self.environment,
            'shortcode': self.shortcode,
            'receipt': told.receipt,
            'kind': 'reversal',
            'direction': 'out',
            'amount': self.amount,
            'currency_id': self.currency_id.id,
            'paid_at': paid_at,
            'account_reference': self.account_reference,
            'payer_mask': self.payer_mask,
            'source': 'reversal',
            'reverses_id': self.id,
        }

    def _take_back(self, reversal, day):
        """ Override to end what was asked about a payment that went back, whoever told of it. """
        stood = super()._take_back(reversal, day)
        if stood:
            orders = self.money_back_ids.filtered(lambda order: order.state in OPEN_STATES)
            if not orders and reversal.source == 'statement':
                # One was carried out after all; the result of an order says itself which one.
                orders = self.money_back_ids.filtered(
                    lambda order: order.state == 'failed'
                    and order.command_ids.finding != 'not_sent'
                ).sorted(lambda order: (bool(order.closed_by_id), order.id))[-1:]
            orders._note_given_back(reversal)
        return stood
