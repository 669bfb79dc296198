from odoo import models
from odoo.exceptions import UserError


class SchoolStudent(models.Model):
    """The public pay page of a student's statement, and links made by hand."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === ACTION METHODS === #

    def action_mpesa_link(self):
        """ Open the wizard that makes a payment link for this student.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_link_wizard_action'),
            'context': {'dialog_size': 'medium', 'default_student_id': self.id},
        }

    def action_mpesa_links(self):
        """ Open the wizard that makes payment links for these students.

        :return: A window action.
        :rtype: dict
        :raise UserError: If they are of several schools.
        """
        if len(self.company_id) > 1:
            raise UserError(self.env._("Choose students of one school. No link was made."))
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_link_bulk_action'),
            'context': {
                'default_chosen_by': 'students', 'default_student_ids': self.ids,
                'default_company_id': self.company_id.id or self.env.company.id,
            },
        }

    # === BUSINESS METHODS === #

    def _get_open_bills(self):
        """ Return the student's bills that are still owed, as far as the user may see them.

        Note: `self.ensure_one()`

        :return: The one that is due first comes first.
        :rtype: account.move
        """
        self.ensure_one()
        return self.env['account.move'].search([
            ('partner_id', '=', self.partner_id.id),
            ('company_id', '=', self.company_id.id),
            ('move_type', '=', 'out_invoice'),
            ('state', '=', 'posted'),
            ('payment_state', 'in', ('not_paid', 'partial')),
        ], order='invoice_date_due, id')

    def _get_statement_link(self):
        """ Return the links of these students' statements, made where there is none yet.

        Only where the school collects by M-PESA.

        :return: In sudo mode; whoever may see the statement may pay it.
        :rtype: mpesa.payment.link
        """
        Provider = self.env['payment.provider']
        served = {
            school for school in self.sudo().company_id if Provider._mpesa_get_default(school)
        }
        students_sudo = self.sudo().filtered(lambda student: student.company_id in served)
        Link_sudo = self.env['mpesa.payment.link'].sudo()
        if not students_sudo:
            return Link_sudo
        links_sudo = Link_sudo.search([
            ('student_id', 'in', students_sudo.ids), ('kind', '=', 'statement'),
            ('cancelled_at', '=', False),
        ])
        missing = students_sudo - links_sudo.student_id
        if not missing:
            return links_sudo
        return links_sudo | Link_sudo._make([
            {'kind': 'statement', 'student_id': student.id}
            for student in missing
        ])

    def _get_pay_address(self):
        """ Override of `school_fees` to lead to the pay page, which needs no log-in. """
        link_sudo = self._get_statement_link()
        if not link_sudo:
            return super()._get_pay_address()
        return link_sudo._get_public_path(), self.env._("Scan to pay")
