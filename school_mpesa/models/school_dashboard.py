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
            ])
        if self.env['mpesa.command'].has_access('read'):
            needs += self._get_needs_of_questions()
        return needs

    @api.model
    def _get_needs_of_questions(self):
        """ Return what somebody has to look at so that Safaricom can be asked.

        :return: As in :meth:`_get_needs`.
        :rtype: list[dict]
        """
        # In sudo mode: providers are the system's. The office learns that something is wrong, and
        # which hours are in question.
        providers = self.env['payment.provider'].sudo().search([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
            ('company_id', '=', self.env.company.id),
        ])
        pulling = providers.filtered('mpesa_pull_enabled')
        silent = pulling.filtered(lambda provider: provider._mpesa_is_pull_silent())
        lost = [(provider, hours) for provider in pulling
                if (hours := provider._mpesa_get_lost_hours())]
        refused = providers.filtered(
            lambda provider: provider.mpesa_status_enabled and provider.mpesa_initiator_refusal
        )
        pulls, questions = [('kind', '=', 'pull')], [('kind', '=', 'status')]
        found = [
            (
                'pull_silent', self.env._(
                    "Shortcodes of which Pull has told nothing for 24 hours"
                ), silent, pulls,
            ),
            *((
                f'pull_lost_{provider.id}', provider._mpesa_explain_lost_hours(hours), provider,
                pulls,
            ) for provider, hours in lost),
            (
                'initiator_refused', self.env._(
                    "Shortcodes whose questions Safaricom refuses: ask the administrator"
                ), refused, questions,
            ),
        ]
        views = ('list', 'kanban', 'form')
        title = self.env._("Questions to Safaricom")
        needs = [
            {
                'key': key, 'label': label, 'count': len(shortcodes), 'rows': [],
                'action': self._get_list_action('mpesa.command', title, domain, views=views),
            }
            for key, label, shortcodes, domain in found if shortcodes
        ]
        label = self.env._("Answers of Safaricom to look into")
        waiting = [('needs_person', '=', True)]
        return needs + self._count_needs([('questions', label, 'mpesa.command', waiting, views)])

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
