from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..rules import standing


# An array, and no join, so that PostgreSQL walks the index by account and partner.
RECEIVABLE = SQL(
    "line.account_id = ANY(ARRAY("
    "SELECT id FROM account_account WHERE account_type = 'asset_receivable'))",
)

class SchoolStatement(models.AbstractModel):
    """The account of a student, from which every figure on screen, paper, portal and list comes.

    Raw SQL, since a running balance over ten years of history must come in a moment and the ORM has
    no window functions. What a query reads beyond the user's own rights to journal items is guarded
    by the right to the student, which is checked first.
    """

    _name = 'school.statement'
    _description = "Fee Statement"

    # === BUSINESS METHODS === #

    @api.model
    def _get_statements(self, students, date_from=None, date_to=None):
        """ Return the statements of students for a period.

        The number of queries does not depend on the number of students.

        :param school.student students: The students.
        :param date date_from: The first day; what was before makes the opening balance. Empty:
                               since always.
        :param date date_to: The last day. Empty: all that is posted, so that the closing balance
                             is the student's balance now.
        :return: For each student `student`, `rights` as in :meth:`_get_reader_rights`, `currency`,
                 `date_from`, `date_to`, `opening`, `charged`, `credited` and `closing` (amounts in
                 the currency of the school; what is owed is above zero), `rows` as in
                 :meth:`_read_rows`, and `open` as in :meth:`_get_open_items` on the last day.
        :rtype: dict[school.student, dict]
        :raise AccessError: If the user may not see a student, or the student's amounts.
        """
        students.check_access('read')
        rights = self._get_reader_rights(students)
        if not all(right['amounts'] for right in rights.values()):
            raise AccessError(self.env._(
                "The amounts of this student are not shown to you. Ask the school office if you"
                " need them."
            ))
        self.env.flush_all()
        openings = self._read_openings(students, date_from) if date_from else {}
        rows_by_student = self._read_rows(students, date_from, date_to)
        open_by_student = self._get_open_items(students, date_to)
        statements = {}
        for student in students:
            rows = rows_by_student.get(student.id, [])
            opening = openings.get(student.id, 0.0)
            statements[student] = {
                'student': student,
                'rights': rights[student],
                'currency': student.currency_id,
                'date_from': date_from,
                'date_to': date_to,
                'opening': opening,
                'charged': sum(row['amount'] for row in rows if row['amount'] > 0),
                'credited': -sum(row['amount'] for row in rows if row['amount'] < 0),
                'closing': rows[-1]['balance'] if rows else opening,
                'rows': rows,
                'open': open_by_student[student],
            }
        self._describe_rows(statements)
        return statements

    @api.model
    def _get_open_items(self, students, date=None):
        """ Return what is open on students' accounts, by standing.

        :param school.student students: The students.
        :param date date: The day. Empty: now.
        :return: For each student the total of each `rules.standing.STANDINGS`, `next_due`, the
                 first due date that is not yet past, or None, and `items`: the `move_id`,
                 `term_id`, `due`, `residual` and `standing` of each, oldest due first.
        :rtype: dict[school.student, dict]
        """
        day = date or fields.Date.context_today(self)
        terms = self._get_current_terms(students.company_id, day)
        result = {
            student: {**dict.fromkeys(standing.STANDINGS, 0.0), 'next_due': None, 'items': []}
            for student in students
        }
        if not students:
            return result
        self.env.flush_all()
        by_id = {student.id: student for student in students}
        rows = self.env.execute_query_dict(SQL(
            "SELECT item.*, move.term_id FROM (%s) item"
            " JOIN account_move move ON move.id = item.move_id"
            " ORDER BY item.due, item.line_id",
            self._get_open_items_query(SQL("student.id IN %s", students._ids), date),
        ))
        for row in rows:
            student = by_id[row['student_id']]
            account = result[student]
            row['standing'] = standing.classify(
                row['residual'], row['due'], day, row['term_id'],
                terms.get(student.company_id),
            )
            account[row['standing']] += row['residual']
            account['items'].append(row)
            if row['residual'] > 0 and row['due'] >= day and not account['next_due']:
                account['next_due'] = row['due']
        return result

    @api.model
    def _get_current_terms(self, companies, day):
        """ Return the id of the term that runs on a day, or ran last, in each school.

        :param res.company companies: The schools.
        :param date day: The day.
        :rtype: dict[res.company, int]
        """
        # Guardians may not read terms; that there is one is no secret.
        terms_sudo = self.env['school.term'].sudo().search_fetch([
            ('company_id', 'in', companies.ids), ('date_from', '<=', day),
        ], ['company_id', 'date_from'], order='date_from')
        return {term.company_id.with_env(self.env): term.id for term in terms_sudo}

    # === QUERIES === #

    @api.model
    def _get_open_items_query(self, condition, date=None):
        """ Return the query of open items on students' receivable accounts.

        Now, it reads through Odoo's index of items not reconciled. On a past day the settlements
        made after it are undone: what Odoo calls residual is that of today. An item that was open
        then is open still, or was settled later; so no other is read.

        :param SQL condition: A condition on `student`.
        :param date date: The day. Empty: now.
        :return: A query of `student_id`, `line_id`, `move_id`, `due` and `residual`.
        :rtype: SQL
        """
        if not date:
            return self._get_unreconciled_query(condition, SQL("TRUE"))
        return SQL(
            """SELECT item.student_id, item.line_id, item.move_id, item.due,
                      SUM(item.residual) AS residual
                 FROM (
                        %(unreconciled)s
                     UNION ALL
                        SELECT student.id, line.id, line.move_id,
                               COALESCE(line.date_maturity, line.date), settled.amount
                          FROM (
                                SELECT debit_move_id AS line_id, amount
                                  FROM account_partial_reconcile WHERE max_date > %(date)s
                                 UNION ALL
                                SELECT credit_move_id, -amount
                                  FROM account_partial_reconcile WHERE max_date > %(date)s
                               ) settled
                          JOIN account_move_line line ON line.id = settled.line_id
                          JOIN school_student student
                            ON student.partner_id = line.partner_id
                           AND student.company_id = line.company_id
                         WHERE line.parent_state = 'posted' AND line.date <= %(date)s
                           AND %(receivable)s AND %(condition)s
                      ) item
                GROUP BY item.student_id, item.line_id, item.move_id, item.due""",
            unreconciled=self._get_unreconciled_query(condition, SQL("line.date <= %s", date)),
            date=date, receivable=RECEIVABLE, condition=condition,
        )

    @api.model
    def _get_unreconciled_query(self, condition, line_condition):
        """ Return the query of the items that are open now.

        OFFSET keeps PostgreSQL from joining all items at once: it takes every item of every
        account for open (of ten years, hundreds of times too many) and would read the whole
        table. So it looks into the index once for each student, which holds the few open ones.

        :param SQL condition: A condition on `student`.
        :param SQL line_condition: A condition on `line`.
        :return: As of :meth:`_get_open_items_query`.
        :rtype: SQL
        """
        return SQL(
            """SELECT student.id AS student_id, item.line_id, item.move_id, item.due, item.residual
                 FROM school_student student
                 JOIN LATERAL (
                    SELECT line.id AS line_id, line.move_id,
                           COALESCE(line.date_maturity, line.date) AS due,
                           line.amount_residual AS residual
                      FROM account_move_line line
                     WHERE line.partner_id = student.partner_id
                       AND line.company_id = student.company_id
                       AND line.parent_state = 'posted' AND line.reconciled IS NOT TRUE
                       AND %(receivable)s AND %(line_condition)s
                    OFFSET 0
                 ) item ON TRUE
                WHERE %(condition)s""",
            receivable=RECEIVABLE, condition=condition, line_condition=line_condition,
        )

    @api.model
    def _get_ledger_query(self, students, condition):
        """ Return the query of all posted items on the receivable accounts of students.

        :param school.student students: The students.
        :param SQL condition: A condition on `line`.
        :return: A query of `student_id`, `line_id`, `move_id`, `date`, `amount`, the `balance`
                 after it, and what tells its kind.
        :rtype: SQL
        """
        return SQL(
            """SELECT student.id AS student_id, line.id AS line_id, line.move_id, line.date,
                      line.partner_id, line.balance AS amount,
                      SUM(line.balance) OVER (
                          PARTITION BY student.id ORDER BY line.date, line.id
                      ) AS balance
                 FROM school_student student
                 JOIN account_move_line line
                   ON line.partner_id = student.partner_id
                  AND line.company_id = student.company_id
                WHERE student.id IN %(students)s AND line.parent_state = 'posted'
                  AND %(receivable)s AND %(condition)s""",
            students=students._ids or (0,), receivable=RECEIVABLE, condition=condition,
        )

    @api.model
    def _read_openings(self, students, date_from):
        """ Return the balances of students before a day.

        :param school.student students: The students.
        :param date date_from: The day.
        :rtype: dict[int, float]
        """
        return dict(self.env.execute_query(SQL(
            "SELECT item.student_id, SUM(item.amount) FROM (%s) item GROUP BY item.student_id",
            self._get_ledger_query(students, SQL("line.date < %s", date_from)),
        )))

    @api.model
    def _read_rows(self, students, date_from, date_to):
        """ Return the items of students in a period, with the balance after each.

        :param school.student students: The students.
        :param date date_from: The first day, or None.
        :param date date_to: The last day, or None.
        :return: For each student's id the rows by date, then id: `line_id`, `move_id`, `date`,
                 `amount` (a charge is above zero), `balance`, `kind` as in
                 :meth:`_get_kind_query`, and `number`, `term_id`, `receipt_id`.
        :rtype: dict[int, list[dict]]
        """
        rows = self.env.execute_query_dict(SQL(
            """SELECT item.student_id, item.line_id, item.move_id, item.date, item.amount,
                      item.balance, %(kind)s AS kind, move.name AS number, move.term_id,
                      COALESCE(share.receipt_id, undone.receipt_id) AS receipt_id
                 FROM (%(ledger)s) item
                 JOIN account_move move ON move.id = item.move_id
                 LEFT JOIN LATERAL (
                    SELECT payment_type FROM account_payment WHERE move_id = move.id LIMIT 1
                 ) payment ON TRUE
                 LEFT JOIN LATERAL (
                    SELECT receipt_id FROM school_receipt_line
                     WHERE move_line_id = item.line_id LIMIT 1
                 ) share ON TRUE
                 LEFT JOIN LATERAL (
                    SELECT line.receipt_id
                      FROM account_move_line credit
                      JOIN school_receipt_line line ON line.move_line_id = credit.id
                     WHERE credit.move_id = move.reversed_entry_id
                       AND credit.partner_id = item.partner_id
                     LIMIT 1
                 ) undone ON TRUE
                WHERE %(period)s
                ORDER BY item.student_id, item.date, item.line_id""",
            kind=self._get_kind_query(),
            ledger=self._get_ledger_query(
                students, SQL("line.date <= %s", date_to) if date_to else SQL("TRUE"),
            ),
            period=SQL("item.date >= %s", date_from) if date_from else SQL("TRUE"),
        ))
        result = defaultdict(list)
        for row in rows:
            result[row['student_id']].append(row)
        return result

    @api.model
    def _get_kind_query(self):
        """ Return the expression that tells what kind of row a posted item is.

        :return: An expression over the tables of :meth:`_read_rows`.
        :rtype: SQL
        """
        return SQL(
            """CASE
                WHEN move.school_doc_type = 'opening' THEN 'opening'
                WHEN move.move_type IN ('out_invoice', 'out_receipt')
                THEN CASE WHEN move.school_doc_type = 'supplement' THEN 'supplement' ELSE 'bill' END
                WHEN move.move_type = 'out_refund'
                THEN CASE WHEN (
                    SELECT BOOL_AND(line.concession_id IS NOT NULL) FROM account_move_line line
                     WHERE line.move_id = move.id AND line.display_type = 'product'
                ) THEN 'concession' ELSE 'credit_note' END
                WHEN share.receipt_id IS NOT NULL THEN 'receipt'
                WHEN move.reversed_entry_id IS NOT NULL THEN 'reversal'
                WHEN EXISTS (SELECT FROM school_transfer WHERE move_id = move.id)
                THEN CASE WHEN item.amount > 0 THEN 'transfer_out' ELSE 'transfer_in' END
                WHEN payment.payment_type = 'outbound' THEN 'refund'
                WHEN payment.payment_type = 'inbound' THEN 'payment'
                WHEN item.amount < 0 AND EXISTS (
                    SELECT FROM account_move_line other
                      JOIN account_account account ON account.id = other.account_id
                     WHERE other.move_id = move.id AND LEFT(account.account_type, 7) = 'expense'
                ) THEN 'bad_debt'
                ELSE 'entry'
            END""",
        )
