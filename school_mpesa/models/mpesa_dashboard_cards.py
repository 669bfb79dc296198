from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .. import const
from .mpesa_payment_link import RECEIVED_STATES


NOT_PAID_STATES = ('declined', 'expired')
LONG_PENDING = timedelta(minutes=30)


class MpesaDashboard(models.AbstractModel):
    """The figures at the top, each with the list behind it."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_cards(self, facts):
        """ Return the figures at the top.

        :param dict facts: As in :meth:`_get_facts`.
        :return: Of each `key`, `title`, `value` (text), `amount` (what the text says, or None),
                 `details` (texts), `tone` ('good', 'check', 'bad' or '') and `action`, a window
                 action or None.
        :rtype: list[dict]
        """
        return [
            self._get_received_card(facts),
            self._get_success_card(facts),
            self._get_pending_card(facts),
            self._get_unidentified_card(facts),
            self._get_conservation_card(facts),
            self._get_day_card(facts),
            self._get_link_card(),
            self._get_balance_card(facts),
        ]

    @api.model
    def _make_card(self, key, title, value, *, amount=None, details=(), tone='', action=None):
        """ Return a card as :meth:`_get_cards` describes it.

        :param str key: What it is.
        :param str title: The title.
        :param str value: The figure.
        :param float amount: What the figure says.
        :param Iterable details: Texts; empty ones are left out.
        :param str tone: How good it is.
        :param dict action: What it opens.
        :rtype: dict
        """
        return {
            'key': key, 'title': title, 'value': value, 'amount': amount, 'tone': tone,
            'details': [detail for detail in details if detail], 'action': action,
        }

    @api.model
    def _get_received_card(self, facts):
        """ Return the card of what came in today.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        rows = facts['movements']
        amount, count = (sum(row[name] for row in rows) for name in ('amount', 'count'))
        returned = sum(row['amount'] for row in rows if row['is_returned'])
        if count:
            told = self.env._("%(count)s payments", count=count) if count > 1 else (
                self.env._("1 payment")
            )
        else:
            told = self._explain_no_payments(facts)
        title = self.env._("Received today")
        return self._make_card(
            'received', title, self._format_amount(amount), amount=amount,
            details=[
                told,
                returned and self.env._(
                    "Of it given back by M-PESA: %(amount)s", amount=self._format_amount(returned),
                ),
                self.env._(
                    "Yesterday: %(amount)s",
                    amount=self._format_amount(facts['trend'][-2]['amount']),
                ),
            ],
            action=self._get_list_action(title, 'transaction', facts['shown'] & Domain([
                ('kind', '=', 'payment'), ('denial_state', '!=', 'denied'),
                ('paid_at', '>=', fields.Datetime.to_string(facts['start'])),
                ('paid_at', '<', fields.Datetime.to_string(facts['end'])),
            ])),
        )

    @api.model
    def _explain_no_payments(self, facts):
        """ Return why the figure of today is nothing.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: str
        """
        if all(provider.state == 'disabled' for provider in facts['providers']):
            return self.env._("No M-PESA shortcode is set up yet. Ask the administrator.")
        last = facts['latest'][:1]
        if not last:
            return self.env._("No payment yet. The first one shows here by itself.")
        return self.env._(
            "No payments today. Last: %(day)s, %(amount)s",
            day=self._format_moment(last.paid_at or last.first_seen_at, 'EEE d MMM'),
            amount=self._format_amount(last.amount),
        )

    @api.model
    def _get_success_card(self, facts):
        """ Return the card of how many of today's requests that have ended were paid.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        of_today = facts['shown'] & Domain([
            ('create_date', '>=', fields.Datetime.to_string(facts['start'])),
            ('create_date', '<', fields.Datetime.to_string(facts['end'])),
        ])
        ended = of_today & Domain('mpesa_push_state', 'in', RECEIVED_STATES + NOT_PAID_STATES)
        paid = not_paid = 0
        for state, is_denied, count in self.env['payment.transaction']._read_group(
            ended, ['mpesa_push_state', 'mpesa_is_denied'], ['__count'],
        ):
            if state in RECEIVED_STATES and not is_denied:
                paid += count
            else:
                not_paid += count
        # Rounded down: all of them were paid only when all were.
        percent = 100 * paid // (paid + not_paid) if paid or not_paid else None
        title = self.env._("Requests paid today")
        return self._make_card(
            'success', title, f'{percent}%' if percent is not None else '–', amount=percent,
            details=[
                self.env._("%(paid)s paid, %(not_paid)s not paid", paid=paid, not_paid=not_paid)
                if percent is not None else self.env._("No request of today has ended yet."),
            ],
            action=self._get_list_action(title, 'request', ended),
        )

    @api.model
    def _get_pending_card(self, facts):
        """ Return the card of the requests without an outcome, however old.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        pending = facts['shown'] & Domain('mpesa_push_state', 'in', const.OPEN_PUSH_STATES)
        groups = self.env['payment.transaction']._read_group(
            pending, ['mpesa_needs_person'], ['__count', 'create_date:min'],
        )
        count = sum(number for _needs, number, _oldest in groups)
        for_person = sum(number for needs, number, _oldest in groups if needs)
        age = count and fields.Datetime.now() - min(oldest for *_rest, oldest in groups)
        title = self.env._("Waiting for an outcome")
        return self._make_card(
            'pending', title, str(count), amount=count,
            details=[
                self.env._(
                    "The oldest for %(age)s", age=self.env['mpesa.callback']._describe_age(age),
                ) if count else self.env._("No request is open."),
                for_person and self.env._(
                    "To be looked up by somebody: %(count)s", count=for_person,
                ),
            ],
            tone='check' if count and (for_person or age > LONG_PENDING) else '',
            action=self._get_list_action(title, 'request', pending),
        )

    @api.model
    def _get_unidentified_card(self, facts):
        """ Return the card of the payments whose owner nobody knows.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        unidentified = facts['shown'] & Domain('booking_state', '=', 'unidentified')
        (count, amount, oldest), = self.env['mpesa.transaction']._read_group(
            unidentified, [], ['__count', 'amount:sum', 'paid_at:min'],
        )
        title = self.env._("Unidentified")
        return self._make_card(
            'unidentified', title, str(count), amount=count,
            details=[
                self.env._(
                    "%(amount)s, the oldest since %(day)s", amount=self._format_amount(amount),
                    day=self._format_moment(oldest, 'EEE d MMM'),
                ) if count else self.env._("Every payment found its student."),
            ],
            tone='check' if count else '',
            action=self._get_list_action(title, 'unidentified', unidentified),
        )

    @api.model
    def _get_link_card(self):
        """ Return the card of the links that can be paid now.

        :rtype: dict
        """
        title = self.env._("Active links")
        by_hand = Domain([('kind', '=', 'link'), ('for_relatives', '=', False)])
        count = self.env['mpesa.payment.link']._count_active(by_hand)
        return self._make_card(
            'links', title, str(count), amount=count,
            details=[
                self.env._("Made by the office, open now") if count
                else self.env._("Make one for a student, a class or everyone who owes."),
            ],
            action=self._get_list_action(title, 'link', by_hand & Domain('state', '=', 'active')),
        )

    @api.model
    def _get_balance_card(self, facts):
        """ Return the card of the balance at Safaricom.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        balance, title = self._get_balance(facts), self.env._("Balance at Safaricom")
        if not balance:
            return self._make_card('balance', title, self.env._("Not asked yet"))
        return self._make_card(
            'balance', title, self._format_amount(balance['amount']), amount=balance['amount'],
            details=[self.env._("On %(moment)s", moment=self._format_moment(balance['at']))],
            action=balance['action'],
        )

    @api.model
    def _get_balance(self, facts):
        """ Return the last balance that Safaricom told of the reader's shortcodes.

        :param dict facts: `shown`.
        :return: `amount` (KES, over all shortcodes), `at` (naive UTC, of the oldest) and `action`,
                 what shows more of it; empty while it has not been asked for.
        :rtype: dict
        """
        Balance = self.env['mpesa.balance']
        known = facts['shown'] & Domain([
            ('company_id', 'in', self.env.companies.ids), ('has_wallet', '=', True),
        ])
        latest = Balance.browse()
        for provider, in Balance._read_group(known, ['provider_id']):
            latest += Balance.search(known & Domain('provider_id', '=', provider.id), limit=1)
        return {
            'amount': sum(latest.mapped('wallet_amount')),
            'at': min(latest.mapped('looked_at')),
            'action': self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_balance_action',
            ),
        } if latest else {}
