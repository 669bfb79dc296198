from odoo import models


class AccountMove(models.Model):
    """Asking for a bill by a prompt on a phone."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'account.move'

    def action_mpesa_prompt(self):
        """ Open the wizard that asks for this bill.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_prompt_action'),
            'context': {
                'dialog_size': 'medium',
                'default_student_id': self.student_id.id, 'default_invoice_ids': self.ids,
            },
        }
