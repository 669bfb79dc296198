from odoo import api, fields, models
from odoo.exceptions import AccessError, LockError, UserError
from odoo.tools import clean_context


REVERSAL_KINDS = [
    ('mistake', "Entered by mistake"),
    ('bounced', "Cheque bounced"),
    ('other', "Another reason"),
]


class SchoolApprovalMixin(models.AbstractModel):
    """What one person asks for and another one approves."""

    _name = 'school.approval.mixin'
    _description = "Second Person"

    # === BUSINESS METHODS === #

    def _as_office(self):
        """ Return the records in sudo mode, free of defaults that a caller could have sent along.

        Nobody may write receipts, transfers or refunds; what a person may do about them is checked
        first, then done in this mode.
        """
        return self.with_context(clean_context(self.env.context)).sudo()

    @api.model
    def _check_role(self, group):
        """ Ensure that the user has a role.

        :param str group: The external id of the group.
        :return: None
        :raise AccessError: If not.
        """
        if not self.env.user.has_group(group):
            raise AccessError(self.env._(
                "Your role does not allow this. Nothing was changed. Ask the bursar's office."
            ))

    def _lock_one(self):
        """ Lock one record against another person's tap, and return it for office work.

        Note: `self.ensure_one()`

        :raise UserError: If somebody else is deciding at this moment.
        """
        self.ensure_one()
        self.check_access('read')
        record_sudo = self._as_office()
        try:
            record_sudo.lock_for_update()
        except LockError as error:
            raise UserError(self.env._(
                "Somebody else is deciding about this at the moment. Nothing was changed. Open it"
                " again in a moment."
            )) from error
        return record_sudo

    def _check_second_person(self, *earlier):
        """ Ensure that the user may approve, and is none of those who acted before.

        Note: Not even an administrator approves what they asked for themselves.

        :param res.users earlier: Who asked, and who has approved already.
        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If the user is one of them.
        """
        self._check_role('school_fees.group_approver')
        if self.env.user in earlier:
            raise UserError(self.env._(
                "You asked for this or have approved it already. It needs another person: nothing"
                " was changed. Ask another approver to look at it."
            ))


