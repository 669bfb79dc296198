from odoo import api, models


class SchoolDashboard(models.AbstractModel):
    """*Today* also says what keeps Safaricom from being asked, and which answers need a person."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.dashboard'

    # === BUSINESS METHODS === #

    @api.model
    def _get_needs(self, facts):
        """ Override of `school_fees` to add the questions to Safaricom. """
        needs = super()._get_needs(facts)
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
        # One query where neither is switched on: *Today* is opened all day long.
        providers = self.env['payment.provider'].sudo().search_fetch([
            ('code', '=', 'mpesa'), ('state', '!=', 'disabled'),
            ('company_id', '=', self.env.company.id),
            '|', ('mpesa_pull_enabled', '=', True), ('mpesa_status_enabled', '=', True),
        ], ['mpesa_pull_enabled', 'mpesa_status_enabled', 'mpesa_initiator_refusal'])
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
