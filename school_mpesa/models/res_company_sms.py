from odoo import fields, models

from .. import vault


class ResCompany(models.Model):
    """The key of the SMS gateway, sealed like the credentials of M-PESA; what M-PESA tells."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'res.company'

    school_sms_failed_attempts = fields.Boolean(
        string="Failed M-PESA Requests by SMS", copy=False,
        help="A guardian whose phone was prompted hears that nothing was paid, and how to pay.",
    )

    # === BUSINESS METHODS === #

    def _tells_failed_attempts(self):
        """ Tell whether payers hear by SMS of prompts that brought no money.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.school_sms_gateway and self.school_sms_failed_attempts)

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
