from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .. import daraja, vault


# What the office fills in; all else is the system's.
CHOICE = {
    'company_id', 'chosen_by', 'class_ids', 'level_ids', 'student_ids', 'asks_for', 'amount',
    'cap_at_limit', 'note', 'ready_line_ids',
}


class MpesaPromptBulk(models.Model):
    """One run of prompts to the phones of many families, with a look before it; kept as a record.

    Nothing goes out from here: the scheduled action makes ordinary payment requests one by one, at
    the school's pace, and the outbox sends them.
    """

    _name = 'mpesa.prompt.bulk'
    _description = "Prompts to Many"
    _inherit = ['mpesa.chosen.students.mixin', 'mpesa.outbox.mixin']
    _order = 'id desc'
    _check_company_auto = True

    # === FIELDS - THE CHOICE === #

    company_id = fields.Many2one(index=True)
    currency_id = fields.Many2one(related='company_id.currency_id')
    asks_for = fields.Selection(
        string="Ask For",
        selection=[
            ('balance', "All that is due"), ('arrears', "What is overdue"),
            ('amount', "At most this amount"),
        ],
        required=True, default='balance',
    )
    amount = fields.Monetary(
        string="At Most", help="In KES, whole shillings, for each phone. Nobody is asked for more"
                               " than is due.",
    )
    cap_at_limit = fields.Boolean(
        string="Ask for a Part Above KES 250,000",
        help="M-PESA moves no more at once. Otherwise such families are left out.",
    )
    note = fields.Char(string="Note", help="For the office; the parents do not see it.")

    # === FIELDS - THE RUN === #

    state = fields.Selection(
        string="State",
        selection=[
            ('draft', "Draft"), ('running', "Running"), ('stopped', "Stopped"), ('done', "Done"),
        ],
        required=True, readonly=True, default='draft', copy=False, index=True,
    )
    previewed_at = fields.Datetime(string="Previewed", readonly=True, copy=False)
    started_at = fields.Datetime(string="Started", readonly=True, copy=False)
    started_by_id = fields.Many2one(
        string="Started By", comodel_name='res.users', readonly=True, copy=False,
    )
    resumed_at = fields.Datetime(
        readonly=True, copy=False, help="Since when failures in a row are counted.",
    )
    released_at = fields.Datetime(
        string="Last Prompt", readonly=True, copy=False,
        help="Written with each prompt, so that Stop and the next prompt wait for one another.",
    )
    stopped_at = fields.Datetime(string="Stopped At", readonly=True, copy=False)
    stopped_by_id = fields.Many2one(
        string="Stopped By", comodel_name='res.users', readonly=True, copy=False,
    )
    stop_reason = fields.Char(string="Why Stopped", readonly=True, copy=False)
    line_ids = fields.One2many(
        comodel_name='mpesa.prompt.bulk.line', inverse_name='run_id', readonly=True,
    )
    ready_line_ids = fields.One2many(
        string="Prompted", comodel_name='mpesa.prompt.bulk.line', inverse_name='run_id',
        domain=[('reason', '=', False)],
    )
    left_line_ids = fields.One2many(
        string="Left Out", comodel_name='mpesa.prompt.bulk.line', inverse_name='run_id',
        domain=[('reason', '!=', False)], readonly=True,
    )
    result_ids = fields.One2many(
        string="Results", comodel_name='mpesa.prompt.bulk.result', inverse_name='run_id',
        domain=[('result', '!=', 'left')], readonly=True,
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm` to let people make drafts only. """
        for vals in vals_list:
            self._check_choice(vals)
        return super().create(vals_list)

    def write(self, vals):
        """ Override of `orm` to keep a run as it was started, and its outcome as it is. """
        self._check_choice(vals)
        if not self.env.su and vals and any(run.state != 'draft' for run in self):
            raise UserError(self.env._(
                "These prompts have started: who is asked for how much stays as it is. Nothing was"
                " changed."
            ))
        if not self.env.su and vals.keys() - {'ready_line_ids', 'note'}:
            self.sudo().previewed_at = False  # What was looked at is not what would be sent.
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if any(run.state != 'draft' for run in self):
            raise UserError(self.env._("Prompts that were sent are never deleted."))

    # === ACTION METHODS === #

    def action_preview(self):
        """ Show whose phone would be prompted for how much, and who is left out and why.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If nobody was found, or the school cannot prompt.
        """
        self.ensure_one()
        self._check_draft()
        self._check()
        students = self._find_students()
        if not students:
            raise UserError(self.env._(
                "Nobody is found. No prompt was sent. Choose another class or level, or other"
                " students."
            ))
        run_sudo = self.sudo()  # The judgement is ours; the user only ticks.
        run_sudo.line_ids.unlink()
        run_sudo.line_ids.create([
            {'run_id': self.id, **proposal.prepare_line()} for proposal in self._judge(students)
        ])
        run_sudo.previewed_at = fields.Datetime.now()

    def action_confirm(self):
        """ Ask once more, with the number of phones, before anything goes out.

        :return: The action that opens the question.
        :rtype: dict
        """
        self.ensure_one()
        self._check_ready()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_prompt_bulk_action_confirm'
            ),
            'res_id': self.id,
        }

    def action_start(self):
        """ Let the prompts go out. Pressed twice, they go out once.

        :return: The action that shows the run.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If there is nothing to send.
        """
        self.ensure_one()
        if self.state == 'draft':
            self._check_ready()
            run_sudo = self.sudo()
            now = fields.Datetime.now()
            # Of two presses at once, the second one is started again and finds this.
            run_sudo.write({
                'state': 'running', 'started_at': now, 'resumed_at': now,
                'started_by_id': self.env.uid,
            })
            run_sudo.ready_line_ids.filtered(lambda line: not line.is_included).write({
                'state': 'left', 'reason': 'unticked',
            })
            self._wake()
        return self._reopen()

    def action_stop(self):
        """ Send nothing further; what is on phones already goes on.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        self.check_access('write')
        if self.can_stop:
            self.sudo()._stop(self.env._("Stopped by hand."), self.env.user)

    def action_go_on(self):
        """ Go on with who was not prompted yet.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If the school cannot prompt.
        """
        self.ensure_one()
        self._check()
        self.check_access('write')
        if self.can_go_on:
            run_sudo = self.sudo()
            run_sudo._take_back_unsent()
            run_sudo.write({
                'state': 'running', 'resumed_at': fields.Datetime.now(), 'stop_reason': False,
                'stopped_at': False, 'stopped_by_id': False,
            })
            self._wake()

    # === BUSINESS METHODS === #

    @api.model
    def _check_choice(self, vals):
        """ Ensure that people write what they may choose, and nothing else.

        :param dict vals: The values that are written.
        :return: None
        :raise AccessError: If there is anything else among them.
        """
        if not self.env.su and vals.keys() - CHOICE:
            raise AccessError(self.env._(
                "Prompts to many are sent by their buttons only. Nothing was changed."
            ))

    def _check_draft(self):
        """ Ensure that the run has not started.

        :return: None
        :raise UserError: If it has.
        """
        if self.state != 'draft':
            raise UserError(self.env._(
                "These prompts have started. Make a new run to ask others. Nothing was changed."
            ))

    def _check(self):
        """ Ensure that the user may prompt many, and that this school can.

        Note: `self.ensure_one()`

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If the school cannot prompt, or not for that amount.
        """
        self.ensure_one()
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        provider_sudo = self._get_provider_sudo()
        if not provider_sudo:
            raise UserError(self.env._(
                "This school does not collect by M-PESA yet. No prompt was sent. Ask the"
                " administrator to set up a shortcode."
            ))
        if not vault.has_keys():
            raise UserError(self.env._(
                "This server holds no encryption keys, so no prompt can be sent. Ask the"
                " administrator: the M-PESA provider says how to make them."
            ))
        if self.asks_for == 'amount' and not (
            daraja.LEAST_AMOUNT <= self.amount <= daraja.MOST_AMOUNT
            and self.currency_id.compare_amounts(self.amount, int(self.amount)) == 0
        ):
            raise UserError(self.env._(
                "Enter whole shillings, from KES %(least)s to KES %(most)s. No prompt was sent.",
                least=daraja.LEAST_AMOUNT, most=f'{daraja.MOST_AMOUNT:,}',
            ))

    def _check_ready(self):
        """ Ensure that there is something to send, as it was looked at.

        Note: `self.ensure_one()`

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If there is nothing, or it was not looked at.
        """
        self._check_draft()
        self._check()
        self.check_access('write')
        if not self.previewed_at:
            raise UserError(self.env._("Look at the preview first. No prompt was sent."))
        if not self.phone_count:
            raise UserError(self.env._(
                "No phone is ticked that can be prompted now. No prompt was sent."
            ))

    def _get_provider_sudo(self):
        """ Return the shortcode that collects for the school.

        :rtype: payment.provider
        """
        return self.env['payment.provider']._mpesa_get_default(self.company_id)

    @api.model
    def _wake(self, at=None):
        """ Let the scheduled action run soon, or at a later moment.

        :param datetime at: When, in UTC; None for at once.
        :return: None
        """
        self.env.ref('school_mpesa.cron_prompt_bulk')._trigger(at=at)

    def _reopen(self):
        """ Return the action that shows the run on its own page.

        :rtype: dict
        """
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_prompt_bulk_action'
            ),
            'views': [(False, 'form')],
            'res_id': self.id,
            'target': 'main',
        }
