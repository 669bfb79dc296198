from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import daraja


class PaymentProvider(models.Model):
    """Whether and how much a shortcode gives back to payers."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_reversal_enabled = fields.Boolean(
        string="Give Payments Back (Reversal)", copy=False,
        help="Let one person ask, and another approve, that a payment goes back to who paid it. It"
             " needs an API operator of your M-PESA organisation portal with the role for"
             " reversals, and money in the account of the shortcode.",
    )
    mpesa_money_back_most = fields.Integer(
        string="Most at a Time", default=100_000,
        help="The greatest payment that is given back, in KES.",
    )
    mpesa_money_back_most_per_day = fields.Integer(
        string="Most a Day", default=300_000, help="What is given back in a day at most, in KES.",
    )
    mpesa_money_back_days = fields.Integer(
        string="Days After Payment", default=30,
        help="A payment that is older than this is not given back. Safaricom has a limit of its"
             " own, which it does not publish.",
    )
    mpesa_money_back_count = fields.Integer(
        readonly=True, copy=False,
        help="Grows with each approval, so that two at once see each other.",
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_reversal_enabled')
    def _compute_mpesa_uses_initiator(self):
        res = super()._compute_mpesa_uses_initiator()
        for provider in self.filtered('mpesa_reversal_enabled'):
            provider.mpesa_uses_initiator = True
        return res

    # === CONSTRAINT METHODS === #

    @api.constrains(
        'mpesa_money_back_most', 'mpesa_money_back_most_per_day', 'mpesa_money_back_days',
    )
    def _check_mpesa_money_back_limits(self):
        for provider in self.filtered(lambda p: p.code == 'mpesa'):
            if not 1 <= provider.mpesa_money_back_most <= daraja.MOST_AMOUNT or (
                provider.mpesa_money_back_most_per_day < provider.mpesa_money_back_most
            ):
                raise ValidationError(self.env._(
                    "At a time, between KES 1 and KES %(maximum)s go back, and in a day at least"
                    " as much as at a time.", maximum=f'{daraja.MOST_AMOUNT:,}',
                ))
            if not 1 <= provider.mpesa_money_back_days <= 366:
                raise ValidationError(self.env._(
                    "A payment is given back within 1 to 366 days."
                ))

    # === BUSINESS METHODS === #

    def _mpesa_find_reversal_problem(self):
        """ Say why Safaricom cannot be told to give a payment back, '' when it can.

        :rtype: str
        """
        self.ensure_one()
        provider = self.sudo()
        if provider.code != 'mpesa' or not provider.mpesa_reversal_enabled:
            return self.env._(
                "This shortcode gives no payments back: the administrator switches it on at the"
                " M-PESA shortcode."
            )
        if provider.state == 'disabled':
            return self.env._(
                "This M-PESA shortcode is switched off. The administrator switches it on again."
            )
        return provider._mpesa_find_initiator_problem()
