from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountPaymentRegister(models.TransientModel):
    """Register payment: on an M-PESA journal nobody types one; a prompt or a claim is offered."""

    _inherit = 'account.payment.register'

    is_mpesa_journal = fields.Boolean(compute='_compute_is_mpesa_journal')
    mpesa_student_id = fields.Many2one(
        comodel_name='school.student', compute='_compute_is_mpesa_journal',
    )

    # === COMPUTE METHODS === #

    @api.depends('journal_id', 'line_ids')
    def _compute_is_mpesa_journal(self):
        for wizard in self:
            wizard.is_mpesa_journal = bool(wizard.journal_id) and wizard.journal_id._is_mpesa()
            students = wizard.line_ids.move_id.student_id
            wizard.mpesa_student_id = students if len(students) == 1 else False

    # === ACTION METHODS === #

    def action_mpesa_prompt(self):
        """ Open *Prompt to pay* for the bills that were to be paid.

        :rtype: dict
        :raise UserError: If they are not the bills of one student.
        """
        self.ensure_one()
        if not self.mpesa_student_id:
            raise UserError(self.env._(
                "A prompt asks for the fees of one student. Open the bills of one student, and"
                " choose \"Prompt to pay\" there. Nothing was recorded."
            ))
        return {
            **self.env['ir.actions.act_window']._for_xml_id('school_mpesa.mpesa_prompt_action'),
            'context': {
                'dialog_size': 'medium',
                'default_student_id': self.mpesa_student_id.id,
                'default_invoice_ids': self.line_ids.move_id.ids,
            },
        }

    def action_mpesa_claim(self):
        """ Open the note of a claim for the student whose bills were to be paid.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_claim_wizard_action'
            ),
            'context': {
                'dialog_size': 'medium', 'default_student_id': self.mpesa_student_id.id,
            },
        }

    # === BUSINESS METHODS === #

    def _create_payments(self):
        """ Override of `account` to refuse typed payments on an M-PESA journal.

        :raise UserError: Always, on such a journal.
        """
        for wizard in self.filtered('is_mpesa_journal'):
            raise UserError(wizard.journal_id._explain_mpesa_not_typed())
        return super()._create_payments()
