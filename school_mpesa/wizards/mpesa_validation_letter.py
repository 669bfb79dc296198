from odoo import api, fields, models


class MpesaValidationLetter(models.TransientModel):
    """The letters that a shortcode's set-up needs, drafted: that about validation first of all.

    They stay in English whatever the user's language: Safaricom's support reads them.
    """

    _name = 'mpesa.validation.letter'
    _description = "Letter about M-PESA Validation"

    provider_id = fields.Many2one(
        string="Shortcode", comodel_name='payment.provider', required=True, readonly=True,
        ondelete='cascade',
    )
    kind = fields.Selection(
        string="About",
        selection=[
            ('validation', "Validation"), ('passkey', "Passkey"), ('access', "Access"),
            ('addresses', "Addresses"),
        ],
        required=True, readonly=True, default='validation',
    )
    registered_at = fields.Datetime(related='provider_id.mpesa_registered_at')
    recipient = fields.Char(string="To", compute='_compute_letter')
    subject = fields.Char(string="Subject", compute='_compute_letter')
    # Computed and never stored: it holds the addresses, which are secret.
    letter = fields.Text(string="Letter", compute='_compute_letter')

    @api.depends('provider_id', 'kind')
    def _compute_letter(self):
        for wizard in self:
            provider = wizard.provider_id
            subject, request, facts, closing = getattr(wizard, f'_write_{wizard.kind}')()
            is_till = provider.mpesa_shortcode_type == 'till'
            is_ours = wizard.kind == 'addresses'
            wizard.recipient = '' if is_ours else (
                'apisupport@safaricom.co.ke, M-pesabusiness@safaricom.co.ke'
            )
            wizard.subject = f'{subject} {provider.mpesa_shortcode or ""}'
            wizard.letter = '\n'.join([
                'Dear colleague,' if is_ours else 'Dear Safaricom team,',
                '',
                request,
                '',
                f'Organisation: {provider.company_id.name}',
                f'{"Store number" if is_till else "Paybill"}: {provider.mpesa_shortcode or ""}',
                *([f'Till number: {provider.mpesa_till_number}'] if is_till else []),
                f'Name on the shortcode: {provider.mpesa_shown_name or provider.company_id.name}',
                *facts,
                '',
                closing,
                '',
                'Kind regards,',
                wizard.env.user.name,
                provider.company_id.name,
                *filter(None, [provider.company_id.phone, provider.company_id.email]),
            ])

    # === BUSINESS METHODS === #

    def _write_validation(self):
        """ Return what the letter about validation says.

        :return: The subject before the shortcode, the request, facts, and the closing.
        :rtype: tuple[str, str, list[str], str]
        """
        confirmation, validation = self.provider_id._mpesa_get_c2b_addresses()
        response_type = self.provider_id.mpesa_response_type or 'Completed'
        facts = [
            f'Confirmation URL: {confirmation}',
            f'Validation URL: {validation}',
            f'Default action without an answer: {response_type}',
        ]
        return (
            'Enable C2B external validation for shortcode',
            'Please enable external validation (C2B) for our shortcode.',
            facts,
            'Please tell us when it is active, so that we can test it with a small payment.',
        )
