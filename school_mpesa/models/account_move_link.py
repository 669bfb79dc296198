from odoo import models


class AccountMove(models.Model):
    """The public pay page of a student's bill: its own slug, printed and sent with it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'account.move'

    def _post(self, soft=True):
        """ Override of `school_fees` to give the bills of a run their slugs, in one go. """
        posted = super()._post(soft=soft)
        posted._get_bill_link()
        return posted

    def _get_bill_link(self):
        """ Return the links of these bills, made where there is none yet.

        Only posted bills that the student owes have one, and only where the school collects by
        M-PESA.

        :return: In sudo mode; whoever may see a bill may pay it.
        :rtype: mpesa.payment.link
        """
        bills_sudo = self.sudo().filtered(lambda move: (
            move.move_type == 'out_invoice' and move.state == 'posted'
            and move.student_id and move.partner_id == move.student_id.partner_id
        ))
        Provider = self.env['payment.provider']
        served = {
            school for school in bills_sudo.company_id if Provider._mpesa_get_default(school)
        }
        bills_sudo = bills_sudo.filtered(lambda move: move.company_id in served)
        Link_sudo = self.env['mpesa.payment.link'].sudo()
        if not bills_sudo:
            return Link_sudo
        links_sudo = Link_sudo.search([
            ('bill_id', 'in', bills_sudo.ids), ('kind', '=', 'bill'), ('cancelled_at', '=', False),
        ])
        # A bill that was printed for one child and then moved to another: the old paper opens
        # nothing any more.
        moved = links_sudo.filtered(lambda link: link.student_id != link.bill_id.student_id)
        moved._close(self.env._("The bill is another student's now"))
        moved.flush_recordset()  # A bill has one live address, in the database itself.
        links_sudo -= moved
        missing = bills_sudo - links_sudo.bill_id
        if not missing:
            return links_sudo
        return links_sudo | Link_sudo._make([
            {'kind': 'bill', 'bill_id': bill.id, 'student_id': bill.student_id.id}
            for bill in missing
        ])

    def _get_message_pay(self):
        """ Override of `school_fees` to lead to the bill's own pay page. """
        pay = super()._get_message_pay()
        link_sudo = self._get_bill_link()
        return {**pay, 'address': link_sudo._get_public_path()} if link_sudo else pay

    def _get_school_pay_address(self):
        """ Override of `school_fees` to lead to the pay page, which needs no log-in. """
        link_sudo = self._get_bill_link()
        if not link_sudo:
            return super()._get_school_pay_address()
        return link_sudo._get_public_path(), self.env._("Scan to pay this bill")
