import ipaddress

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError


class MpesaSourceAddress(models.Model):
    """An address from which Safaricom is known to send callbacks; the school edits the list."""

    _name = 'mpesa.source.address'
    _description = "M-PESA Source Address"
    _order = 'address'
    _rec_name = 'address'

    address = fields.Char(
        string="Address", required=True, help="An address or a network, e.g. 196.201.214.0/24.",
    )
    note = fields.Char(string="Note")
    active = fields.Boolean(string="Active", default=True)

    _address_uniq = models.UniqueIndex("(address)", "This address is already listed.")

    @api.constrains('address')
    def _check_address(self):
        for source in self:
            try:
                ipaddress.ip_network(source.address)
            except ValueError as error:
                raise ValidationError(self.env._(
                    "%(address)s is neither an address nor a network.", address=source.address,
                )) from error

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @tools.ormcache()
    def _get_networks(self):
        """ Return the listed networks, cached for the accept path.

        :rtype: tuple
        """
        return tuple(
            ipaddress.ip_network(source.address) for source in self.sudo().search([])
        )

    @api.model
    @tools.ormcache('address')
    def _is_listed(self, address):
        """ Tell whether an address is one of Safaricom's, cached for the accept path.

        :param str address: The caller's address, '' when unknown.
        :rtype: bool
        """
        try:
            caller = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(caller in network for network in self._get_networks())
