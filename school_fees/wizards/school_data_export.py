from odoo import fields, models
from odoo.tools import format_date


class SchoolDataExport(models.TransientModel):
    """What a school keeps of one guardian, in a file to give to that guardian.

    Data Protection Act, 2019 (Kenya), sections 26(b) and 38. Of the children it holds what this
    guardian may see, and of others nothing: another parent's phones and payments are theirs.
    """

    _name = 'school.data.export'
    _inherit = ['school.workbook.mixin']
    _description = "Data of a Guardian"

    partner_id = fields.Many2one(
        string="Guardian", comodel_name='res.partner', required=True,
        domain="[('guardian_link_ids.company_id', '=', company_id)]",
    )
    company_id = fields.Many2one(
        string="School", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
    )

    # === COMPUTE METHODS === #

    def _compute_filename(self):
        """ Name the file by no person: it may lie about on a desk's computer. """
        today = self.env['school.message']._get_today()
        for export in self:
            export.filename = f'Data {export.partner_id.id} {today}.xlsx'

    # === ACTION METHODS === #

    def action_download(self):
        """ Override of `school.workbook.mixin` to keep that it was made.

        :raise AccessError: If the user is not of the bursar's office of this school.
        """
        self.ensure_one()
        self._check_may_export()
        self.partner_id._note_in_chatter(self.env._(
            "A file of the data kept of the guardian was made for handing over."
        ))
        return super().action_download()

    # === BUSINESS METHODS === #

    def _check_may_export(self):
        """ Ensure that the user may hand out what this school keeps of this guardian.

        :return: None
        :raise AccessError: If the user is not of the bursar's office of this school.
        """
        self.env['school.approval.mixin']._check_role('school_fees.group_bursar')
        self.company_id.check_access('read')
        self.partner_id.check_access('read')

    def _make_workbook(self):
        """ Override of `school.workbook.mixin` to make it by the guardian's rights. """
        self._check_may_export()
        # From here on in sudo mode and in the guardian's language: what may be given is decided by
        # the guardian's own rights, not by the office's.
        language = self.partner_id._get_message_language(self.company_id)
        export_sudo = self.sudo().with_context(lang=language)
        return super(SchoolDataExport, export_sudo)._make_workbook()

    def _get_file_heading(self, title):
        """ Override of `school.workbook.mixin` to name the school, the guardian and the day. """
        day = format_date(self.env, self.env['school.message']._get_today())
        return f'{self.company_id.name}: {title}, {self.partner_id.name}, {day}'

    def _get_sheets(self):
        """ Override of `school.workbook.mixin`. In sudo mode. """
        text, date, amount = 'text', 'date', 'amount'
        shown = self._get_shown_links()
        return [
            (
                self.env._("You"), [(self.env._("What"), text), (self.env._("Kept"), text)],
                self._read_contact(),
            ),
            (
                self.env._("Your children"), [
                    (self.env._("Student"), text), (self.env._("Admission number"), text),
                    (self.env._("Class"), text), (self.env._("You are"), text),
                    (self.env._("Since"), date), (self.env._("Until"), date),
                ], self._read_children(shown),
            ),
            (
                self.env._("Accounts"), [
                    (self.env._("Student"), text), (self.env._("Date"), date),
                    (self.env._("What"), text), (self.env._("Number"), text),
                    (self.env._("Amount"), amount), (self.env._("Balance"), amount),
                ], self._read_accounts(shown.filtered('sees_amounts').student_id),
            ),
            (
                self.env._("Your payments"), [
                    (self.env._("Date"), date), (self.env._("Receipt"), text),
                    (self.env._("Channel"), text), (self.env._("Reference"), text),
                    (self.env._("Amount"), amount),
                ], self._read_payments(),
            ),
            (
                self.env._("Messages to you"), [
                    (self.env._("Date"), date), (self.env._("What"), text),
                    (self.env._("Phone"), text), (self.env._("Text"), text),
                ], self._read_messages(),
            ),
            (
                self.env._("Your requests for data"), [
                    (self.env._("Asked on"), date), (self.env._("Answered on"), date),
                ], [
                    [request.asked_on, request.closed_on or '']
                    for request in self.env['school.data.request'].search([
                        ('partner_id', '=', self.partner_id.id),
                        ('company_id', '=', self.company_id.id),
                    ], order='id')
                ],
            ),
        ]

    def _get_links(self):
        """ Return how the guardian belongs to the school's students, now and before.

        :rtype: school.guardian.link
        """
        return self.partner_id.guardian_link_ids.filtered(
            lambda link: link.company_id == self.company_id
        )

    def _get_shown_links(self):
        """ Return the links by which the guardian may see something of a child today.

        :rtype: school.guardian.link
        """
        return self._get_links().filtered(lambda link: link.is_live and link.portal)

    def _read_contact(self):
        """ Return what the school keeps to reach the guardian.

        :rtype: list[list[str]]
        """
        partner = self.partner_id
        languages = dict(self.env['res.lang'].get_installed())
        kept = [
            (self.env._("Name"), partner.name),
            (self.env._("Phone"), partner.phone),
            *((self.env._("Phone"), phone.e164) for phone in partner.guardian_phone_ids),
            (self.env._("E-mail"), partner.email),
            (self.env._("Address"), ' '.join((partner.contact_address or '').split())),
            (self.env._("Language"), languages.get(partner.lang, partner.lang)),
        ]
        return [list(one) for one in dict.fromkeys(kept) if one[1]]

    def _read_children(self, links):
        """ Return the children whom the guardian may see.

        :param school.guardian.link links: The links.
        :rtype: list[list]
        """
        relations = dict(links._fields['relation']._description_selection(self.env))
        return [
            [
                link.student_id.name, link.student_id.admission_no,
                link.student_id.class_id.display_name or '', relations.get(link.relation, ''),
                link.date_from or '', link.date_to or '',
            ] for link in links
        ]

    def _read_accounts(self, students):
        """ Return the accounts of the children whose amounts the guardian may see.

        :param school.student students: The children.
        :rtype: list[list]
        """
        Statement = self.env['school.statement']
        kinds, statements = Statement._get_kind_labels(), Statement._get_statements(students)
        return [
            [
                student.name, row['date'], kinds[row['kind']], row['number'] or '', row['amount'],
                row['balance'],
            ] for student, statement in statements.items() for row in statement['rows']
        ]

    def _read_payments(self):
        """ Return what the guardian paid, as far as the school knows who paid.

        :rtype: list[list]
        """
        Receipt = self.env['school.receipt']
        students = self._get_links().student_id
        receipts = Receipt.search([
            ('company_id', '=', self.company_id.id), ('line_ids.student_id', 'in', students.ids),
        ], order='date, id')._filter_paid_by(self.partner_id)
        channels = dict(Receipt._fields['channel']._description_selection(self.env))
        return [
            [
                receipt.date, receipt.number or '', channels.get(receipt.channel, ''),
                receipt.external_ref or '', receipt.amount,
            ] for receipt in receipts
        ]

    def _read_messages(self):
        """ Return what the school wrote to the guardian by SMS.

        :rtype: list[list]
        """
        Message = self.env['school.message']
        kinds = dict(Message._fields['kind']._description_selection(self.env))
        return [
            [message.day, kinds[message.kind], message.phone_mask or '', message.body or '']
            for message in Message.search([
                ('partner_id', '=', self.partner_id.id),
                ('company_id', '=', self.company_id.id),
            ], order='id')
        ]
