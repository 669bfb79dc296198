from decimal import Decimal

from odoo import api, models

from .. import daraja
from .mpesa_callback_found import FOUND_ENDPOINTS


MONEY_ENDPOINTS = ('stk', 'confirmation', *FOUND_ENDPOINTS)
OPEN_STATES = ('new', 'parked', 'conflict', 'unreadable', 'quarantined')


class MpesaCallback(models.Model):
    """What an unbooked message says of money, for the proof of the day."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    @api.model
    def _read_waiting_money(self, providers):
        """ Return what the messages tell of money that are not booked, by shortcode.

        Few wait at any time; they are decrypted, and only code, amount and moment are kept.

        :param payment.provider providers: The shortcodes.
        :return: By provider's id (receipt, KES, naive UTC, state of the message) tuples.
        :rtype: dict[int, list[tuple]]
        """
        return {
            provider.id: self.search([
                ('provider_id', '=', provider.id), ('state', 'in', OPEN_STATES),
                ('endpoint', 'in', MONEY_ENDPOINTS),
            ])._read_all_money()
            for provider in providers
        }

    def _read_all_money(self):
        """ Return what these messages tell of money; those that tell of none are left out.

        :return: (receipt, KES, naive UTC, state of the message) tuples.
        :rtype: list[tuple]
        """
        # What a statement's line brought stands on that line, to be read without a key.
        by_line = self.filtered('statement_line_id')
        told = [
            (line.receipt, Decimal(str(line.amount)), callback._get_moment(line.completed_at),
             callback.state)
            for callback in by_line for line in callback.statement_line_id
        ]
        for callback, body in (self - by_line)._read_bodies().items():
            news = body and callback._read_money(body)
            if news:
                told.append((*news, callback.state))
        return told

    def _read_money(self, body):
        """ Return what a message tells of money, whether it can be booked or not.

        :param bytes body: Its bytes.
        :return: (receipt, KES, naive UTC), or None when it tells of none.
        :rtype: tuple[str, Decimal, datetime] | None
        """
        self.ensure_one()
        try:
            if self.endpoint == 'stk':
                news = daraja.parse_stk_callback(body)
                if not (news.paid and news.receipt and news.amount):
                    return None
                told = news.receipt, news.amount, news.paid_at_utc
            elif self.endpoint == 'confirmation':
                news = daraja.parse_c2b(body)
                told = news.receipt, news.amount, news.paid_at_utc
            else:
                news = self._read_found(body)
                told = news.receipt, news.amount, news.paid_at
        except daraja.UnreadableCallback:
            return None
        return (*told[:2], self._get_moment(told[2]))
