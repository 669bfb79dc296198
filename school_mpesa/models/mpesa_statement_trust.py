from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .mpesa_statement_import import VERIFIED_BY_STATEMENT
from .mpesa_statement_line import BOOKED_KINDS


class MpesaStatement(models.Model):
    """A file that a person does not believe: from then on it says nothing.

    A file is Safaricom's word only as long as nobody has touched it (trust.md A34). Of two that
    contradict each other, somebody who imported neither says which one is right.
    """

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'mpesa.statement'
    _inherit = ['mpesa.statement', 'mail.thread']

    distrusted_by_id = fields.Many2one(
        string="Not Believed By", comodel_name='res.users', readonly=True, ondelete='restrict',
        help="Who has said that this file is not what Safaricom has.",
    )
    distrusted_at = fields.Datetime(
        string="Not Believed Since", readonly=True, help="When that was, stored in UTC.",
    )
    distrust_note = fields.Char(string="Not Believed Because", readonly=True)

    # === ACTION METHODS === #

    def action_distrust(self):
        """ Open the question why this file is not believed.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office, or imported the file.
        :raise UserError: If it is not believed already.
        """
        self.ensure_one()
        self._check_distrustable()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_statement_distrust_action'
            ),
            'context': {'dialog_size': 'medium', 'default_statement_id': self.id},
        }

    # === BUSINESS METHODS === #

    def _check_distrustable(self):
        """ Ensure that this user may say that the file is not believed.

        Note: `self.ensure_one()`

        :raise AccessError: If the user is not of the bursar's office, or imported the file or one
                            that contradicts it.
        :raise UserError: If it is not believed already.
        """
        self.ensure_one()
        self.check_access('read')
        # Neither of two files that contradict each other is its importer's to judge.
        for statement in self | self._find_contradicting():
            statement._check_second_person()
        if self.distrusted_at:
            raise UserError(self.env._(
                "%(name)s is marked as not believed by now. Nothing was changed. Read it again.",
                name=self.name,
            ))

    def _find_contradicting(self):
        """ Return the believed files of which one has a line that the other lacks, with this one.

        :rtype: mpesa.statement
        """
        self.ensure_one()
        Line = self.env['mpesa.statement.line']
        lacking = Line.search([
            ('statement_id', '=', self.id), ('disputed_by_id', '!=', False),
        ]).disputed_by_id
        having = Line.search([('disputed_by_id', '=', self.id)]).statement_id
        return (lacking | having).filtered(lambda other: not other.distrusted_at) - self

    def _distrust(self, note):
        """ Say that this file is not what Safaricom has.

        It disputes nothing any more and proves no day. What other files of its time have goes over
        to them; what nothing else tells of is disputed by its loss of trust.

        Note: `self.ensure_one()`

        :param str note: Why, for whoever looks later.
        :return: None
        :raise AccessError: If the user is not of the bursar's office, or imported the file.
        :raise UserError: If it is not believed already, the note is missing, or an import works.
        """
        self.ensure_one()
        note = (note or '').strip()
        if not note:
            raise UserError(self.env._(
                "The note is missing. Nothing was changed. Say what you found, for whoever looks at"
                " the books later."
            ))
        statement = self.sudo()
        if not self._try_lock_import(statement.provider_id):
            raise UserError(self.env._(
                "Somebody is importing a statement of %(shortcode)s at this moment. Nothing was"
                " changed. Try again in a minute.", shortcode=statement.shortcode,
            ))
        statement.lock_for_update(allow_referencing=True)
        self._check_distrustable()
        statement.write({
            'distrusted_by_id': self.env.user.id, 'distrusted_at': fields.Datetime.now(),
            'distrust_note': note,
        })
        statement.message_post(body=self.env._("This file is not believed: %(note)s", note=note))
        self.env.flush_all()
        moved = statement._hand_lines_over()
        freed = statement._free_disputed()
        statement._unmark_stated()
        self._dispute_alone(freed)
        statement._dispute_alone()
        self.env.invalidate_all(flush=False)
        self.env['mpesa.statement.line'].sudo().browse(moved + freed)._take_release_back()
        for name in ('cron_book_statements', 'cron_prove_news'):
            self.env.ref(f'school_mpesa.{name}').sudo()._trigger()

    def _hand_lines_over(self):
        """ Let the lines of a file that is not believed belong to another one that has them.

        :return: The ids of these lines.
        :rtype: list[int]
        """
        self.ensure_one()
        # Raw SQL, here and below: ten thousand lines at once.
        moved = self.env.execute_query(SQL(
            """
            WITH told AS (
                SELECT also.line_id, min(also.statement_id) AS statement_id
                  FROM mpesa_statement_line_also_rel also
                  JOIN mpesa_statement other ON other.id = also.statement_id
                 WHERE other.distrusted_at IS NULL GROUP BY also.line_id)
            UPDATE mpesa_statement_line line
               SET statement_id = told.statement_id, row_number = NULL,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM told WHERE told.line_id = line.id AND line.statement_id = %(statement)s
         RETURNING line.id
            """, statement=self.id,
        ))
        line_ids = [line_id for line_id, in moved]
        self._swap_also_on(line_ids)
        return line_ids

    def _take_lines_over(self, found):
        """ Let lines of files that are not believed belong to this file, which has them, too.

        What was in doubt stays so, until a second person has released this file. What the other
        file says of time and balance is worth nothing.

        :param dict found: The rows of this file that earlier ones brought, by the id of the line.
        :return: None
        """
        self.ensure_one()
        taken = self.env.execute_query(SQL(
            """
            SELECT line.id FROM mpesa_statement_line line
              JOIN mpesa_statement own ON own.id = line.statement_id
             WHERE line.id = ANY(%s) AND own.distrusted_at IS NOT NULL AND line.company_id = %s
            """, list(found), self.company_id.id,
        ))
        if not taken:
            return
        line_ids = [line_id for line_id, in taken]
        rows = [found[line_id] for line_id in line_ids]
        self.env.cr.execute(SQL(
            """
            UPDATE mpesa_statement_line line
               SET statement_id = %(statement)s, row_number = told.row_number,
                   completed_at = told.completed_at, to_minute = %(to_minute)s,
                   has_balance = told.balance IS NOT NULL, balance = coalesce(told.balance, 0),
                   dispute_note = CASE WHEN line.state = 'different' THEN line.dispute_note END,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM unnest(
                       %(ids)s::int[], %(rows)s::int[], %(moments)s::timestamp[],
                       %(balances)s::numeric[]
                   ) AS told(id, row_number, completed_at, balance)
             WHERE line.id = told.id
            """,
            statement=self.id, to_minute=self.to_minute, ids=line_ids,
            rows=[row.row for row in rows], moments=[row.completed_at_utc for row in rows],
            balances=[row.balance for row in rows],
        ))
        self._swap_also_on(line_ids)
        self._mark_stated(line_ids)

    def _take_refused_back(self, found):
        """ Let what a person called not real wait for a person again: this file has it, too.

        A payment is left out: Safaricom's own word on its code books it. Whoever brought the line
        first does not bring it back.

        :param list found: The ids of the lines of earlier files that stand in this one.
        :return: None
        """
        self.ensure_one()
        lines = self.env['mpesa.statement.line'].search([
            ('id', 'in', found), ('difference', '=', 'refused'), ('kind', 'in', BOOKED_KINDS),
            ('company_id', '=', self.company_id.id), ('create_uid', '!=', self.create_uid.id),
        ])
        lines.write({
            'state': 'new', 'difference': False, 'dispute_note': False, 'decided_as': False,
            'decided_by_id': False,
        })
        lines._take_release_back()
        self.env.flush_all()

    def _swap_also_on(self, line_ids):
        """ Forget that lines are on a further file, which by now is their own.

        :param list line_ids: The lines.
        :return: None
        """
        self.env.cr.execute(SQL(
            """
            DELETE FROM mpesa_statement_line_also_rel also USING mpesa_statement_line line
             WHERE line.id = also.line_id AND line.statement_id = also.statement_id
               AND line.id = ANY(%s)
            """, line_ids,
        ))

    def _free_disputed(self):
        """ Take back what a file that is not believed disputes, unless another one lacks it, too.

        What a person has refused stays refused: Safaricom's own word books it.

        :return: The ids of the lines that it disputed.
        :rtype: list[int]
        """
        self.ensure_one()
        freed = self.env.execute_query(SQL(
            """
            UPDATE mpesa_statement_line
               SET disputed_by_id = NULL, dispute_note = NULL, write_date = now() AT TIME ZONE 'UTC'
             WHERE disputed_by_id = %s AND difference IS DISTINCT FROM 'refused'
         RETURNING id
            """, self.id,
        ))
        line_ids = [line_id for line_id, in freed]
        self._dispute_by_others(line_ids)
        return line_ids

    def _dispute_alone(self, line_ids=None):
        """ Dispute lines by their own file's loss of trust: nothing else tells of them.

        :param list | None line_ids: Only these, or None for those of this file.
        :return: None
        """
        self.env.cr.execute(SQL(
            """
            UPDATE mpesa_statement_line line
               SET disputed_by_id = line.statement_id, dispute_note = NULL,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM mpesa_statement own
             WHERE own.id = line.statement_id AND own.distrusted_at IS NOT NULL
               AND line.told_on_wallet AND line.state <> 'different'
               AND (line.disputed_by_id IS NULL OR EXISTS (
                    SELECT FROM mpesa_statement former
                     WHERE former.id = line.disputed_by_id AND former.distrusted_at IS NOT NULL))
               AND %(which)s
               AND NOT EXISTS (
                    SELECT FROM mpesa_transaction movement
                     WHERE movement.id = line.mpesa_transaction_id
                       AND (movement.source <> 'statement'
                            OR coalesce(movement.verified_by, '') NOT IN ('', 'statement')))
            """, which=(
                SQL('line.statement_id = %s', self.id) if line_ids is None
                else SQL('line.id = ANY(%s)', line_ids)
            ),
        ))

    def _unmark_stated(self):
        """ Forget that this file told of movements.

        :return: None
        """
        self.ensure_one()
        self.env.cr.execute(SQL(
            """
            UPDATE mpesa_transaction movement
               SET stated_at = NULL, verified_by = NULLIF(array_to_string(array_remove(
                       string_to_array(movement.verified_by, ' '), 'statement'), ' '), '')
              FROM mpesa_statement_line line
             WHERE line.statement_id = %s AND movement.id = line.mpesa_transaction_id
            """, self.id,
        ))

    @api.model
    def _mark_stated(self, line_ids):
        """ Remember that a believed file tells of the movements of lines.

        :param list line_ids: The lines; of those that are in doubt nothing is remembered.
        :return: None
        """
        self.env.cr.execute(SQL(
            """
            UPDATE mpesa_transaction movement
               SET stated_at = %(now)s,
                   verified_by = CASE
                       WHEN movement.source = 'statement'
                       THEN movement.verified_by ELSE %(verified)s END
              FROM mpesa_statement_line line
             WHERE line.id = ANY(%(ids)s) AND movement.id = line.mpesa_transaction_id
               AND line.state <> 'different' AND line.disputed_by_id IS NULL
            """, ids=line_ids, now=fields.Datetime.now(), verified=VERIFIED_BY_STATEMENT,
        ))


