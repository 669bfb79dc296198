from odoo import models


class SchoolStudent(models.Model):
    _inherit = 'school.student'

    def action_mpesa_prompt(self):
        """ Open the wizard that asks for this student's fees.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_prompt_action'),
            'context': {'dialog_size': 'medium', 'default_student_id': self.id},
        }
