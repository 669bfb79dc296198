from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from .. import const, proof
from .mpesa_money_back import OPEN_STATES


class MpesaMoneyBack(models.Model):
    """Asking, approving, refusing: who may, within which limits, and until when."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.money.back'

    # === ACTION METHODS === #

    def action_approve(self):
        """ Approve it, which sends the order to Safaricom.

        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If the user asked for it, it waits no more, or it cannot go back now.
        """
        for order in self:
            order_sudo = order._lock_asked()
            order._check_second_person(order_sudo.asked_by_id)
            if order_sudo.expires_at <= fields.Datetime.now():
                raise UserError(self.env._(
                    "%(number)s has waited too long for a second person. Nothing was sent. Ask"
                    " for it again.", number=order_sudo.number,
                ))
            order_sudo._check_possible()
            order_sudo._check_day_limit()
            order_sudo._decide('approved', self.env.user)
            self.env['mpesa.command']._queue(
                order_sudo.provider_id, 'reversal', money_back_id=order_sudo.id,
                receipt=order_sudo.mpesa_transaction_id.receipt, asked_by_id=self.env.uid,
            )

    def action_refuse(self):
        """ Refuse it; the person who asked may take it back so.

        :return: None
        :raise AccessError: If the user is neither an approver nor the person who asked.
        :raise UserError: If it waits no more.
        """
        for order in self:
            order_sudo = order._lock_asked()
            if order_sudo.asked_by_id != self.env.user:
                order._check_role('school_fees.group_approver')
            order_sudo._decide('refused', self.env.user)

    def action_not_given_back(self):
        """ Say that the money never went back, where Safaricom has not told in a day.

        :return: None
        :raise AccessError: If the user is no approver.
        :raise UserError: If the user asked for it, or Safaricom may still tell.
        """
        for order in self:
            order_sudo = order._lock_one()
            order._check_second_person(order_sudo.asked_by_id)
            if order_sudo._waits_for_statement():
                raise UserError(self.env._(
                    "Safaricom has said of %(number)s that it went back, or things that do not fit"
                    " together. Nothing was changed. Import the statement that has all of that"
                    " day: if it went back, it is booked by itself; if not, you can say so then.",
                    number=order_sudo.number,
                ))
            if not order_sudo._can_be_closed():
                raise UserError(self.env._(
                    "What became of %(number)s is known, or Safaricom may still tell: its answers"
                    " have come a day late. Nothing was changed.", number=order_sudo.number,
                ))
            order_sudo.write({'state': 'failed', 'closed_by_id': self.env.user.id})
            order_sudo.command_ids.needs_person = False

    def action_ask_safaricom(self):
        """ Ask Safaricom what became of the order.

        :return: The action that shows the question and its answer.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If it cannot be asked.
        """
        self.ensure_one()
        Command = self.env['mpesa.command']
        Command._check_office()
        order_sudo = self._lock_one()
        Command._count_question()
        question = order_sudo.command_ids._ask_about_order()
        if not question:
            raise UserError(self.env._(
                "What became of %(number)s is known, or is being asked, or Safaricom cannot be"
                " asked by the name of the order. Nothing was asked.", number=order_sudo.number,
            ))
        question.asked_by_id = self.env.user
        return question._get_view_action()

    # === BUSINESS METHODS === #

    @api.model
    def _ask(self, movement, reason):
        """ Ask to give a payment back; nothing is sent before another person approves it.

        :param mpesa.transaction movement: The payment.
        :param str reason: Why, in words.
        :return: In sudo mode: nobody may write these by hand.
        :rtype: mpesa.money.back
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If the payment cannot go back, or the reason is missing.
        """
        self._check_role('school_fees.group_bursar')
        if not (reason or '').strip():
            raise UserError(self.env._(
                "The reason is missing. Nothing was asked. Say why, for the second person and for"
                " whoever looks at the books later."
            ))
        movement_sudo = movement._lock_one()
        values = {
            'mpesa_transaction_id': movement_sudo.id,
            'provider_id': movement_sudo.provider_id.id,
            'company_id': movement_sudo.company_id.id,
            'currency_id': movement_sudo.currency_id.id,
            'amount': movement_sudo.amount,
            'whose': movement_sudo._get_whose(),
            'reason': reason.strip(),
            'asked_by_id': self.env.uid,
            'expires_at': (
                fields.Datetime.now() + timedelta(hours=const.MONEY_BACK_WAITING_HOURS)
            ),
        }
        Order = self._as_office().with_company(movement_sudo.company_id)
        Order.new(values)._check_possible()
        if self.sudo().search_count([
            ('mpesa_transaction_id', '=', movement_sudo.id), ('state', 'in', OPEN_STATES),
        ], limit=1):
            raise UserError(self.env._(
                "This payment is being given back already. Nothing was asked. Look under M-PESA,"
                " Money Back."
            ))
        return Order.create({
            **values, 'number': Order.env['ir.sequence'].next_by_code('mpesa.money.back'),
        })

    def _lock_asked(self):
        """ Lock one that waits for a second person, and return it for office work.

        :rtype: mpesa.money.back
        :raise UserError: If it waits no more.
        """
        order_sudo = self._lock_one()
        if order_sudo.state != 'asked':
            raise UserError(self.env._(
                "%(number)s waits for nobody. Nothing was changed.", number=order_sudo.number,
            ))
        return order_sudo

    def _decide(self, state, user):
        """ Note who decided.

        :param str state: 'approved' or 'refused'.
        :param res.users user: The person.
        :return: None
        """
        self.write({
            'state': state, 'decided_by_id': user.id, 'decided_at': fields.Datetime.now(),
        })

    def _check_possible(self):
        """ Ensure that the payment can go back at this moment.

        :return: None
        :raise UserError: If not; no money was moved.
        """
        self.ensure_one()
        if problem := self._find_problem():
            raise UserError(self.env._(
                "%(problem)s No money was moved.", problem=problem,
            ))

    def _find_problem(self):
        """ Say why the payment cannot go back at this moment, '' when it can.

        :rtype: str
        """
        self.ensure_one()
        payment = self.mpesa_transaction_id
        if problem := payment._find_money_back_problem():
            return problem
        if payment._get_whose() != (self.whose or ''):
            return self.env._(
                "%(code)s is on another student or another receipt than when it was asked back."
                " Refuse this and ask again, so that both people see whose money it is.",
                code=payment.receipt,
            )
        return ''

    def _check_day_limit(self):
        """ Ensure that the shortcode gives back no more in a day than its limit.

        :return: None
        :raise UserError: If it would.
        """
        self.ensure_one()
        provider = self.provider_id
        # Of two approvals at once, the second one is run again by the framework and then sees the
        # first.
        provider.mpesa_money_back_count += 1
        with mute_logger('odoo.sql_db'):  # It would quote the whole row of what is no error.
            provider.flush_recordset(['mpesa_money_back_count'])
        day = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())
        start, _end = proof.get_day_bounds(day)
        given = sum(self.search([
            ('provider_id', '=', provider.id), ('decided_at', '>=', start),
            ('state', 'in', ('approved', 'sent', 'unknown', 'done')),
        ]).mapped('amount'))
        most = provider.mpesa_money_back_most_per_day
        if self.currency_id.compare_amounts(given + self.amount, most) > 0:
            raise UserError(self.env._(
                "%(shortcode)s may give back %(most)s a day, and %(given)s of that are approved"
                " today. No money was moved. Approve this tomorrow, or let the administrator raise"
                " the limit at the M-PESA shortcode.", shortcode=provider.mpesa_shortcode,
                most=self.currency_id._format_plain(most),
                given=self.currency_id._format_plain(given),
            ))

    # === SCHEDULED ACTION === #

    @api.model
    def _cron_expire(self):
        """ End what nobody approved in time.

        :return: None
        """
        self.search([
            ('state', '=', 'asked'), ('expires_at', '<=', fields.Datetime.now()),
        ]).state = 'expired'
