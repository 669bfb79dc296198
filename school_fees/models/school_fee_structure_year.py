from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class SchoolFeeStructure(models.Model):
    """The structures of the next year together: copied, submitted, approved and published."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.fee.structure'

    # === ACTION METHODS === #

    def action_submit_all(self):
        """ Ask for approval of the ticked structures, or of all that are shown. """
        self._get_shown('draft').action_submit()

    def action_approve_all(self):
        """ Approve the ticked structures, or all that are shown. """
        self._get_shown('submitted').action_approve()

    def action_publish_all(self):
        """ Publish the ticked structures, or all that are shown, and print them for each level.

        :return: The printing of the structures.
        :rtype: dict
        """
        structures = self._get_shown('approved')
        structures.action_publish()
        return self.env.ref(
            'school_fees.school_fee_structure_report_action'
        ).report_action(structures, config=False)

    # === BUSINESS METHODS === #

    @api.model
    def _open_next_year(self):
        """ Return the screen of the next year's structures, or of copying this year's.

        :return: A window action.
        :rtype: dict
        """
        Action = self.env['ir.actions.act_window']
        next_year = self.env['school.academic.year'].search([
            ('company_id', '=', self.env.company.id),
            ('date_from', '>', fields.Date.context_today(self)),
        ], order='date_from', limit=1)
        domain = [('year_id', '=', next_year.id), ('state', '!=', 'replaced')]
        if not next_year or not self.search_count(domain, limit=1):
            return Action._for_xml_id('school_fees.school_fee_structure_copy_action')
        return self._open_year(next_year)

    @api.model
    def _open_year(self, year):
        """ Return the screen of a year's structures.

        :param school.academic.year year: The year.
        :return: A window action.
        :rtype: dict
        """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.school_fee_structure_action_year'
        )
        return {
            **action,
            'display_name': self.env._("Fee structures of %(year)s", year=year.name),
            'domain': [('year_id', '=', year.id), ('state', '!=', 'replaced')],
            'context': {'default_year_id': year.id},
        }

    def _get_print_filename(self):
        """ Return the name of the printed structure's file.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return self.env._(
            "Fee structure - %(structure)s", structure=self.display_name.replace('/', '-'),
        )

    def _get_shown(self, state):
        """ Return those of the ticked structures that a button is for; none ticked means all.

        The web client calls a button that is always there on the ticked rows, and says in the
        context what the list shows.

        :param str state: The status that the button is for.
        :rtype: school.fee.structure
        :raise UserError: If there is none of them.
        """
        shown = self or self.search(
            Domain(self.env.context.get('active_domain') or Domain.FALSE)
        )
        found = shown.filtered(lambda structure: structure.state == state)
        if not found:
            labels = dict(self._fields['state']._description_selection(self.env))
            raise UserError(self.env._(
                "None of these fee structures is %(state)s, so nothing was done.",
                state=labels[state].lower(),
            ))
        return found
