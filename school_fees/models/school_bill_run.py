from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


# How long before a term its bills are made: the first term's in December, the others' as soon as
# the holidays begin (school-fees section 3).
BILLED_BEFORE = timedelta(weeks=8)


class SchoolBillRun(models.Model):
    """Billing a term: what should be charged, beside what is posted, and the difference posted.

    A run proposes, compares, shows the difference and posts it in the background (school-fees
    section 2.4). Running twice does nothing: what is posted already is no difference.
    """

    _name = 'school.bill.run'
    _description = "Bill Run"
    _inherit = ['mail.thread']
    _order = 'id desc'
    _check_company_auto = True

    name = fields.Char(string="Name", compute='_compute_name', store=True, precompute=True)
    term_id = fields.Many2one(
        string="Term", comodel_name='school.term', required=True, index=True, check_company=True,
        ondelete='restrict', default=lambda self: self._default_term_id(),
        domain="[('state', '!=', 'closed')]",
    )
    level_ids = fields.Many2many(
        string="Levels", comodel_name='school.level', check_company=True,
        help="Empty: students of all levels.",
    )
    class_ids = fields.Many2many(
        string="Classes", comodel_name='school.class', check_company=True,
        help="Empty: students of all classes.",
    )
    student_ids = fields.Many2many(
        string="Students", comodel_name='school.student', check_company=True,
        help="Empty: all students.",
    )
    bill_date = fields.Date(
        string="Bill Date", compute='_compute_dates', store=True, readonly=False, precompute=True,
        required=True,
    )
    due_date = fields.Date(
        string="Due Date", compute='_compute_dates', store=True, readonly=False, precompute=True,
        required=True,
    )
    state = fields.Selection(
        string="Status",
        selection=[
            ('draft', "New"),
            ('preview', "Preview"),
            ('posting', "Posting"),
            ('done', "Posted"),
            ('undoing', "Undoing"),
            ('undone', "Undone"),
        ],
        required=True, default='draft', readonly=True, copy=False, index=True, tracking=True,
    )
    posted_by_id = fields.Many2one(
        string="Posted By", comodel_name='res.users', readonly=True, copy=False,
        ondelete='restrict',
    )
    run_student_ids = fields.One2many(
        string="Students of the Run", comodel_name='school.bill.run.student',
        inverse_name='run_id', readonly=True,
    )
    line_ids = fields.One2many(
        string="Items", comodel_name='school.bill.run.line', inverse_name='run_id', readonly=True,
    )
    warning_ids = fields.One2many(
        string="Warnings", comodel_name='school.bill.run.warning', inverse_name='run_id',
        readonly=True,
    )
    move_ids = fields.One2many(
        string="Documents", comodel_name='account.move', inverse_name='bill_run_id', readonly=True,
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related='company_id.currency_id')

    _due_after_bill = models.Constraint(
        'CHECK(due_date >= bill_date)',
        "Bills cannot fall due before they are made.",
    )

    # === COMPUTE METHODS === #

    @api.model
    def _default_term_id(self):
        """ Return the term to bill: one without bills that runs or begins soon, or the current one.

        :rtype: school.term
        """
        today = fields.Date.context_today(self)
        ours = Domain('company_id', '=', self.env.company.id)
        terms = self.env['school.term'].search(
            ours & Domain('state', '!=', 'closed'), order='date_from',
        )
        billed = {term for term, in self.env['account.move']._read_group([
            ('term_id', 'in', terms.ids), ('school_doc_type', '=', 'term_bill'),
            ('state', '!=', 'cancel'),
        ], ['term_id'])}
        due = terms.filtered(lambda term: (
            term not in billed and term.date_from <= today + BILLED_BEFORE
            and term.date_to >= today
        ))
        return due[:1] or terms.filtered(lambda term: term.state == 'current') or terms[:1]

    @api.depends('term_id', 'level_ids', 'class_ids', 'student_ids')
    def _compute_name(self):
        for run in self:
            scope = run.student_ids or run.class_ids or run.level_ids
            names = ', '.join(filter(None, scope[:3].mapped('display_name')))
            run.name = ' · '.join(filter(None, (
                run.term_id.display_name, f'{names} …' if len(scope) > 3 else names,
            )))

    @api.depends('term_id')
    def _compute_dates(self):
        """ The bills of a term carry its date; what comes after them is dated today. """
        today = fields.Date.context_today(self)
        billed = {term.id for term, in self.env['account.move']._read_group(
            [('term_id', 'in', self.term_id.ids), ('bill_run_id', '!=', False)], ['term_id'],
        )}
        for run in self:
            term = run.term_id
            if term.id in billed or not term:
                run.bill_date = today
            else:
                run.bill_date = term.bill_date or term.date_from
            run.due_date = max(term.due_date or run.bill_date, run.bill_date)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `orm`: a run begins as a draft, whatever a caller or its context says. """
        if not self.env.su:
            vals_list = [{**vals, 'state': 'draft', 'posted_by_id': False} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        """ Override of `orm`: another term or scope needs another preview.

        :raise UserError: If a status would move without its button.
        """
        if not self.env.su and {'state', 'posted_by_id'} & vals.keys():
            raise UserError(self.env._(
                "The status of a bill run moves only by its buttons: Preview, Post, Undo."
            ))
        if {'term_id', 'level_ids', 'class_ids', 'student_ids'} & vals.keys():
            if any(run.state not in ('draft', 'preview') for run in self):
                raise UserError(self.env._(
                    "This run was posted and stays as it is. Make a new one."
                ))
            self.filtered(lambda run: run.state == 'preview').sudo().state = 'draft'
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        """ Refuse to delete a run that made documents: it is their record. """
        if any(run.state not in ('draft', 'preview') for run in self):
            raise UserError(self.env._(
                "A bill run that was posted is kept. Undo it instead, if its bills are wrong."
            ))

    # === ACTION METHODS === #

    def action_preview(self):
        """ Work out what should be charged and show the difference to what is posted.

        :raise UserError: If the term is closed, or the run was posted already.
        """
        for run in self:
            run._check_open()
            run._make_preview()

    def action_post(self):
        """ Post the difference in the background.

        :raise UserError: If there is nothing to post.
        """
        self._begin_posting()
        self._wake_cron()

    def action_undo(self):
        """ Take back, in the background, what the run posted and nobody has paid anything of. """
        for run in self:
            if run.state != 'done':
                raise UserError(self.env._("Only a run that was posted can be undone."))
            run.run_student_ids.filtered(
                lambda row: row.state in ('posted', 'kept')
            ).sudo().state = 'undo'
            run.sudo().state = 'undoing'
        self._wake_cron()

    def action_view_documents(self):
        """ Open the bills and credit notes of the run.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.account_move_action_term_bill'
        )
        action['name'] = self.env._("Documents of %(run)s", run=self.name)
        action['domain'] = [('bill_run_id', '=', self.id)]
        action['context'] = {'create': False}
        return action

    def action_send_bills_by_sms(self):
        """ Open *Send bills by SMS* for the bills of the run.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return self.move_ids.action_send_bill_by_sms()

    def action_view_lines(self):
        """ Open the difference by item, to group and filter.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.school_bill_run_line_action'
        )
        action['domain'] = [('run_id', '=', self.id)]
        return action

    # === BUSINESS METHODS === #

    def _check_open(self):
        """ Ensure that the run may still be previewed and posted.

        Note: `self.ensure_one()`

        :return: None
        :raise UserError: If its term is closed, or it was posted.
        """
        self.ensure_one()
        if self.term_id.state == 'closed':
            raise UserError(self.env._(
                "%(term)s is closed, so it is not billed any more. Charge what is missing with a"
                " supplement, or ask an administrator to open the term again.",
                term=self.term_id.display_name,
            ))
        if self.state not in ('draft', 'preview'):
            raise UserError(self.env._(
                "This run was posted already. Make a new one: it posts only what is still missing."
            ))

    def _begin_posting(self):
        """ Let what the preview shows wait to be posted.

        :return: None
        :raise UserError: If the run was not previewed, or there is nothing to post.
        """
        for run in self:
            run._check_open()
            if run.state != 'preview':
                raise UserError(self.env._("Preview the run first, so that you know what it does."))
            changed = run.run_student_ids.filtered(lambda row: row.status not in ('same', 'none'))
            if not changed:
                raise UserError(self.env._(
                    "There is nothing to post: every student is billed as the fee structures say."
                ))
            changed.sudo().state = 'waiting'
            run.sudo().write({'state': 'posting', 'posted_by_id': self.env.uid})

    def _wake_cron(self):
        """ Start posting as soon as this transaction is committed.

        :return: None
        """
        self.env.ref('school_fees.cron_bill_run').sudo()._trigger()
