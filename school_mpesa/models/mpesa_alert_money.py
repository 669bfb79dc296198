from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .. import proof
from .mpesa_alert import Cause
from .mpesa_day_facts import exact


DAYS = 31  # of which the proofs are looked at; the movements of the last two days themselves


class MpesaAlert(models.Model):
    """The cause that matters most: money of which the books do not say where it is."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.alert'

    # === BUSINESS METHODS === #

    @api.model
    def _get_checks(self):
        """ Override of `school_mpesa` to add the money. """
        return {**super()._get_checks(), 'conservation': '_check_conservation'}

    @api.model
    def _check_conservation(self, providers):
        """ Find the shortcodes where received money is not where it must be, to the cent.

        Each payment is on students, in suspense or moved on from there, or went back. Earlier days
        were compared by their proof, which is read here.

        :param payment.provider providers: The enabled shortcodes.
        :rtype: list[Cause]
        """
        today = self.env['mpesa.transaction']._get_eat_day(fields.Datetime.now())
        recent = {}
        for provider in providers:
            count, amount = self._find_unaccounted(
                provider, proof.get_day_bounds(today - timedelta(days=1))[0],
            )
            if count:
                recent[provider] = (count, amount)
        days = dict(self.env['mpesa.day.close']._read_group([
            ('provider_id', 'in', providers.ids), ('unaccounted', '!=', 0),
            ('day', '>=', today - timedelta(days=DAYS)), ('day', '<', today - timedelta(days=1)),
        ], ['provider_id'], ['__count']))
        return [
            Cause(
                'conservation', 'critical', provider.company_id, provider,
                float(recent.get(provider, (0, 0))[1]), 0, {
                    'count': recent.get(provider, (0, 0))[0], 'days': days.get(provider, 0),
                },
            )
            for provider in providers if provider in recent or provider in days
        ]

    @api.model
    def _find_unaccounted(self, provider, since):
        """ Find the payments of which the ledger holds another amount, or nothing.

        :param payment.provider provider: The shortcode.
        :param datetime since: From which moment of paying on, naive UTC.
        :return: (how many, what the ledger lacks of them in KES; less than zero when it holds more)
        :rtype: tuple[int, Decimal]
        """
        self.env.flush_all()
        # Raw SQL: what the ledger holds of each payment is beyond a domain. It reads two days by
        # the index on the moment of paying.
        (count, amount), = self.env.execute_query(SQL(
            """
            SELECT COUNT(*), SUM(movement.amount - ledger.held)
              FROM mpesa_transaction movement
         LEFT JOIN school_receipt receipt
                ON receipt.id = movement.receipt_id AND receipt.state = 'posted'
         LEFT JOIN account_payment suspense
                ON suspense.id = movement.suspense_payment_id AND suspense.state <> 'canceled'
        CROSS JOIN LATERAL (
                   SELECT CASE
                     WHEN receipt.id IS NOT NULL THEN (
                          SELECT COALESCE(-SUM(item.balance), 0)
                            FROM school_receipt_line share
                            JOIN account_move_line item
                              ON item.id = share.move_line_id AND item.parent_state = 'posted'
                           WHERE share.receipt_id = receipt.id)
                     WHEN suspense.id IS NOT NULL THEN (
                          SELECT COALESCE(-SUM(item.balance), 0)
                            FROM account_move_line item
                           WHERE item.move_id = suspense.move_id
                             AND item.account_id = suspense.destination_account_id
                             AND item.parent_state = 'posted')
                     ELSE (
                          SELECT COALESCE(SUM(back.amount), 0)
                            FROM mpesa_transaction back
                           WHERE back.reverses_id = movement.id AND back.kind = 'reversal')
                   END AS held) ledger
             WHERE movement.environment = %(environment)s
               AND movement.shortcode = %(shortcode)s AND movement.paid_at >= %(since)s
               AND movement.kind = 'payment' AND movement.direction = 'in'
               AND movement.denial_state IS DISTINCT FROM 'denied'
               AND movement.amount <> ledger.held
            """,
            environment=provider.mpesa_environment, shortcode=provider.mpesa_shortcode,
            since=since,
        ))
        return count, exact(amount or 0)
