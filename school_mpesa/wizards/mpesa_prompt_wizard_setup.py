from odoo import api, fields, models
from odoo.exceptions import AccessError


class MpesaPromptWizard(models.TransientModel):
    """*Prompt to pay* as the first payment of a set-up: KES 1, on the shortcode set up."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.prompt.wizard'

    setup_provider_id = fields.Many2one(
        comodel_name='payment.provider', groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    def _compute_amount(self):
        """ Override of our own: the first payment is of one shilling. """
        result = super()._compute_amount()
        self.filtered(lambda w: w.sudo().setup_provider_id).amount = 1
        return result

    @api.depends('setup_provider_id')
    def _compute_phone_choice(self):
        """ Override of our own: it is asked of the administrator's own phone. """
        result = super()._compute_phone_choice()
        self.filtered(lambda w: w.sudo().setup_provider_id).phone_choice = 'other'
        return result

    # === ACTION METHODS === #

    def action_send(self):
        """ Override of our own to show the way of the first payment on the screen of the set-up.

        :raise AccessError: If the user may not set up providers.
        """
        provider_sudo = self.sudo().setup_provider_id
        if not provider_sudo:
            return super().action_send()
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only the system's administrator checks the set-up."))
        action = super().action_send()
        provider_sudo._mpesa_get_setup_step('payment')._begin_payment(
            self.env['payment.transaction'].browse(action['res_id']),
        )
        return {'type': 'ir.actions.act_window_close'}

    # === BUSINESS METHODS === #

    def _get_provider_sudo(self):
        """ Override of our own: the shortcode that is set up need not be the school's default. """
        return self.sudo().setup_provider_id or super()._get_provider_sudo()
