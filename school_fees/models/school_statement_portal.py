from odoo import api, models


class SchoolStatementPortal(models.AbstractModel):
    """What guardians see of their children's accounts in the portal."""

    _inherit = 'school.statement'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    @api.model
    def _get_portal_children(self):
        """ Return the children whom the user sees in the portal.

        Who is a guardian of theirs is asked of the links; the record rules must agree.

        :rtype: school.student
        """
        children = self.env['school.guardian.link']._of_portal_user().student_id.with_env(self.env)
        return children._filtered_access('read').sorted(lambda child: (child.name, child.id))

    @api.model
    def _get_portal_home(self, children):
        """ Return what the first page shows: a card for each child, and what all owe together.

        :param school.student children: The children.
        :return: `schools`: for each school its `id`, `name`, `watermark`, `cards` (the texts of a
                 statement
                 where the guardian sees amounts, and the child's `id`) and `total`, empty for one
                 child.
        :rtype: dict
        """
        rights = self._get_reader_rights(children)
        visible = children.filtered(lambda child: rights[child]['amounts'])
        period = self._get_periods(children.company_id)[0]
        statements = self._get_statements(visible, period['date_from'], period['date_to'])
        texts = self._get_texts(statements)
        schools = []
        for school, group in children.grouped(lambda child: child.company_id.sudo()).items():
            shown = group & visible
            schools.append({
                'id': school.id,
                'name': school.name,
                'watermark': school._get_watermark(),
                'cards': [
                    {'id': child.id, **texts.get(child, self._get_names(child))}
                    for child in group
                ],
                'total': self._get_balance_texts(
                    school.currency_id, sum(statements[child]['closing'] for child in shown),
                ) if len(shown) > 1 else {},
            })
        return {'schools': schools}

    @api.model
    def _get_portal_child(self, child, period_key=None):
        """ Return what the page of one child shows.

        Bills and receipts are read with the rights of the user.

        :param school.student child: The child.
        :param str period_key: The key of the period; the year that runs when there is none such.
        :return: The names as `block`; where the guardian sees amounts, that is the statement, and
                 there are `now` (the texts of a statement until now), `periods`, `period`, `bills`,
                 `receipts`, and `pay` as in `school.student._get_pay_block`.
        :rtype: dict
        """
        school = child.company_id.sudo().name
        if not self._get_reader_rights(child)[child]['amounts']:
            return {'school': school, 'child': child, 'block': self._get_names(child),
                    'amounts': False}
        period = self._choose_period(child, period_key)
        statement = self._get_statements(child, period['date_from'], period['date_to'])
        block = self._get_texts(statement)[child]
        if period['date_to']:  # What is due now stands above the statement of any year.
            now = self._get_texts(self._get_statements(child, period['date_to']))[child]
        else:
            now = block
        return {
            'school': school,
            'watermark': child.company_id.sudo()._get_watermark(),
            'child': child,
            'amounts': True,
            'block': block,
            'now': now,
            'periods': self._get_periods(child.company_id),
            'period': period,
            'bills': self._get_portal_bills(child, period),
            'receipts': self._get_portal_receipts(child, period),
            'pay': child._get_pay_block(child.sudo().balance),
        }

    @api.model
    def _get_portal_bills(self, child, period):
        """ Return the child's bills and credit notes of a period, the newest first.

        :param school.student child: The child.
        :param dict period: As in :meth:`_get_periods`.
        :return: For each its `id`, `number`, `term`, `date`, `due` and `amount`.
        :rtype: list[dict]
        """
        moves = self.env['account.move'].search([
            ('student_id', '=', child.id), ('partner_id', '=', child.sudo().partner_id.id),
            ('move_type', 'in', ('out_invoice', 'out_refund')),
            *self._get_period_domain(period),
        ], order='date desc, id desc')
        return [
            {
                'id': move.id,
                'number': move.name,
                'term': move.sudo().term_id.display_name or '',
                'date': self._format_day(move.date),
                'due': self._format_day(move.invoice_date_due)
                if move.move_type == 'out_invoice' else '',
                'amount': move.company_id.sudo().currency_id._format_plain(
                    move.amount_total_signed,
                ),
            }
            for move in moves
        ]

    @api.model
    def _get_portal_receipts(self, child, period):
        """ Return the child's receipts of a period, the newest first.

        :param school.student child: The child.
        :param dict period: As in :meth:`_get_periods`.
        :return: For each its `id`, `number`, `date`, `amount` (the child's share), `channel` and
                 whether it was `cancelled`.
        :rtype: list[dict]
        """
        lines = self.env['school.receipt.line'].search([
            ('student_id', '=', child.id),
            *self._get_period_domain(period, 'receipt_id.date'),
        ])
        badges = self._get_channel_badges()
        return [
            {
                'id': receipt.id,
                'number': receipt.number,
                'date': self._format_day(receipt.date),
                'amount': receipt.currency_id._format_plain(sum(shares.mapped('amount'))),
                'channel': badges[receipt.channel],
                'cancelled': receipt.state == 'reversed',
            }
            for receipt, shares in sorted(
                lines.grouped('receipt_id').items(),
                key=lambda item: (item[0].date, item[0].id), reverse=True,
            )
        ]

    @api.model
    def _get_period_domain(self, period, field='date'):
        """ Return the domain of what happened in a period.

        :param dict period: As in :meth:`_get_periods`.
        :param str field: The field of the date.
        :rtype: list
        """
        domain = []
        if period['date_from']:
            domain.append((field, '>=', period['date_from']))
        if period['date_to']:
            domain.append((field, '<=', period['date_to']))
        return domain

    @api.model
    def _choose_period(self, child, key=None):
        """ Return the period that was asked for, or the year that runs.

        :param school.student child: The child.
        :param str key: The key of the period, as an address may give it.
        :rtype: dict
        """
        periods = self._get_periods(child.company_id)
        return next((period for period in periods if period['key'] == key), periods[0])
