from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

from ..proof import get_day_bounds


TREND_DAYS = 14  # With today.


class MpesaDashboard(models.AbstractModel):
    """What came in by day and by channel, as a chart and as a table."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_charts(self, facts):
        """ Return the charts.

        :param dict facts: As in :meth:`_get_facts`.
        :return: `key`, `title`, `column` (what the rows are), `empty` (what is said without any
                 money) and `rows` of each: `label`, `amount` (KES), `text` and `count`.
        :rtype: list[dict]
        """
        channels = defaultdict(lambda: [0, 0])
        for row in facts['movements']:
            channels[row['channel']][0] += row['amount']
            channels[row['channel']][1] += row['count']
        names = dict(self.env['school.receipt']._fields['channel']._description_selection(self.env))
        return [
            {
                'key': 'trend', 'title': self.env._("Received, last 14 days"),
                'column': self.env._("Day"),
                'empty': self.env._("No payments in the last 14 days."),
                'rows': self._make_rows(
                    (
                        format_date(self.env, row['day'], date_format='d MMM'),
                        row['amount'], row['count'],
                    ) for row in facts['trend']
                ) if any(row['count'] for row in facts['trend']) else [],
            },
            {
                'key': 'channels', 'title': self.env._("Received today, by channel"),
                'column': self.env._("Channel"),
                'empty': self.env._("No payments today."),
                'rows': self._make_rows(
                    (names[channel], amount, count) for channel, (amount, count)
                    in sorted(channels.items(), key=lambda item: -item[1][0])
                ),
            },
        ]

    @api.model
    def _make_rows(self, rows):
        """ Return the rows of a chart.

        :param Iterable rows: (label, KES, number of payments) of each.
        :rtype: list[dict]
        """
        currency = self.env.company.currency_id
        return [
            {
                'label': label, 'amount': amount, 'count': count,
                'text': currency._format_number(amount),
            }
            for label, amount, count in rows
        ]

    @api.model
    def _read_closes(self, facts):
        """ Read the proofs of the days before today that the trend shows.

        :param dict facts: `day` and `shown`.
        :rtype: mpesa.day.close
        """
        day = facts['day']
        return self.env['mpesa.day.close'].search_fetch(
            facts['shown']
            & Domain([('day', '>', day - timedelta(days=TREND_DAYS)), ('day', '<', day)]),
            ['provider_id', 'day', 'state', 'movement_total', 'movement_count', 'is_stale'],
        )

    @api.model
    def _read_trend(self, facts):
        """ Return what came in on each of the last days.

        A day that was compared, and of which nothing new is known, is not added up again.

        :param dict facts: `day`, `providers`, `movements` and `closes`.
        :return: `day`, `amount` (KES) and `count` of each, today last.
        :rtype: list[dict]
        """
        day, found = facts['day'], defaultdict(lambda: [0, 0])
        for row in facts['movements']:
            found[day][0] += row['amount']
            found[day][1] += row['count']
        days = [day - timedelta(days=ago) for ago in range(TREND_DAYS - 1, 0, -1)]
        # One that is disabled has a proof of the days on which money came all the same.
        used = facts['providers'].filtered(lambda provider: provider.state != 'disabled')
        by_day = facts['closes'].grouped('day')
        unknown = []
        for one in days:
            closes = by_day.get(one, facts['closes'].browse())
            if any(closes.mapped('is_stale')) or used - closes.sudo().provider_id:
                unknown.append(one)
            else:
                found[one] = [
                    sum(closes.mapped(name)) for name in ('movement_total', 'movement_count')
                ]
        if unknown:
            found |= self._read_days(facts, unknown)
        return [
            {'day': one, 'amount': found[one][0], 'count': found[one][1]} for one in [*days, day]
        ]

    @api.model
    def _read_days(self, facts, days):
        """ Add up what came in on days of which there is no proof that stands.

        :param dict facts: `providers`.
        :param list[date] days: The days in Kenya.
        :return: KES and the number of payments of each.
        :rtype: dict[date, list]
        """
        bounds = [get_day_bounds(day) for day in days]
        groups = self.env['mpesa.transaction'].with_context(tz='Africa/Nairobi')._read_group(
            self._get_received_domain(facts) & Domain.OR(
                Domain([('paid_at', '>=', start), ('paid_at', '<', end)]) for start, end in bounds
            ),
            ['paid_at:day'], ['amount:sum', '__count'],
        )
        return {moment.date(): [amount, count] for moment, amount, count in groups}
