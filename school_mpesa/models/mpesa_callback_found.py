import json
from datetime import datetime
from decimal import Decimal, InvalidOperation

from odoo import api, models

from .. import daraja, vault
from .mpesa_arrival import Arrival
from .mpesa_callback import APPEND


FOUND_ENDPOINTS = ('pull', 'statement', 'status')
HELD = 'statement'  # why a message is in quarantine; said in words where it is shown
NOT_A_PAYMENT = "It names no payment."


class MpesaCallback(models.Model):
    """Money that we found by asking: Pull, a statement, a status question.

    It goes through the inbox like every message, so that only the drain books, and each M-PESA
    code once (design section 3).
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.callback'

    @api.model
    def _append_found(self, provider, endpoint, payments, held=False):
        """ Put payments that were found into the inbox, and wake the drain.

        :param payment.provider provider: The shortcode that they were paid to.
        :param str endpoint: How they were found: 'pull', 'statement' or 'status'.
        :param list[dict] payments: Each with `receipt` (str), `amount` (Decimal, KES), `paid_at`
                                    (naive UTC), `account_reference`, `msisdn` and `name` (str, as
                                    Safaricom wrote them, each may be ''). Those of a statement
                                    also have `statement_line_id`.
        :param bool held: Whether they wait in quarantine until a second person releases their
                          statement, since a file is all that tells of them (trust.md A33).
        :return: How many were appended.
        :rtype: int
        """
        if endpoint not in FOUND_ENDPOINTS:
            raise ValueError(endpoint)
        for payment in payments:
            key, wrapped = vault.new_data_key()
            raw = json.dumps({
                'receipt': payment['receipt'],
                'amount': str(payment['amount']),
                'paid_at': payment['paid_at'].isoformat(timespec='seconds'),
                'account_reference': payment.get('account_reference') or '',
                'msisdn': payment.get('msisdn') or '',
                'name': payment.get('name') or '',
            }).encode()
            # The statement stays out of the log when it fails, since it carries the message.
            self.env.cr.execute(
                f'WITH {APPEND} SELECT 1',
                {
                    'wrapped': wrapped,
                    'endpoint': endpoint,
                    'provider_id': provider.id,
                    'company_id': provider.company_id.id,
                    'environment': provider.mpesa_environment,
                    'push_digest': None,
                    'body': vault.seal_bytes(key, raw),
                    'digest': vault.keyed_digest(key, raw),
                    'content_type': 'application/json',
                    'source': None,
                    'listed': True,  # We asked; nobody posted it.
                    'state': 'quarantined' if held else 'new',
                    'reason': HELD if held else None,
                    'statement_line_id': payment.get('statement_line_id'),
                },
                log_exceptions=False,
            )
        if payments and not held:
            self.env.ref('school_mpesa.cron_drain').sudo()._trigger()
        return len(payments)

    def _read_found(self, body):
        """ Turn a payment that was found into an arrival.

        :param bytes body: What :meth:`_append_found` wrote.
        :rtype: Arrival
        :raise UnreadableCallback: If it is not that.
        """
        self.ensure_one()
        try:
            told = json.loads(body)
            amount, paid_at = Decimal(told['amount']), datetime.fromisoformat(told['paid_at'])
            receipt, account = told['receipt'], told['account_reference']
            phone, name = told['msisdn'], told['name']
        except (ValueError, KeyError, TypeError, InvalidOperation):
            raise daraja.UnreadableCallback(NOT_A_PAYMENT) from None
        if not (receipt and amount.is_finite() and amount > 0):
            raise daraja.UnreadableCallback(NOT_A_PAYMENT)
        return Arrival(
            callback=self, source=self.endpoint, receipt=receipt, amount=amount,
            paid_at=self._get_moment(paid_at), phone=phone, name=name, account_reference=account,
        )
