from odoo import fields, models
from odoo.tools import SQL

from .selection_of import selection_of


class SchoolDayBook(models.Model):
    """The receipts of each day, and the reversals on the day they were made.

    A reversed receipt stays on its day; what was taken back stands on the day of its entry, so that
    a day once counted does not change behind the bursar's back.
    """

    _name = 'school.day.book'
    _description = "Day Book"
    _auto = False
    _order = 'date desc, number desc, id desc'
    _rec_name = 'number'

    date = fields.Date(string="Date", readonly=True)
    kind = fields.Selection(
        string="Kind", selection=[('receipt', "Receipt"), ('reversal', "Reversal")], readonly=True,
    )
    number = fields.Char(string="Receipt Number", readonly=True)
    receipt_id = fields.Many2one(string="Receipt", comodel_name='school.receipt', readonly=True)
    channel = fields.Selection(
        string="Channel",
        selection=selection_of('school.receipt', 'channel'),
        readonly=True,
    )
    money_kind = fields.Selection(
        string="Kind of Money",
        selection=selection_of('school.receipt', 'money_kind'),
        readonly=True,
    )
    external_ref = fields.Char(string="External Reference", readonly=True)
    user_id = fields.Many2one(string="Issued By", comodel_name='res.users', readonly=True)
    family_id = fields.Many2one(string="Family", comodel_name='school.family', readonly=True)
    reason = fields.Char(string="Reason of the Reversal", readonly=True)
    amount = fields.Monetary(string="Amount", readonly=True)
    company_id = fields.Many2one(string="School", comodel_name='res.company', readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', readonly=True,
    )

    _depends = {
        'account.move': ['date', 'reversed_entry_id', 'state'],
        'account.move.line': ['move_id'],
        'school.receipt': [
            'amount', 'channel', 'company_id', 'currency_id', 'date', 'external_ref', 'family_id',
            'issued_by_id', 'money_kind', 'number', 'reversed_reason', 'state',
        ],
        'school.receipt.line': ['move_line_id', 'receipt_id'],
    }

    @property
    def _table_query(self):
        common = SQL(
            """receipt.number, receipt.id AS receipt_id, receipt.channel, receipt.money_kind,
               receipt.external_ref, receipt.family_id, receipt.company_id, receipt.currency_id""",
        )
        return SQL(
            """SELECT receipt.id * 2 AS id, receipt.date, 'receipt' AS kind, %(common)s,
                      receipt.issued_by_id AS user_id, NULL AS reason, receipt.amount
                 FROM school_receipt receipt
                WHERE receipt.state <> 'draft'
                UNION ALL
               SELECT receipt.id * 2 + 1, undone.date, 'reversal', %(common)s,
                      undone.user_id, receipt.reversed_reason, -receipt.amount
                 FROM school_receipt receipt
                 JOIN LATERAL (
                    SELECT reversal.date, reversal.create_uid AS user_id
                      FROM school_receipt_line share
                      JOIN account_move_line credit ON credit.id = share.move_line_id
                      JOIN account_move reversal
                        ON reversal.reversed_entry_id = credit.move_id
                       AND reversal.state = 'posted'
                     WHERE share.receipt_id = receipt.id
                     ORDER BY reversal.id
                     LIMIT 1
                 ) undone ON TRUE
                WHERE receipt.state = 'reversed'""",
            common=common,
        )
