from odoo import api, fields, models
from odoo.exceptions import AccessError

from .mpesa_setup_catalogue import ORDER
from .payment_provider_secrets import SECRET_NAMES


# Which steps another value of a setting takes back.
_SAFARICOM = {'mpesa_environment', 'mpesa_shortcode'}
_KEYS = {'mpesa_consumer_key', 'mpesa_consumer_secret'}
TAKEN_BACK = {
    'token': {*_KEYS, 'mpesa_environment'},
    'passkey': {*_SAFARICOM, *_KEYS, 'mpesa_passkey', 'mpesa_shortcode_type'},
    'address': {'mpesa_callback_base', 'mpesa_environment'},
    'source': {'mpesa_callback_base', 'mpesa_environment', 'mpesa_source_check'},
    'initiator': {
        *_SAFARICOM, *_KEYS, 'mpesa_status_enabled', 'mpesa_initiator_name',
        'mpesa_initiator_password', 'mpesa_security_credential', 'mpesa_certificate',
        'mpesa_balance_enabled', 'mpesa_reversal_enabled',
    },
    'payment': {*_SAFARICOM, *SECRET_NAMES},
    'paybill': {*_SAFARICOM, 'mpesa_callback_base', 'mpesa_registered_at'},
    'messages': _SAFARICOM,
}
# What was announced before another value of these says nothing of the addresses in use.
_ANNOUNCED_TO = (*sorted(_SAFARICOM), 'mpesa_callback_base')


class PaymentProvider(models.Model):
    """The screen that leads an administrator from nothing to a verified live shortcode."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    mpesa_setup_step_ids = fields.One2many(
        string="Steps", comodel_name='mpesa.setup.step', inverse_name='provider_id', readonly=True,
        copy=False, groups='base.group_system',
    )
    mpesa_setup_next_id = fields.Many2one(
        string="Next Step", comodel_name='mpesa.setup.step', compute='_compute_mpesa_setup',
        groups='base.group_system',
    )
    mpesa_setup_next_title = fields.Char(
        string="Next", compute='_compute_mpesa_setup', groups='base.group_system',
    )
    mpesa_setup_next_purpose = fields.Char(
        compute='_compute_mpesa_setup', groups='base.group_system',
    )
    mpesa_setup_next_words = fields.Text(
        compute='_compute_mpesa_setup', groups='base.group_system',
    )
    mpesa_setup_next_button = fields.Char(
        compute='_compute_mpesa_setup', groups='base.group_system',
    )
    mpesa_setup_progress = fields.Char(
        string="Progress", compute='_compute_mpesa_setup', groups='base.group_system',
    )
    mpesa_announced_from = fields.Datetime(
        string="Announcements Count From", readonly=True, copy=False, groups='base.group_system',
        help="When the public address or the shortcode last changed: only an announcement since"
             " then proves that Safaricom knows where to announce.",
    )
    mpesa_setup_waits = fields.Boolean(compute='_compute_mpesa_setup', groups='base.group_system')

    # === COMPUTE METHODS === #

    @api.depends(
        'mpesa_setup_step_ids.state', 'mpesa_setup_step_ids.words', 'mpesa_environment',
    )
    @api.depends_context('lang')
    def _compute_mpesa_setup(self):
        for provider in self:
            steps = provider.mpesa_setup_step_ids
            open_steps = steps.filtered(lambda s: s.shown_state not in {'proven', 'unneeded'})
            # What only waits for somebody else does not stand before what can be done now.
            step = (
                open_steps.filtered(lambda s: s.shown_state != 'waiting') or open_steps
            ).sorted('sequence')[:1]
            provider.mpesa_setup_next_id = step
            provider.mpesa_setup_next_title = step.title
            provider.mpesa_setup_next_purpose = step.purpose
            provider.mpesa_setup_next_words = step.shown_words
            # Nobody ticks a task unseen, as by a button that was shown before something was saved.
            provider.mpesa_setup_next_button = step.kind != 'task' and step.button
            provider.mpesa_setup_waits = 'waiting' in steps.mapped('shown_state')
            provider.mpesa_setup_progress = self.env._(
                "%(done)s of %(all)s steps", done=len(steps) - len(open_steps), all=len(steps),
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to lay out the steps of a new shortcode. """
        providers = super().create(vals_list)
        providers.filtered(lambda p: p.code == 'mpesa')._mpesa_ensure_setup_steps()
        return providers

    def write(self, vals):
        """ Override of `payment`: a proof says nothing about changed settings. """
        if any(
            name in vals and (provider[name] or '') != (vals[name] or '')
            for provider in self for name in _ANNOUNCED_TO
        ):
            vals = {**vals, 'mpesa_announced_from': fields.Datetime.now()}
        result = super().write(vals)
        keys = {key for key, names in TAKEN_BACK.items() if names & vals.keys()}
        if keys:
            # In sudo mode: nobody writes on steps.
            self.sudo().mpesa_setup_step_ids.filtered(
                lambda s: s.key in keys and s.state != 'todo'
            )._reset()
        return result

    # === ACTION METHODS === #

    def action_mpesa_open_setup(self):
        """ Open the set-up of this shortcode.

        :rtype: dict
        :raise AccessError: If the user may not set up providers.
        """
        self.ensure_one()
        self._mpesa_ensure_setup_rights()
        self._mpesa_ensure_setup_steps()
        self.sudo().mpesa_setup_step_ids._settle()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_setup_action'),
            'res_id': self.id,
            'views': [(self.env.ref('school_mpesa.payment_provider_view_form_setup').id, 'form')],
        }

    def action_mpesa_setup_next(self):
        """ Do the next step.

        :return: Its dialog, if it has one.
        :rtype: dict | None
        """
        self.ensure_one()
        step = self.mpesa_setup_next_id
        return None if step.kind == 'task' else step.action_run()

    @api.model
    def action_mpesa_open_setups(self):
        """ Open the set-up of the school's only shortcode, or the list to choose from.

        :rtype: dict
        :raise AccessError: If the user may not set up providers.
        """
        self._mpesa_ensure_setup_rights()
        providers = self.search([
            ('code', '=', 'mpesa'), ('company_id', 'in', self.env.companies.ids),
        ])
        if len(providers) == 1:
            return providers.action_mpesa_open_setup()
        return self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_setup_action')

    # === BUSINESS METHODS === #

    @api.model
    def _mpesa_ensure_setup_rights(self):
        """ Ensure that the user may set up shortcodes.

        :return: None
        :raise AccessError: If not.
        """
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only the system's administrator checks the set-up."))

    def _mpesa_ensure_setup_steps(self):
        """ Lay out the steps that a shortcode does not have yet.

        :return: None
        """
        # In sudo mode: nobody writes on steps. That they were laid out is no news to anybody.
        Step = self.env['mpesa.setup.step'].sudo().with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True,
        )
        Step.create([
            {'provider_id': provider.id, 'key': key, 'sequence': position}
            for provider in self
            for key, position in ORDER.items()
            if key not in provider.sudo().mpesa_setup_step_ids.mapped('key')
        ])

    def _mpesa_get_setup_step(self, key):
        """ Return a step of this shortcode.

        :param str key: As in the catalogue.
        :return: In sudo mode.
        :rtype: mpesa.setup.step
        """
        self.ensure_one()
        self._mpesa_ensure_setup_steps()
        return self.sudo().mpesa_setup_step_ids.filtered(lambda s: s.key == key)
