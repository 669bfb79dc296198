# The scheduled action commits on purpose: one shortcode that cannot ask stops no other.
# pylint: disable=invalid-commit
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .mpesa_command_reversal import ROLE_FAULTS


SLACK = timedelta(minutes=10)  # The action runs by the hour, and not to the second.
LOOKED_AT_AGAIN = timedelta(days=3)  # later a person compares again


class PaymentProvider(models.Model):
    """The balance: whether and how often Safaricom is asked what is in the accounts."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_balance_enabled = fields.Boolean(
        string="Ask for the Balance (Account Balance)", copy=False,
        help="Ask Safaricom what is in the accounts of the shortcode, and compare it with the"
             " books. It needs an API operator of your M-PESA organisation portal with the role for"
             " balance queries.",
    )
    mpesa_balance_interval = fields.Selection(
        string="How Often",
        selection=[
            ('0', "Only when somebody asks"), ('1', "Every hour"), ('6', "Every 6 hours"),
            ('24', "Every day"),
        ],
        default='24', copy=False, help="Besides, the bursar's office can ask at any time.",
    )
    mpesa_balance_refusal = fields.Char(
        readonly=True, copy=False,
        help="Safaricom's code: the initiator lacks the role for balance queries.",
    )
    mpesa_balance_message = fields.Char(
        compute='_compute_mpesa_balance_message', groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_balance_enabled')
    def _compute_mpesa_uses_initiator(self):
        """ Override of `school_mpesa`: the balance needs the initiator, too. """
        res = super()._compute_mpesa_uses_initiator()
        self.filtered('mpesa_balance_enabled').mpesa_uses_initiator = True
        return res

    @api.depends('mpesa_balance_enabled', 'mpesa_balance_refusal')
    def _compute_mpesa_balance_message(self):
        for provider in self:
            provider.mpesa_balance_message = (
                provider.code == 'mpesa' and provider.mpesa_balance_enabled
                and provider._mpesa_describe_balance()
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `payment`: another initiator may have the role that this one lacks. """
        proven = self.filtered('mpesa_initiator_proven')
        res = super().write(vals)
        changed = proven.filtered(
            lambda p: p.mpesa_balance_refusal and not p.mpesa_initiator_proven
        )
        if changed:
            changed.mpesa_balance_refusal = False
        return res

    # === ACTION METHODS === #

    def action_mpesa_ask_balance(self):
        """ Ask for the balance now instead of at the next time.

        :return: A message of what happens now.
        :rtype: dict
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        self._mpesa_ensure_system()
        if problem := self._mpesa_find_balance_problem():
            raise UserError(self.env._("Safaricom was not asked. %(problem)s", problem=problem))
        self.env['mpesa.command']._queue_balance(self, self.env.uid)
        return self._mpesa_notify_balance()

    # === SCHEDULED ACTION === #

    @api.model
    def _cron_mpesa_ask_balances(self):
        """ Put the questions that are due into the outbox, and look again at what differed.

        :return: None
        """
        now = fields.Datetime.now()
        for provider in self.search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
            ('mpesa_balance_enabled', '=', True), ('mpesa_balance_interval', '!=', '0'),
        ]):
            interval = timedelta(hours=int(provider.mpesa_balance_interval or 24))
            asked = self.env['mpesa.command'].search_count([
                ('provider_id', '=', provider.id), ('kind', '=', 'balance'),
                ('create_date', '>', now - interval + SLACK),
            ], limit=1)
            if not asked and not provider._mpesa_find_balance_problem(by_itself=True):
                self.env['mpesa.command']._queue_balance(provider)
                self.env.cr.commit()
        self.env['mpesa.balance'].search([
            ('state', 'in', ('explained', 'different')), ('looked_at', '>', now - LOOKED_AT_AGAIN),
        ])._compare()

    # === BUSINESS METHODS === #

    def _mpesa_find_balance_problem(self, by_itself=False):
        """ Say why Safaricom cannot be asked for the balance, '' when it can.

        :param bool by_itself: Whether the system asks. A person may try whether the role that was
                               missing is there now: that locks nobody.
        :rtype: str
        """
        self.ensure_one()
        provider = self.sudo()
        if provider.code != 'mpesa' or not provider.mpesa_balance_enabled:
            return self.env._(
                "This shortcode does not ask for its balance: the administrator switches it on at"
                " the M-PESA shortcode."
            )
        if by_itself and provider.mpesa_balance_refusal:
            return self._mpesa_explain_balance_refusal()
        return provider._mpesa_find_initiator_problem()

    def _mpesa_note_balance_answer(self, refusal):
        """ Keep what Safaricom says of the initiator in answer to a question for the balance.

        :param str refusal: The code with which it was refused, '' when it was obeyed.
        :return: None
        """
        self.ensure_one()
        lacks_role = refusal in ROLE_FAULTS
        # Safaricom looks at the role after it has accepted the password.
        self._mpesa_note_initiator('' if lacks_role else refusal)
        if lacks_role or self.mpesa_balance_refusal:
            self.mpesa_balance_refusal = lacks_role and refusal

    def _mpesa_explain_balance_refusal(self):
        """ Say what it means that the initiator lacks the role.

        :rtype: str
        """
        self.ensure_one()
        return self.env._(
            "The initiator may not ask for the balance (%(code)s): give it the role for balance"
            " queries on the organisation portal, then press Ask for the balance. It is not asked"
            " by itself meanwhile.", code=self.mpesa_balance_refusal,
        )

    def _mpesa_describe_balance(self):
        """ Say what is in the way, or what Safaricom told last.

        :rtype: str
        """
        self.ensure_one()
        if self.mpesa_balance_refusal:
            return self._mpesa_explain_balance_refusal()
        last = self.env['mpesa.balance'].sudo().search([
            ('provider_id', '=', self._origin.id), ('environment', '=', self.mpesa_environment),
            ('has_wallet', '=', True),
        ], limit=1)
        if not last:
            return self.env._("Safaricom has told no balance yet.")
        return self.env._(
            "%(amount)s at Safaricom, as of %(moment)s.",
            amount=last.currency_id._format_plain(last.wallet_amount),
            moment=self._mpesa_format_moment(last.looked_at),
        )

    def _mpesa_notify_balance(self):
        """ Return the action that says that the balance is being asked for.

        :rtype: dict
        """
        return self._mpesa_notify(self.env._(
            "Safaricom is being asked, and answers within seconds as a rule. The balance then"
            " stands under M-PESA > Balances."
        ))
