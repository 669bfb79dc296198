import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import NO_ACCESS

from .. import africastalking
from ..sms_gateway import SmsApiAfricasTalking, get_simulator_url
from .school_guardian_phone import to_e164


SAVED = '••••••••'  # What a screen shows instead of the saved key.


class ResCompany(models.Model):
    """A school's account with an SMS gateway."""

    _inherit = 'res.company'  # pylint: disable=consider-merging-classes-inherited

    # A field of its own, beside the choice that other gateways add to companies: two add-ons cannot
    # both define that one.
    school_sms_gateway = fields.Selection(
        string="SMS Gateway", selection=[('africastalking', "Africa's Talking")],
        copy=False,
        help="Who sends this school's SMS. Empty: no message goes out by itself.",
    )
    school_sms_environment = fields.Selection(
        string="SMS Environment",
        selection=[
            ('live', "Live"),
            ('sandbox', "Sandbox"),
            ('simulator', "Simulator on this machine"),
        ],
        default='live', required=True, copy=False,
        help="The sandbox takes messages and delivers none to real phones.",
    )
    school_sms_username = fields.Char(
        string="SMS Username", groups='base.group_system', copy=False,
        help="Of the account; in the sandbox it is always: sandbox.",
    )
    school_sms_key = fields.Char(
        string="SMS API Key", compute='_compute_school_sms_key', inverse='_inverse_school_sms_key',
        groups='base.group_system', copy=False,
        help="From the account's settings. It is not shown again.",
    )
    school_sms_key_saved = fields.Char(groups=NO_ACCESS, copy=False)
    school_sms_sender = fields.Char(
        string="Sender Name", groups='base.group_system', copy=False,
        help="As registered for the account, 11 letters at most. Empty: the gateway's own.",
    )
    school_sms_receipts = fields.Boolean(
        string="Receipts by SMS", default=True, copy=False,
        help="Each receipt posted from now on is told to the student's guardians, once.",
    )
    school_sms_report_token = fields.Char(groups=NO_ACCESS, copy=False)
    school_sms_report_url = fields.Char(
        string="Address for Delivery Reports", compute='_compute_school_sms_report_url',
        groups='base.group_system',
        help="To be set on the gateway's page for SMS callbacks. It is secret.",
    )

    # === COMPUTE METHODS === #

    @api.depends('school_sms_key_saved')
    def _compute_school_sms_key(self):
        for company in self:
            company.school_sms_key = SAVED if company.sudo().school_sms_key_saved else False

    def _inverse_school_sms_key(self):
        for company in self:
            value = (company.school_sms_key or '').strip()
            if value != SAVED:
                company.sudo().school_sms_key_saved = value and company._seal_sms_key(value)

    @api.depends('school_sms_report_token')
    def _compute_school_sms_report_url(self):
        for company in self:
            token = company.sudo().school_sms_report_token
            company.school_sms_report_url = token and (
                f'{company.get_base_url()}/school-sms/{token}/report'
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to give schools with a gateway their address for delivery reports. """
        companies = super().create(vals_list)
        companies._make_sms_report_tokens()
        return companies

    def write(self, vals):
        """ Override of `orm` to give schools with a gateway their address for delivery reports, and
        to let nothing go out that waits when one is given up.
        """
        result = super().write(vals)
        if vals.get('school_sms_gateway'):
            self._make_sms_report_tokens()
        elif 'school_sms_gateway' in vals:
            # Odoo's own gateway does not take over what waits.
            self.env['sms.sms'].sudo()._cancel_of(self)
        return result

    # === ACTION METHODS === #

    def action_new_school_sms_address(self):
        """ Replace the address for delivery reports; the old one is dead at once.

        :return: None
        :raise AccessError: If the user is no administrator.
        """
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only an administrator changes this address."))
        self.sudo().school_sms_report_token = False
        self._make_sms_report_tokens()

    # === BUSINESS METHODS === #

    def _seal_sms_key(self, key):
        """ Return an API key as it is stored. What has a vault keeps it there.

        Note: `self.ensure_one()`

        :param str key: The key.
        :rtype: str
        """
        self.ensure_one()
        return key

    def _unseal_sms_key(self, saved):
        """ Return the API key of what :meth:`_seal_sms_key` made.

        Note: `self.ensure_one()`

        :param str saved: What is stored.
        :return: '' where it cannot be read any more.
        :rtype: str
        """
        self.ensure_one()
        return saved

    def _make_sms_report_tokens(self):
        """ Make the secret of the address for delivery reports, where one is needed.

        :return: None
        """
        for company_sudo in self.sudo():
            if company_sudo.school_sms_gateway and not company_sudo.school_sms_report_token:
                company_sudo.school_sms_report_token = secrets.token_hex(16)

    def _get_sms_api_class(self):
        """ Override of `sms` to send by the school's own gateway. """
        self.ensure_one()
        if self.school_sms_gateway == 'africastalking':
            return SmsApiAfricasTalking
        return super()._get_sms_api_class()

    def _tells_receipts(self):
        """ Tell whether each new receipt of the school is told by SMS.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.school_sms_gateway and self.school_sms_receipts)

    def _get_sms_client(self):
        """ Return a client of the school's gateway.

        Note: `self.ensure_one()`, and in sudo mode: nobody else reads the key.

        :return: The client, None where something is not set.
        :rtype: africastalking.AfricasTalking | None
        """
        self.ensure_one()
        address = {
            'live': africastalking.LIVE_URL,
            'sandbox': africastalking.SANDBOX_URL,
            'simulator': get_simulator_url(),
        }[self.school_sms_environment]
        username = self.school_sms_username
        if self.school_sms_environment == 'sandbox':
            username = africastalking.SANDBOX_USERNAME
        key = self.school_sms_key_saved and self._unseal_sms_key(self.school_sms_key_saved)
        if not (address and username and key):
            return None
        return africastalking.AfricasTalking(
            username, key, base_url=address, sender=self.school_sms_sender or '',
        )

    def _send_test_sms(self, number):
        """ Send one message at once, for the administrator who sets up the account.

        Note: `self.ensure_one()`

        :param str number: The number, as somebody wrote it.
        :return: What the gateway said, in words.
        :rtype: str
        :raise UserError: If it was not taken; the words say why and what to do.
        """
        self.ensure_one()
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only an administrator sends test messages."))
        e164 = to_e164(number)
        if not e164:
            raise UserError(self.env._(
                "This is not a phone number. Nothing was sent. Write it like 0712 345 678."
            ))
        company_sudo = self.sudo()
        client = company_sudo._get_sms_client()
        if client is None:
            raise UserError(self.env._(
                "The username or the API key is missing, or the simulator is not set up on this"
                " server. Nothing was sent. Fill them in and save."
            ))
        text = self.env['school.message']._write_test(company_sudo)
        try:
            taken = client.send(e164, text)
        except africastalking.SmsError as error:
            raise UserError(self._explain_sms_error(error)) from error
        return self.env._(
            "The gateway took the message%(cost)s. It should arrive within a minute.",
            cost=f' ({taken.cost})' if taken.cost else '',
        )

    def _explain_sms_error(self, error):
        """ Say what a failed test message means and what to do.

        :param africastalking.SmsError error: What happened.
        :rtype: str
        """
        if isinstance(error, africastalking.KeysRefused):
            return self.env._(
                "The gateway did not accept the username and the API key. Nothing was sent. Check"
                " that both are of the same account, and that the environment is right."
            )
        if isinstance(error, africastalking.NotReached | africastalking.Unavailable):
            return self.env._(
                "The gateway cannot be reached, or is down at the moment (%(reason)s). Nothing was"
                " sent. Try again in some minutes.", reason=error.reason,
            )
        if isinstance(error, africastalking.InDoubt):
            return self.env._(
                "The gateway did not answer in time (%(reason)s). The message may arrive all the"
                " same.", reason=error.reason,
            )
        if isinstance(error, africastalking.MessageRefused):
            words = {
                402: self.env._("the sender name is not registered for this account"),
                403: self.env._("the number is not a mobile number"),
                404: self.env._("the number is not a mobile number"),
                405: self.env._("the account is out of credit"),
                406: self.env._("the holder of the number has opted out"),
                407: self.env._("no network takes messages for this number"),
            }.get(error.code, error.reason)
            return self.env._(
                "The gateway refused the message: %(reason)s. Nothing was sent.", reason=words,
            )
        return self.env._(
            "The gateway refused the message: %(reason)s. Nothing was sent.", reason=error.reason,
        )
