from odoo import fields, models
from odoo.tools import format_date


class SchoolPastDayWizard(models.TransientModel):
    """The class list or the aged list as it was on a past day."""

    _name = 'school.past.day.wizard'
    _description = "Balances on a Past Day"

    shows = fields.Selection(
        string="List", selection=[('class', "Class list"), ('aged', "Aged list")],
        required=True, default='aged',
    )
    date = fields.Date(
        string="As At", required=True, default=fields.Date.context_today,
        help="What was posted with a later date does not count. Classes are those of that day.",
    )

    # === ACTION METHODS === #

    def action_open(self):
        """ Open the list as at the day.

        Students who have left since then were there: the list hides nobody.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            f'school_fees.school_balance_report_action_{self.shows}'
        )
        # Its address would open the list of today.
        action.pop('path', None)
        action['name'] = action['display_name'] = self.env._(
            "%(list)s as at %(date)s", list=action['name'], date=format_date(self.env, self.date),
        )
        action['context'] = {
            'search_default_group_class': 1, 'school_as_at': fields.Date.to_string(self.date),
            **({'search_default_open': 1} if self.shows == 'aged' else {}),
        }
        return action
