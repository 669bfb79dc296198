from odoo import api, fields, models
from odoo.exceptions import UserError

from .mpesa_balance_compare import PARTS


class MpesaBalance(models.Model):
    """A balance on screen: what the difference means for the money, and what to do next."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.balance'

    explanation = fields.Text(
        string="What It Means", compute='_compute_explanation', help="The difference in words.",
    )

    # === COMPUTE METHODS === #

    @api.depends('state', 'difference', 'unexplained', 'unreadable', 'stated_until', 'compared_at')
    @api.depends_context('lang')
    def _compute_explanation(self):
        ordered = dict(self.env['mpesa.money.back']._read_group(
            [('provider_id', 'in', self.provider_id.ids), ('state', 'in', ('sent', 'unknown'))],
            ['provider_id'], ['amount:sum'],
        ))
        for balance in self:
            balance.explanation = ' '.join(filter(None, (
                balance._describe_difference(), *balance._describe_parts(),
                *balance._describe_rest(ordered.get(balance.provider_id, 0)),
                balance.unreadable and self.env._(
                    "%(count)s accounts came in a form that cannot be read.",
                    count=balance.unreadable,
                ),
            )))

    # === ACTION METHODS === #

    def action_ask_now(self):
        """ Ask Safaricom what is in the accounts of the user's schools.

        :return: A message of what happens now, after which the list is read again.
        :rtype: dict
        :raise UserError: If no shortcode can be asked.
        """
        self.env['mpesa.command']._check_office()
        # In sudo mode: providers are the system's.
        providers = self.env['payment.provider'].sudo().search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
            ('mpesa_balance_enabled', '=', True), ('company_id', 'in', self.env.companies.ids),
        ])
        if not providers:
            raise UserError(self.env._(
                "No shortcode of this school asks for its balance: the administrator switches it on"
                " at the M-PESA shortcode. Nothing was asked."
            ))
        problems = {provider: provider._mpesa_find_balance_problem() for provider in providers}
        if all(problems.values()):
            raise UserError(self.env._(
                "Safaricom was not asked. %(problem)s", problem=next(iter(problems.values())),
            ))
        for provider, problem in problems.items():
            if not problem:
                self.env['mpesa.command']._queue_balance(provider, self.env.uid)
        return providers._mpesa_notify_balance()

    def action_compare_again(self):
        """ Compare with the books as they are now: something was booked or imported since.

        :return: None
        """
        self.env['mpesa.command']._check_office()
        self.check_access('read')
        self.sudo()._compare()  # What Safaricom told is nobody's to write.

    # === BUSINESS METHODS === #

    def _describe_difference(self):
        """ Say whether the books agree.

        :rtype: str
        """
        self.ensure_one()
        if not self.has_wallet:
            return self.env._(
                "Safaricom told of no account that payments arrive in, so there is nothing to"
                " compare with the books."
            )
        amount = self._format_amount(self.difference)
        compared = self.currency_id.compare_amounts(self.difference, 0)
        if compared > 0:
            return self.env._("Safaricom has %(amount)s more than our books.", amount=amount)
        if compared < 0:
            return self.env._("Safaricom has %(amount)s less than our books.", amount=amount)
        return self.env._("Safaricom and our books hold the same.")

    def _describe_parts(self):
        """ Say what of the difference is known.

        :rtype: list[str]
        """
        self.ensure_one()
        amounts = {name: self._format_amount(self[name]) for name in PARTS}
        words = {
            'unprocessed_amount': self.env._(
                "%(amount)s came in and is not processed yet: it is booked by itself within"
                " moments.", amount=amounts['unprocessed_amount'],
            ),
            'parked_amount': self.env._(
                "%(amount)s stands in messages that wait for a person in the inbox.",
                amount=amounts['parked_amount'],
            ),
            'charge_amount': self.env._(
                "%(amount)s of charges stands on a statement and is not booked yet.",
                amount=amounts['charge_amount'],
            ),
            'transfer_amount': self.env._(
                "%(amount)s was moved on or went to the bank by a statement, and is not booked"
                " yet.", amount=amounts['transfer_amount'],
            ),
            'line_amount': self.env._(
                "%(amount)s of other lines of a statement is not booked yet: payments and reversals"
                " wait for a second person's release, unknown lines for somebody to say what they"
                " are.", amount=amounts['line_amount'],
            ),
        }
        return [words[name] for name in PARTS if not self.currency_id.is_zero(self[name])]

    def _describe_rest(self, ordered):
        """ Say what the rest may be, and where to look.

        :param float ordered: What is to go back to payers and is not known to have, KES.
        :rtype: list[str]
        """
        self.ensure_one()
        if self.state != 'different':
            return []
        words = [self.env._(
            "%(amount)s is not explained by anything that we know. No money is touched by this.",
            amount=self._format_amount(self.unexplained),
        )]
        behind = self.settlement_amount + self.working_amount
        if self.currency_id.compare_amounts(behind, 0) > 0:
            words.append(self.env._(
                "%(amount)s lies in the accounts behind it, on its way to the bank.",
                amount=self._format_amount(behind),
            ))
        if ordered:
            words.append(self.env._(
                "%(amount)s was ordered to go back to payers, and Safaricom has not said whether it"
                " did.", amount=self._format_amount(ordered),
            ))
        if not self.stated_until:
            words.append(self.env._(
                "No statement was imported, and only a statement tells of charges, of what went to"
                " the bank, and of what was there before the books began. Import one, then compare"
                " again."
            ))
        elif self.stated_until < self.looked_at:
            words.append(self.env._(
                "Statements tell of the time until %(moment)s only: charges, and what went to the"
                " bank since then, are not known yet. Import a newer one, then compare again.",
                moment=self.command_id._format_moment(self.stated_until),
            ))
        else:
            words.append(self.env._(
                "Statements cover the time. It may be what was there before the books began;"
                " otherwise the Day Proofs tell on which day the balances parted."
            ))
        return words

    def _format_amount(self, amount):
        return self.currency_id._format_plain(abs(amount))
