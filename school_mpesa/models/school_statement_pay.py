from odoo import api, models

from . import pay_page_labels


class SchoolStatement(models.AbstractModel):
    """Paying the balance from the page of a child in the portal."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.statement'

    @api.model
    def _get_portal_home(self, children):
        """ Override of `school_fees` to offer one payment for several children who owe.

        :return: Each of the schools also with `pay_all`: `path` and `label`, or None.
        """
        values = super()._get_portal_home(children)
        rights = self._get_reader_rights(children)
        schools = values['schools']
        owing_sudo = children.sudo().filtered(
            lambda child: child.balance > 0 and rights[child]['amounts']
        ).grouped('company_id')
        collecting = {
            school_sudo.id for school_sudo, group in owing_sudo.items()
            if len(group) > 1 and self.env['payment.provider']._mpesa_get_default(school_sudo)
        }
        label = pay_page_labels.say_all(self.env, pay_page_labels.PAY_ALL, {})['pay_all']
        for school in schools:
            path = f"/my/fees/pay/{school['id']}" if len(schools) > 1 else '/my/fees/pay'
            school['pay_all'] = {
                'path': path, 'label': label,
            } if school['id'] in collecting else None
        return values

    @api.model
    def _get_portal_child(self, child, period_key=None):
        """ Override of `school_fees` to offer the pay page of the statement.

        :return: Also `pay_now`, with the `path` of the page and the `label` of the button.
        """
        values = super()._get_portal_child(child, period_key)
        if not values.get('pay'):  # Nothing is due, or this guardian sees no amounts.
            return values
        link_sudo = child._get_statement_link()
        if link_sudo:
            labels = pay_page_labels.say_all(self.env, {
                'pay': pay_page_labels.LINK_PAGE['pay'],
            }, {})
            values['pay_now'] = {'path': link_sudo._get_public_path(), 'label': labels['pay']}
        return values
