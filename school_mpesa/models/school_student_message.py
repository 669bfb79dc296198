from odoo import api, models


class SchoolStudent(models.Model):
    """How a message says to pay by M-PESA."""

    _inherit = 'school.student'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _read_told_guardians(self, kind, subjects, guardians):
        """ Override of `school_fees` to send a link again only to who has not got it, and to take
        it back only from who has.
        """
        if kind not in {'link', 'link_cancelled'}:
            return super()._read_told_guardians(kind, subjects, guardians)
        links_sudo = self.env['mpesa.payment.link'].sudo().browse(
            [values['mpesa_link_id'] for _student, values in subjects],
        )
        if kind == 'link_cancelled':
            return [
                guardians[student] - link_sudo._get_holders_by_sms()
                for link_sudo, (student, _values) in zip(links_sudo, subjects, strict=True)
            ]
        return [
            link_sudo._get_told_by_sms(guardians[student])
            for link_sudo, (student, _values) in zip(links_sudo, subjects, strict=True)
        ]

    def _get_message_pay(self):
        """ Override of `school_fees` to name the pay page. """
        pay = super()._get_message_pay()
        link_sudo = self._get_statement_link()[:1]
        return {**pay, 'address': link_sudo._get_public_path()} if link_sudo else pay

    def _get_pay_by_hand(self):
        """ Override of `school_fees` to name the paybill or till. """
        provider_sudo = self.env['payment.provider']._mpesa_get_default(self.company_id)
        number = provider_sudo and provider_sudo._mpesa_get_payer_number()
        if not number:
            return super()._get_pay_by_hand()
        if provider_sudo.mpesa_shortcode_type == 'till':
            return self.env._("Till %(number)s", number=number)
        return self.env._(
            "Paybill %(number)s Acc %(account)s", number=number, account=self.sudo().pay_code,
        )
