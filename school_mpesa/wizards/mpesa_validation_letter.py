from odoo import api, fields, models


class MpesaValidationLetter(models.TransientModel):
    """The letter that asks Safaricom to switch validation on for a shortcode, drafted.

    It stays in English whatever the user's language: Safaricom's support reads it.
    """

    _name = 'mpesa.validation.letter'
    _description = "Letter about M-PESA Validation"

    provider_id = fields.Many2one(
        string="Shortcode", comodel_name='payment.provider', required=True, readonly=True,
        ondelete='cascade',
    )
    registered_at = fields.Datetime(related='provider_id.mpesa_registered_at')
    recipient = fields.Char(string="To", compute='_compute_letter')
    subject = fields.Char(string="Subject", compute='_compute_letter')
    # Computed and never stored: it holds the addresses, which are secret.
    letter = fields.Text(string="Letter", compute='_compute_letter')

    @api.depends('provider_id')
    def _compute_letter(self):
        for wizard in self:
            provider = wizard.provider_id
            number = provider.mpesa_shortcode or ''
            confirmation, validation = provider._mpesa_get_c2b_addresses()
            is_till = provider.mpesa_shortcode_type == 'till'
            wizard.recipient = 'apisupport@safaricom.co.ke, M-pesabusiness@safaricom.co.ke'
            wizard.subject = f'Enable C2B external validation for shortcode {number}'
            wizard.letter = '\n'.join([
                'Dear Safaricom team,',
                '',
                'Please enable external validation (C2B) for our shortcode.',
                '',
                f'Organisation: {provider.company_id.name}',
                f'{"Store number" if is_till else "Paybill"}: {number}',
                *([f'Till number: {provider.mpesa_till_number}'] if is_till else []),
                f'Name on the shortcode: {provider.mpesa_shown_name or provider.company_id.name}',
                f'Confirmation URL: {confirmation}',
                f'Validation URL: {validation}',
                f'Default action without an answer: {provider.mpesa_response_type or "Completed"}',
                '',
                'Please tell us when it is active, so that we can test it with a small payment.',
                '',
                'Kind regards,',
                wizard.env.user.name,
                provider.company_id.name,
                *filter(None, [provider.company_id.phone, provider.company_id.email]),
            ])
