import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import vault


SAVED = '••••••••'  # what a screen shows instead of a saved secret
SECRET_NAMES = ('mpesa_consumer_key', 'mpesa_consumer_secret', 'mpesa_passkey')


class PaymentProvider(models.Model):
    """The provider's credentials: sealed when saved, never shown again."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_consumer_key = fields.Char(
        string="Consumer Key", compute='_compute_mpesa_secrets',
        inverse='_inverse_mpesa_consumer_key', groups='base.group_system', copy=False,
        help="From the app on the Daraja portal. Saved encrypted; it is not shown again.",
    )
    mpesa_consumer_secret = fields.Char(
        string="Consumer Secret", compute='_compute_mpesa_secrets',
        inverse='_inverse_mpesa_consumer_secret', groups='base.group_system', copy=False,
        help="From the same app. Saved encrypted; it is not shown again.",
    )
    mpesa_passkey = fields.Char(
        string="Passkey", compute='_compute_mpesa_secrets', inverse='_inverse_mpesa_passkey',
        groups='base.group_system', copy=False,
        help="The 64 characters from Safaricom's go-live e-mail. Saved encrypted; it is not shown"
             " again.",
    )
    mpesa_consumer_key_sealed = fields.Char(groups='base.group_system', copy=False)
    mpesa_consumer_secret_sealed = fields.Char(groups='base.group_system', copy=False)
    mpesa_passkey_sealed = fields.Char(groups='base.group_system', copy=False)

    # === COMPUTE METHODS === #

    @api.depends(*(f'{name}_sealed' for name in SECRET_NAMES))
    def _compute_mpesa_secrets(self):
        for provider in self:
            for name in SECRET_NAMES:
                provider[name] = SAVED if provider[f'{name}_sealed'] else False

    def _inverse_mpesa_consumer_key(self):
        self._mpesa_seal('mpesa_consumer_key')

    def _inverse_mpesa_consumer_secret(self):
        self._mpesa_seal('mpesa_consumer_secret')

    def _inverse_mpesa_passkey(self):
        self._mpesa_seal('mpesa_passkey')
        for provider in self.filtered('mpesa_passkey_sealed'):
            if not re.fullmatch(r'[0-9a-fA-F]{64}', provider._mpesa_secret('mpesa_passkey')):
                raise ValidationError(self.env._(
                    "A passkey is 64 characters, digits and letters a to f. Copy it again from"
                    " Safaricom's go-live e-mail."
                ))

    # === BUSINESS METHODS === #

    def _mpesa_seal(self, name, keep_blanks=False):
        """ Save a secret encrypted, unless the screen sent back the mask.

        :param str name: The field.
        :param bool keep_blanks: Whether a blank may be part of it.
        :return: None
        :raise VaultError: If the server holds no encryption key.
        """
        for provider in self:
            value = provider[name] or ''
            value = value if keep_blanks else value.strip()
            if value == SAVED:
                continue
            if value and not vault.has_keys():
                raise vault.VaultError(self.env._(vault.KEY_MISSING))
            provider[f'{name}_sealed'] = value and vault.seal(
                f'payment.provider,{provider.id},{name}', value
            )

    def _mpesa_secret(self, name):
        """ Return a secret in clear, for a call to Daraja.

        :param str name: The field.
        :return: The secret, or '' when none is saved.
        :rtype: str
        :raise VaultError: If it cannot be opened.
        """
        self.ensure_one()
        sealed = self.sudo()[f'{name}_sealed']
        return vault.unseal(f'payment.provider,{self.id},{name}', sealed) if sealed else ''

    def _mpesa_has_credentials(self):
        """ Tell whether all three secrets are saved.

        :rtype: bool
        """
        self.ensure_one()
        return all(self.sudo()[f'{name}_sealed'] for name in SECRET_NAMES)
