from datetime import time, timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .mpesa_statement_check import MINUTE


# An import that contradicts earlier files on more lines than this, or on more than a fifth of what
# it covers, is no matter of single lines. A few are a person's to decide, however short the file.
MOST_DISPUTED = 20
FEW_DISPUTED = 3


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

    def _dispute(self, found, contradicted=()):
        """ Flag the lines that only one of two files has which both cover their time.

        Without this, an invented row vouches for itself for ever: the genuine file that comes later
        would add nothing and contradict nothing. A file that is not whole, or has no line at all,
        says nothing about what it lacks, and one that is not believed says nothing at all.

        :param list found: The ids of earlier lines that this file has, too.
        :param list contradicted: The ids of earlier lines that it has otherwise.
        :return: None
        :raise UserError: If so much differs that one of the files is no statement.
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
        cover = self._get_cover()
        # Where a line stands otherwise in this file, it says so, whole or not.
        contradicting = self.env.execute_query(SQL(
            """
            UPDATE mpesa_statement_line line
               SET disputed_by_id = %(statement)s, dispute_note = NULL,
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE line.id = ANY(%(contradicted)s) AND line.company_id = %(company)s
               AND line.statement_id <> %(statement)s AND line.state <> 'different'
               AND line.disputed_by_id IS NULL
         RETURNING line.statement_id
            """, contradicted=list(contradicted), **cover,
        ))
        if self._is_whole():
            contradicting += self.env.execute_query(SQL(
                """
                UPDATE mpesa_statement_line line
                   SET disputed_by_id = %(statement)s, dispute_note = NULL,
                       write_date = now() AT TIME ZONE 'UTC'
                 WHERE line.environment = %(environment)s AND line.shortcode = %(shortcode)s
                   AND line.company_id = %(company)s AND line.statement_id <> %(statement)s
                   AND line.told_on_wallet AND line.state <> 'different'
                   AND line.disputed_by_id IS NULL AND %(is_covered)s
                   AND NOT EXISTS (
                        SELECT 1 FROM unnest(%(found)s::int[]) AS met WHERE met = line.id)
             RETURNING line.statement_id
                """,
                **cover, found=found,
            ))
        contradicting = [statement_id for statement_id, in contradicting]
        own = self.env.execute_query(SQL(
            'SELECT id FROM mpesa_statement_line WHERE statement_id = %s', self.id,
        ))
        contradicting += self._dispute_by_others([line_id for line_id, in own])
        self._check_disputes(contradicting, cover)
        self.env.invalidate_all(flush=False)

    def _check_disputes(self, contradicting, cover):
        """ Ensure that this file and the earlier ones tell of the same time.

        Where they tell of much that the other has not, one of them was cut or changed, and to flag
        hundreds of lines would only hide which.

        :param list contradicting: The id of the other file, for each line that only one of two has.
        :param dict cover: As :meth:`_get_cover` returns it.
        :return: None
        :raise UserError: If that is so; nothing is kept of the import.
        """
        self.ensure_one()
        count = len(contradicting)
        (covered,), = self.env.execute_query(SQL(
            """
            SELECT count(*) FROM mpesa_statement_line line
             WHERE line.environment = %(environment)s AND line.shortcode = %(shortcode)s
               AND line.company_id = %(company)s AND line.told_on_wallet
               AND line.state <> 'different' AND %(is_covered)s
            """, **cover,
        ))
        if count <= MOST_DISPUTED and (count <= FEW_DISPUTED or count * 5 <= covered):
            return
        others = self.browse(sorted(set(contradicting)))
        raise UserError(self.env._(
            "This file and %(names)s are of the same time and do not agree: %(count)s lines are on"
            " one of them only. One of the two is not what Safaricom has. Nothing was imported, and"
            " the books are as before. Download the statement again and import it as it is, without"
            " opening it in a spreadsheet. If it is refused again, the earlier file is the wrong"
            " one: a person who did not import that looks at it, and says on its form that it is"
            " not believed. Then import this one.",
            names=', '.join(others[:3].mapped('name')), count=count,
        ))

    def _dispute_by_others(self, line_ids):
        """ Flag lines that another whole file lacks which covers their time.

        :param list line_ids: Lines of this shortcode and of the time of this file.
        :return: The id of the other file, for each line.
        :rtype: list[int]
        """
        self.ensure_one()
        contradicting = []
        others = self.search([
            ('environment', '=', self.environment), ('shortcode', '=', self.shortcode),
            ('company_id', '=', self.company_id.id), ('id', '!=', self.id),
            ('period_start', '<=', self.period_end), ('period_end', '>=', self.period_start),
        ], order='id').filtered(lambda other: other._is_whole())
        for other in others:
            # What stays in doubt only since its first file is not believed is lacking by now.
            lacking = self.env.execute_query(SQL(
                """
                UPDATE mpesa_statement_line line
                   SET disputed_by_id = %(statement)s, dispute_note = NULL,
                       write_date = now() AT TIME ZONE 'UTC'
                 WHERE line.id = ANY(%(ids)s) AND line.told_on_wallet
                   AND line.statement_id <> %(statement)s AND line.state <> 'different'
                   AND (line.disputed_by_id IS NULL OR EXISTS (
                        SELECT FROM mpesa_statement former
                         WHERE former.id = line.disputed_by_id
                           AND former.distrusted_at IS NOT NULL))
                   AND %(is_covered)s
                   AND NOT EXISTS (
                        SELECT FROM mpesa_statement_line_also_rel also
                         WHERE also.line_id = line.id AND also.statement_id = %(statement)s)
             RETURNING line.id
                """,
                ids=line_ids, **other._get_cover(),
            ))
            contradicting += [other.id] * len(lacking)
        return contradicting

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

        The last second of a file that ends within a day may have gone on after it was made; of one
        that tells no seconds, its first and last minute prove nothing.

        :rtype: dict
        """
        self.ensure_one()
        end = self.period_end
        ends_with_day = (end + timedelta(hours=3, seconds=1)).time() == time(0)
        if ends_with_day:
            end += timedelta(seconds=1)
        # Without seconds, the file may begin and end anywhere within its outer minutes.
        start = self.period_start + (MINUTE if self.to_minute else timedelta(0))
        end = end.replace(second=0) if self.to_minute else end
        return {
            'statement': self.id, 'environment': self.environment, 'shortcode': self.shortcode,
            'company': self.company_id.id, 'start': start, 'end': end,
            'is_covered': SQL(
                "line.completed_at >= %(start)s AND line.completed_at < %(end)s"
                " AND (line.to_minute IS NOT TRUE"
                " OR line.completed_at + interval '1 minute' <= %(end)s)",
                start=start, end=end,
            ),
        }
