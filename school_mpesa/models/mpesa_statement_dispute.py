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
        would add nothing and contradict nothing.

        :param list found: The ids of earlier lines that this file has, too.
        :return: None
        """
        self.ensure_one()
        self.env.flush_all()
        # Raw SQL: two statements for ten thousand lines. What is flagged already stays as it is.
        self.env.cr.execute(SQL(
            """
            UPDATE mpesa_statement_line line SET disputed_by_id = %(statement)s
             WHERE line.environment = %(environment)s AND line.shortcode = %(shortcode)s
               AND line.company_id = %(company)s AND line.statement_id <> %(statement)s
               AND line.told_on_wallet AND line.state <> 'different'
               AND line.disputed_by_id IS NULL
               -- Its last second may have gone on after the file was made.
               AND line.completed_at >= %(start)s AND line.completed_at < %(end)s
               AND NOT EXISTS (
                    SELECT 1 FROM unnest(%(found)s::int[]) AS met WHERE met = line.id)
            """,
            **self._get_cover(), found=found,
        ))
        # The other way round only by files that are whole: what is missing there may stand here.
        self.env.cr.execute(SQL(
            """
            UPDATE mpesa_statement_line line SET disputed_by_id = other.id
              FROM mpesa_statement other
             WHERE line.statement_id = %(statement)s AND line.told_on_wallet
               AND line.disputed_by_id IS NULL AND line.state <> 'different'
               AND other.environment = %(environment)s AND other.shortcode = %(shortcode)s
               AND other.company_id = %(company)s AND other.id <> %(statement)s
               AND other.gap_count = 0 AND other.unreadable_count = 0
               AND line.completed_at >= other.period_start AND line.completed_at < other.period_end
            """,
            **self._get_cover(),
        ))
        self.env.invalidate_all(flush=False)

    def _get_cover(self):
        """ Return what a file is of, as SQL takes it.

        :rtype: dict
        """
        self.ensure_one()
        return {
            'statement': self.id, 'environment': self.environment, 'shortcode': self.shortcode,
            'company': self.company_id.id, 'start': self.period_start, 'end': self.period_end,
        }
