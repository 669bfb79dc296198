from datetime import time, timedelta

from odoo import fields, models
from odoo.tools import SQL


class MpesaStatementLine(models.Model):
    """Lines that another file should have, and does not: one of the two files is not genuine."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    disputed_by_id = fields.Many2one(
        string="Not On", comodel_name='mpesa.statement', readonly=True, index='btree_not_null',
        ondelete='restrict', check_company=True,
        help="A statement that covers this time and does not have this line. Until a person has"
             " found out which of the two files is right, the line proves nothing.",
    )
    dispute_note = fields.Char(string="Found Out", readonly=True)


class MpesaStatement(models.Model):
    """What a file lacks that another one of the same time has."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement'

    def _dispute(self, found):
        """ Flag the lines that only one of two files has which both cover their time.

        Without this, an invented row vouches for itself for ever: the genuine file that comes later
        would add nothing and contradict nothing. A file that is not whole, or has no line at all,
        says nothing about what it lacks, and one that is not believed says nothing at all.

        :param list found: The ids of earlier lines that this file has, too.
        :return: None
        """
        self.ensure_one()
        self.env.flush_all()
        # Raw SQL: ten thousand lines at once. What is flagged already stays as it is. The other way
        # round, what this file adds is disputed by those that cover its time.
        self.env.cr.execute(SQL(
            """
            INSERT INTO mpesa_statement_line_also_rel (line_id, statement_id)
            SELECT id, %(statement)s FROM mpesa_statement_line
             WHERE id = ANY(%(found)s) AND company_id = %(company)s
               AND statement_id <> %(statement)s
                ON CONFLICT DO NOTHING
            """, statement=self.id, company=self.company_id.id, found=found,
        ))
        if self._is_whole():
            self.env.cr.execute(SQL(
                """
                UPDATE mpesa_statement_line line
                   SET disputed_by_id = %(statement)s, dispute_note = NULL
                 WHERE line.environment = %(environment)s AND line.shortcode = %(shortcode)s
                   AND line.company_id = %(company)s AND line.statement_id <> %(statement)s
                   AND line.told_on_wallet AND line.state <> 'different'
                   AND line.disputed_by_id IS NULL
                   AND line.completed_at >= %(start)s AND line.completed_at < %(end)s
                   AND NOT EXISTS (
                        SELECT 1 FROM unnest(%(found)s::int[]) AS met WHERE met = line.id)
                """,
                **self._get_cover(), found=found,
            ))
        own = self.env.execute_query(SQL(
            'SELECT id FROM mpesa_statement_line WHERE statement_id = %s', self.id,
        ))
        self._dispute_by_others([line_id for line_id, in own])
        self.env.invalidate_all(flush=False)

    def _dispute_by_others(self, line_ids):
        """ Flag lines that another whole file lacks which covers their time.

        :param list line_ids: Lines of this shortcode and of the time of this file.
        :return: None
        """
        self.ensure_one()
        others = self.search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('company_id', '=', self.company_id.id), ('id', '!=', self.id),
            ('period_start', '<=', self.period_end), ('period_end', '>=', self.period_start),
        ], order='id').filtered(lambda other: other._is_whole())
        for other in others:
            # What stays in doubt only since its first file is not believed is lacking by now.
            self.env.cr.execute(SQL(
                """
                UPDATE mpesa_statement_line line
                   SET disputed_by_id = %(statement)s, dispute_note = NULL
                 WHERE line.id = ANY(%(ids)s) AND line.told_on_wallet
                   AND line.statement_id <> %(statement)s AND line.state <> 'different'
                   AND (line.disputed_by_id IS NULL OR EXISTS (
                        SELECT FROM mpesa_statement former
                         WHERE former.id = line.disputed_by_id
                           AND former.distrusted_at IS NOT NULL))
                   AND line.completed_at >= %(start)s AND line.completed_at < %(end)s
                   AND NOT EXISTS (
                        SELECT FROM mpesa_statement_line_also_rel also
                         WHERE also.line_id = line.id AND also.statement_id = %(statement)s)
                """,
                ids=line_ids, **other._get_cover(),
            ))

    def _is_whole(self):
        """ Tell whether a file has everything that happened in its time, and is believed.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.payment_count or self.charge_count or self.sweep_count
                    or self.withdrawal_count or self.reversal_count or self.other_count) and not (
            self.gap_count or self.unreadable_count or self.distrusted_at
        )

    def _get_cover(self):
        """ Return what a file is of and what it covers, as SQL takes it.

        The last second of a file that ends within a day may have gone on after it was made.

        :rtype: dict
        """
        self.ensure_one()
        end = self.period_end
        ends_with_day = (end + timedelta(hours=3, seconds=1)).time() == time(0)
        return {
            'statement': self.id, 'environment': self.environment, 'shortcode': self.shortcode,
            'company': self.company_id.id, 'start': self.period_start,
            'end': end + timedelta(seconds=1) if ends_with_day else end,
        }
