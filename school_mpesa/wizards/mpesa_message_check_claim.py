from odoo import models


class MpesaMessageCheck(models.TransientModel):
    """A message whose money is on no student yet is noted for the student whom it is shown for."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.message.check'

    # === ACTION METHODS === #

    def action_claim(self):
        """ Open the note of a claim with what the message says.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        self._check_right()
        wizard = self.env['mpesa.claim.wizard'].create({
            'code': self.code, 'amount': self.told_amount,
        })
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_claim_wizard_action'
            ),
            'res_id': wizard.id,
        }
