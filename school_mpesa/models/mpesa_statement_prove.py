from datetime import timedelta

from odoo import api, fields, models


BOOKED_BY_THEN = timedelta(minutes=1)  # The drain is woken at once.


class MpesaStatement(models.Model):
    """A statement proves its days, as soon as what it brought is booked."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    # === BUSINESS METHODS === #

    @api.model
    def _import(self, provider, told, file_name='', content=b''):
        """ Override of `school_mpesa` to prove the days that the file tells of. """
        statement = super()._import(provider, told, file_name=file_name, content=content)
        self.env.ref('school_mpesa.cron_prove_news').sudo()._trigger(
            at=fields.Datetime.now() + BOOKED_BY_THEN,
        )
        return statement

    def _get_windows(self):
        """ Return what these statements cover.

        :return: (start, end) of each, naive UTC, both ends included.
        :rtype: list[tuple[datetime, datetime]]
        """
        return [(statement.period_start, statement.period_end) for statement in self]


class MpesaStatementLine(models.Model):
    """A line is read by its day."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    _wallet_idx = models.Index("(environment, shortcode, completed_at)")
