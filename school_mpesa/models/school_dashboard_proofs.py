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
            needs += self._count_needs(self._get_days(facts))
        return needs

    @api.model
    def _get_days(self, facts):
        """ Return which days of M-PESA need somebody.

        :param dict facts: As in :meth:`_get_facts`.
        :return: `key`, `label`, model, domain and kinds of view of each.
        :rtype: list[tuple]
        """
        labels = {
            'different': self.env._("M-PESA days with differences"),
            'unproven': self.env._("M-PESA days not yet proven by statement"),
            'unsigned': self.env._("M-PESA days proven and not signed"),
            'amended': self.env._("Signed M-PESA days with something new"),
        }
        first = facts['day'] - timedelta(days=UNSIGNED_DAYS)
        recent = [('day', '>=', first), ('day', '<', facts['day'])]
        domains = {
            'different': [('state', '=', 'different')],
            'unproven': [('state', '=', 'unproven'), *recent],
            'unsigned': [('state', '=', 'proven'), *recent],
            'amended': [('unseen_count', '>', 0)],
        }
        return [
            (f'days_{key}', labels[key], 'mpesa.day.close', domain, ('list', 'kanban', 'form'))
            for key, domain in domains.items()
        ]
