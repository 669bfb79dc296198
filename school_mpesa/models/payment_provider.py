import ipaddress
import re
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .. import const, daraja
from ..server_settings import get_setting
from .mpesa_token import SharedTokenStore


class PaymentProvider(models.Model):
    """The provider `mpesa`: one shortcode of one school, in one environment."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    code = fields.Selection(
        selection_add=[('mpesa', "M-PESA")], ondelete={'mpesa': 'set default'},
    )

    # === FIELDS - SHORTCODE === #

    mpesa_environment = fields.Selection(
        string="Environment",
        selection=[
            ('sandbox', "Sandbox"), ('simulator', "Local simulator"), ('production', "Production"),
        ],
        default='sandbox',
        copy=False,
        help="Sandbox: Safaricom's test system. Local simulator: a stand-in on this server, for"
             " training. Production: real money. It cannot change after the first payment.",
    )
    mpesa_shortcode_type = fields.Selection(
        string="Shortcode Type",
        selection=[('paybill', "Paybill"), ('till', "Till (Buy Goods)")],
        default='paybill',
        help="A paybill asks the payer for an account number; a till does not.",
    )
    mpesa_shortcode = fields.Char(
        string="Shortcode", copy=False, required_if_provider='mpesa',
        help="The paybill number. For a till: the store or head-office number that Safaricom gave"
             " at go-live, not the till number.",
    )
    mpesa_till_number = fields.Char(
        string="Till Number", copy=False,
        help="The number that payers type for Buy Goods.",
    )
    mpesa_shown_name = fields.Char(
        string="Name on the M-PESA Pop-up",
        help="The name registered for the shortcode. Pay pages repeat it, so that a parent"
             " recognises the pop-up. Safaricom sets it; typing here does not change it there.",
    )

    # === FIELDS - SWITCHES AND LIMITS === #

    mpesa_stk_enabled = fields.Boolean(
        string="Prompts (STK push)", default=True,
        help="Ask for money by a pop-up on the payer's phone.",
    )
    mpesa_prompt_timeout = fields.Integer(
        string="Prompt Stays Open", default=120,
        help="Seconds for which a prompt is taken to be open on the phone: no second one is sent"
             " to that phone meanwhile.",
    )
    mpesa_query_timeout = fields.Integer(
        string="Query Time-out", default=30,
        help="Seconds after which a question to Safaricom about a prompt is given up.",
    )
    mpesa_call_timeout = fields.Integer(
        string="Other Calls Time-out", default=60,
        help="Seconds after which any other call to Safaricom, such as sending a prompt, is given"
             " up. A prompt may be on the phone all the same: it is never sent twice.",
    )
    mpesa_least_amount = fields.Integer(
        string="Least Amount", default=1, help="The least amount of one payment, in KES.",
    )
    mpesa_allow_credit = fields.Boolean(
        string="More than the Balance",
        help="Let a payer pay more than is due; the rest is kept as credit for the next bill.",
    )
    mpesa_source_check = fields.Selection(
        string="Source Address Check",
        selection=[('off', "Off"), ('note', "Note"), ('quarantine', "Quarantine")],
        compute='_compute_mpesa_source_check', store=True, readonly=False,
        help="What happens to a callback from an address that is not Safaricom's. Off: nothing."
             " Note: it is booked and marked. Quarantine: it is kept and shown, and not booked"
             " until a person replays it.",
    )

    _mpesa_shortcode_uniq = models.UniqueIndex(
        "(mpesa_environment, mpesa_shortcode)"
        " WHERE code = 'mpesa' AND mpesa_shortcode IS NOT NULL"
        " AND state <> 'disabled' AND mpesa_environment <> 'sandbox'",
        "This shortcode already belongs to another provider. A shortcode belongs to one school,"
        " once.",
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_environment')
    def _compute_mpesa_source_check(self):
        for provider in self:
            provider.mpesa_source_check = (
                'quarantine' if provider.mpesa_environment == 'production' else 'off'
            )

    def _get_supported_currencies(self):
        """ Override of `payment`: M-PESA moves Kenyan shillings only. """
        supported_currencies = super()._get_supported_currencies()
        if self.code == 'mpesa':
            supported_currencies = supported_currencies.filtered(lambda c: c.name == 'KES')
        return supported_currencies

    def _get_default_payment_method_codes(self):
        """ Override of `payment` to return the core payment method M-Pesa. """
        self.ensure_one()
        if self.code != 'mpesa':
            return super()._get_default_payment_method_codes()
        return const.DEFAULT_PAYMENT_METHOD_CODES

    @api.model
    def _get_compatible_providers(self, *args, is_validation=False, report=None, **kwargs):
        """ Override of `payment`: offer prompts only where they are switched on. """
        providers = super()._get_compatible_providers(
            *args, is_validation=is_validation, report=report, **kwargs
        )
        return providers.filtered(
            lambda p: p.code != 'mpesa' or (p.mpesa_stk_enabled and not is_validation)
        )

    # === ONCHANGE METHODS === #

    @api.onchange('mpesa_environment')
    def _onchange_mpesa_environment(self):
        """ Fill in the published test values for the sandbox, and the state that goes with it. """
        if self.code != 'mpesa':
            return
        if self.mpesa_environment == 'sandbox':
            self.mpesa_shortcode_type = 'paybill'
            self.mpesa_shortcode = const.SANDBOX_SHORTCODE
            self.mpesa_passkey = const.SANDBOX_PASSKEY
        elif self.mpesa_shortcode == const.SANDBOX_SHORTCODE:
            self.mpesa_shortcode = False
            self.mpesa_passkey = False
        if self.state != 'disabled':
            self.state = 'enabled' if self.mpesa_environment == 'production' else 'test'

    # === CONSTRAINT METHODS === #

    @api.constrains('code', 'state', 'mpesa_environment')
    def _check_mpesa_environment_matches_state(self):
        for provider in self.filtered(lambda p: p.code == 'mpesa'):
            is_production = provider.mpesa_environment == 'production'
            if provider.state == 'enabled' and not is_production:
                raise ValidationError(self.env._(
                    "This shortcode is set to the sandbox or the simulator, where no real money"
                    " moves. Choose Test Mode, or set the environment to Production."
                ))
            if provider.state == 'test' and is_production:
                raise ValidationError(self.env._(
                    "In production real money moves, so Test Mode would mislead. Choose Enabled,"
                    " or set the environment to Sandbox."
                ))

    @api.constrains('code', 'state', 'company_id', 'journal_id')
    def _check_mpesa_currency(self):
        """ Check that shillings are booked as shillings.

        :raise ValidationError: If the school or the journal keeps another currency.
        """
        for provider in self.filtered(lambda p: p.code == 'mpesa' and p.state != 'disabled'):
            journal = provider.journal_id
            currency = journal.currency_id or provider.company_id.currency_id
            if {currency.name, provider.company_id.currency_id.name} != {'KES'}:
                raise ValidationError(self.env._(
                    "M-PESA moves Kenyan shillings only: the school and the shortcode's journal"
                    " must keep their books in KES."
                ))

    @api.constrains(
        'code', 'state', 'mpesa_shortcode', 'mpesa_shortcode_type', 'mpesa_till_number',
    )
    def _check_mpesa_shortcode(self):
        for provider in self.filtered(lambda p: p.code == 'mpesa'):
            if provider.mpesa_shortcode and not re.fullmatch(
                r'[0-9]{5,7}', provider.mpesa_shortcode
            ):
                raise ValidationError(self.env._("A shortcode is five to seven digits."))
            if (
                provider.state != 'disabled'
                and provider.mpesa_shortcode_type == 'till'
                and not re.fullmatch(r'[0-9]{5,8}', provider.mpesa_till_number or '')
            ):
                raise ValidationError(self.env._(
                    "A till needs its till number beside the store number."
                ))

    @api.constrains(
        'code', 'mpesa_least_amount', 'mpesa_prompt_timeout', 'mpesa_query_timeout',
        'mpesa_call_timeout',
    )
    def _check_mpesa_limits(self):
        for provider in self.filtered(lambda p: p.code == 'mpesa'):
            if not daraja.LEAST_AMOUNT <= provider.mpesa_least_amount <= daraja.MOST_AMOUNT:
                raise ValidationError(self.env._(
                    "The least amount must be between KES %(minimum)s and KES %(maximum)s.",
                    minimum=daraja.LEAST_AMOUNT, maximum=f'{daraja.MOST_AMOUNT:,}',
                ))
            if not 30 <= provider.mpesa_prompt_timeout <= 600:
                raise ValidationError(self.env._(
                    "A prompt is open between 30 and 600 seconds."
                ))
            if not 5 <= provider.mpesa_query_timeout <= 120:
                raise ValidationError(self.env._(
                    "The query time-out must be between 5 and 120 seconds."
                ))
            if not 5 <= provider.mpesa_call_timeout <= 60:
                raise ValidationError(self.env._(
                    "The time-out of other calls must be between 5 and 60 seconds."
                ))

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `payment`: environment and journal are fixed by the first payment.

        The kind of number and the till may be corrected until money has moved: a prompt with a
        wrong one is refused.
        """
        if {'mpesa_source_check', 'mpesa_environment', 'company_id'} & vals.keys():
            self.env.registry.clear_cache()  # The accept path knows them from the cache.
        fixed = {
            'mpesa_environment', 'mpesa_shortcode', 'journal_id', 'company_id',
            'mpesa_shortcode_type', 'mpesa_till_number',
        } & vals.keys()
        for provider in self.filtered(lambda p: p.code == 'mpesa') if fixed else ():
            changed = [
                name for name in fixed
                if provider[name] != provider._fields[name].convert_to_record(
                    provider._fields[name].convert_to_cache(vals[name], provider), provider
                )
            ]
            correctable = set(changed) <= {'mpesa_shortcode_type', 'mpesa_till_number'}
            if changed and provider._mpesa_has_payments(only_moved=correctable):
                raise UserError(self.env._(
                    "Payments were already made through this shortcode, so its environment,"
                    " number, journal and school stay as they are. Archive it by choosing"
                    " Disabled, and add a new provider for the new set-up."
                ))
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _mpesa_has_payments(self, only_moved=False):
        """ Tell whether money has moved, was announced or was asked for through this shortcode.

        :param bool only_moved: Whether only money that has moved counts.
        :rtype: bool
        """
        self.ensure_one()
        domain = [('provider_id', '=', self.id)]
        if self.env['mpesa.transaction'].sudo().search_count(domain, limit=1):
            return True
        return not only_moved and bool(
            self.env['mpesa.callback'].sudo().search_count(domain, limit=1)
            or self.env['payment.transaction'].sudo().search_count(
                [*domain, ('mpesa_sent_at', '!=', False)], limit=1,
            )
        )

    def _mpesa_get_payer_number(self):
        """ Return the number that a payer types: the paybill, or the till.

        :rtype: str
        """
        self.ensure_one()
        if self.mpesa_shortcode_type == 'till':
            return self.mpesa_till_number or ''
        return self.mpesa_shortcode or ''

    def _mpesa_get_daraja_environment(self):
        """ Return where Daraja is for this provider.

        The simulator is talked to only when its loopback address stands in `odoo.conf`, and never
        from a production provider (design section 7).

        :rtype: daraja.Environment
        :raise UserError: If the simulator is chosen and not configured.
        """
        self.ensure_one()
        if self.mpesa_environment == 'production':
            return daraja.Environment.production()
        if self.mpesa_environment == 'sandbox':
            return daraja.Environment.sandbox()
        address = get_setting('school_mpesa_simulator_url')
        host = urlsplit(address).hostname or ''
        if host != 'localhost':
            try:
                is_local = ipaddress.ip_address(host).is_loopback
            except ValueError:
                is_local = False
            if not is_local:
                raise UserError(self.env._(
                    "The simulator is not set up on this server: school_mpesa_simulator_url is"
                    " missing from odoo.conf, or is not an address of this machine. No prompt was"
                    " sent and no money moved."
                ))
        return daraja.Environment.custom(address)

    def _mpesa_get_client(self, read_timeout=None):
        """ Return the Daraja client of this shortcode, for use from a thread without cursor.

        :param int read_timeout: Seconds to wait for a whole answer; None for that of other calls.
        :rtype: daraja.Daraja
        :raise UserError: If the credentials are missing or the simulator is not configured.
        """
        self.ensure_one()
        if not self._mpesa_has_credentials():
            raise UserError(self.env._(
                "The keys from Safaricom are missing. No prompt was sent and no money moved."
            ))
        return daraja.Daraja(
            environment=self._mpesa_get_daraja_environment(),
            credentials=daraja.Credentials(
                self._mpesa_secret('mpesa_consumer_key'),
                self._mpesa_secret('mpesa_consumer_secret'),
            ),
            token_store=SharedTokenStore(self.env.cr.dbname, self.id),
            read_timeout=read_timeout or self.mpesa_call_timeout,
        )

    @api.model
    def _mpesa_get_default(self, company):
        """ Return the provider that serves a school.

        :param res.company company: The school.
        :rtype: payment.provider
        """
        providers = self.sudo().search([
            ('code', '=', 'mpesa'),
            ('state', '!=', 'disabled'),
            ('company_id', 'parent_of', company.id),
        ], order='state, sequence, id')
        # A branch with a shortcode of its own collects on that one.
        return providers.sorted(lambda p: -len(p.company_id.parent_ids))[:1]
