import secrets
import time

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .. import daraja, vault


CHECK_SECONDS = 10  # a person waits, in a web request


class PaymentProvider(models.Model):
    """The administrator's set-up check: what is saved is proven by live calls, in plain words.

    It is the one place where a web request calls Daraja (design section 3).
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_has_keys = fields.Boolean(compute='_compute_mpesa_has_keys')
    mpesa_checked_at = fields.Datetime(string="Last Checked", readonly=True, copy=False)
    mpesa_check_passed = fields.Boolean(readonly=True, copy=False)
    mpesa_check_message = fields.Char(string="Check", readonly=True, copy=False)

    def _compute_mpesa_has_keys(self):
        self.mpesa_has_keys = vault.has_keys()

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `payment`: a result of the check says nothing about changed settings. """
        checked = {
            'mpesa_environment', 'mpesa_shortcode', 'mpesa_consumer_key', 'mpesa_consumer_secret',
            'mpesa_passkey', 'mpesa_shortcode_type',
        }
        if checked & vals.keys():
            vals = {
                **vals, 'mpesa_checked_at': False, 'mpesa_check_passed': False,
                'mpesa_check_message': False,
            }
        return super().write(vals)

    # === ACTION METHODS === #

    def action_mpesa_check(self):
        """ Prove the credentials by live calls and keep the result on the form.

        :return: None; the form shows the result.
        :raise AccessError: If the user may not set up providers.
        """
        self.ensure_one()
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only the system's administrator checks the set-up."))
        started = time.monotonic()
        try:
            if self.state != 'disabled':
                self._mpesa_check_callback_base()
            self._mpesa_check_proxy()
            self._mpesa_prove()
        except (UserError, daraja.DarajaError) as error:
            passed, message = False, self._mpesa_explain_check(error)
        else:
            passed, message = True, self.env._(
                "Safaricom accepts the keys, and has nothing against shortcode %(shortcode)s and"
                " its passkey (%(count)s ms). What only a phone can prove: send a prompt of KES 1"
                " to your own.",
                shortcode=self.mpesa_shortcode, count=int((time.monotonic() - started) * 1000),
            )
            message = f'{message} {self._mpesa_describe_registration()}'
        self.write({
            'mpesa_checked_at': fields.Datetime.now(),
            'mpesa_check_passed': passed,
            'mpesa_check_message': message,
        })

    # === BUSINESS METHODS === #

    def _mpesa_prove(self):
        """ Fetch a token, then ask about a prompt that never was: the question carries the passkey.

        :return: None
        :raise UserError: If something is missing here.
        :raise DarajaError: If Daraja refuses, or cannot be asked.
        """
        self.ensure_one()
        if not self._mpesa_has_credentials():
            raise UserError(self.env._(
                "Fill in the consumer key, the consumer secret and the passkey, and save."
            ))
        client = self._mpesa_get_client(CHECK_SECONDS)
        client.check_credentials()
        client.stk_query(self._mpesa_make_passkey_question())

    def _mpesa_make_passkey_question(self):
        """ Return a question about a prompt that never was, which carries the passkey.

        :rtype: daraja.StkQuery
        """
        self.ensure_one()
        return daraja.StkQuery(
            shortcode=self.mpesa_shortcode,
            passkey=self._mpesa_secret('mpesa_passkey'),
            checkout_request_id=f'ws_CO_{secrets.randbelow(10 ** 18):018d}',
        )

    def _mpesa_explain_check(self, error):
        """ Say in plain words what is wrong and what to do.

        :param Exception error: What came instead.
        :rtype: str
        """
        self.ensure_one()
        environment = dict(
            self._fields['mpesa_environment']._description_selection(self.env)
        ).get(self.mpesa_environment, '')
        for kinds, message in (
            (UserError, str(error)),
            ((daraja.CredentialsRefused, daraja.InvalidToken), self.env._(
                "Safaricom did not accept these keys. Check that both come from the same Daraja app"
                " and that Environment matches (%(environment)s).", environment=environment,
            )),
            (daraja.WrongPasskey, self.env._(
                "The keys work but the passkey does not match shortcode %(shortcode)s. Copy it"
                " again from the Daraja go-live e-mail.", shortcode=self.mpesa_shortcode,
            )),
            (daraja.MerchantRefused, self.env._(
                "The keys work but Safaricom does not know shortcode %(shortcode)s for prompts. For"
                " a till, enter the store number given at go-live.",
                shortcode=self.mpesa_shortcode,
            )),
            (daraja.ProductMissing, self.env._(
                "The keys work but their Daraja app lacks M-PESA Express. Add the product on the"
                " Daraja portal."
            )),
            (daraja.CertificateRefused, self.env._(
                "The other side could not prove that it is Safaricom: something between this server"
                " and the internet intercepts the connection. Nothing was sent."
            )),
            ((daraja.ConnectionFailed, daraja.NoAnswer), self.env._(
                "Safaricom could not be reached from this server. Check its internet connection and"
                " firewall, then check again."
            )),
            (daraja.Busy, self.env._("Safaricom is busy. Check again in a minute.")),
        ):
            if isinstance(error, kinds):
                return message
        return self.env._(
            "Safaricom answered in a way that proves nothing (%(detail)s). Check again in a"
            " minute.", detail=getattr(error, 'code', '') or type(error).__name__,
        )
