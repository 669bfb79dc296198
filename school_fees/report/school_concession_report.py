from odoo import fields, models
from odoo.tools import SQL

from .selection_of import selection_of


class SchoolConcessionReport(models.Model):
    """What the school gave back, by concession: lines of bills and of credit notes."""

    _name = 'school.concession.report'
    _description = "Concessions Given"
    _auto = False
    _order = 'date desc, id desc'
    _rec_name = 'concession_id'

    concession_id = fields.Many2one(
        string="Concession", comodel_name='school.concession', readonly=True,
    )
    kind = fields.Selection(
        string="For",
        selection=selection_of('school.concession', 'kind'),
        readonly=True,
    )
    grant_id = fields.Many2one(
        string="Grant", comodel_name='school.concession.grant', readonly=True,
    )
    vote_head_id = fields.Many2one(
        string="Vote Head", comodel_name='school.vote.head', readonly=True,
    )
    move_id = fields.Many2one(string="Document", comodel_name='account.move', readonly=True)
    date = fields.Date(string="Date", readonly=True)
    student_id = fields.Many2one(string="Student", comodel_name='school.student', readonly=True)
    class_id = fields.Many2one(string="Class", comodel_name='school.class', readonly=True)
    level_id = fields.Many2one(string="Level", comodel_name='school.level', readonly=True)
    term_id = fields.Many2one(string="Term", comodel_name='school.term', readonly=True)
    amount = fields.Monetary(string="Given", readonly=True)
    company_id = fields.Many2one(string="School", comodel_name='res.company', readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', readonly=True,
    )

    _depends = {
        'account.move': ['student_id', 'term_id'],
        'account.move.line': [
            'balance', 'company_id', 'concession_grant_id', 'concession_id', 'date', 'move_id',
            'parent_state', 'vote_head_id',
        ],
        'school.concession': ['kind'],
        'school.enrolment': ['class_id', 'date_from', 'date_to', 'level_id', 'student_id'],
    }

    @property
    def _table_query(self):
        # Without "IS NOT NULL" PostgreSQL takes every line for one that gives back, and reads all.
        return SQL(
            """SELECT line.id, line.concession_id, concession.kind,
                      line.concession_grant_id AS grant_id, line.vote_head_id, line.move_id,
                      line.date, move.student_id, enrolment.class_id, enrolment.level_id,
                      move.term_id, line.balance AS amount, line.company_id, school.currency_id
                 FROM account_move_line line
                 JOIN school_concession concession ON concession.id = line.concession_id
                 JOIN account_move move ON move.id = line.move_id
                 JOIN res_company school ON school.id = line.company_id
                 LEFT JOIN school_term term ON term.id = move.term_id
                 LEFT JOIN school_enrolment enrolment
                   ON enrolment.student_id = move.student_id
                  AND enrolment.date_from <= GREATEST(line.date, term.date_from)
                  AND (enrolment.date_to IS NULL
                       OR enrolment.date_to >= GREATEST(line.date, term.date_from))
                WHERE line.parent_state = 'posted' AND line.concession_id IS NOT NULL""",
        )
