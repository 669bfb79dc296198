from odoo import api, fields, models


class MpesaRegisterWizard(models.TransientModel):
    """What would be registered with Safaricom, and what it would refuse, said beforehand."""

    _name = 'mpesa.register.wizard'
    _description = "Register M-PESA Addresses"

    provider_id = fields.Many2one(
        string="Shortcode", comodel_name='payment.provider', required=True, readonly=True,
        ondelete='cascade',
    )
    # Computed and never stored: they hold a secret.
    confirmation_address = fields.Char(
        string="Confirmation Address", compute='_compute_addresses',
        help="Safaricom announces here money that has arrived.",
    )
    validation_address = fields.Char(
        string="Validation Address", compute='_compute_addresses',
        help="Safaricom asks here before it takes a payment, once it has switched validation on.",
    )
    problem = fields.Text(compute='_compute_words')
    notes = fields.Text(compute='_compute_words')

    @api.depends('provider_id')
    def _compute_addresses(self):
        for wizard in self:
            wizard.confirmation_address, wizard.validation_address = (
                wizard.provider_id._mpesa_get_c2b_addresses()
            )

    @api.depends('provider_id')
    def _compute_words(self):
        for wizard in self:
            wizard.problem = wizard.provider_id._mpesa_find_registration_problem()
            wizard.notes = '\n'.join(wizard.provider_id._mpesa_describe_registering())

    def action_register(self):
        """ Give Safaricom the addresses.

        :return: The action that reads the screen again.
        :rtype: dict
        :raise UserError: If Safaricom did not take them.
        """
        self.ensure_one()
        self.provider_id._mpesa_register()
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    def action_renew(self):
        """ Make new addresses, for when somebody else may have seen those in use.

        :return: The dialog, with the new addresses.
        :rtype: dict
        """
        self.ensure_one()
        self.provider_id._mpesa_ensure_system()
        self.env['mpesa.callback.token']._renew_c2b(self.provider_id)
        return self.provider_id.action_mpesa_open_register()
