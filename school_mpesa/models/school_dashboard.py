from odoo import api, models
from odoo.fields import Domain


MOST_NAMED = 3  # Whose money went back: so many are named, the others are in the list.


class SchoolDashboard(models.AbstractModel):
    """*Today* also says that money waits for its owner, and that M-PESA took some back."""

    _inherit = 'school.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add what M-PESA money waits for. """
        needs = super()._get_needs(facts)
        if self.env['mpesa.transaction'].has_access('read'):
            needs += self._count_needs(self._get_mpesa_needs())
        return needs

    @api.model
    def _get_mpesa_needs(self):
        """ Return what M-PESA money waits for.

        :return: `key`, `label`, model, domain and views of each.
        :rtype: list[tuple]
        """
        label = self.env._("Payments whose owner nobody knows yet")
        return [
            (
                'unidentified', label, 'mpesa.transaction',
                [('booking_state', '=', 'unidentified')],
                self._get_mpesa_views(
                    ('unidentified_view_list', 'list'), ('unidentified_view_kanban', 'kanban'),
                    ('transaction_view_form', 'form'),
                ),
            ),
            *self._get_reversal_needs(),
            *self._get_statement_needs(),
        ]

    @api.model
    def _get_reversal_needs(self):
        """ Return the need to know whose money M-PESA gave back, if it gave any.

        :return: As :meth:`_get_mpesa_needs`.
        :rtype: list[tuple]
        """
        domain = [('kind', '=', 'reversal'), ('reversal_read_by_id', '=', False)]
        reversals = self.env['mpesa.transaction'].search(
            [('company_id', '=', self.env.company.id), *domain], limit=MOST_NAMED,
        )
        if not reversals:
            return []
        names = [name for name in reversals.mapped('reversed_of') if name]
        label = self.env._("Payments that M-PESA gave back: %(whose)s", whose='; '.join(names)) \
            if names else self.env._("Payments that M-PESA gave back")
        return [('mpesa_reversed', label, 'mpesa.transaction', domain, self._get_mpesa_views(
            ('reversal_view_list', 'list'), ('reversal_view_kanban', 'kanban'),
            ('transaction_view_form', 'form'),
        ))]

    @api.model
    def _get_statement_needs(self):
        """ Return what the organisation's statement needs a person for.

        :return: As :meth:`_get_mpesa_needs`.
        :rtype: list[tuple]
        """
        views = ('list', 'kanban', 'form')
        domains = {
            'statement_unknown': [('state', '=', 'new'), ('kind', '=', 'other')],
            'statement_different': [('state', '=', 'different'), ('note', '=', False)],
            'statement_unbooked': [('state', '=', 'new'), ('tries', '>', 0)],
        }
        unread = [
            ('checked_by_id', '=', False),
            '|', ('gap_count', '>', 0), ('unreadable_count', '>', 0),
        ]
        needs = [(
            'statement_unchecked',
            self.env._("Statements with gaps, or rows that could not be read"),
            'mpesa.statement', unread, views,
        )]
        # One query on a day without any: each need is counted only where there may be one.
        found = self.env['mpesa.statement.line']._read_group(
            [
                ('company_id', '=', self.env.company.id),
                *Domain.OR(domains.values()),
            ], ['state', 'kind'], ['amount:sum'],
        )
        if not found:
            return needs
        unknown = sum(
            amount for state, kind, amount in found if (state, kind) == ('new', 'other')
        )
        labels = {
            'statement_unknown': self.env._(
                "Statement lines of an unknown kind, %(amount)s in all",
                amount=self.env.company.currency_id._format_plain(unknown),
            ),
            'statement_different': self.env._("Statement lines that contradict the books"),
            'statement_unbooked': self.env._("Statement lines that could not be booked"),
        }
        return needs + [
            (key, labels[key], 'mpesa.statement.line', domain, views)
            for key, domain in domains.items()
        ]

    @api.model
    def _get_mpesa_views(self, *names):
        """ Return views of movements, as an action takes them.

        :param names: (name, kind) pairs.
        :rtype: tuple
        """
        return tuple(
            (self.env.ref(f'school_mpesa.mpesa_{name}').id, kind) for name, kind in names
        )
