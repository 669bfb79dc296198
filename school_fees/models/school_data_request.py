from datetime import timedelta

from psycopg2 import errors as pg_errors

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import format_date, mute_logger


# Data Protection Act, 2019 (Kenya), section 26(b): a person may see the data that is held of them.
# Data Protection (General) Regulations, 2021 (L.N. 263 of 2021), regulation 9: within seven days,
# free of charge. Carrying the data over to somebody else (section 38) may take thirty.
ANSWER_DAYS = 7


class SchoolDataRequest(models.Model):
    """A guardian asks a school for the data that it keeps of the guardian and the children.

    A right to the own data is none to another parent's: of the children, the office gives what this
    guardian may see.
    """

    _name = 'school.data.request'
    _description = "Data Request"
    _order = 'state desc, due_on, id'

    partner_id = fields.Many2one(
        string="Guardian", comodel_name='res.partner', required=True, readonly=True, index=True,
        ondelete='restrict',
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True, readonly=True, index=True,
    )
    asked_on = fields.Date(
        string="Asked On", required=True, readonly=True, help="The day in Kenya.",
    )
    due_on = fields.Date(
        string="Answer Until", required=True, readonly=True,
        help="The last day that the law leaves: seven days after the request.",
    )
    state = fields.Selection(
        string="Status", selection=[('closed', "Answered"), ('open', "Open")], required=True,
        readonly=True, default='open',
    )
    closed_on = fields.Date(string="Answered On", readonly=True)
    closed_by_id = fields.Many2one(
        string="Answered By", comodel_name='res.users', readonly=True,
    )

    scope = fields.Text(
        string="What May Be Given", compute='_compute_scope',
        help="The guardian's children in this school, what this guardian may see of each, and the"
             " restricted note. The phones and payments of another guardian are that guardian's.",
    )

    _one_open = models.UniqueIndex(
        "(partner_id, company_id) WHERE state = 'open'",
        "This guardian's request is open already.",
    )

    # === COMPUTE METHODS === #

    @api.depends('partner_id', 'asked_on')
    def _compute_display_name(self):
        for request in self:
            day = format_date(self.env, request.asked_on)
            request.display_name = f'{request.partner_id.display_name}, {day}'

    @api.depends('partner_id', 'company_id')
    def _compute_scope(self):
        for request in self:
            # In sudo mode, for who may read the request: only the bursar's office.
            links_sudo = request.sudo().partner_id.guardian_link_ids.filtered(
                lambda link, school=request.company_id: link.company_id == school
            )
            request.scope = '\n'.join(request._describe_right(link) for link in links_sudo)

    # === ACTION METHODS === #

    def action_close(self):
        """ Note that the guardian was given the data.

        :return: None
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If one of them is answered already.
        """
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        self.check_access('read')
        if any(request.state != 'open' for request in self):
            raise UserError(self.env._(
                "This request is answered already. Nothing was changed. Load the list again."
            ))
        # In sudo mode: nobody edits a request by hand.
        self.sudo().write({
            'state': 'closed', 'closed_on': self.env['school.message']._get_today(),
            'closed_by_id': self.env.uid,
        })
        for request in self:
            request.partner_id._note_in_chatter(self.env._(
                "The data asked for on %(day)s was given.",
                day=format_date(self.env, request.asked_on),
            ))

    def action_export(self):
        """ Open the file that may be given to the guardian.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(
            'school_fees.school_data_export_action',
        )
        return {**action, 'context': {
            'default_partner_id': self.partner_id.id, 'default_company_id': self.company_id.id,
        }}

    # === BUSINESS METHODS === #

    def _describe_right(self, link_sudo):
        """ Say what a guardian may see of one child.

        :param school.guardian.link link_sudo: The guardian and the child, in sudo mode.
        :return: One line for the office.
        :rtype: str
        """
        if not link_sudo.is_live or not link_sudo.portal:
            rights = [self.env._("nothing may be shown")]
        else:
            rights = [
                self.env._("amounts may be shown") if link_sudo.sees_amounts
                else self.env._("NO amounts"),
                self.env._("other payers may be shown") if link_sudo.sees_other_payers
                else self.env._("NOT who else paid"),
            ]
        note = ' '.join((link_sudo.restricted_note or '').split())
        return f"{link_sudo.student_id.display_name}: {', '.join(rights)}" + (
            f'. {note}' if note else ''
        )

    @api.model
    def _ask(self, partner, company):
        """ Ask a school for a guardian's data, unless the guardian has asked and waits.

        :param res.partner partner: The guardian.
        :param res.company company: The school.
        :return: The open request, in sudo mode.
        :rtype: school.data.request
        :raise ConcurrencyError: If a second tap was as quick; the framework starts again and finds
                                 the request of the first.
        """
        requests_sudo = self.sudo()  # Guardians do not read the office's list.
        waiting = requests_sudo.search([
            ('partner_id', '=', partner.id), ('company_id', '=', company.id),
            ('state', '=', 'open'),
        ])
        if waiting:
            return waiting
        today = self.env['school.message']._get_today()
        try:
            # The log would quote the row of what is no error: one button tapped twice.
            with mute_logger('odoo.sql_db'), self.env.cr.savepoint():
                asked = requests_sudo.create({
                    'partner_id': partner.id, 'company_id': company.id, 'asked_on': today,
                    'due_on': today + timedelta(days=ANSWER_DAYS),
                })
        except pg_errors.UniqueViolation as error:
            message = "A parallel request was quicker."
            raise ConcurrencyError(message) from error
        office = partner._in_office_language()
        partner._note_in_chatter(office.env._(
            "Asked in the portal for the data kept of the guardian, and of the children as far as"
            " the guardian may see it. To be answered until %(day)s.",
            day=format_date(office.env, asked.due_on),
        ))
        return asked

    @api.model
    def _get_last(self, partner, companies):
        """ Return a guardian's last request to each of some schools.

        :param res.partner partner: The guardian.
        :param res.company companies: The schools.
        :return: By school; None where there is none.
        :rtype: dict[res.company, school.data.request]
        """
        last = dict.fromkeys(companies)
        for request in self.sudo().search([
            ('partner_id', '=', partner.id), ('company_id', 'in', companies.ids),
        ], order='id'):
            last[request.company_id] = request
        return last
