from datetime import timedelta

from odoo import api, models


UNSIGNED_DAYS = 31  # Older ones are in the list: a school that never signs is not told each day.


class SchoolDashboard(models.AbstractModel):
    """*Today* also says which days of M-PESA are not proven, not signed or amended."""

    _inherit = 'school.dashboard'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add the days. """
        needs = super()._get_needs(facts)
        if self.env['mpesa.day.close'].has_access('read'):
            views = ('list', 'kanban', 'form')
            first = facts['day'] - timedelta(days=UNSIGNED_DAYS)
            recent = [('day', '>=', first), ('day', '<', facts['day'])]
            needs += self._count_needs([
                (key, label, 'mpesa.day.close', domain, views) for key, label, domain in (
                    (
                        'days_different', self.env._("M-PESA days with differences"),
                        [('state', '=', 'different')],
                    ),
                    (
                        'days_unproven', self.env._("M-PESA days not yet proven by statement"),
                        [('state', '=', 'unproven'), *recent],
                    ),
                    (
                        'days_unsigned', self.env._("M-PESA days proven and not signed"),
                        [('state', '=', 'proven'), *recent],
                    ),
                    (
                        'days_amended', self.env._("Signed M-PESA days with something new"),
                        [('unseen_count', '>', 0)],
                    ),
                )
            ])
        return needs
