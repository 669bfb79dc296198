from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class SchoolEnrolWizard(models.TransientModel):
    """A student enters a class: moves from another one, or comes back to the school.

    Who comes back keeps the admission number and the ledger account.
    """

    _name = 'school.enrol.wizard'
    _description = "Enrol a Student"

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', required=True, ondelete='cascade',
    )
    company_id = fields.Many2one(related='student_id.company_id')
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', required=True, ondelete='cascade',
        domain="[('company_id', '=', company_id), ('year_id.date_to', '>=', 'today')]",
    )
    boarding = fields.Selection(
        selection=lambda self: self.env['school.enrolment']._fields['boarding']
        ._description_selection(self.env),
        string="Day or Boarding", required=True, compute='_compute_boarding', store=True,
        readonly=False, precompute=True,
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today,
    )

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_boarding(self):
        """ Propose what the student is now, or was. """
        for wizard in self:
            last = wizard.student_id.enrolment_ids.sorted('date_from')[-1:]
            wizard.boarding = last.boarding or 'day'

    # === ACTION METHODS === #

    def action_enrol(self):
        """ Enrol the student from the day on, and end the enrolment of before.

        :return: A window action that closes the wizard.
        :rtype: dict
        :raise UserError: If a later enrolment is there already.
        """
        self.ensure_one()
        student = self.student_id
        values = {'class_id': self.class_id.id, 'boarding': self.boarding}
        later = student.enrolment_ids.filtered(
            lambda e: e.date_from > self.date_from
        ).sorted('date_from')
        if later:
            raise UserError(self.env._(
                "%(student)s is enrolled in %(school_class)s from %(date)s. Choose a later day,"
                " or change that enrolment.", student=student.display_name,
                school_class=later[0].class_id.name,
                date=format_date(self.env, later[0].date_from),
            ))
        if student.state != 'active':
            student.write({'state': 'active', 'left_on': False})
        current = student.enrolment_ids.filtered(
            lambda e: not e.date_to or e.date_to >= self.date_from
        )
        if current.date_from == self.date_from:
            current.write({**values, 'year_id': self.class_id.year_id.id, 'date_to': False})
        else:
            current.date_to = self.date_from - timedelta(days=1)
            self.env['school.enrolment'].create({
                **values, 'student_id': student.id, 'date_from': self.date_from,
            })
        return {'type': 'ir.actions.act_window_close'}
