from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import format_date

from .. import const, daraja
from .payment_provider_check import CHECK_SECONDS


NAIROBI = 'Africa/Nairobi'


class PaymentProvider(models.Model):
    """Where Safaricom announces money that payers send by themselves, and registering that.

    As the set-up check, it calls Daraja from a web request: an administrator waits for the answer.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_response_type = fields.Selection(
        string="Without an Answer",
        selection=[
            ('Completed', "Let the payment through"), ('Cancelled', "Refuse the payment"),
        ],
        default='Completed',
        help="What Safaricom does with a payment when validation is on and this server does not"
             " answer in time. It is told to Safaricom when the addresses are registered. Refuse:"
             " while this server is down, nobody can pay.",
    )
    mpesa_c2b_version = fields.Selection(
        string="Version of the Messages",
        selection=[('v2', "v2: numbers masked"), ('v1', "v1: numbers hashed")],
        default='v2',
        help="How Safaricom writes the payer's number in its messages. Take v1 only when Safaricom"
             " says that your app is for v1.",
    )
    mpesa_registered_at = fields.Datetime(string="Registered", readonly=True, copy=False)
    mpesa_registered_base = fields.Char(
        string="Registered Address", readonly=True, copy=False,
        help="The public address with which Safaricom last took our addresses.",
    )
    mpesa_registered_token_id = fields.Many2one(
        comodel_name='mpesa.callback.token', readonly=True, copy=False, ondelete='set null',
        groups='base.group_system', help="Which of the secret addresses Safaricom last took.",
    )
    mpesa_registration_message = fields.Char(
        string="Addresses", compute='_compute_mpesa_registration_message',
        groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    @api.depends(
        'mpesa_registered_at', 'mpesa_registered_base', 'mpesa_registered_token_id',
        'mpesa_callback_base', 'mpesa_environment',
    )
    def _compute_mpesa_registration_message(self):
        for provider in self:
            provider.mpesa_registration_message = (
                provider.code == 'mpesa' and provider._mpesa_describe_registration()
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `payment`: another shortcode has no addresses yet. """
        if {'mpesa_environment', 'mpesa_shortcode'} & vals.keys():
            vals = {
                **vals, 'mpesa_registered_at': False, 'mpesa_registered_base': False,
                'mpesa_registered_token_id': False,
            }
        if 'mpesa_registered_token_id' in vals:
            self.env.registry.clear_cache()  # Which old addresses the next message retires.
        return super().write(vals)

    # === ACTION METHODS === #

    def action_mpesa_open_register(self):
        """ Show what would be registered, and what Safaricom would refuse.

        :rtype: dict
        :raise AccessError: If the user may not set up providers.
        """
        return self._mpesa_open_dialog('mpesa.register.wizard', self.env._("Register addresses"))

    def action_mpesa_open_letter(self):
        """ Draft the letter that asks Safaricom to switch validation on.

        :rtype: dict
        :raise AccessError: If the user may not set up providers.
        """
        return self._mpesa_open_dialog(
            'mpesa.validation.letter', self.env._("Letter to Safaricom"),
        )

    def _mpesa_open_dialog(self, model, name, **values):
        """ Open a dialog about the shortcode's addresses, which are made here when need be.

        They are saved before anything is registered: production registers once, and a failure
        afterwards must not leave Safaricom with an address that nobody knows.

        :param str model: The dialog's.
        :param str name: Its title, translated.
        :param values: Other values of the dialog.
        :rtype: dict
        :raise AccessError: If the user may not set up providers.
        """
        self.ensure_one()
        self._mpesa_ensure_system()
        self.env['mpesa.callback.token']._get(self, 'c2b')
        return {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': model,
            'res_id': self.env[model].create({'provider_id': self.id, **values}).id,
            'view_mode': 'form', 'target': 'new', 'context': {'dialog_size': 'medium'},
        }

    # === BUSINESS METHODS === #

    def _mpesa_ensure_system(self):
        """ Ensure that the user may see the addresses and give them to Safaricom.

        :return: None
        :raise AccessError: If not.
        """
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._(
                "Only the system's administrator registers addresses with Safaricom."
            ))
        self.check_access('write')

    def _mpesa_get_c2b_addresses(self):
        """ Return the addresses that Safaricom calls about paybill and till payments.

        :return: That of confirmations and that of validations. They hold a secret.
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        token = self.env['mpesa.callback.token']._get(self, 'c2b')
        start = f'{self._mpesa_get_callback_base()}/collect/{token}/c2b'
        return f'{start}/confirmation', f'{start}/validation'

    def _mpesa_find_registration_problem(self):
        """ Say why Safaricom would refuse the addresses, or could not be asked.

        :return: What to do first; '' when nothing stands against it.
        :rtype: str
        """
        self.ensure_one()
        if not self.mpesa_shortcode:
            return self.env._("Enter the shortcode and save it first.")
        if not self._mpesa_has_credentials():
            return self.env._(
                "Fill in the consumer key, the consumer secret and the passkey, and save."
            )
        try:
            self._mpesa_check_callback_base()
            self._mpesa_get_daraja_environment()
        except UserError as error:
            return str(error)
        return ''

    def _mpesa_describe_registering(self):
        """ Say what registering would mean.

        :rtype: list[str]
        """
        self.ensure_one()
        words = [self._mpesa_describe_registration()] if self.mpesa_registered_at else []
        if self.mpesa_environment == 'production':
            words.append(self.env._(
                "In production Safaricom takes addresses once. To change them later, two operators"
                " of your M-PESA organisation portal must delete these first (Self Services, URL"
                " Management)."
            ))
        elif self.mpesa_environment == 'sandbox':
            if self.mpesa_shortcode == const.SANDBOX_SHORTCODE:
                words.append(self.env._(
                    "Safaricom's test shortcode %(shortcode)s takes prompts, and may refuse"
                    " addresses. Your Daraja app has a test shortcode of its own, such as 600984.",
                    shortcode=self.mpesa_shortcode,
                ))
            if not self._mpesa_is_public_base():
                words.append(self.env._(
                    "Safaricom's test system is on the internet and cannot reach %(address)s.",
                    address=self._mpesa_get_callback_base(),
                ))
        if self.mpesa_response_type == 'Cancelled':
            words.append(self.env._(
                "You chose to refuse payments without an answer: once Safaricom has switched"
                " validation on, nobody can pay while this server is down."
            ))
        return words

    def _mpesa_register(self):
        """ Register the addresses and keep that it was done.

        :return: None
        :raise UserError: If Safaricom did not take them, in words for the administrator.
        """
        self.ensure_one()
        self._mpesa_ensure_system()
        # A second click must not ask again: Safaricom would refuse what it has just taken.
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(self.env._(
                "Somebody is changing or registering this shortcode at this very moment. Nothing"
                " was sent. Wait a little, and look at the form again."
            )) from error
        problem = self._mpesa_find_registration_problem()
        if problem:
            raise UserError(problem)
        confirmation, validation = self._mpesa_get_c2b_addresses()
        try:
            answer = self._mpesa_get_client(CHECK_SECONDS).c2b_register(daraja.C2BRegistration(
                shortcode=self.mpesa_shortcode, confirmation_url=confirmation,
                validation_url=validation, response_type=self.mpesa_response_type or 'Completed',
                version=self.mpesa_c2b_version or 'v2',
            ))
        except daraja.DarajaError as error:
            raise UserError(self._mpesa_explain_registration(error)) from error
        if answer.state == 'already_registered':
            raise UserError(self.env._(
                "Shortcode %(shortcode)s already has addresses at Safaricom, and keeps those. No"
                " money moved. If they are not the ones shown here, delete them in the Daraja"
                " portal (Self Services, URL Management; two operators approve), then register"
                " again.", shortcode=self.mpesa_shortcode,
            ))
        if answer.state == 'older_platform':
            raise UserError(self.env._(
                "Shortcode %(shortcode)s has addresses on a platform that Safaricom used before"
                " Daraja, and keeps those. No money moved. Ask apisupport@safaricom.co.ke to delete"
                " them, then register again.", shortcode=self.mpesa_shortcode,
            ))
        self.write({
            'mpesa_registered_at': fields.Datetime.now(),
            'mpesa_registered_base': self._mpesa_get_callback_base(),
            'mpesa_registered_token_id': self._mpesa_get_newest_c2b_token().id,
        })

    def _mpesa_get_newest_c2b_token(self):
        """ Return the token of the addresses that would be registered now.

        :rtype: mpesa.callback.token
        """
        self.ensure_one()
        return self.env['mpesa.callback.token'].sudo().search(
            [('provider_id', '=', self._origin.id), ('kind', '=', 'c2b')], limit=1,
        )

    def _mpesa_explain_registration(self, error):
        """ Say in plain words why the addresses were not registered, and what to do.

        :param daraja.DarajaError error: What came instead.
        :rtype: str
        """
        self.ensure_one()
        if error.sent != 'no':
            return self.env._(
                "Safaricom did not say whether it took the addresses. No money moved, and nothing"
                " is lost if it did. Register again in a minute: if Safaricom then says that the"
                " shortcode already has addresses, they are these."
            )
        if isinstance(error, daraja.ProductMissing):
            return self.env._(
                "The keys work but their Daraja app may not register addresses in version"
                " %(version)s. Add the product C2B on the Daraja portal, or try the other version."
                " Nothing was changed at Safaricom.", version=self.mpesa_c2b_version,
            )
        if isinstance(error, daraja.BadRequest):
            if error.field == 'ShortCode' or error.http_status == 409:
                return self.env._(
                    "Safaricom does not let these keys register addresses for shortcode"
                    " %(shortcode)s. Check that the Daraja app was made for it. For a till, enter"
                    " the store number given at go-live. Nothing was changed at Safaricom.",
                    shortcode=self.mpesa_shortcode,
                )
            if error.field in {'ConfirmationURL', 'ValidationURL'}:
                return self.env._(
                    "Safaricom refuses addresses that begin with %(address)s. Give the server"
                    " another public address, without a tunnel. Nothing was changed at Safaricom.",
                    address=self._mpesa_get_callback_base(),
                )
        return self._mpesa_explain_check(error)

    def _mpesa_describe_registration(self):
        """ Say whether Safaricom knows where to announce money.

        :rtype: str
        """
        self.ensure_one()
        current = self._mpesa_get_callback_base()
        if self.mpesa_registered_at:
            day = format_date(self.env, fields.Datetime.context_timestamp(
                self.with_context(tz=NAIROBI), self.mpesa_registered_at,
            ).date())
            if self.sudo().mpesa_registered_token_id != self._mpesa_get_newest_c2b_token():
                return self.env._(
                    "New addresses were made and are not registered yet. Those registered on"
                    " %(date)s stay valid until Safaricom uses the new ones.", date=day,
                )
            if self.mpesa_registered_base == current:
                return self.env._(
                    "Registered on %(date)s: Safaricom announces paybill and till payments to"
                    " %(address)s.", date=day, address=current,
                )
            return self.env._(
                "Registered on %(date)s for %(old_address)s, but the public address is now"
                " %(address)s. Payments made by hand are still announced to the old one, so keep"
                " it working until the new one is registered.",
                date=day, old_address=self.mpesa_registered_base, address=current,
            )
        # In sudo mode: an administrator of the system need not be of the bursar's office.
        if self.env['mpesa.callback'].sudo().search_count(
            [('provider_id', '=', self._origin.id), ('endpoint', '=', 'confirmation')], limit=1,
        ):
            return self.env._(
                "Not registered from here, but Safaricom announces payments: it has the addresses."
            )
        return self.env._(
            "Not registered: money that payers send by themselves is not announced, and shows up"
            " only in Safaricom's statement."
        )
