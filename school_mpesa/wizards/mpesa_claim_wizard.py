from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from .. import daraja


class MpesaClaimWizard(models.TransientModel):
    """The office notes that somebody says to have paid for a student.

    The message itself is not stored: it can hold names, numbers and a stranger's balance.
    """

    _name = 'mpesa.claim.wizard'
    _description = "Note a Claimed Payment"

    student_id = fields.Many2one(string="Student", comodel_name='school.student')
    currency_id = fields.Many2one(
        comodel_name='res.currency', default=lambda self: self.env.company.currency_id,
    )
    message = fields.Text(
        string="M-PESA Message", compute='_compute_message', inverse='_inverse_message',
        help="The whole text as the phone shows it, or the M-PESA code alone.",
    )
    code = fields.Char(string="M-PESA Code", readonly=True)
    amount = fields.Monetary(string="Amount in the Message", readonly=True)

    # === COMPUTE METHODS === #

    def _compute_message(self):
        self.message = False

    def _inverse_message(self):
        for wizard in self.filtered(lambda w: (w.message or '').strip()):
            told = daraja.read_message(wizard.message)
            if not daraja.receipt.is_code(told.code):
                raise UserError(self.env._(
                    "An M-PESA code has 10 letters and digits. No claim was noted: paste one"
                    " message, or compare the code with the phone."
                ))
            wizard.write({'code': told.code, 'amount': float(told.amount or 0)})

    # === ACTION METHODS === #

    def action_claim(self):
        """ Note the claim.

        :return: What was done, in words.
        :rtype: dict
        :raise UserError: If student or code is missing, or the payment is booked already.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_cashier'):
            raise AccessError(self.env._(
                "Only the counter and the bursar's office note claims. Nothing was noted."
            ))
        self.check_access('write')
        student = self.student_id._origin
        # A browser may send any code.
        if not (student and daraja.receipt.is_code(self.code or '')):
            raise UserError(self.env._(
                "A claim needs the student and the M-PESA code. No claim was noted."
            ))
        student.check_access('read')
        if not self.env['school.payment.claim']._file(
            student, self.code, self.amount, source='office',
        ):
            raise UserError(self.env._(
                "Payment %(code)s is on the account of %(student)s already. No claim was noted, and"
                " none is needed.", code=self.code, student=student.display_name,
            ))
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success',
                'message': self.env._(
                    "The claim of %(code)s is noted, and nothing is booked by it. The money appears"
                    " when Safaricom tells of it.", code=self.code,
                ),
                'next': {'type': 'ir.actions.act_window_close'},
            },
        }
