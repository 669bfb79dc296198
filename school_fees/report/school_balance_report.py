from odoo import api, fields, models
from odoo.tools import SQL

from ..rules import standing
from .selection_of import selection_of


AS_AT = ('school_as_at',)  # The key of the context that asks for a past day.

class SchoolBalanceReport(models.Model):
    """The balance of each student by age: the class list and the aged list of the school.

    One query over the open items, the very ones of the statement: a figure here is the figure
    there. With `school_as_at` in the context it is that of a past day.
    """

    _name = 'school.balance.report'
    _description = "Student Balances"
    _auto = False
    _order = 'class_id, student_name, id'
    _rec_name = 'student_id'

    student_id = fields.Many2one(string="Student", comodel_name='school.student', readonly=True)
    student_name = fields.Char(string="Name", readonly=True)
    admission_no = fields.Char(string="Admission Number", readonly=True)
    class_id = fields.Many2one(
        string="Class", comodel_name='school.class', readonly=True, depends_context=AS_AT,
    )
    level_id = fields.Many2one(
        string="Level", comodel_name='school.level', readonly=True, depends_context=AS_AT,
    )
    boarding = fields.Selection(
        string="Day or Boarding",
        selection=selection_of('school.enrolment', 'boarding'),
        readonly=True,
        depends_context=AS_AT,
    )
    family_id = fields.Many2one(string="Family", comodel_name='school.family', readonly=True)
    state = fields.Selection(
        string="Status",
        selection=selection_of('school.student', 'state'),
        readonly=True,
    )
    company_id = fields.Many2one(string="School", comodel_name='res.company', readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', readonly=True,
    )
    balance = fields.Monetary(
        string="Balance", readonly=True, depends_context=AS_AT,
        help="Below zero, the student has credit.",
    )
    not_due = fields.Monetary(string="Not Due", readonly=True, depends_context=AS_AT)
    overdue_1 = fields.Monetary(string="1 to 30 Days", readonly=True, depends_context=AS_AT)
    overdue_2 = fields.Monetary(string="31 to 60 Days", readonly=True, depends_context=AS_AT)
    overdue_3 = fields.Monetary(string="61 to 90 Days", readonly=True, depends_context=AS_AT)
    overdue_4 = fields.Monetary(string="Over 90 Days", readonly=True, depends_context=AS_AT)
    overdue = fields.Monetary(string="Overdue", readonly=True, depends_context=AS_AT)
    credit = fields.Monetary(
        string="Prepaid", readonly=True, depends_context=AS_AT,
        help="Credit that settles nothing yet, below zero.",
    )

    _depends = {
        'account.account': ['account_type'],
        'account.move.line': [
            'account_id', 'amount_residual', 'company_id', 'date', 'date_maturity', 'parent_state',
            'partner_id', 'reconciled',
        ],
        'school.enrolment': [
            'boarding', 'class_id', 'date_from', 'date_to', 'level_id', 'student_id',
        ],
        'school.student': [
            'admission_no', 'company_id', 'family_id', 'name', 'partner_id', 'state',
        ],
    }

    @property
    def _table_query(self):
        as_at = fields.Date.to_date(self.env.context.get('school_as_at'))
        day = as_at or fields.Date.context_today(self)
        age = SQL("(%s - item.due)", day)
        return SQL(
            """SELECT student.id, student.id AS student_id, student.name AS student_name,
                      student.admission_no, enrolment.class_id, enrolment.level_id,
                      enrolment.boarding, student.family_id, student.state, student.company_id,
                      school.currency_id,
                      COALESCE(account.balance, 0) AS balance,
                      COALESCE(account.not_due, 0) AS not_due,
                      COALESCE(account.overdue_1, 0) AS overdue_1,
                      COALESCE(account.overdue_2, 0) AS overdue_2,
                      COALESCE(account.overdue_3, 0) AS overdue_3,
                      COALESCE(account.overdue_4, 0) AS overdue_4,
                      COALESCE(account.overdue, 0) AS overdue,
                      COALESCE(account.credit, 0) AS credit
                 FROM school_student student
                 JOIN res_company school ON school.id = student.company_id
                 LEFT JOIN school_enrolment enrolment
                   ON enrolment.student_id = student.id AND enrolment.date_from <= %(day)s
                  AND (enrolment.date_to IS NULL OR enrolment.date_to >= %(day)s)
                 LEFT JOIN (SELECT item.student_id, SUM(item.residual) AS balance, %(buckets)s
                              FROM (%(items)s) item
                             GROUP BY item.student_id
                 ) account ON account.student_id = student.id""",
            day=day,
            buckets=self._get_buckets_query(age),
            items=self.env['school.statement']._get_open_items_query(SQL("TRUE"), as_at),
        )

    @api.model
    def _get_buckets_query(self, age):
        """ Return the sums of open items by age.

        :param SQL age: How many days ago an item fell due.
        :return: The columns of an aggregate query over `item`.
        :rtype: SQL
        """
        first, second, third = standing.AGE_LIMITS
        return SQL(", ").join(
            SQL(
                "SUM(item.residual) FILTER (WHERE %s) AS %s", condition, SQL.identifier(column),
            )
            for column, condition in (
                ('credit', SQL("item.residual < 0")),
                ('not_due', SQL("item.residual > 0 AND %s <= 0", age)),
                ('overdue', SQL("item.residual > 0 AND %s > 0", age)),
                ('overdue_1', SQL("item.residual > 0 AND %s BETWEEN 1 AND %s", age, first)),
                ('overdue_2', SQL(
                    "item.residual > 0 AND %s BETWEEN %s AND %s", age, first + 1, second,
                )),
                ('overdue_3', SQL(
                    "item.residual > 0 AND %s BETWEEN %s AND %s", age, second + 1, third,
                )),
                ('overdue_4', SQL("item.residual > 0 AND %s > %s", age, third)),
            )
        )

    # === ACTION METHODS === #

    def action_view_statement(self):
        """ Show the student's statement, up to the day of the list.

        :return: A window action.
        :rtype: dict
        """
        action = self.student_id.action_view_statement()
        if as_at := self.env.context.get('school_as_at'):
            self.env[action['res_model']].browse(action['res_id']).write({
                'period': 'dates', 'date_from': False, 'date_to': as_at,
            })
        return action
