from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain


BOOKED_BY_THEN = timedelta(minutes=10)  # What is left then is stuck: the action runs by the minute.
MOST_NAMED = 3  # Whose money went back: so many are named, the others are in the list.


class SchoolDashboard(models.AbstractModel):
    """*Today* also says that M-PESA took money back, and what statements need a person for."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add reversals and statements. """
        needs = super()._get_needs(facts)
        if self.env['mpesa.transaction'].has_access('read'):
            needs += self._count_needs([
                *self._get_reversal_needs(), *self._get_statement_needs(),
            ])
        return needs

    @api.model
    def _get_reversal_needs(self):
        """ Return the need to know whose money M-PESA gave back, if it gave any.

        :return: As `_count_needs` takes them.
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
        views = self._get_movement_views('reversal')
        return [('mpesa_reversed', label, 'mpesa.transaction', domain, views)]

    @api.model
    def _get_statement_needs(self):
        """ Return what the organisation's statement needs a person for.

        :return: As `_count_needs` takes them.
        :rtype: list[tuple]
        """
        views = ('list', 'kanban', 'form')
        Line = self.env['mpesa.statement.line']
        overdue = fields.Datetime.to_string(fields.Datetime.now() - BOOKED_BY_THEN)
        domains = {
            'statement_unknown': [('state', '=', 'new'), ('kind', '=', 'other')],
            'statement_different': [
                ('state', '=', 'different'), ('note', '=', False),
                ('statement_id.distrusted_at', '=', False),
            ],
            'statement_disputed': Domain([
                ('disputed_by_id', '!=', False), ('dispute_note', '=', False),
            ]) & ~Line._get_doubted_domain(),
            'statement_unbooked': Line._get_waiting_domain() & Domain([
                ('state', '=', 'new'), '|', ('tries', '>', 0), ('create_date', '<', overdue),
            ]),
            # For the others: who imported a file does not release what it says.
            'statement_held': Line._get_held_domain() & Domain(
                'statement_id.create_uid', '!=', self.env.uid,
            ),
        }
        unread = [
            ('checked_by_id', '=', False), ('distrusted_at', '=', False),
            '|', ('gap_count', '>', 0), ('unreadable_count', '>', 0),
        ]
        needs = [(
            'statement_unchecked',
            self.env._("Statements with gaps, or rows that could not be read"),
            'mpesa.statement', unread, views,
        )]
        # One query on a day without any: each need is counted only where there may be one.
        found = Line._read_group(
            [
                ('company_id', '=', self.env.company.id),
                *Domain.OR(domains.values()),
            ], ['state', 'kind'], ['__count', 'amount:sum'],
        )
        if not found:
            return needs
        found = {(state, kind): (count, amount) for state, kind, count, amount in found}
        _count, unknown = found.get(('new', 'other'), (0, 0))
        payments, amount = found.get(('found', 'payment'), (0, 0))
        labels = {
            'statement_unknown': self.env._(
                "Statement lines of an unknown kind, %(amount)s in all",
                amount=self.env.company.currency_id._format_plain(unknown),
            ),
            'statement_different': self.env._("Statement lines that contradict the books"),
            'statement_disputed': self.env._(
                "Statement lines that only one of two statements has, or one that is not believed"
            ),
            'statement_unbooked': self.env._("Statement lines that could not be booked"),
            'statement_held': self.env._(
                "%(count)s payments (%(amount)s) known only from a statement wait for a second"
                " person", count=payments,
                amount=self.env.company.currency_id._format_plain(amount),
            ) if payments else self.env._(
                "Lines known only from a statement wait for a second person"
            ),
        }
        held = domains.pop('statement_held')
        return needs + [
            (key, labels[key], 'mpesa.statement.line', domain, views)
            for key, domain in domains.items()
        ] + [(
            'statement_held', labels['statement_held'], 'mpesa.statement',
            [('line_ids', 'any', list(held))], views,
        )]
