from odoo import api, fields, models


class SchoolStatementWizard(models.TransientModel):
    """The statement of a student or of a family on screen, for a period."""

    _name = 'school.statement.wizard'
    _description = "Fee Statement on Screen"

    student_id = fields.Many2one(
        string="Student", comodel_name='school.student', ondelete='cascade',
        help="Whom to look up, where the statement is not opened from a student or a family.",
    )
    student_ids = fields.Many2many(
        string="Students", comodel_name='school.student', required=True,
        compute='_compute_student_ids', store=True, readonly=False, precompute=True,
    )
    period = fields.Selection(
        string="Period",
        selection=[('year', "This year"), ('all', "All years"), ('dates', "Other dates")],
        required=True,
        default='year',
    )
    date_from = fields.Date(
        string="From", compute='_compute_dates', store=True, readonly=False, precompute=True,
    )
    date_to = fields.Date(
        string="Until", compute='_compute_dates', store=True, readonly=False, precompute=True,
        help="Empty: all that is posted.",
    )
    body = fields.Html(string="Statement", compute='_compute_body', sanitize=False)

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_student_ids(self):
        """ Take the student who was looked up; else keep those the statement was opened for. """
        for wizard in self.filtered('student_id'):
            wizard.student_ids = wizard.student_id

    @api.depends('period', 'student_ids')
    def _compute_dates(self):
        for wizard in self:
            if wizard.period == 'dates':
                continue  # What was there is a start for what the user types.
            period = {'date_from': False, 'date_to': False}
            if wizard.period == 'year':
                schools = wizard.student_ids.company_id
                period = self.env['school.statement']._get_periods(schools)[0]
            wizard.date_from = period['date_from']
            wizard.date_to = period['date_to']

    @api.depends('student_ids', 'date_from', 'date_to')
    def _compute_body(self):
        Report = self.env['report.school_fees.report_school_statement']
        for wizard in self:
            wizard.body = self.env['ir.qweb']._render('school_fees.statement_screen', {
                'documents': Report._get_documents(
                    wizard.student_ids._origin, wizard.date_from or None, wizard.date_to or None,
                    together=True,
                ),
            })

    # === ACTION METHODS === #

    def action_print(self):
        """ Print the statement as it is shown.

        :return: A report action.
        :rtype: dict
        """
        self.ensure_one()
        return self.env.ref('school_fees.school_statement_report_action').report_action(
            self.student_ids.ids,
            data={
                'student_ids': self.student_ids.ids,
                'date_from': fields.Date.to_string(self.date_from) or '',
                'date_to': fields.Date.to_string(self.date_to) or '',
                'together': len(self.student_ids) > 1,
            },
            config=False,  # Odoo would first ask for a layout that this report does not use.
        )
