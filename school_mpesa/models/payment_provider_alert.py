# A scheduled action commits on purpose: no transaction is open while it looks at the network.
# pylint: disable=invalid-commit
from urllib.parse import urlsplit

from odoo import api, fields, models

from odoo.addons.payment.logging import get_payment_logger

from .. import server_certificate
from .payment_provider_initiator import INITIATOR_SECRETS
from .payment_provider_secrets import SAVED


_logger = get_payment_logger(__name__)

HTTPS_PORT = 443


class PaymentProvider(models.Model):
    """What is about to expire: the initiator's password, and the web address's certificate."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_initiator_set_on = fields.Date(
        string="Password Set On", copy=False, groups='base.group_system',
        help="When the password was set on the organisation portal, where it expires after 90"
             " days. Written when a password is saved here; correct it if it was set earlier.",
    )
    mpesa_tls_host = fields.Char(
        readonly=True, copy=False, groups='base.group_system',
        help="Whose certificate was looked at: that of another address says nothing.",
    )
    mpesa_tls_until = fields.Datetime(
        string="Certificate Ends", readonly=True, copy=False, groups='base.group_system',
        help="When the certificate of the public address ends, as this server sees it.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to note how old a password is. """
        return super().create([self._mpesa_date_password(vals) for vals in vals_list])

    def write(self, vals):
        """ Override of `payment`: the same; and another address has another certificate.

        A secret that is gone does not expire.
        """
        vals = self._mpesa_date_password(vals)
        if 'mpesa_callback_base' in vals:
            vals = {**vals, 'mpesa_tls_until': False}
        res = super().write(vals)
        if any(name in vals and not vals[name] for name in INITIATOR_SECRETS):
            self.filtered(
                lambda p: p.mpesa_initiator_set_on and not p._mpesa_has_initiator_secret()
            ).mpesa_initiator_set_on = False
        return res

    # === SCHEDULED ACTIONS === #

    @api.model
    def _cron_look_at_certificates(self):
        """ Find out when the certificates of our own public addresses end.

        An address that cannot be reached from here says nothing: many networks do not let a server
        call itself. What was seen before stands.
        """
        targets = {}
        for provider in self.search([('code', '=', 'mpesa'), ('state', '!=', 'disabled')]):
            if target := provider._mpesa_get_tls_target():
                targets[target] = targets.get(target, self.browse()) | provider
        for done, (target, providers) in enumerate(targets.items(), start=1):
            self.env.cr.commit()
            try:
                until = server_certificate.read_end(*target)
            except (OSError, ValueError) as error:
                _logger.info("A certificate could not be looked at: %s", type(error).__name__)
            else:
                providers.write({'mpesa_tls_host': target[0], 'mpesa_tls_until': until})
            self.env['ir.cron']._commit_progress(1, remaining=len(targets) - done)

    # === BUSINESS METHODS === #

    @api.model
    def _mpesa_date_password(self, vals):
        """ Return values with the day of a password: today's, unless they say another one.

        :param dict vals: What is written; the mask that the screen sends back is no password.
        :rtype: dict
        """
        if not any(vals.get(name) not in {None, False, '', SAVED} for name in INITIATOR_SECRETS):
            return vals
        today = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())
        return {'mpesa_initiator_set_on': today, **vals}

    def _mpesa_has_initiator_secret(self):
        """ Tell whether a password of the initiator is saved, in whatever form.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return any(self[f'{name}_sealed'] for name in INITIATOR_SECRETS)

    def _mpesa_get_tls_target(self):
        """ Return where the certificate of our own public address is served.

        Only https at its own port is called; from the simulator only this machine, at any port, as
        with everything else there (design section 7).

        Note: `self.ensure_one()`

        :return: (host, port, whether it is this machine), or None when there is nothing to look at.
        :rtype: tuple[str, int, bool] | None
        """
        self.ensure_one()
        is_local = self.mpesa_environment == 'simulator'
        try:
            parts = urlsplit(self._mpesa_get_callback_base())
            port = parts.port or HTTPS_PORT
        except ValueError:
            return None
        if parts.scheme != 'https' or not parts.hostname or not (is_local or port == HTTPS_PORT):
            return None
        return parts.hostname, port, is_local
