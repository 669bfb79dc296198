from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .mpesa_callback_found import HELD


# The drain is woken at once, and parked messages are tried again: later something is wrong.
LONG_NEW = timedelta(seconds=60)
LONG_WAITING = timedelta(days=1)


class MpesaDashboard(models.AbstractModel):
    """Whether every shilling is in the books: today by a look at them, and the days by proof."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_conservation_card(self, facts):
        """ Return the card that says whether every shilling that we were told of is in the books.

        What was received is on students, unidentified, or went back. Messages that are not booked
        yet are counted with their age.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        title = self.env._("In the books")
        plain = self._format_amount
        rows = [row for row in facts['movements'] if not row['is_returned']]
        on_students = sum(row['amount'] for row in rows if row['is_on_students'])
        in_suspense = sum(row['amount'] for row in rows if row['is_in_suspense'])
        # By what it is made of, and not by what is kept of it: this looks for what went wrong.
        unbooked = facts['shown'] & Domain([
            ('kind', '=', 'payment'), ('receipt_id', '=', False),
            ('suspense_payment_id', '=', False), ('is_returned', '=', False),
            ('denial_state', '!=', 'denied'),
        ])
        (older,), = self.env['mpesa.transaction']._read_group(
            unbooked & (
                Domain('paid_at', '<', facts['start']) | Domain('paid_at', '=', False)
            ), [], ['amount:sum'],
        )
        missing = (older or 0) + sum(
            row['amount'] for row in rows if not row['is_on_students'] and not row['is_in_suspense']
        )
        waiting = self._read_waiting_messages(facts)
        said = self.env._(
            "Today: %(students)s on students, %(unidentified)s unidentified",
            students=plain(on_students), unidentified=plain(in_suspense),
        )
        is_missing = not self.env.company.currency_id.is_zero(missing)
        if is_missing:
            value, tone = self.env._("%(amount)s is not", amount=plain(missing)), 'bad'
        elif waiting['count']:
            value = self.env._("%(count)s messages wait", count=waiting['count']) \
                if waiting['count'] > 1 else self.env._("1 message waits")
            tone = 'bad' if waiting['is_late'] else 'check'
        else:
            value, tone = self.env._("All of it"), 'good'
        return self._make_card(
            'conservation', title, value, amount=missing, tone=tone,
            details=[
                waiting['count'] and self.env._(
                    "%(count)s of Safaricom's messages not booked, the oldest for %(age)s",
                    count=waiting['count'], age=waiting['age'],
                ), said,
            ],
            action=self._get_list_action(
                title, 'transaction', unbooked | (
                    facts['shown']
                    & Domain('paid_at', '>=', fields.Datetime.to_string(facts['start']))
                    & Domain('receipt_id', 'any', [('state', '!=', 'posted')])
                ),
            ) if is_missing else self._get_list_action(
                self.env._("Messages not booked"), 'inbox', waiting['domain'],
            ) if waiting['count'] else None,
        )

    @api.model
    def _read_waiting_messages(self, facts):
        """ Read how many messages of Safaricom's are not booked, and for how long.

        :param dict facts: `shown`.
        :return: `count`, `age` (text) of the oldest, `is_late` and the `domain` of all of them.
        :rtype: dict
        """
        now = fields.Datetime.now()
        count, ages, is_late = 0, [], False
        # A second person releases what is held: nothing is wrong there.
        not_held = facts['shown'] & Domain('reason', '!=', HELD)
        # Two questions, since each has a small index of its own.
        kinds = ((('new',), LONG_NEW), (('parked', 'conflict', 'quarantined'), LONG_WAITING))
        for states, longest in kinds:
            (number, oldest), = self.env['mpesa.callback']._read_group(
                Domain('state', 'in', states) & not_held, [], ['__count', 'received_at:min'],
            )
            if number:
                count += number
                ages.append(now - oldest)
                is_late = is_late or ages[-1] > longest
        return {
            'count': count, 'is_late': is_late,
            'age': self.env['mpesa.callback']._describe_age(max(ages)) if ages else '',
            'domain': not_held & Domain('state', 'in', [s for states, _l in kinds for s in states]),
        }

    @api.model
    def _get_day_card(self, facts):
        """ Return the card of the proofs of the days: the last one, and those with differences.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        title = self.env._("Day proofs")
        closes = facts['closes']
        last = closes.filtered(lambda close: close.day == max(closes.mapped('day')))
        states = dict(closes._fields['state']._description_selection(self.env))
        different = facts['shown'] & Domain('state', '=', 'different')
        count = closes.search_count(different)
        unsigned = len(closes.filtered(lambda close: close.state == 'proven'))
        tone = 'bad' if count else 'check'
        if not count and last and {*last.mapped('state')} <= {'proven', 'signed'}:
            tone = 'good'
        return self._make_card(
            'days', title, states['different'] if 'different' in last.mapped('state')
            else ', '.join({states[close.state]: None for close in last}) or '–',
            details=[
                format_date(self.env, last[:1].day, date_format='EEEE d MMMM') if last
                else self.env._("No day has been compared yet. That happens every night."),
                count and self.env._("Days with differences: %(count)s", count=count),
                unsigned and self.env._("Proven and not signed: %(count)s", count=unsigned),
            ],
            tone=tone if last or count else '',
            action=self._get_list_action(title, 'day', different if count else facts['shown']),
        )
