import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError

from .. import daraja
from .payment_provider_secrets import SAVED


# Kept sealed like the other secrets: the password as it was set on the organisation portal, or the
# same in encrypted form, as the Daraja portal makes it.
INITIATOR_SECRETS = ('mpesa_initiator_password', 'mpesa_security_credential')
_USER_NAME = re.compile(r'[!-~]{1,64}')


class PaymentProvider(models.Model):
    """The API operator ("initiator") by whom Safaricom is asked about payments.

    Three wrong passwords lock it (daraja.md, sections 17 and 19): after the first refusal nothing
    is asked any more until somebody has put it right.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_status_enabled = fields.Boolean(
        string="Ask About Payments (Transaction Status)", copy=False,
        help="Ask Safaricom what became of one payment, by its M-PESA code. It needs an API"
             " operator of your M-PESA organisation portal with the role for transaction status.",
    )
    mpesa_initiator_name = fields.Char(
        string="Initiator", copy=False, groups='base.group_system',
        help="The user name of the API operator on the M-PESA organisation portal.",
    )
    mpesa_initiator_password = fields.Char(
        string="Initiator's Password", compute='_compute_mpesa_initiator_secrets',
        inverse='_inverse_mpesa_initiator_password', groups='base.group_system', copy=False,
        help="As it was set on the organisation portal, where it expires after 90 days. Saved"
             " encrypted; it is not shown again.",
    )
    mpesa_security_credential = fields.Char(
        string="Security Credential", compute='_compute_mpesa_initiator_secrets',
        inverse='_inverse_mpesa_security_credential', groups='base.group_system', copy=False,
        help="The password as the Daraja portal encrypts it, instead of password and certificate."
             " Saved encrypted; it is not shown again.",
    )
    mpesa_initiator_password_sealed = fields.Char(groups='base.group_system', copy=False)
    mpesa_security_credential_sealed = fields.Char(groups='base.group_system', copy=False)
    mpesa_certificate = fields.Text(
        string="M-PESA's Certificate", copy=False, groups='base.group_system',
        help="The certificate of this environment from the Daraja portal, with which the password"
             " is encrypted: all lines, from BEGIN to END. Those in use have expired years ago and"
             " serve as holders of a key, so their dates do not matter.",
    )
    mpesa_uses_initiator = fields.Boolean(
        compute='_compute_mpesa_uses_initiator', groups='base.group_system',
        help="Something that needs the initiator is switched on.",
    )
    mpesa_status_message = fields.Char(
        compute='_compute_mpesa_status_message', groups='base.group_system',
    )

    # === FIELDS - WHAT SAFARICOM SAYS OF THE INITIATOR === #

    mpesa_initiator_proven = fields.Boolean(
        readonly=True, copy=False, help="Safaricom has answered a question of this initiator.",
    )
    mpesa_initiator_refusal = fields.Char(
        string="Refused With", readonly=True, copy=False,
        help="Safaricom's code. Nothing is asked any more, since it locks an operator after three"
             " wrong passwords.",
    )
    mpesa_initiator_refused_at = fields.Datetime(readonly=True, copy=False)
    mpesa_initiator_untold = fields.Boolean(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends(*(f'{name}_sealed' for name in INITIATOR_SECRETS))
    def _compute_mpesa_initiator_secrets(self):
        for provider in self:
            for name in INITIATOR_SECRETS:
                provider[name] = SAVED if provider[f'{name}_sealed'] else False

    def _inverse_mpesa_initiator_password(self):
        self._mpesa_seal('mpesa_initiator_password', keep_blanks=True)

    def _inverse_mpesa_security_credential(self):
        self._mpesa_seal('mpesa_security_credential')
        for provider in self.filtered('mpesa_security_credential_sealed'):
            if not daraja.is_security_credential(
                provider._mpesa_secret('mpesa_security_credential')
            ):
                raise ValidationError(self.env._(
                    "A security credential is some 344 letters, digits and signs, as the Daraja"
                    " portal shows it. Copy all of it. Nothing was saved."
                ))

    @api.depends('mpesa_status_enabled')
    def _compute_mpesa_uses_initiator(self):
        for provider in self:
            provider.mpesa_uses_initiator = provider.mpesa_status_enabled

    @api.depends(
        'mpesa_uses_initiator', 'mpesa_shortcode', 'mpesa_initiator_name', 'mpesa_certificate',
        'mpesa_initiator_refusal', 'mpesa_initiator_proven',
        *(f'{name}_sealed' for name in INITIATOR_SECRETS),
    )
    def _compute_mpesa_status_message(self):
        for provider in self:
            provider.mpesa_status_message = (
                provider.code == 'mpesa' and provider.mpesa_uses_initiator
                and provider._mpesa_describe_initiator()
            )

    # === CONSTRAINT METHODS === #

    @api.constrains('mpesa_initiator_name')
    def _check_mpesa_initiator_name(self):
        for provider in self.filtered('mpesa_initiator_name'):
            if not _USER_NAME.fullmatch(provider.mpesa_initiator_name):
                raise ValidationError(self.env._(
                    "The initiator is a user name without blanks, as on the organisation portal."
                ))

    @api.constrains('mpesa_certificate')
    def _check_mpesa_certificate(self):
        for provider in self.filtered('mpesa_certificate'):
            try:
                daraja.read_certificate(provider.mpesa_certificate)
            except ValueError as error:
                raise ValidationError(self.env._(
                    "This is not a certificate that can be read. Paste the whole text of the file,"
                    " with the lines that say BEGIN CERTIFICATE and END CERTIFICATE."
                )) from error

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override of `payment`: another initiator has not been refused, and is not proven. """
        changed = {
            'mpesa_environment', 'mpesa_shortcode', 'mpesa_initiator_name', 'mpesa_certificate',
            *(name for name in INITIATOR_SECRETS if vals.get(name) != SAVED),
        }
        if changed & vals.keys():
            vals = {
                **vals, 'mpesa_initiator_proven': False, 'mpesa_initiator_refusal': False,
                'mpesa_initiator_refused_at': False, 'mpesa_initiator_untold': False,
            }
        return super().write(vals)

    # === ACTION METHODS === #

    def action_mpesa_forgive_refusal(self):
        """ Ask with the same initiator again, after it was put right on the organisation portal.

        :return: None
        :raise AccessError: If the user may not set up providers.
        """
        self.ensure_one()
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only the system's administrator checks the set-up."))
        self.write({
            'mpesa_initiator_proven': False, 'mpesa_initiator_refusal': False,
            'mpesa_initiator_refused_at': False, 'mpesa_initiator_untold': False,
        })

    # === BUSINESS METHODS === #

    def _mpesa_get_initiator(self):
        """ Return the initiator, ready to ask.

        :rtype: daraja.Initiator
        :raise InvalidRequest: If a part of it is missing or cannot be used.
        """
        self.ensure_one()
        provider = self.sudo()
        ready = provider._mpesa_secret('mpesa_security_credential')
        return daraja.Initiator(provider.mpesa_initiator_name or '', ready=ready) if ready else (
            daraja.Initiator(
                provider.mpesa_initiator_name or '',
                provider._mpesa_secret('mpesa_initiator_password'),
                provider.mpesa_certificate or '',
            )
        )

    def _mpesa_list_missing_of_initiator(self):
        """ Return what is not filled in, in words.

        :rtype: list[str]
        """
        self.ensure_one()
        provider = self.sudo()
        has_ready = bool(provider.mpesa_security_credential_sealed)
        missing = []
        if not provider.mpesa_initiator_name:
            missing.append(self.env._("the initiator's name"))
        if not (has_ready or provider.mpesa_initiator_password_sealed):
            missing.append(self.env._("its password, or the ready-made security credential"))
        if not (has_ready or provider.mpesa_certificate):
            missing.append(self.env._("M-PESA's certificate"))
        return missing

    def _mpesa_find_status_problem(self):
        """ Say why Safaricom cannot be asked about a payment, '' when it can.

        :rtype: str
        """
        self.ensure_one()
        provider = self.sudo()
        if provider.code != 'mpesa' or not provider.mpesa_status_enabled:
            return self.env._(
                "This shortcode does not ask about payments: the administrator switches it on at"
                " the M-PESA shortcode."
            )
        return provider._mpesa_find_initiator_problem()

    def _mpesa_find_initiator_problem(self):
        """ Say why the initiator cannot ask Safaricom for anything, '' when it can.

        :rtype: str
        """
        self.ensure_one()
        provider = self.sudo()
        if not provider._mpesa_has_credentials() or provider._mpesa_list_missing_of_initiator():
            return self.env._(
                "The set-up is not complete: the M-PESA shortcode says what is missing. Ask the"
                " administrator."
            )
        if provider.mpesa_initiator_refusal:
            return self.env._(
                "Safaricom refuses the initiator (%(code)s), and locks it after three wrong tries:"
                " so nothing is asked until the administrator has put it right at the M-PESA"
                " shortcode.", code=provider.mpesa_initiator_refusal,
            )
        return ''

    def _mpesa_describe_initiator(self):
        """ Say what is missing, or what Safaricom says of the initiator.

        :rtype: str
        """
        self.ensure_one()
        if missing := self._mpesa_list_missing_of_initiator():
            return self.env._("Missing: %(parts)s.", parts=', '.join(missing))
        if self.mpesa_initiator_refusal:
            return self._mpesa_explain_initiator_refusal()
        if self.mpesa_initiator_proven:
            return self.env._("Safaricom answers this initiator.")
        return self.env._(
            "Complete. Whether Safaricom accepts it shows at the first question about a payment."
        )

    def _mpesa_explain_initiator_refusal(self):
        """ Say what a refusal of the initiator means and what to do.

        :rtype: str
        """
        self.ensure_one()
        code = self.mpesa_initiator_refusal
        what = {
            '8006': self.env._(
                "Safaricom has locked the initiator (8006). Unlock it on the organisation portal,"
                " and set a new password."
            ),
            '21': self.env._(
                "The initiator may not ask about payments (21). Give it the role for transaction"
                " status on the organisation portal."
            ),
            'SFC_IC0003': self.env._(
                "Safaricom knows no initiator of this name for this shortcode (SFC_IC0003). Compare"
                " the name with the organisation portal."
            ),
        }.get(code) or self.env._(
            "Safaricom does not accept the initiator's name, password or certificate (%(code)s). A"
            " password expires after 90 days; a certificate belongs to one environment.", code=code,
        )
        return self.env._(
            "%(problem)s No money is touched by this. Nothing is asked meanwhile, since three wrong"
            " tries lock the initiator. Then fill in what has changed, or press Ask again.",
            problem=what,
        )

    def _mpesa_note_initiator(self, refusal):
        """ Keep what Safaricom says of the initiator, from a result.

        :param str refusal: The code with which it was refused, '' when it was obeyed.
        :return: None
        """
        self.ensure_one()
        if not refusal:
            if not self.mpesa_initiator_proven:
                self.mpesa_initiator_proven = True
        elif not self.mpesa_initiator_refusal:
            self.write({
                'mpesa_initiator_refusal': refusal, 'mpesa_initiator_proven': False,
                'mpesa_initiator_refused_at': fields.Datetime.now(),
                'mpesa_initiator_untold': True,
            })

    @api.model
    def _mpesa_tell_refusals(self):
        """ Tell the administrators of the system which initiators Safaricom refuses.

        Outside the booking, which must not fail by a message.

        :return: Whether somebody was told.
        :rtype: bool
        """
        refused = self.search([('mpesa_initiator_untold', '=', True)])
        for provider in refused:
            users = self.env.ref('base.group_system').all_user_ids.filtered_domain([
                ('active', '=', True), ('company_ids', 'in', provider.company_id.ids),
            ])
            for lang, readers in users.grouped('lang').items():
                own = provider.with_context(lang=lang)
                self.env['mail.thread'].message_notify(
                    partner_ids=readers.partner_id.ids,
                    subject=own.env._(
                        "M-PESA %(shortcode)s: Safaricom refuses the initiator",
                        shortcode=provider.mpesa_shortcode,
                    ),
                    body=Markup('<p>%s</p>') % own._mpesa_explain_initiator_refusal(),
                    model='payment.provider', res_id=provider.id,
                )
        refused.mpesa_initiator_untold = False
        return bool(refused)
