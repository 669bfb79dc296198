from odoo import models

from .. import daraja


class MpesaCallback(models.Model):
    """What an unbooked message says of money, for the proof of the day."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

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
