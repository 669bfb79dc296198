from odoo import fields, models


class SchoolStudent(models.Model):
    """Sending a student's statement by e-mail, with the PDF."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'school.student'
    _inherit = ['school.student', 'school.email.mixin']

    _email_names_payers = True

    emailed_at = fields.Datetime(readonly=True, copy=False, groups='base.group_user')

    # === ACTION METHODS === #

    def action_send_statement_by_email(self):
        """ Send the statement of the year that runs to the first guardian who may see it.

        :return: What was done, in words.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If nobody takes it.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        return self._send_by_email('school_fees.mail_template_statement')

    # === BUSINESS METHODS === #

    def _get_email_students(self):
        """ Override of `school_fees`: the student. """
        return self
