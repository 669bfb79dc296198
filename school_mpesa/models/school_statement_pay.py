from odoo import api, models

from . import pay_page_labels


class SchoolStatement(models.AbstractModel):
    """Paying the balance from the page of a child in the portal."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.statement'

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
