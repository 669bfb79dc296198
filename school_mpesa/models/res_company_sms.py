from odoo import models

from .. import vault


class ResCompany(models.Model):
    """The key of the SMS gateway, sealed like the credentials of M-PESA."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'res.company'

    def _seal_sms_key(self, key):
        """ Override of `school_fees` to encrypt the key: no dump holds it in clear. """
        return vault.seal(f'res.company,{self.id},sms_key', super()._seal_sms_key(key))

    def _unseal_sms_key(self, saved):
        """ Override of `school_fees` to decrypt the key. """
        try:
            key = vault.unseal(f'res.company,{self.id},sms_key', saved)
        except vault.VaultError:
            return ''  # The server's keys are missing; messages wait as for a wrong key.
        return super()._unseal_sms_key(key)
