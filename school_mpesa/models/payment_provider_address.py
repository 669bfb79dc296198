import ipaddress
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import daraja


class PaymentProvider(models.Model):
    """The provider's public address: where Safaricom calls back, checked before it is given."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_callback_base = fields.Char(
        string="Public Address", copy=False,
        compute='_compute_mpesa_callback_base', store=True, readonly=False,
        help="The address at which Safaricom reaches this server. Empty: the system's web address,"
             " which is written here when the shortcode is enabled. In production it must start"
             " with https://. It must hold none of the words that Safaricom refuses.",
    )
    # === COMPUTE METHODS === #

    @api.depends('code', 'state')
    def _compute_mpesa_callback_base(self):
        """ Keep the address that was checked: Odoo rewrites its own at each log-in of an admin. """
        for provider in self:
            base = provider.mpesa_callback_base
            if not base and provider.code == 'mpesa' and provider.state == 'enabled':
                base = provider.get_base_url()
            provider.mpesa_callback_base = base

    # === CONSTRAINT METHODS === #

    @api.constrains('code', 'state', 'mpesa_callback_base', 'mpesa_environment')
    def _check_mpesa_callback_base(self):
        for provider in self.filtered(lambda p: p.code == 'mpesa' and p.state != 'disabled'):
            provider._mpesa_check_callback_base()

    # === BUSINESS METHODS === #

    def _mpesa_check_callback_base(self):
        """ Ensure that Safaricom would accept and reach the public address.

        :return: None
        :raise ValidationError: If it holds a refused word or capital letters, or is not https in
                                production.
        """
        self.ensure_one()
        address = self._mpesa_get_callback_base()
        faults = daraja.callback_url_faults(
            address, need_https=self.mpesa_environment == 'production',
        )
        if 'not_a_url' in faults or '@' in address:
            raise ValidationError(self.env._(
                "The public address must be a web address, such as https://fees.example.sc.ke."
            ))
        if 'forbidden_word' in faults:
            raise ValidationError(self.env._(
                "Safaricom refuses addresses that contain \"%(word)s\", and yours does:"
                " %(address)s. Give the server another public address.",
                word=daraja.forbidden_words(address)[0], address=address,
            ))
        if 'blocked_host' in faults:
            raise ValidationError(self.env._(
                "Safaricom does not call tunnels such as %(address)s. Give the server a public"
                " address of its own.", address=address,
            ))
        if 'upper_case_host' in faults:
            raise ValidationError(self.env._(
                "Safaricom may refuse capital letters in an address: write %(address)s in small"
                " letters.", address=address,
            ))
        if 'not_https' in faults:
            raise ValidationError(self.env._(
                "Safaricom cannot reach %(address)s in production: it must start with https:// and"
                " be on the internet.", address=address,
            ))
        if self.mpesa_environment == 'production' and not self._mpesa_is_public_base():
            raise ValidationError(self.env._(
                "Safaricom cannot reach %(address)s: it is an address inside a local network.",
                address=address,
            ))

    def _mpesa_is_public_base(self):
        """ Tell whether the public address can be one on the internet.

        :rtype: bool
        """
        self.ensure_one()
        host = urlsplit(self._mpesa_get_callback_base()).hostname or ''
        try:
            return ipaddress.ip_address(host).is_global
        except ValueError:
            return '.' in host and not host.endswith('.local')

    def _mpesa_get_callback_base(self):
        """ Return the address at which Safaricom reaches this server, without a closing slash.

        :rtype: str
        """
        self.ensure_one()
        return (self.mpesa_callback_base or self.get_base_url() or '').strip().rstrip('/')
