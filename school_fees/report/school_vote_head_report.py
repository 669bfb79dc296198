from odoo import api, fields, models
from odoo.tools import SQL

from .school_balance_report import AS_AT


class SchoolVoteHeadReport(models.Model):
    """What was charged and collected under each vote head.

    Odoo settles bills, not their lines. What was paid on a bill is counted towards its heads in
    their order of priority: each head is filled before the next one gets anything, and the last one
    takes the rest, so that the sum is the money that came in. With `school_as_at` in the context,
    payments after that day do not count.
    """

    _name = 'school.vote.head.report'
    _description = "Collection by Vote Head"
    _auto = False
    _order = 'bill_date desc, bill_id desc, id'
    _rec_name = 'vote_head_id'

    vote_head_id = fields.Many2one(
        string="Vote Head", comodel_name='school.vote.head', readonly=True,
    )
    bill_id = fields.Many2one(string="Bill", comodel_name='account.move', readonly=True)
    bill_date = fields.Date(string="Bill Date", readonly=True)
    student_id = fields.Many2one(string="Student", comodel_name='school.student', readonly=True)
    class_id = fields.Many2one(string="Class", comodel_name='school.class', readonly=True)
    level_id = fields.Many2one(string="Level", comodel_name='school.level', readonly=True)
    term_id = fields.Many2one(string="Term", comodel_name='school.term', readonly=True)
    charged = fields.Monetary(
        string="Charged", readonly=True, depends_context=AS_AT,
        help="Less concessions and credit notes.",
    )
    collected = fields.Monetary(string="Collected", readonly=True, depends_context=AS_AT)
    outstanding = fields.Monetary(string="Outstanding", readonly=True, depends_context=AS_AT)
    company_id = fields.Many2one(string="School", comodel_name='res.company', readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', readonly=True,
    )

    _depends = {
        'account.account': ['account_type'],
        'account.move': [
            'amount_total_signed', 'date', 'move_type', 'partner_id', 'state', 'student_id',
            'term_id',
        ],
        'account.move.line': ['account_id', 'balance', 'display_type', 'move_id', 'vote_head_id'],
        'account.partial.reconcile': ['amount', 'credit_move_id', 'debit_move_id', 'max_date'],
        'school.enrolment': ['class_id', 'date_from', 'date_to', 'level_id', 'student_id'],
        'school.vote.head': ['sequence'],
    }

    @property
    def _table_query(self):
        as_at = fields.Date.to_date(self.env.context.get('school_as_at'))
        # Each bill is worked out on its own, so that a list of one term reads that term's bills.
        return SQL(
            """SELECT move.id::bigint * 1000 + filled.place AS id, filled.vote_head_id,
                      move.id AS bill_id, move.date AS bill_date, move.student_id,
                      enrolment.class_id, enrolment.level_id, move.term_id, filled.charged,
                      filled.collected, filled.charged - filled.collected AS outstanding,
                      move.company_id, school.currency_id
                 FROM account_move move
                 JOIN school_student student
                   ON student.id = move.student_id AND student.partner_id = move.partner_id
                 JOIN res_company school ON school.id = move.company_id
                 LEFT JOIN school_term term ON term.id = move.term_id
                 LEFT JOIN school_enrolment enrolment
                   ON enrolment.student_id = move.student_id
                  AND enrolment.date_from <= GREATEST(move.date, term.date_from)
                  AND (enrolment.date_to IS NULL
                       OR enrolment.date_to >= GREATEST(move.date, term.date_from))
                CROSS JOIN LATERAL (%(filled)s) filled
                WHERE move.state = 'posted' AND move.move_type = 'out_invoice' AND %(condition)s""",
            filled=self._get_filled_query(
                SQL("partial.max_date <= %s", as_at) if as_at else SQL("TRUE"),
            ),
            condition=SQL("move.date <= %s", as_at) if as_at else SQL("TRUE"),
        )

    @api.model
    def _get_filled_query(self, settled):
        """ Return the query that counts the money paid on the bill `move` towards its heads.

        :param SQL settled: The condition on a `partial` to count.
        :return: A query of `vote_head_id`, its `place`, `charged` and `collected`.
        :rtype: SQL
        """
        return SQL(
            """SELECT item.vote_head_id, item.place, item.charged,
                      CASE WHEN item.place = item.places
                           THEN GREATEST(item.paid - item.before, 0)
                           ELSE LEAST(
                               GREATEST(item.paid - item.before, 0), GREATEST(item.charged, 0)
                           )
                       END AS collected
                 FROM (
                    SELECT charge.vote_head_id, charge.charged, money.paid,
                           SUM(GREATEST(charge.charged, 0)) OVER ordered
                               - GREATEST(charge.charged, 0) AS before,
                           ROW_NUMBER() OVER ordered AS place,
                           COUNT(*) OVER () AS places
                      FROM (%(charges)s) charge
                      LEFT JOIN school_vote_head head ON head.id = charge.vote_head_id
                     CROSS JOIN (%(money)s) money
                    WINDOW ordered AS (
                        ORDER BY head.sequence NULLS LAST, head.id NULLS LAST
                        ROWS UNBOUNDED PRECEDING
                    )
                 ) item""",
            charges=self._get_charges_query(settled),
            money=self._get_money_query(settled),
        )

    @api.model
    def _get_charges_query(self, settled):
        """ Return the query of what the bill `move` charges under each head.

        A credit note takes from the heads that it names, by as much of it as settles the bill.

        :param SQL settled: The condition on a `partial` to count.
        :return: A query of `vote_head_id` and `charged`.
        :rtype: SQL
        """
        return SQL(
            """SELECT part.vote_head_id, SUM(part.amount) AS charged
                 FROM (
                    SELECT line.vote_head_id, -line.balance AS amount
                      FROM account_move_line line
                     WHERE line.move_id = move.id
                       AND line.display_type NOT IN ('payment_term', 'line_section', 'line_note')
                     UNION ALL
                    SELECT line.vote_head_id,
                           -line.balance * partial.amount
                               / NULLIF(ABS(note.amount_total_signed), 0)
                      FROM account_move_line debit
                      JOIN account_partial_reconcile partial
                        ON partial.debit_move_id = debit.id AND %(settled)s
                      JOIN account_move_line credit ON credit.id = partial.credit_move_id
                      JOIN account_move note
                        ON note.id = credit.move_id AND note.move_type = 'out_refund'
                      JOIN account_move_line line ON line.move_id = note.id
                     WHERE debit.move_id = move.id
                       AND line.display_type NOT IN ('payment_term', 'line_section', 'line_note')
                 ) part
                GROUP BY part.vote_head_id""",
            settled=settled,
        )

    @api.model
    def _get_money_query(self, settled):
        """ Return the query of the money that settles the bill `move`.

        Credit notes and losses written off settle a bill, and are no money.

        :param SQL settled: The condition on a `partial` to count.
        :return: A query of `paid`.
        :rtype: SQL
        """
        return SQL(
            """SELECT COALESCE(SUM(partial.amount), 0) AS paid
                 FROM account_move_line debit
                 JOIN account_partial_reconcile partial
                   ON partial.debit_move_id = debit.id AND %(settled)s
                 JOIN account_move_line credit ON credit.id = partial.credit_move_id
                 JOIN account_move source
                   ON source.id = credit.move_id AND source.move_type <> 'out_refund'
                WHERE debit.move_id = move.id
                  AND NOT EXISTS (
                    SELECT FROM account_move_line other
                      JOIN account_account account ON account.id = other.account_id
                     WHERE other.move_id = source.id AND source.move_type = 'entry'
                       AND LEFT(account.account_type, 7) = 'expense'
                  )""",
            settled=settled,
        )
