import time

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import daraja
from .mpesa_setup_catalogue import BY_KEY


STATES = [
    ('todo', "Not Yet"), ('waiting', "Waiting"), ('proven', "Proven"), ('failed', "Failed"),
    ('unneeded', "Not Needed"),
]
# What is read off the settings is looked at again whenever it is shown: once proven, it can fail.
ALWAYS_FRESH = {'school', 'keys', 'books', 'register', 'live'}


class MpesaSetupStep(models.Model):
    """One step of a shortcode's set-up: how it stands, since when, and what to do.

    Kept as rows so that the screen and the nightly run show the same.
    """

    _name = 'mpesa.setup.step'
    _description = "M-PESA Set-up Step"
    _inherit = ['mail.thread', 'mail.activity.mixin']  # Whoever has an activity follows the step.
    _order = 'provider_id, sequence, id'

    provider_id = fields.Many2one(
        string="Shortcode", comodel_name='payment.provider', required=True, readonly=True,
        index=True, ondelete='cascade',
    )
    company_id = fields.Many2one(related='provider_id.company_id', store=True, index=True)
    key = fields.Char(required=True, readonly=True)
    sequence = fields.Integer(required=True, readonly=True)
    title = fields.Char(string="Step", compute='_compute_catalogue')
    purpose = fields.Char(string="What For", compute='_compute_catalogue')
    button = fields.Char(compute='_compute_catalogue')
    kind = fields.Char(compute='_compute_catalogue')
    letter = fields.Char(compute='_compute_catalogue')

    # === FIELDS - HOW IT STANDS === #

    state = fields.Selection(
        string="Kept Status", selection=STATES, required=True, readonly=True, default='todo',
    )
    words = fields.Text(
        string="Kept Result", readonly=True, translate=True,
        help="What happened, what it means for the money, and what to do.",
    )
    shown_state = fields.Selection(
        string="Status", selection=STATES, compute='_compute_shown',
    )
    shown_words = fields.Text(string="Result", compute='_compute_shown')
    checked_at = fields.Datetime(string="Checked", readonly=True)
    proven_at = fields.Datetime(string="Last Proven", readonly=True)
    milliseconds = fields.Integer(
        string="Took", readonly=True, help="Milliseconds until the other side had answered.",
    )
    by_id = fields.Many2one(
        string="By", comodel_name='res.users', readonly=True,
        help="Who pressed the button last, or ticked it.",
    )
    payment_transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
        ondelete='set null',
    )
    mpesa_command_id = fields.Many2one(
        string="Question", comodel_name='mpesa.command', readonly=True, ondelete='set null',
    )

    _key_uniq = models.UniqueIndex("(provider_id, key)", "This step exists already.")

    # === COMPUTE METHODS === #

    @api.depends('key')
    @api.depends_context('lang')
    def _compute_catalogue(self):
        for step in self:
            known = BY_KEY[step.key]
            step.title = self.env._(known.title)
            step.purpose = self.env._(known.purpose)
            step.button = self.env._(known.button)
            step.kind = known.kind
            step.letter = known.letter

    @api.depends('key')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for step in self:
            step.display_name = self.env._(
                "M-PESA %(shortcode)s: %(step)s", shortcode=step.provider_id.mpesa_shortcode or '',
                step=step.title,
            )

    @api.depends('state', 'words', 'provider_id.mpesa_environment')
    @api.depends_context('lang')
    def _compute_shown(self):
        """ Show what is kept, or, for what somebody waits for, how it stands by now. """
        for step in self:
            step.shown_state, step.shown_words = step.state, step.words
            if step.state == 'waiting' or (
                step.state == 'proven' and step.key in ALWAYS_FRESH
            ):
                step.shown_state, step.shown_words = step._judge()
            elif (
                step.state == 'todo' and BY_KEY[step.key].is_for_production
                and step.provider_id.mpesa_environment != 'production'
            ):
                step.shown_state = 'unneeded'
                step.shown_words = self.env._("Nothing to do before production.")

    # === ACTION METHODS === #

    def action_run(self):
        """ Prove the step, open its dialog, or tick it.

        :return: The dialog's action, if it has one.
        :rtype: dict | None
        :raise AccessError: If the user may not set up providers.
        """
        self.ensure_one()
        self._ensure_system()
        known = BY_KEY[self.key]
        if known.kind == 'dialog':
            return getattr(self.provider_id, f'_mpesa_open_{self.key}')()
        if known.kind == 'task' and self.state == 'proven':
            self.sudo()._reset()
            return None
        self.sudo()._prove()
        return None

    def action_letter(self):
        """ Draft the letter of the step.

        :rtype: dict
        :raise AccessError: If the user may not set up providers.
        """
        self.ensure_one()
        self._ensure_system()
        if not self.provider_id.mpesa_shortcode:
            raise UserError(self.env._("Enter the shortcode and save it first."))
        return self.provider_id._mpesa_open_dialog(
            'mpesa.validation.letter', self.env._("Letter"), kind=self.letter,
        )

    def action_open_setup(self):
        """ Open the screen that the step is part of, from an activity.

        :rtype: dict
        """
        self.ensure_one()
        return self.provider_id.action_mpesa_open_setup()

    def get_formview_action(self, access_uid=None):
        """ Override of `web`: a step is seen among the others, in the order of work. """
        return self.action_open_setup()

    # === BUSINESS METHODS === #

    def _ensure_system(self):
        """ Ensure that the user may set up the shortcode.

        :return: None
        :raise AccessError: If not.
        """
        if not self.env.user.has_group('base.group_system'):
            raise AccessError(self.env._("Only the system's administrator checks the set-up."))
        self.provider_id.check_access('write')

    def _prove(self, between=None):
        """ Prove the steps, each by its own call, and keep what came of it.

        Note: in sudo mode.

        :param callable between: What is done before each call goes out, such as ending the
                                 transaction in a scheduled action.
        :return: None
        """
        for step in self:
            answer = None
            try:
                call = step._prepare()
            except UserError as error:
                call, answer = None, error
            if between:
                between()
            started = time.monotonic()
            if call:
                answer = _answer(call)
            step._keep(answer, call and (time.monotonic() - started) * 1000)

    def _prepare(self):
        """ Gather what the proof of the step needs.

        :return: What to call, without a cursor; None when a look at the database is enough.
        :rtype: callable | None
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        prepare = getattr(self.provider_id, f'_mpesa_prepare_{self.key}', None)
        return prepare and prepare(self)

    def _judge(self, answer=None):
        """ Say how the step stands, in the language of the context.

        :param answer: What the call returned, or the error that came instead.
        :return: The state, and what happened, what it means for the money and what to do.
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        return getattr(self.provider_id, f'_mpesa_judge_{self.key}')(self, answer)

    def _keep(self, answer=None, milliseconds=0):
        """ Keep how the step stands, in every language of the system.

        :param answer: As in :meth:`_judge`.
        :param float milliseconds: How long it took.
        :return: None
        """
        self.ensure_one()
        now = fields.Datetime.now()
        judged = {
            lang: self.with_context(lang=lang)._judge(answer)
            for lang, _name in self.env['res.lang'].get_installed()
        }
        state, words = judged.get(self.env.lang) or next(iter(judged.values()))
        self.write({
            'state': state, 'words': words, 'checked_at': now,
            'milliseconds': int(milliseconds or 0),
            **({'by_id': self.env.uid} if self.env.uid != SUPERUSER_ID else {}),
            **({'proven_at': now} if state == 'proven' else {}),
        })
        if words:
            self.update_field_translations(
                'words', {lang: said for lang, (_state, said) in judged.items()},
            )
        if state == 'proven':
            self.activity_ids.unlink()

    def _settle(self):
        """ Keep how those stand that somebody waited for.

        :return: None
        """
        for step in self.filtered(lambda s: s.state == 'waiting' and s.shown_state != 'waiting'):
            step._keep()

    def _reset(self):
        """ Take back what was proven: the settings that it was proven with have changed.

        :return: None
        """
        self.write({
            'state': 'todo', 'words': False, 'checked_at': False, 'milliseconds': 0,
            'by_id': False, 'payment_transaction_id': False, 'mpesa_command_id': False,
        })
        self.activity_ids.unlink()


def _answer(call):
    """ Call, and return an error as a value.

    :param callable call: What goes out.
    """
    try:
        return call()
    except psycopg2.Error:
        raise  # Nothing more can be written in this transaction.
    except (daraja.DarajaError, UserError, OSError) as error:
        return error
