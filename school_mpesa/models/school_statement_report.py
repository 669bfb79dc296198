from odoo import api, models


class ReportSchoolStatement(models.AbstractModel):
    _inherit = 'report.school_fees.report_school_statement'

    @api.model
    def _get_documents(self, students, date_from, date_to, together=False):
        """ Override of `school_fees` to make the slugs of a class's statements in one go. """
        owing = students.filtered(lambda student: (
            student.currency_id.compare_amounts(student.sudo().balance, 0.0) > 0
        ))
        owing._get_statement_link()
        return super()._get_documents(students, date_from, date_to, together=together)