class MpesaStatementLine(models.Model):
    """What becomes of lines whose file, or whose dispute, is not believed."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.statement.line'

    also_on_ids = fields.Many2many(
        string="Also On", comodel_name='mpesa.statement',
        relation='mpesa_statement_line_also_rel', column1='line_id', column2='statement_id',
        readonly=True, help="Later files that have this line, too.",
    )
    is_file_doubted = fields.Boolean(
        compute='_compute_is_file_doubted',
        help="Whether the file that brought the line is not believed, and nothing else tells of"
             " it.",
    )

    # === COMPUTE METHODS === #

    @api.depends('disputed_by_id.distrusted_at')
    def _compute_is_file_doubted(self):
        for line in self:
            line.is_file_doubted = bool(line.disputed_by_id.distrusted_at)

    # === BUSINESS METHODS === #

    def _believe(self, note):
        """ Say that a line is right, and the file that lacks it is not what Safaricom has.

        :param str note: What was found.
        :return: None
        :raise AccessError: If the user imported the line's file, or the one that lacks it.
        :raise UserError: If no other file that is believed disputes the line.
        """
        self.ensure_one()
        self.check_access('read')
        line = self.sudo()
        line.lock_for_update(allow_referencing=True)
        lacking = self.disputed_by_id
        if not lacking or line.dispute_note or line.is_file_doubted:
            raise UserError(self.env._(
                "No other file disputes line %(code)s by now. Nothing was changed. Read the list"
                " again.", code=self.receipt,
            ))
        # Neither of two files that contradict each other is its importer's to believe.
        for statement in self.statement_id | lacking:
            statement._check_second_person()
        lacking._distrust(note)
        line.write({'note': line.note or note, 'decided_by_id': self.env.user.id})

    def _take_release_back(self):
        """ Let statements that were released without some lines be released once more.

        :return: None
        """
        unbooked = self.filtered_domain(self._get_unreleased_domain()).filtered(
            lambda line: not line.disputed_by_id or line.is_file_doubted
        )
        for statement in unbooked.statement_id.filtered('released_at'):
            statement.write({'released_by_id': False, 'released_at': False})
            statement.message_post(body=self.env._(
                "Lines came to this file, or back to it, since another one is not believed. A"
                " second person looks at them and releases it once more."
            ))
