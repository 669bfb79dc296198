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
        unknown = [('state', '=', 'unknown')]
        asked = [('state', '=', 'asked'), ('asked_by_id', '!=', self.env.uid)]
        to_look_up = self.env._("Money that may have gone back: look it up")
        found = [('money_back_unknown', to_look_up, 'mpesa.money.back', unknown, views)]
        if self.env.user.has_group('school_fees.group_approver'):
            to_approve = self.env._("Money to give back: to approve")
            found.append(('money_back_asked', to_approve, 'mpesa.money.back', asked, views))
        return needs + self._count_needs(found)
