from odoo import models


# What each operator's role is called on the organisation portal (daraja.md, 1.12).
ROLES = (
    ('Transaction Status', 'Transaction Status query ORG API'),
    ('Account Balance', 'Balance Query ORG API'),
    ('Reversal', 'Org Reversals Initiator'),
    ('B2C', 'ORG B2C API initiator'),
)


class MpesaValidationLetter(models.TransientModel):
    """The other letters of the set-up: passkey, access, and who may call whom."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.validation.letter'

    def _write_passkey(self):
        """ See `_write_validation`. """
        request = (
            'Our shortcode went live on the Daraja portal. Please send us its passkey for M-PESA'
            ' Express (STK push): it has not reached us, or has been lost.'
        )
        facts = [f'Send it to: {self.provider_id.company_id.email or self.env.user.email or ""}']
        closing = 'We keep it encrypted, and show it to nobody.'
        return 'M-PESA Express passkey for shortcode', request, facts, closing

    def _write_access(self):
        """ See `_write_validation`. """
        provider = self.provider_id
        request = (
            'Please enable the following products for our shortcode and its Daraja app, and let'
            ' our API operator have the role for each.'
        )
        facts = [
            *(f'{product}: role "{role}"' for product, role in ROLES),
            f'API operator: {provider.sudo().mpesa_initiator_name or "(to be created)"}',
            f'Our server: {provider._mpesa_get_callback_base()}',
        ]
        closing = 'Please tell us which of them are active, and whether anything is still missing.'
        return 'API products and operator roles for shortcode', request, facts, closing

    def _write_addresses(self):
        """ See `_write_validation`. It is for whoever keeps the server's network. """
        provider = self.provider_id
        kind = 'sandbox' if provider.mpesa_environment == 'sandbox' else 'api'
        request = (
            'Please let Safaricom reach our server, and our server reach Safaricom. Nothing else'
            ' needs to be opened.'
        )
        facts = [
            f'Out, port 443, to: {kind}.safaricom.co.ke',
            f'In, to {provider._mpesa_get_callback_base()}, from:',
            *self.env['mpesa.source.address'].search([('active', '=', True)]).mapped('address'),
        ]
        closing = (
            'The proxy in front of the server must pass on who called (X-Forwarded-For and'
            ' X-Forwarded-Host).'
        )
        return 'Firewall: M-PESA messages for shortcode', request, facts, closing
