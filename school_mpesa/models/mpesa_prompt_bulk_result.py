from odoo import fields, models
from odoo.tools import SQL

from .. import const


# Results of a prompt by M-PESA's code; whatever is not named here is "other".
RESULT_OF_CODE = {
    '1': 'low_balance', '1032': 'cancelled',
    '2001': 'wrong_pin', '2008': 'wrong_pin', 'TP40087': 'wrong_pin',
    **dict.fromkeys(
        ('1019', '1025', '1031', '1036', '1037', '1101', '1102', '2026'), 'no_answer',
    ),
    'not_sent': 'not_sent',
}
# What is no parent's doing: the next family's prompt would fail in the same way.
SYSTEM_CODES = {'not_sent', '8', '20', '26', '2028', 'SFC_IC0003'}
# A link may be sent to these: no money came, and none is under way.
UNPAID_RESULTS = ('cancelled', 'wrong_pin', 'low_balance', 'no_answer', 'not_sent', 'other')


class MpesaPromptBulkResult(models.Model):
    """What became of each phone of the runs, as it is now: nothing of it is stored twice."""

    _name = 'mpesa.prompt.bulk.result'
    _description = "Result of a Prompt to Many"
    _auto = False
    _order = 'id'
    _rec_name = 'student_id'

    run_id = fields.Many2one(string="Run", comodel_name='mpesa.prompt.bulk', readonly=True)
    company_id = fields.Many2one(string="School", comodel_name='res.company', readonly=True)
    currency_id = fields.Many2one(
        string="Currency", comodel_name='res.currency', readonly=True,
    )
    student_id = fields.Many2one(string="Student", comodel_name='school.student', readonly=True)
    class_id = fields.Many2one(related='student_id.class_id', string="Student's Class")
    level_id = fields.Many2one(related='student_id.level_id', string="Level")
    child_count = fields.Integer(string="Children", readonly=True)
    guardian_id = fields.Many2one(string="Guardian", comodel_name='res.partner', readonly=True)
    phone_mask = fields.Char(string="Phone", readonly=True)
    released_at = fields.Datetime(string="Asked At", readonly=True)
    asked = fields.Monetary(string="Asked", readonly=True)
    paid = fields.Monetary(string="Paid", readonly=True)
    result = fields.Selection(
        string="Result",
        selection=[
            ('waiting', "Waits"), ('open', "On the phone"), ('paid', "Paid"),
            ('cancelled', "Cancelled"), ('wrong_pin', "Wrong PIN"),
            ('low_balance', "Too little in M-PESA"), ('no_answer', "No answer"),
            ('not_sent', "Not sent"), ('other', "Not paid, other reason"),
            ('unknown', "Being checked"), ('returned', "Given back"), ('left', "Left out"),
        ],
        readonly=True,
    )
    reason = fields.Selection(
        string="Why Not",
        selection=lambda self: self.env['mpesa.prompt.bulk.line']._fields[
            'reason'
        ]._description_selection(self.env),
        readonly=True,
    )
    transaction_id = fields.Many2one(
        string="Payment Request", comodel_name='payment.transaction', readonly=True,
    )

    _depends = {
        'mpesa.prompt.bulk': ['company_id', 'state'],
        'mpesa.prompt.bulk.line': [
            'asked', 'guardian_id', 'phone_mask', 'reason', 'released_at', 'run_id', 'state',
            'student_id', 'student_ids', 'transaction_id',
        ],
        'payment.transaction': [
            'amount', 'mpesa_is_denied', 'mpesa_is_given_back', 'mpesa_push_state',
            'mpesa_result_code', 'mpesa_sent_at',
        ],
    }

    # === ACTION METHODS === #

    def action_open_request(self):
        """ Open the payment request with all its evidence.

        :rtype: dict
        """
        self.ensure_one()
        return self.transaction_id.action_mpesa_open()

    # === BUSINESS METHODS === #

    @property
    def _table_query(self):
        by_code = SQL(' ').join(
            SQL("WHEN tx.mpesa_result_code = %s THEN %s", code, result)
            for code, result in RESULT_OF_CODE.items()
        )
        return SQL(
            """SELECT told.*, CASE WHEN told.result = 'paid' THEN told.amount ELSE 0 END AS paid
                 FROM (
               SELECT line.id, line.run_id, run.company_id, school.currency_id, line.student_id,
                      line.guardian_id, line.phone_mask, line.released_at, line.asked, line.reason,
                      line.transaction_id, tx.amount,
                      (SELECT count(*) FROM mpesa_prompt_bulk_line_student_rel child
                        WHERE child.line_id = line.id) AS child_count,
                      CASE WHEN line.state <> 'asked' THEN line.state
                           WHEN tx.mpesa_is_given_back OR tx.mpesa_is_denied THEN 'returned'
                           WHEN tx.mpesa_push_state IN ('paid', 'receipt_pending') THEN 'paid'
                           WHEN tx.mpesa_push_state = 'unknown' OR (
                                tx.mpesa_push_state = 'accepted' AND tx.mpesa_sent_at
                                < now() AT TIME ZONE 'UTC' - %(patience)s * interval '1 second')
                           THEN 'unknown'
                           WHEN tx.mpesa_push_state IN ('queued', 'sent', 'accepted') THEN 'open'
                           WHEN tx.mpesa_push_state = 'expired' THEN 'not_sent'
                           %(by_code)s
                           ELSE 'other' END AS result
                 FROM mpesa_prompt_bulk_line line
                 JOIN mpesa_prompt_bulk run ON run.id = line.run_id AND run.state <> 'draft'
                 JOIN res_company school ON school.id = run.company_id
                 LEFT JOIN payment_transaction tx ON tx.id = line.transaction_id) told""",
            patience=const.PAYER_PENDING_SECONDS, by_code=by_code,
        )
