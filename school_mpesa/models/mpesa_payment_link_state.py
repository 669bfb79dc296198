from datetime import UTC
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, mute_logger

from .. import const, daraja
from .mpesa_payment_link import NAIROBI
from .request_error import MpesaRequestError


class MpesaPaymentLink(models.Model):
    """Whether a link can be opened and paid: used, expired, cancelled, or reserved just now."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.payment.link'

    state = fields.Selection(
        string="State",
        selection=[
            ('active', "Active"), ('used', "Used"), ('expired', "Expired"),
            ('cancelled', "Cancelled"),
        ],
        compute='_compute_state', search='_search_state', compute_sudo=True,
    )
    cancelled_at = fields.Datetime(string="Cancelled", readonly=True, copy=False)
    cancelled_by_id = fields.Many2one(
        string="Cancelled By", comodel_name='res.users', readonly=True, copy=False,
    )
    cancel_reason = fields.Char(string="Why Cancelled", readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends(
        'max_uses', 'expires_on', 'cancelled_at', 'bill_id.state', 'bill_id.payment_state',
        'transaction_ids.mpesa_push_state', 'transaction_ids.mpesa_is_given_back',
        'transaction_ids.mpesa_is_denied',
    )
    def _compute_state(self):
        uses = self._count_uses(self.ids)
        for link in self:
            link.state = link._find_state(uses.get(link._origin.id, 0))

    def _search_state(self, operator, value):
        """ Find links by their state of this moment.

        :param str operator: The domain's operator.
        :param value: The states.
        :rtype: Domain
        """
        if operator != 'in':
            return NotImplemented
        today = self._get_today()
        used = self.sudo()._search([('max_uses', '>', 0)])
        used.add_where(SQL(
            "%s >= %s", self._field_to_sql(used.table, 'paid_count', used),
            self._field_to_sql(used.table, 'max_uses', used),
        ))
        is_cancelled = Domain('cancelled_at', '!=', False) | (
            Domain('kind', '=', 'bill') & (
                Domain('bill_id.state', '!=', 'posted')
                | Domain('bill_id.payment_state', '=', 'reversed')
            )
        )
        is_used = ~is_cancelled & Domain('id', 'in', used)
        is_expired = ~is_cancelled & Domain('id', 'not in', used) & (
            Domain('expires_on', '<', today)
        )
        domains = {
            'cancelled': is_cancelled,
            'used': is_used,
            'expired': is_expired,
            'active': ~is_cancelled & Domain('id', 'not in', used) & (
                Domain('expires_on', '=', False) | Domain('expires_on', '>=', today)
            ),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    # === BUSINESS METHODS === #

    @api.model
    def _get_today(self):
        """ Return the day in Kenya, by which a link expires.

        :rtype: date
        """
        return self._get_day(fields.Datetime.now())

    @api.model
    def _get_day(self, at):
        """ Return the day in Kenya of a moment.

        :param datetime at: The moment, naive UTC.
        :rtype: date
        """
        return at.replace(tzinfo=UTC).astimezone(ZoneInfo(NAIROBI)).date()

    def _find_state(self, uses):
        """ Return the state of this moment.

        Note: `self.ensure_one()`

        :param int uses: How many payments came by the link.
        :rtype: str
        """
        self.ensure_one()
        if self.cancelled_at or (self.kind == 'bill' and (
            self.bill_id.state != 'posted' or self.bill_id.payment_state == 'reversed'
        )):
            return 'cancelled'
        if self.max_uses and uses >= self.max_uses:
            return 'used'
        if self.expires_on and self.expires_on < self._get_today():
            return 'expired'
        return 'active'

    @api.model
    def _count_uses(self, ids):
        """ Return how many payments came by each link.

        :param list ids: Ids of links.
        :rtype: dict[int, int]
        """
        # In sudo mode: uses count whoever looks.
        return {
            link.id: count
            for link, count in self.env['payment.transaction'].sudo()._read_group(
                Domain('mpesa_link_id', 'in', ids) & self._get_received_domain(),
                ['mpesa_link_id'], ['__count'],
            )
        }

    def _check_ask(self, student):
        """ Ensure that the link may be paid for a student.

        Note: `self.ensure_one()`

        :param school.student student: Whose fees are asked for.
        :raise MpesaRequestError: If it may not.
        """
        self.ensure_one()
        if self.state != 'active' or self.student_id != student:
            raise MpesaRequestError(self.env._(
                "This link is closed. No request was sent and no money moved. Ask the accounts"
                " office for a new one."
            ), 'link')

    def _check_amount(self, value, due):
        """ Ensure that the link may be paid with an amount.

        What the student owes beyond the link is not told here: the link does not show it either.

        Note: `self.ensure_one()`

        :param Decimal value: Whole KES.
        :param Decimal due: What is due of what the link is for, in whole KES.
        :raise MpesaRequestError: If it may not.
        """
        self.ensure_one()
        asked = self._get_asked(int(due))
        if not asked:  # The form was shown before somebody else paid; no second payment of it.
            raise MpesaRequestError(self.env._(
                "There is nothing to pay any more. No request was sent and no money moved."
            ), 'link')
        if self.may_change and not self.amount:
            return
        most = min(asked, daraja.MOST_AMOUNT)
        if not self.may_change and value != most:
            raise MpesaRequestError(self.env._(
                "This link asks for KES %(amount)s, no more and no less. No request was sent and no"
                " money moved.", amount=f'{most:,}',
            ), 'amount')
        if value > asked:
            raise MpesaRequestError(self.env._(
                "This link asks for KES %(amount)s. Pay KES %(amount)s or less.",
                amount=f'{asked:,}',
            ), 'amount')

    def _reserve_use(self):
        """ Take one of the link's payments for a request, or refuse.

        Of two requests that come at once the second one waits here for the first, and is then
        started again by the framework, since it could not see it.

        Note: `self.ensure_one()`

        :raise MpesaRequestError: If open requests may still use the link up.
        """
        self.ensure_one()
        if not self.max_uses:
            return
        self.ask_number += 1
        # The log would quote the whole row of what is no error: two requests at once.
        with mute_logger('odoo.sql_db'):
            self.flush_recordset(['ask_number'])
        uses = self._count_uses(self.ids).get(self.id, 0)
        open_txs = self.env['payment.transaction'].sudo().search([
            ('mpesa_link_id', '=', self.id), ('mpesa_push_state', 'in', const.OPEN_PUSH_STATES),
            # After a day of questions only a person may still close it: nobody waits for that.
            ('mpesa_needs_person', '=', False),
        ])
        if uses + len(open_txs) >= self.max_uses:
            raise MpesaRequestError(self.env._(
                "A request by this link is open already, and the link takes no further one. No new"
                " request was sent. Do not pay again yet."
            ), 'link', tx=open_txs[:1] or None)

    def _cancel(self, reason):
        """ Close links for good; what is asked for by them already can still be paid.

        :param str reason: Why, for whoever looks later.
        :raise UserError: If a reason is missing.
        """
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office cancels payment links."))
        self.check_access('read')
        reason = (reason or '').strip()
        if not reason:
            raise UserError(self.env._(
                "The reason is missing. Nothing was cancelled. Say why, for whoever looks later."
            ))
        self._close(reason)

    def _close(self, reason):
        """ Note that links are cancelled, and why.

        :param str reason: Why.
        :return: None
        """
        # In sudo mode: nobody edits a link by hand.
        self.sudo().filtered(lambda link: not link.cancelled_at).write({
            'cancelled_at': fields.Datetime.now(),
            'cancelled_by_id': self.env.uid,
            'cancel_reason': reason,
        })
