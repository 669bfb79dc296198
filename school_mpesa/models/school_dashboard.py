from odoo import api, models


class SchoolDashboard(models.AbstractModel):
    """*Today* also says that money waits for its owner."""

    _inherit = 'school.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add the payments that wait for a person. """
        needs = super()._get_needs(facts)
        if self.env['mpesa.transaction'].has_access('read'):
            unidentified = self.env._("Payments whose owner nobody knows yet")
            near = self.env._("Payments that may be another child's")
            needs += self._count_needs([
                (key, label, 'mpesa.transaction', domain, self._get_movement_views(key))
                for key, label, domain in (
                    ('unidentified', unidentified, [('booking_state', '=', 'unidentified')]),
                    ('near', near, [('near_waits', '=', True)]),
                )
            ] + self._get_denials() + self._get_claims())
        return needs

    @api.model
    def _get_denials(self):
        """ Return the payments that Safaricom does not know, as far as a person has to decide.

        :return: As `_count_needs` takes them.
        :rtype: list[tuple]
        """
        views = self._get_movement_views('transaction')
        told = self.env._("Payments that were denied, but Safaricom tells of them now")
        needs = [('denial_told', told, 'mpesa.transaction', [('denial_is_told', '=', True)], views)]
        if self.env.user.has_group('school_fees.group_approver'):
            asked = self.env._("Payments that Safaricom does not know, to take out of the books")
            needs.append((
                'denial_asked', asked, 'mpesa.transaction',
                [('denial_state', '=', 'asked'), ('denial_asked_by_id', '!=', self.env.uid)],
                views,
            ))
        return needs

    @api.model
    def _get_claims(self):
        """ Return the payments that somebody says were made, and that are not booked.

        :return: As `_count_needs` takes them.
        :rtype: list[tuple]
        """
        claimed = self.env._("Payments that somebody says were made")
        return [(
            'claims', claimed, 'school.payment.claim', [('state', '=', 'waiting')],
            ('list', 'kanban', 'form'),
        )]

    @api.model
    def _get_movement_views(self, name):
        """ Return the views of a list of movements, on the desk and on the phone.

        :param str name: That of the list.
        :rtype: tuple
        """
        return tuple(
            (self.env.ref(f'school_mpesa.mpesa_{view}').id, kind) for view, kind in (
                (f'{name}_view_list', 'list'), (f'{name}_view_kanban', 'kanban'),
                ('transaction_view_form', 'form'),
            )
        )
