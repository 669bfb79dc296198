from odoo import api, models


class SchoolDashboard(models.AbstractModel):
    """*Today* also says which money is to go back and needs the reader."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add money that is to go back. """
        needs = super()._get_needs(facts)
        if not self.env['mpesa.money.back'].has_access('read'):
            return needs
        views = ('list', 'kanban', 'form')
        label = self.env._("Money that may have gone back: look it up")
        unknown = [('state', '=', 'unknown')]
        found = [('money_back_unknown', label, 'mpesa.money.back', unknown, views)]
        if self.env.user.has_group('school_fees.group_approver'):
            label = self.env._("Money to give back: to approve")
            asked = [('state', '=', 'asked'), ('asked_by_id', '!=', self.env.uid)]
            found.append(('money_back_asked', label, 'mpesa.money.back', asked, views))
        return needs + self._count_needs(found)
