from odoo import api, models


class SchoolDashboard(models.AbstractModel):
    """*Today* also says that money waits for its owner."""

    _inherit = 'school.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add the queue of unidentified money. """
        needs = super()._get_needs(facts)
        if self.env['mpesa.transaction'].has_access('read'):
            views = tuple(
                (self.env.ref(f'school_mpesa.mpesa_{name}').id, kind) for name, kind in (
                    ('unidentified_view_list', 'list'), ('unidentified_view_kanban', 'kanban'),
                    ('transaction_view_form', 'form'),
                )
            )
            label = self.env._("Payments whose owner nobody knows yet")
            waiting = [('booking_state', '=', 'unidentified')]
            needs += self._count_needs(
                [('unidentified', label, 'mpesa.transaction', waiting, views)]
            )
        return needs
