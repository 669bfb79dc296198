from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .mpesa_payment_link import RECEIVED_STATES


FIGURES = ('opened_count', 'attempt_count', 'paid_count', 'paid_amount')
COMPARISONS = {'>': SQL(">"), '>=': SQL(">="), '<': SQL("<"), '<=': SQL("<="), 'in': SQL("IN")}


class MpesaPaymentLink(models.Model):
    """What came of links: opened, attempted, paid; on lists, in pivots, and to find links by.

    Nothing of it is stored on the link: a page view and a payment would wait for each other there.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    class_id = fields.Many2one(related='student_id.class_id', string="Student's Class")
    level_id = fields.Many2one(related='student_id.level_id', string="Level")
    first_asked = fields.Monetary(
        string="Asked at First", readonly=True, copy=False,
        help="What a link made by hand asked for when it was made.",
    )
    asked = fields.Monetary(
        string="Amount", compute='_compute_asked', compute_sudo=True,
        help="What the page asks for now: never more than what is due.",
    )
    opened_count = fields.Integer(
        string="Opened", compute='_compute_opened', search='_search_opened_count',
        compute_sudo=True, help="How often the page was opened.",
    )
    first_opened_at = fields.Datetime(
        string="First Opened", compute='_compute_opened', compute_sudo=True,
    )
    attempt_count = fields.Integer(
        string="Attempts", compute='_compute_paid', search='_search_attempt_count',
        compute_sudo=True, help="How many requests were made by it, paid or not.",
    )
    paid_count = fields.Integer(
        string="Payments", compute='_compute_paid', search='_search_paid_count', compute_sudo=True,
    )
    paid_amount = fields.Monetary(
        string="Paid", compute='_compute_paid', search='_search_paid_amount', compute_sudo=True,
    )

    # === COMPUTE METHODS === #

    def _compute_asked(self):
        for link in self:
            link.asked = link._get_asked(link._get_due())

    def _compute_opened(self):
        openings = {
            opening.link_ref: opening
            for opening in self.env['mpesa.link.opening'].search([('link_ref', 'in', self.ids)])
        }
        for link in self:
            opening = openings.get(link._origin.id)
            link.opened_count = opening.count if opening else 0
            link.first_opened_at = opening.first_at if opening else False

    @api.depends(
        'transaction_ids.mpesa_push_state', 'transaction_ids.mpesa_is_given_back',
        'transaction_ids.mpesa_is_denied',
    )
    def _compute_paid(self):
        Transaction = self.env['payment.transaction']
        ours = Domain('mpesa_link_id', 'in', self.ids)
        attempts = dict(Transaction._read_group(ours, ['mpesa_link_id'], ['__count']))
        paid = {
            link: (count, amount) for link, count, amount in Transaction._read_group(
                ours & self._get_received_domain(), ['mpesa_link_id'], ['__count', 'amount:sum'],
            )
        }
        for link in self:
            link.attempt_count = attempts.get(link._origin, 0)
            link.paid_count, link.paid_amount = paid.get(link._origin, (0, 0.0))

    def _search_opened_count(self, operator, value):
        return self._search_figure('opened_count', operator, value)

    def _search_attempt_count(self, operator, value):
        return self._search_figure('attempt_count', operator, value)

    def _search_paid_count(self, operator, value):
        return self._search_figure('paid_count', operator, value)

    def _search_paid_amount(self, operator, value):
        return self._search_figure('paid_amount', operator, value)

    # === BUSINESS METHODS === #

    @api.model
    def _make_by_hand(self, vals_list):
        """ Make links as the office asked for, and note what each asks for now.

        The rights are checked by the caller: nobody edits links by hand.

        :param list[dict] vals_list: The create values.
        :return: In sudo mode.
        :rtype: mpesa.payment.link
        """
        links_sudo = self.sudo().create(vals_list)
        for link_sudo in links_sudo:
            link_sudo.first_asked = link_sudo.asked
        return links_sudo

    @api.model
    def _get_received_domain(self):
        """ Return the domain of requests that brought money; what M-PESA gave back or denied is
        none.

        :rtype: Domain
        """
        return (
            Domain('mpesa_push_state', 'in', RECEIVED_STATES)
            & Domain('mpesa_is_given_back', '=', False) & Domain('mpesa_is_denied', '=', False)
        )

    @api.model
    def _search_figure(self, name, operator, value):
        """ Return the domain of links by one of their figures.

        :param str name: One of `FIGURES`.
        :param str operator: The domain's operator.
        :param value: What the figure is compared with.
        :rtype: Domain
        """
        if operator not in COMPARISONS:
            return NotImplemented
        links = self.sudo()._search([])  # Whose links they are, the whole domain says.
        links.add_where(SQL(
            "%s %s %s", self._field_to_sql(links.table, name, links), COMPARISONS[operator],
            tuple(item or 0 for item in value) if operator == 'in' else value,
        ))
        return Domain('id', 'in', links)

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Override of `orm` to sum, sort and filter by the figures, which are not stored. """
        if field_expr not in FIGURES:
            return super()._field_to_sql(alias, field_expr, query)
        # In sudo mode: they count whoever looks, as the computed fields do.
        if field_expr == 'opened_count':
            Row, domain, link = self.env['mpesa.link.opening'].sudo(), [], 'link_ref'
        else:
            Row, link = self.env['payment.transaction'].sudo(), 'mpesa_link_id'
            domain = [] if field_expr == 'attempt_count' else self._get_received_domain()
        rows = Row._search(domain)
        rows.add_where(SQL(
            "%s = %s", Row._field_to_sql(rows.table, link), SQL.identifier(alias, 'id'),
        ))
        summed = {'opened_count': 'count', 'paid_amount': 'amount'}.get(field_expr)
        figure = SQL("SUM(%s)", Row._field_to_sql(rows.table, summed)) if summed \
            else SQL("COUNT(*)")
        return SQL("COALESCE(%s, 0)", rows.subselect(figure))
