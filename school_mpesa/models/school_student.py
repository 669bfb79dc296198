from odoo import fields, models
from odoo.exceptions import UserError


class SchoolStudent(models.Model):
    _inherit = 'school.student'

    mpesa_is_spared = fields.Boolean(
        string="Leave Out of Prompts to Many", copy=False, tracking=True,
        groups='school_fees.group_bursar',
        help="Such as after a death, in hardship, or where the parents have agreed on instalments."
             " A single prompt can still be sent.",
    )

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

    def action_mpesa_prompts(self):
        """ Open a new run of prompts to many with these students.

        :return: A window action.
        :rtype: dict
        :raise UserError: If they are of several schools.
        """
        if len(self.company_id) > 1:
            raise UserError(self.env._("Choose students of one school. No prompt was sent."))
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_prompt_bulk_action'
            ),
            'views': [(False, 'form')],
            'context': {
                'default_chosen_by': 'students', 'default_student_ids': self.ids,
                'default_company_id': self.company_id.id or self.env.company.id,
            },
        }
