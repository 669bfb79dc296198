from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date, format_datetime

from ..proof import get_day_bounds
from .mpesa_payment_link import NAIROBI


# Key, icon and action of each quick action.
QUICK_ACTIONS = [
    ('prompt', 'fa-mobile', 'mpesa_prompt_action'),
    ('link', 'fa-link', 'mpesa_link_wizard_action'),
    ('links', 'fa-list', 'mpesa_payment_link_action'),
]


class MpesaDashboard(models.AbstractModel):
    """M-PESA at a glance: what came in today, what waits for whom, and whether all of it is booked.

    It shows the schools that are chosen in the switcher of companies, by the reader's rights. Days
    are days in Kenya. It is asked for again and again while it is open, so however long the history
    is, it reads today, what is open, and the latest rows; the days before come from their proofs.
    """

    _name = 'mpesa.dashboard'
    _description = "M-PESA Dashboard"

    # === BUSINESS METHODS === #

    @api.model
    def get_figures(self):
        """ Return all that the screen shows to the user, in one call.

        :return: `school`, `day`, `time`, `mark` (what says that no real money is shown, or ''),
                 `actions` as in :meth:`_get_quick_actions`, `cards` as in :meth:`_get_cards`,
                 `charts` as in :meth:`_get_charts`, `transactions` as in
                 :meth:`_get_transactions` and `links` as in :meth:`_get_links`.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office sees the M-PESA dashboard."))
        facts = self._get_facts()
        return {
            'school': ', '.join(self.env.companies.mapped('name')),
            'day': format_date(self.env, facts['day'], date_format='EEEE d MMMM'),
            'time': self._format_moment(fields.Datetime.now(), 'HH:mm'),
            'mark': self._get_mark(facts),
            'actions': self._get_quick_actions(),
            'cards': self._get_cards(facts),
            'charts': self._get_charts(facts),
            'transactions': self._get_transactions(facts),
            'links': self._get_links(),
        }

    @api.model
    def _get_facts(self):
        """ Read once what several parts of the screen are made of.

        :return: `day` in Kenya, its `start` and `end` (naive UTC), `providers` (in sudo mode) whose
                 money is shown, `shown`, the domain of what is theirs, `movements` as in
                 :meth:`_read_movements` of that day, `closes`, the proofs of the days before,
                 `trend` as in :meth:`_read_trend`, `latest`, the last movements.
        :rtype: dict
        """
        day = self.env['mpesa.day.close']._get_today()
        start, end = get_day_bounds(day)
        # In sudo mode: providers are the system's. Of the schools that the reader has chosen.
        providers = self.env['payment.provider'].sudo().search_fetch(
            [('code', '=', 'mpesa'), ('company_id', 'in', self.env.companies.ids)],
            ['mpesa_environment', 'mpesa_shortcode', 'mpesa_status_enabled', 'state'],
        )
        real = self._filter_real(providers)
        facts = {
            'day': day, 'start': start, 'end': end, 'providers': real,
            'shown': Domain('provider_id', 'in', real.ids) if real != providers else Domain.TRUE,
        }
        facts['movements'] = self._read_movements(facts)
        facts['closes'] = self._read_closes(facts)
        facts['trend'] = self._read_trend(facts)
        facts['latest'] = self._read_latest_movements(facts)
        return facts

    @api.model
    def _filter_real(self, providers):
        """ Return those whose money is shown: where real money moves, tries are not added to it.

        :param payment.provider providers: In sudo mode.
        :return: Those in production, if one of them is in use or was; else all of them.
        :rtype: payment.provider
        """
        real = providers.filtered(lambda provider: provider.mpesa_environment == 'production')
        is_live = any(provider.state != 'disabled' for provider in real) or (
            # In sudo mode, as the providers: only whether there are any.
            real and real != providers and self.env['mpesa.transaction'].sudo().search_count(
                [('provider_id', 'in', real.ids)], limit=1,
            )
        )
        return real if is_live else providers

    @api.model
    def _get_mark(self, facts):
        """ Return what says that the money shown is not real.

        :param dict facts: `providers`.
        :return: A line, '' where real money is shown or none at all.
        :rtype: str
        """
        tried = facts['providers'].filtered(
            lambda p: p.mpesa_environment != 'production' and p.state != 'disabled'
        )
        return tried[:1]._mpesa_get_watermark()

    @api.model
    def _read_movements(self, facts):
        """ Read the payments of today by channel and by what they became in the books.

        :param dict facts: `providers`, `start` and `end`.
        :return: `channel`, `is_returned`, `is_on_students`, `is_in_suspense`, `amount` (KES) and
                 `count` of each group.
        :rtype: list[dict]
        """
        # In sudo mode, of the reader's schools: a receipt may be of a branch that the reader has
        # not chosen, and the money is in the books all the same.
        groups = self.env['mpesa.transaction'].sudo()._read_group(
            self._get_received_domain(facts) & Domain([
                ('paid_at', '>=', facts['start']), ('paid_at', '<', facts['end']),
            ]),
            [
                'payment_transaction_id.mpesa_channel', 'is_returned', 'receipt_id.state',
                'suspense_payment_id.state',
            ],
            ['amount:sum', '__count'],
        )
        return [
            {
                'channel': channel or 'paybill_manual', 'is_returned': is_returned,
                'is_on_students': receipt == 'posted',
                'is_in_suspense': not receipt and suspense not in {False, None, 'canceled'},
                'amount': amount, 'count': count,
            }
            for channel, is_returned, receipt, suspense, amount, count in groups
        ]

    @api.model
    def _get_received_domain(self, facts):
        """ Return the domain of what the proof of a day takes for received.

        :param dict facts: `providers`.
        :rtype: Domain
        """
        providers = facts['providers']
        return Domain([
            ('company_id', 'in', self.env.companies.ids),
            # The index of days begins with these.
            ('environment', 'in', providers.mapped('mpesa_environment')),
            ('shortcode', 'in', providers.mapped('mpesa_shortcode')),
            ('kind', '=', 'payment'), ('denial_state', '!=', 'denied'),
        ])

    @api.model
    def _get_quick_actions(self):
        """ Return the quick actions.

        :return: `key`, `label`, `icon` and `action`, the external id of what it opens, of each.
        :rtype: list[dict]
        """
        labels = {
            'prompt': self.env._("Prompt to pay"),
            'link': self.env._("Make a link"),
            'links': self.env._("All links"),
        }
        return [
            {'key': key, 'label': labels[key], 'icon': icon, 'action': f'school_mpesa.{action}'}
            for key, icon, action in QUICK_ACTIONS
        ]

    @api.model
    def _get_list_action(self, name, views, domain):
        """ Return a window action on the list behind a figure.

        :param str name: The title.
        :param str views: Which of the add-on's views: 'request', 'transaction', 'unidentified',
                          'link', 'day' or 'inbox'.
        :param list domain: Which records.
        :rtype: dict
        """
        model, kinds = {
            'request': ('payment.transaction', {
                'list': 'payment_transaction_view_list_mpesa',
                'kanban': 'payment_transaction_view_kanban_mpesa',
                'form': 'payment_transaction_view_form_mpesa',
                'search': 'payment_transaction_view_search_mpesa',
            }),
            'unidentified': ('mpesa.transaction', {
                'list': 'mpesa_unidentified_view_list', 'kanban': 'mpesa_unidentified_view_kanban',
                'form': 'mpesa_transaction_view_form',
            }),
        }.get(views) or ({
            'transaction': 'mpesa.transaction', 'link': 'mpesa.payment.link',
            'day': 'mpesa.day.close', 'inbox': 'mpesa.callback',
        }[views], dict.fromkeys(('list', 'kanban', 'form')))
        ids = {
            kind: bool(xmlid) and self.env.ref(f'school_mpesa.{xmlid}').id
            for kind, xmlid in kinds.items()
        }
        search = ids.pop('search', False)
        return {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': model,
            'views': [(view, kind) for kind, view in ids.items()], 'mobile_view_mode': 'kanban',
            'search_view_id': [search, 'search'], 'domain': list(domain), 'context': {},
        }

    @api.model
    def _format_moment(self, moment, pattern='EEE d MMM HH:mm'):
        """ Return a moment as it was in Kenya, in the reader's language.

        :param datetime moment: Naive UTC.
        :param str pattern: How it is written.
        :rtype: str
        """
        return format_datetime(self.env, moment, tz=NAIROBI, dt_format=pattern)

    @api.model
    def _format_amount(self, amount):
        """ Return an amount as schools write it.

        :param float amount: KES.
        :rtype: str
        """
        return self.env.company.currency_id._format_plain(amount)
