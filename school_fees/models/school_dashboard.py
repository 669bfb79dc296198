from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import format_date, format_time


# Key, role, icon and action of each quick action, in the order of the day.
QUICK_ACTIONS = [
    ('receipt', 'group_cashier', 'fa-money', 'school_receipt_wizard_action'),
    ('family_receipt', 'group_cashier', 'fa-users', 'school_receipt_wizard_action_family'),
    ('statement', 'group_bursar', 'fa-file-text-o', 'school_statement_wizard_action'),
    ('admission', 'group_bursar', 'fa-user-plus', 'school_admission_wizard_action'),
    ('cash_up', 'group_cashier', 'fa-calculator', 'school_cash_up_action_mine'),
    ('bill_run', 'group_bursar', 'fa-files-o', 'school_bill_run_action_new'),
    ('charge', 'group_bursar', 'fa-plus-square-o', 'school_charge_wizard_action'),
    ('promotion', 'group_bursar', 'fa-level-up', 'school_promotion_wizard_action'),
    ('structure', 'group_bursar', 'fa-copy', 'school_fee_structure_action_next_year'),
    ('year_end', 'group_bursar', 'fa-archive', 'school_year_end_pack_action'),
]
LAST_RECEIPTS = 10


class SchoolDashboard(models.AbstractModel):
    """Where the day of the fees office starts: what came in, what is open, what needs somebody.

    Everything is of one school, the one in front in the switcher of companies, since terms are.
    A reader gets what the reader may open in a list, and no more; how many queries it takes does
    not depend on the number of students.
    """

    _name = 'school.dashboard'
    _description = "Fees Today"

    # === BUSINESS METHODS === #

    @api.model
    def get_figures(self):
        """ Return all that the screen *Today* shows to the user.

        Other add-ons add cards and needs of their own: each is a dict with a `key`.

        :return: `school`, `day`, `time`, `actions` as in :meth:`_get_quick_actions`, `cards` as in
                 :meth:`_get_cards`, `needs` as in :meth:`_get_needs`, `receipts` as in
                 :meth:`_get_last_receipts`, `classes` as in :meth:`_get_classes`; the last two
                 None for those who may not see them.
        :rtype: dict
        :raise AccessError: If the user has no role in the school.
        """
        user = self.env.user
        if not (
            user.has_group('school_fees.group_cashier')
            or user.has_group('school_fees.group_class_teacher')
        ):
            raise AccessError(self.env._(
                "This page is for the school's office. Ask the bursar's office for a role."
            ))
        facts = self._get_facts()
        return {
            'school': self.env.company.name,
            'day': format_date(self.env, facts['day'], date_format='EEEE d MMMM'),
            'time': format_time(
                self.env, fields.Datetime.context_timestamp(self, fields.Datetime.now()).time(),
                time_format='HH:mm',
            ),
            'actions': self._get_quick_actions(),
            'cards': self._get_cards(facts),
            'needs': self._get_needs(facts),
            'receipts': facts['receipts'],
            'classes': self._get_classes(facts),
        }

    @api.model
    def _get_facts(self):
        """ Read once what several parts of the screen are made of.

        :return: `day`, `term` and `last_term` (either may be empty), `receipts` as in
                 :meth:`_get_last_receipts`, and `accounts` as in :meth:`_read_accounts` or None.
        :rtype: dict
        """
        company, day = self.env.company, fields.Date.context_today(self)
        # A cashier may read terms; a teacher sees a day and no more of them.
        terms_sudo = self.env['school.term'].sudo().search_fetch(
            [('company_id', '=', company.id), ('date_from', '<=', day)], ['name', 'date_from'],
            order='date_from desc', limit=2,
        )
        facts = {'day': day, 'term': terms_sudo[:1], 'last_term': terms_sudo[1:]}
        facts['receipts'] = self._get_last_receipts()
        facts['accounts'] = (
            self._read_accounts(facts['term'], day)
            if self.env['school.balance.report'].has_access('read') else None
        )
        return facts

    @api.model
    def _get_quick_actions(self):
        """ Return the quick actions of the user's role.

        :return: `key`, `label`, `icon` and `action`, the external id of what it opens, of each.
        :rtype: list[dict]
        """
        labels = {
            'receipt': self.env._("Take receipt"),
            'family_receipt': self.env._("Family receipt"),
            'statement': self.env._("Statement"),
            'admission': self.env._("New admission"),
            'cash_up': self.env._("Cash-up"),
            'bill_run': self.env._("Bill run"),
            'charge': self.env._("Charge a class"),
            'promotion': self.env._("Promote classes"),
            'structure': self.env._("Next year's structure"),
            'year_end': self.env._("Year-end pack"),
        }
        return [
            {'key': key, 'label': labels[key], 'icon': icon, 'action': f'school_fees.{action}'}
            for key, group, icon, action in QUICK_ACTIONS
            if self.env.user.has_group(f'school_fees.{group}')
        ]

    @api.model
    def _get_cards(self, facts):
        """ Return the figures at the top.

        :param dict facts: As in :meth:`_get_facts`.
        :return: Of each `key`, `title`, `value` (text), `amount` (KES, or None), `details` (texts)
                 and `action`, a window action or None.
        :rtype: list[dict]
        """
        cards = []
        if facts['receipts'] is not None:
            cards.append(self._get_received_card(facts))
        if facts['accounts'] is not None:
            cards += self._get_account_cards(facts)
        return cards

    @api.model
    def _get_received_card(self, facts):
        """ Return the card of what came in today, beside the same day of the last term.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: dict
        """
        day, currency = facts['day'], self.env.company.currency_id
        same_day = self._get_same_day(facts)
        yesterday = day - timedelta(days=1)
        found = {}
        for date, channel, amount, count in self.env['school.receipt']._read_group(
            [
                ('company_id', '=', self.env.company.id), ('state', '=', 'posted'),
                ('date', 'in', [d for d in (day, yesterday, same_day) if d]),
            ],
            ['date:day', 'channel'], ['amount:sum', '__count'],
        ):
            found.setdefault(date, []).append((channel, amount, count))

        def total(date):
            rows = found.get(date, [])
            return sum(row[1] for row in rows), sum(row[2] for row in rows)

        amount, count = total(day)
        details = []
        if count:
            names = dict(self.env['school.receipt']._fields['channel']._description_selection(
                self.env
            ))
            details.append(self.env._("%(count)s receipts", count=count) if count > 1 else (
                self.env._("1 receipt")
            ))
            details.append(' · '.join(
                f'{names[channel]} {currency._format_number(part)}'
                for channel, part, _count in sorted(found[day], key=lambda row: -row[1])
            ))
        else:
            details.append(self._explain_no_receipts(facts))
        details.append(self.env._(
            "Yesterday: %(amount)s", amount=currency._format_plain(total(yesterday)[0]),
        ))
        if same_day:
            details.append(self.env._(
                "Same day of %(term)s (%(day)s): %(amount)s",
                term=facts['last_term'].name, amount=currency._format_plain(total(same_day)[0]),
                day=format_date(self.env, same_day, date_format='EEE d MMM'),
            ))
        title = self.env._("Received today")
        return {
            'key': 'received', 'title': title, 'amount': amount,
            'value': currency._format_plain(amount), 'details': details,
            'action': self._get_list_action('school.receipt', title, [
                ('date', '=', fields.Date.to_string(day)), ('state', '=', 'posted'),
            ]),
        }

    @api.model
    def _get_same_day(self, facts):
        """ Return the day of the last term that was as far from its start, on the same weekday.

        :param dict facts: As in :meth:`_get_facts`.
        :return: None without two terms.
        :rtype: date | None
        """
        if not facts['last_term']:
            return None
        start, last_start = (
            term.date_from - timedelta(days=term.date_from.weekday())
            for term in (facts['term'], facts['last_term'])
        )
        return last_start + (facts['day'] - start)

    @api.model
    def _explain_no_receipts(self, facts):
        """ Return why the figure of today is nothing.

        :param dict facts: As in :meth:`_get_facts`.
        :rtype: str
        """
        last = next((r for r in facts['receipts'] if r['state'] == 'posted'), None)
        if not last:
            return self.env._("No payments yet. Take the first receipt above.")
        return self.env._(
            "No payments today. Last: %(day)s, %(amount)s", day=last['day'], amount=last['amount'],
        )

    @api.model
    def _get_last_receipts(self):
        """ Return the last receipts, the newest first.

        :return: Of each `id`, `number`, `day`, `students`, `channel`, `amount` (text) and `state`;
                 None when the user may read no receipts.
        :rtype: list[dict] | None
        """
        Receipt = self.env['school.receipt']
        if not Receipt.has_access('read'):
            return None
        receipts = Receipt.search_fetch(
            [('company_id', '=', self.env.company.id), ('state', '!=', 'draft')],
            ['number', 'date', 'channel', 'amount', 'currency_id', 'state'],
            order='id desc', limit=LAST_RECEIPTS,
        )
        receipts.line_ids.student_id.fetch(['name'])  # All at once; what follows goes by receipt.
        channels, states = (
            dict(Receipt._fields[name]._description_selection(self.env))
            for name in ('channel', 'state')
        )
        return [{
            'id': receipt.id, 'number': receipt.number, 'state': receipt.state,
            'state_name': states[receipt.state],
            'day': format_date(self.env, receipt.date, date_format='EEE d MMM'),
            'students': ', '.join(receipt.line_ids.student_id.mapped('name')),
            'channel': channels[receipt.channel],
            'amount': receipt.currency_id._format_plain(receipt.amount),
        } for receipt in receipts]

    @api.model
    def _get_list_action(self, model, name, domain, views=('list', 'form'), **values):
        """ Return a window action on records of the school in front.

        :param str model: The model's name.
        :param str name: The title.
        :param list domain: Which records.
        :param tuple views: The kinds of view, or (id, kind) pairs.
        :param values: Further values of the action.
        :rtype: dict
        """
        pairs = [view if isinstance(view, tuple) else (False, view) for view in views]
        return {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': model, 'views': pairs,
            # Cards on the phone, where there are any, as of an action that is stored.
            'mobile_view_mode': 'kanban' if 'kanban' in dict(pairs).values() else 'list',
            'domain': list(Domain('company_id', '=', self.env.company.id) & Domain(domain)),
            'context': {}, **values,
        }
