from odoo import api, models


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
        Line = self.env['mpesa.statement.line']
        form = ('transaction_view_form', 'form')
        line_views = ('list', 'kanban', 'form')
        unknown = [('state', '=', 'new'), ('kind', '=', 'other')]
        return [
            (
                'unidentified', self.env._("Payments whose owner nobody knows yet"),
                'mpesa.transaction', [('booking_state', '=', 'unidentified')],
                self._get_mpesa_views(
                    ('unidentified_view_list', 'list'), ('unidentified_view_kanban', 'kanban'), form,
                ),
            ),
            (
                'mpesa_reversed', self._describe_reversed(), 'mpesa.transaction',
                self._get_reversed_domain(),
                self._get_mpesa_views(
                    ('reversal_view_list', 'list'), ('reversal_view_kanban', 'kanban'), form,
                ),
            ),
            (
                'statement_unknown', self._describe_unknown(unknown), Line._name, unknown,
                line_views,
            ),
            (
                'statement_different', self.env._("Statement lines that contradict the books"),
                Line._name, [('state', '=', 'different'), ('note', '=', False)], line_views,
            ),
            (
                'statement_unbooked', self.env._("Statement lines that could not be booked"),
                Line._name, [('state', '=', 'new'), ('tries', '>', 0)], line_views,
            ),
            (
                'statement_unchecked',
                self.env._("Statements with gaps, or rows that could not be read"),
                'mpesa.statement', [
                    ('checked_by_id', '=', False), '|', ('gap_count', '>', 0),
                    ('unreadable_count', '>', 0),
                ], line_views,
            ),
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

    @api.model
    def _get_reversed_domain(self):
        """ Return the reversals that nobody has taken note of.

        :rtype: list
        """
        return [('kind', '=', 'reversal'), ('reversal_read_by_id', '=', False)]

    @api.model
    def _describe_reversed(self):
        """ Say whose money M-PESA gave back.

        :rtype: str
        """
        reversals = self.env['mpesa.transaction'].search([
            ('company_id', '=', self.env.company.id), *self._get_reversed_domain(),
        ], limit=MOST_NAMED)
        names = [name for name in reversals.mapped('reversed_of') if name]
        if not names:
            return self.env._("Payments that M-PESA gave back")
        return self.env._("Payments that M-PESA gave back: %(whose)s", whose='; '.join(names))

    @api.model
    def _describe_unknown(self, domain):
        """ Say how much money stands on lines of a statement that nobody can name.

        :param list domain: Those lines.
        :rtype: str
        """
        (amount,), = self.env['mpesa.statement.line']._read_group(
            [('company_id', '=', self.env.company.id), *domain], [], ['amount:sum'],
        )
        return self.env._(
            "Statement lines of an unknown kind, %(amount)s in all",
            amount=self.env.company.currency_id._format_plain(amount or 0),
        )
