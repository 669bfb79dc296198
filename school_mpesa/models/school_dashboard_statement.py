from odoo import api, models
from odoo.fields import Domain


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
