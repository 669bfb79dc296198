from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError, ValidationError
from odoo.tools import format_datetime

from .. import daraja, vault
from .payment_provider_check import CHECK_SECONDS
from .payment_provider_register import NAIROBI


OVERLAP = timedelta(hours=2)  # asked for again, since Safaricom may tell of a payment late
REACH = timedelta(hours=daraja.PULL_HOURS)
ALARM = timedelta(hours=24)  # half of what Safaricom remembers: time enough to put it right
REMEMBERED = timedelta(days=35)  # a statement is asked for by the month


class PaymentProvider(models.Model):
    """Pull: Safaricom is asked every hour what was paid, and the limit of 48 hours is watched."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_pull_enabled = fields.Boolean(
        string="Fetch Payments (Pull)", copy=False,
        help="Ask Safaricom every hour which payments reached the shortcode, and book those of"
             " which no message came. It tells of the last 48 hours, once the shortcode is"
             " registered for it.",
    )
    mpesa_pull_since = fields.Datetime(
        readonly=True, copy=False, help="Since when the switch is on: nobody looked before.",
    )
    mpesa_nominated_number = fields.Char(
        string="Nominated Number", compute='_compute_mpesa_nominated_number',
        inverse='_inverse_mpesa_nominated_number', groups='base.group_system', copy=False,
        help="The Safaricom number on the papers of the shortcode, which Pull asks for. Saved"
             " encrypted; only a part of it is shown again.",
    )
    mpesa_nominated_number_sealed = fields.Char(groups='base.group_system', copy=False)
    mpesa_pull_registered_at = fields.Datetime(
        string="Registered for Pull", readonly=True, copy=False,
    )
    mpesa_pull_zone = fields.Selection(
        selection=[('utc', "UTC"), ('eat', "Kenyan time")], readonly=True, copy=False,
        help="In which zone Pull's times turned out to be.",
    )
    mpesa_pull_message = fields.Text(
        string="Pull", compute='_compute_mpesa_pull_message', groups='base.group_system',
    )
    mpesa_pull_alarm = fields.Boolean(
        compute='_compute_mpesa_pull_message', groups='base.group_system',
    )

    # === COMPUTE METHODS === #

    @api.depends('mpesa_nominated_number_sealed')
    def _compute_mpesa_nominated_number(self):
        for provider in self:
            sealed = provider.mpesa_nominated_number_sealed
            provider.mpesa_nominated_number = sealed and daraja.msisdn.parse(vault.unseal(
                f'payment.provider,{provider.id},mpesa_nominated_number', sealed,
            )).masked

    def _inverse_mpesa_nominated_number(self):
        for provider in self:
            typed = (provider.mpesa_nominated_number or '').strip()
            if '*' in typed:
                continue  # The screen sent back what it shows of the number.
            try:
                number = typed and daraja.msisdn.parse(typed).wire
            except daraja.MsisdnError as error:
                raise ValidationError(self.env._(
                    "Enter a Kenyan mobile number, like 0712 345 678."
                )) from error
            if number and not vault.has_keys():
                raise vault.VaultError(self.env._(vault.KEY_MISSING))
            provider.mpesa_nominated_number_sealed = number and vault.seal(
                f'payment.provider,{provider.id},mpesa_nominated_number', number,
            )

    @api.depends(
        'mpesa_pull_enabled', 'mpesa_pull_since', 'mpesa_pull_registered_at', 'mpesa_shortcode',
        'mpesa_nominated_number_sealed',
    )
    def _compute_mpesa_pull_message(self):
        for provider in self:
            is_on = provider.code == 'mpesa' and provider.mpesa_pull_enabled
            provider.mpesa_pull_message = is_on and provider._mpesa_describe_pull()
            provider.mpesa_pull_alarm = is_on and provider._mpesa_is_pull_silent()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to remember since when the switch is on. """
        return super().create([
            {'mpesa_pull_since': fields.Datetime.now(), **vals}
            if vals.get('mpesa_pull_enabled') else vals
            for vals in vals_list
        ])

    def write(self, vals):
        """ Override of `payment`: since when it is on; another shortcode is not registered. """
        if {'mpesa_environment', 'mpesa_shortcode'} & vals.keys():
            vals = {'mpesa_pull_registered_at': False, 'mpesa_pull_zone': False, **vals}
        res = super().write(vals)
        if vals.get('mpesa_pull_enabled'):
            self.filtered(lambda p: not p.mpesa_pull_since).mpesa_pull_since = fields.Datetime.now()
        elif 'mpesa_pull_enabled' in vals:
            self.mpesa_pull_since = False
        return res

    # === ACTION METHODS === #

    def action_mpesa_register_pull(self):
        """ Ask Safaricom to make the shortcode's payments available to Pull.

        As the set-up check, it calls Daraja from a web request: an administrator waits for it.

        :return: A message of what came of it.
        :rtype: dict
        :raise UserError: If Safaricom did not take it, in words for the administrator.
        """
        self.ensure_one()
        self._mpesa_ensure_system()
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(self.env._(
                "Somebody is changing or registering this shortcode at this very moment. Nothing"
                " was sent. Wait a little, and look at the form again."
            )) from error
        if missing := self._mpesa_list_missing_for_pull(registering=True):
            raise UserError(self.env._(
                "Nothing was sent. Missing: %(parts)s.", parts=', '.join(missing),
            ))
        self._mpesa_check_callback_base()
        try:
            answer = self._mpesa_get_client(CHECK_SECONDS).pull_register(daraja.PullRegistration(
                shortcode=self.mpesa_shortcode,
                nominated_number=self._mpesa_secret('mpesa_nominated_number'),
                callback_url=self._mpesa_get_pull_address(),
            ))
        except daraja.DarajaError as error:
            raise UserError(self._mpesa_explain_pull_refusal(error)) from error
        self.mpesa_pull_registered_at = fields.Datetime.now()
        return self._mpesa_notify(
            self.env._("The shortcode was registered for Pull before.") if answer.was_before
            else self.env._("The shortcode is registered for Pull.")
        )

    def action_mpesa_pull_now(self):
        """ Fetch payments now instead of at the next hour.

        :return: A message of what happens now.
        :rtype: dict
        :raise UserError: If Pull is not set up.
        """
        self.ensure_one()
        self._mpesa_ensure_system()
        if problem := self._mpesa_find_pull_problem():
            raise UserError(problem)
        self.env['mpesa.command']._queue_pull(self, fields.Datetime.now(), self.env.uid)
        return self._mpesa_notify(self.env._(
            "Safaricom is being asked. What comes of it stands under M-PESA > Questions to"
            " Safaricom; payments that are found are booked by themselves."
        ))

    # === BUSINESS METHODS === #

    def _mpesa_notify(self, message):
        """ Return the action that shows a message and reads the form again.

        :rtype: dict
        """
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'success', 'message': message,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _mpesa_get_pull_address(self):
        """ Return the address that a registration for Pull has to name.

        Nobody was ever seen to call it (daraja.md 6.1), so it has a secret of its own, which opens
        nothing else. It must be https in every environment, also where the simulator is reached
        without.

        :rtype: str
        """
        self.ensure_one()
        token = self.env['mpesa.callback.token']._get(self, 'pull')
        base = self._mpesa_get_callback_base().replace('http://', 'https://', 1)
        return f'{base}/collect/{token}/notice'

    def _mpesa_list_missing_for_pull(self, registering=False):
        """ Return what is not filled in or done, in words.

        :param bool registering: Whether the registration itself is what is wanted.
        :rtype: list[str]
        """
        self.ensure_one()
        provider = self.sudo()
        missing = []
        if not (provider.mpesa_shortcode and provider._mpesa_has_credentials()):
            missing.append(self.env._("the shortcode or its keys"))
        if registering and not provider.mpesa_nominated_number_sealed:
            missing.append(self.env._("the nominated number"))
        if not registering and not provider.mpesa_pull_registered_at:
            missing.append(self.env._("the registration for Pull"))
        return missing

    def _mpesa_find_pull_problem(self):
        """ Say why payments cannot be fetched, '' when they can.

        :rtype: str
        """
        self.ensure_one()
        if not self.mpesa_pull_enabled:
            return self.env._("Nothing was asked: switch on Fetch Payments (Pull) and save.")
        if missing := self._mpesa_list_missing_for_pull():
            return self.env._("Nothing was asked. Missing: %(parts)s.", parts=', '.join(missing))
        return ''

    def _mpesa_explain_pull_refusal(self, error):
        """ Say in plain words why the registration was not taken.

        :param daraja.DarajaError error: What came instead.
        :rtype: str
        """
        self.ensure_one()
        if isinstance(error, daraja.ProductMissing):
            return self.env._(
                "The Daraja app of these keys lacks Pull Transactions. Ask Safaricom to add it."
                " Nothing was changed at Safaricom."
            )
        if isinstance(error, daraja.BadRequest) and error.field == 'NominatedNumber':
            return self.env._(
                "Safaricom does not take this nominated number. It must be the one on the papers of"
                " the shortcode. Nothing was changed at Safaricom."
            )
        if isinstance(error, daraja.BadRequest):
            return self.env._(
                "Safaricom does not offer Pull for shortcode %(shortcode)s with these keys. It is"
                " for live shortcodes that payments are announced for. Nothing was changed at"
                " Safaricom.", shortcode=self.mpesa_shortcode,
            )
        return self._mpesa_explain_check(error)

    def _mpesa_get_last_pull(self):
        """ Return the question that reached the latest time.

        :rtype: mpesa.command
        """
        self.ensure_one()
        return self.env['mpesa.command'].sudo().search(
            self._mpesa_get_pulled_domain(), order='window_end desc', limit=1,
        )

    def _mpesa_get_pulled_domain(self):
        self.ensure_one()
        return [
            ('provider_id', '=', self._origin.id), ('kind', '=', 'pull'), ('state', '=', 'done'),
            ('environment', '=', self.mpesa_environment),
            ('shortcode', '=', self.mpesa_shortcode),
        ]

    def _mpesa_get_pull_gaps(self, start, end):
        """ Return the times of which Pull has told nothing.

        :param datetime start: Naive UTC.
        :param datetime end: Naive UTC.
        :return: Start and end of each, in order, naive UTC.
        :rtype: list[tuple[datetime, datetime]]
        """
        self.ensure_one()
        windows = self.env['mpesa.command'].sudo().search_fetch([
            *self._mpesa_get_pulled_domain(),
            ('window_end', '>', start), ('window_start', '<', end),
        ], ['window_start', 'window_end'], order='window_start, id')
        gaps, reached = [], start
        for window in windows:
            if window.window_start > reached:
                gaps.append((reached, window.window_start))
            reached = max(reached, window.window_end)
        return [*gaps, (reached, end)] if reached < end else gaps

    def _mpesa_is_pull_silent(self):
        """ Tell whether Pull has told of nothing for so long that somebody has to look.

        :rtype: bool
        """
        self.ensure_one()
        last = self._mpesa_get_last_pull().window_end or self.mpesa_pull_since
        return bool(last) and last < fields.Datetime.now() - ALARM

    def _mpesa_get_lost_hours(self):
        """ Return the times, since the switch is on, of which Safaricom no longer tells.

        :return: As :meth:`_mpesa_get_pull_gaps`.
        :rtype: list[tuple[datetime, datetime]]
        """
        self.ensure_one()
        end = fields.Datetime.now() - REACH
        if not self.mpesa_pull_since or self.mpesa_pull_since >= end:
            return []
        return self._mpesa_get_pull_gaps(max(self.mpesa_pull_since, end - REMEMBERED), end)

    def _mpesa_describe_pull(self):
        """ Say what is missing, how far Pull has told, and what only the statement can tell.

        :rtype: str
        """
        self.ensure_one()
        words = []
        if missing := self._mpesa_list_missing_for_pull():
            words.append(self.env._("Missing: %(parts)s.", parts=', '.join(missing)))
        last = self._mpesa_get_last_pull()
        if last:
            words.append(self.env._(
                "Safaricom has told of all payments until %(moment)s.",
                moment=self._mpesa_format_moment(last.window_end),
            ))
        if self._mpesa_is_pull_silent():
            words.append(
                self.env._("That is more than 24 hours ago, and Safaricom remembers 48.")
                if last else
                self.env._("Nothing was told for more than 24 hours, and Safaricom remembers 48.")
            )
            words.append(self.env._(
                "No money is lost, but payments without a message are not booked meanwhile: look"
                " under Questions to Safaricom why, then press Pull now."
            ))
        if lost := self._mpesa_get_lost_hours():
            words.append(self._mpesa_explain_lost_hours(lost))
        return ' '.join(words)

    def _mpesa_explain_lost_hours(self, lost):
        """ Say of which times only the statement can tell.

        :param list lost: As :meth:`_mpesa_get_lost_hours`.
        :rtype: str
        """
        self.ensure_one()
        return self.env._(
            "What was paid in these hours, and not announced, can only be had from Safaricom's"
            " statement: %(hours)s.", hours='; '.join(
                self.env._(
                    "%(start)s to %(end)s", start=self._mpesa_format_moment(start),
                    end=self._mpesa_format_moment(end),
                ) for start, end in lost
            ),
        )

    def _mpesa_format_moment(self, moment):
        return format_datetime(self.env, moment, tz=NAIROBI, dt_format='d MMM yyyy, HH:mm')
