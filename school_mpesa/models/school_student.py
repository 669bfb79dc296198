from odoo import api, models


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

    @api.model
    def _get_match_reasons(self):
        """ Override of `school_fees` to say what only the payer's number tells. """
        return {
            **super()._get_match_reasons(),
            'paid_before': self.env._(
                "The same payer has paid for this student before. One sign of the number differs."
            ),
        }