class SchoolReversalMixin(models.AbstractModel):
    """What leaves the books only by a reversal, with a reason and a second person."""

    _name = 'school.reversal.mixin'
    _inherit = ['school.approval.mixin']
    _description = "Reversal by a Second Person"

    reversal_asked_by_id = fields.Many2one(
        string="Reversal Asked By", comodel_name='res.users', readonly=True, copy=False,
        groups='base.group_user',
    )
    reversal_asked_on = fields.Datetime(
        string="Reversal Asked On", readonly=True, copy=False, groups='base.group_user',
    )
    reversal_kind = fields.Selection(
        string="Kind of Reversal", selection=REVERSAL_KINDS, readonly=True, copy=False,
        groups='base.group_user',
    )
    reversal_reason = fields.Char(
        string="Asked Because", readonly=True, copy=False, groups='base.group_user',
    )
    reversal_approved_by_id = fields.Many2one(
        string="Reversal Approved By", comodel_name='res.users', readonly=True, copy=False,
        groups='base.group_user',
    )
    reversal_is_mine = fields.Boolean(
        compute='_compute_reversal_is_mine', groups='base.group_user',
        help="Whether the reader asked for the reversal, and so cannot approve it.",
    )

    # === COMPUTE METHODS === #

    @api.depends('reversal_asked_by_id')
    @api.depends_context('uid')
    def _compute_reversal_is_mine(self):
        for record in self:
            record.reversal_is_mine = record.reversal_asked_by_id == self.env.user

    # === ACTION METHODS === #

    def action_ask_reversal(self):
        """ Open the question for the reason.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        """
        self.ensure_one()
        self._check_role('school_fees.group_bursar')
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_fees.school_reversal_wizard_action'
            ),
            'context': {
                'dialog_size': 'medium',
                'default_res_model': self._name,
                'default_res_id': self.id,
                'default_kind': 'mistake',
            },
        }

    def action_approve_reversal(self):
        """ Reverse what another person asked to reverse.

        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If nothing is asked for, or the user asked it.
        """
        self._check_role('school_fees.group_approver')
        for record in self:
            record_sudo = record._lock_one()
            if not record_sudo.reversal_asked_by_id or not record_sudo._is_reversible():
                raise UserError(self.env._(
                    "No reversal of %(record)s is waiting. Nothing was changed.",
                    record=record_sudo.display_name,
                ))
            record._check_second_person(record_sudo.reversal_asked_by_id)
            record_sudo.reversal_approved_by_id = self.env.user
            record_sudo._reverse(record_sudo._get_reversal_text())
            record_sudo._after_reversal()

    def action_refuse_reversal(self):
        """ Let things stand: an approver refuses, or the person who asked thinks better of it.

        :return: None
        :raise UserError: If nothing is asked for.
        """
        for record in self:
            record_sudo = record._lock_one()
            if not record_sudo.reversal_asked_by_id or record_sudo.reversal_approved_by_id:
                raise UserError(self.env._("No reversal is waiting here. Nothing was changed."))
            if record_sudo.reversal_asked_by_id != self.env.user:
                record._check_role('school_fees.group_approver')
            record_sudo.message_post(body=self.env._(
                "The reversal was refused. It had been asked for by %(person)s: %(reason)s",
                person=record_sudo.reversal_asked_by_id.name,
                reason=record_sudo._get_reversal_text(),
            ))
            record_sudo.write(record._clear_reversal())

    # === BUSINESS METHODS === #

    def _ask_reversal(self, kind, reason):
        """ Ask another person to reverse this.

        Note: `self.ensure_one()`

        :param str kind: One of :data:`REVERSAL_KINDS`.
        :param str reason: Why, in words.
        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If it cannot be reversed, or is asked for already.
        """
        self._check_role('school_fees.group_bursar')
        record_sudo = self._lock_one()
        if not record_sudo._is_reversible():
            raise UserError(self.env._(
                "%(record)s is not in the books any more, or never was: there is nothing to"
                " reverse. Nothing was changed.", record=record_sudo.display_name,
            ))
        if record_sudo.reversal_asked_by_id:
            raise UserError(self.env._(
                "%(person)s has asked for this reversal already. It waits for an approver. Nothing"
                " was changed.", person=record_sudo.reversal_asked_by_id.name,
            ))
        record_sudo.write({
            'reversal_asked_by_id': self.env.user.id,
            'reversal_asked_on': fields.Datetime.now(),
            'reversal_kind': kind,
            'reversal_reason': reason,
        })
        record_sudo.message_post(body=self.env._(
            "Reversal asked for: %(reason)s", reason=record_sudo._get_reversal_text(),
        ))

    @api.model
    def _clear_reversal(self):
        """ Return the values of a record whose reversal nobody asks for.

        :rtype: dict
        """
        return dict.fromkeys((
            'reversal_asked_by_id', 'reversal_asked_on', 'reversal_kind', 'reversal_reason',
        ), False)

    def _get_reversal_text(self):
        """ Return why it is reversed, such as "Cheque bounced: no funds".

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        kinds = dict(self._fields['reversal_kind']._description_selection(self.env))
        if self.reversal_kind in {False, 'other'}:
            return self.reversal_reason or ''
        return ': '.join(filter(None, (kinds[self.reversal_kind], self.reversal_reason)))

    def _is_reversible(self):
        """ Tell whether this stands in the books and can be reversed.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        raise NotImplementedError

    def _reverse(self, reason):
        """ Take this out of the books; the record and its number stay.

        :param str reason: Why, for the people who read it later.
        :return: None
        """
        raise NotImplementedError

    def _after_reversal(self):
        """ Do what a person's reversal leaves to do, once the books are right.

        :return: None
        """
