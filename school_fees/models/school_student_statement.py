import re

from odoo import models


class SchoolStudent(models.Model):
    """The student's statement."""

    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.student'

    # === ACTION METHODS === #

    def action_view_statement(self):
        """ Show the statement of the students on screen.

        :return: A window action.
        :rtype: dict
        """
        wizard = self.env['school.statement.wizard'].create({'student_ids': self.ids})
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Statement"),
            'res_model': wizard._name,
            'res_id': wizard.id,
            'view_mode': 'form',
            'target': 'new',
            'context': {'dialog_size': 'extra-large'},
        }

    # === BUSINESS METHODS === #

    def _get_statement_filename(self):
        """ Return the name of the statement's file, without its ending.

        Note: `self.ensure_one()`

        :return: Such as "Statement-ADM-012-Faith-O".
        :rtype: str
        """
        self.ensure_one()
        initial = self._get_initials()[-1:]
        parts = ['Statement', self.admission_no, self._get_first_name(), initial]
        return re.sub(r'[^\w]+', '-', ' '.join(filter(None, parts))).strip('-')
