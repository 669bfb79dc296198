from odoo import api, fields, models
from odoo.tools import format_date


class SchoolLeaveWizard(models.TransientModel):
    """Students leave the school: the enrolment ends, the account stays open."""

    _name = 'school.leave.wizard'
    _description = "Student Leaves"

    student_ids = fields.Many2many(
        string="Students", comodel_name='school.student', required=True,
        relation='school_leave_wizard_student_rel',
        domain="[('state', 'not in', ('left', 'graduated'))]",
        default=lambda self: self._get_chosen_students(),
    )
    date = fields.Date(
        string="Last Day", required=True, default=fields.Date.context_today,
    )
    reason = fields.Char(string="Reason", required=True)

    # === ACTION METHODS === #

    def action_leave(self):
        """ End the students' enrolments and note why they left.

        :return: A window action that closes the wizard.
        :rtype: dict
        """
        self.ensure_one()
        self.student_ids.write({'state': 'left', 'left_on': self.date})
        body = self.env._(
            "Leaves on %(date)s: %(reason)s",
            date=format_date(self.env, self.date), reason=self.reason,
        )
        self.student_ids._message_log_batch(bodies=dict.fromkeys(self.student_ids.ids, body))
        return {'type': 'ir.actions.act_window_close'}

    # === BUSINESS METHODS === #

    @api.model
    def _get_chosen_students(self):
        """ Return the students that are ticked in the list, or open in the form.

        :rtype: school.student
        """
        students = self.env['school.student']
        if self.env.context.get('active_model') == students._name:
            return students.browse(self.env.context.get('active_ids'))
        return students
