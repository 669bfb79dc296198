from decimal import Decimal

from odoo import api, fields, models

from .. import const, daraja, vault
from ..models.request_error import MpesaRequestError
from .mpesa_prompt_wizard import OTHER


class MpesaPromptWizard(models.TransientModel):
    """What *Prompt to pay* says beside its fields, while they are filled in."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.prompt.wizard'

    student_warning = fields.Char(compute='_compute_student_warning')
    open_request_warning = fields.Char(compute='_compute_student_warning')
    provider_warning = fields.Char(compute='_compute_provider_warning')
    bill_warning = fields.Char(compute='_compute_bill_warning')
    amount_warning = fields.Char(compute='_compute_amount_warning')
    amount_hint = fields.Char(compute='_compute_amount_warning')
    phone_warning = fields.Char(compute='_compute_phone_warning')
    phone_hint = fields.Char(compute='_compute_phone_warning')

    # === COMPUTE METHODS === #

    @api.depends('student_id')
    def _compute_student_warning(self):
        states = dict(
            self.env['school.student']._fields['state']._description_selection(self.env)
        )
        for wizard in self:
            student = wizard._get_student()
            wizard.student_warning = student.state in {'left', 'graduated'} and self.env._(
                "Status of this student: %(state)s. Fees that are still owed can be asked for.",
                state=states[student.state],
            )
            open_request = wizard._find_open_request()
            wizard.open_request_warning = bool(open_request) and self.env._(
                "KES %(amount)s was asked of %(phone)s %(age)s ago, and M-PESA has not said the"
                " outcome. Ask the parent before you send another request.",
                amount=f'{open_request.amount:,.0f}', phone=open_request.mpesa_phone_mask,
                age=open_request.mpesa_age,
            )

    @api.depends('student_id')
    def _compute_provider_warning(self):
        for wizard in self:
            student = wizard._get_student()
            if not student:
                wizard.provider_warning = False
                continue
            provider_sudo = wizard._get_provider_sudo()
            if not provider_sudo:
                wizard.provider_warning = self.env._(
                    "%(school)s has no M-PESA shortcode in use. No prompt can be sent. Ask the"
                    " administrator to set one up.", school=student.company_id.sudo().name,
                )
                continue
            if not vault.has_keys():
                wizard.provider_warning = self.env._(
                    "This server holds no encryption keys, so no prompt can be sent. Ask the"
                    " administrator: the M-PESA provider says how to make them."
                )
                continue
            wizard.provider_warning = wizard._explain(
                '_mpesa_check_provider', provider_sudo, student.sudo(),
            )

    @api.depends('student_id', 'invoice_ids')
    def _compute_bill_warning(self):
        for wizard in self:
            student = wizard._get_student()
            wizard.bill_warning = bool(student) and wizard._explain(
                '_mpesa_check_bills', wizard.invoice_ids._origin.sudo(), student.sudo(),
            )

    @api.depends('student_id', 'invoice_ids', 'amount')
    def _compute_amount_warning(self):
        for wizard in self:
            provider_sudo = wizard._get_provider_sudo()
            wizard.amount_warning = wizard.amount_hint = False
            if not provider_sudo:
                continue
            due = Decimal(str(wizard.due))
            if wizard.amount or due > 0:
                wizard.amount_warning = wizard._explain(
                    '_mpesa_check_amount', wizard.amount, provider_sudo,
                    wizard.student_id._origin.sudo(), wizard.invoice_ids._origin.sudo(),
                )
            else:
                wizard.amount_hint = self.env._("Nothing is due now.")
            if due > daraja.MOST_AMOUNT and wizard.amount <= daraja.MOST_AMOUNT:
                wizard.amount_hint = self.env._(
                    "KES %(due)s is due. M-PESA moves up to KES %(cap)s at once: ask for that"
                    " first, then for the remaining KES %(rest)s.",
                    due=f'{due:,.0f}', cap=f'{daraja.MOST_AMOUNT:,}',
                    rest=f'{due - daraja.MOST_AMOUNT:,.0f}',
                )

    @api.depends('phone_choice', 'other_phone', 'student_id')
    def _compute_phone_warning(self):
        for wizard in self:
            wizard.phone_warning = wizard.phone_hint = False
            if wizard.phone_choice == OTHER:
                if not wizard.other_phone:
                    continue
                wizard.phone_warning = wizard._explain('_mpesa_check_phone', wizard.other_phone)
            elif not wizard._get_phone():
                continue
            if wizard.phone_warning:
                continue
            number = daraja.msisdn.parse(wizard._get_phone())
            if number.perhaps_without_mpesa:
                wizard.phone_hint = self.env._(
                    "This number was first given to %(operator)s. Numbers are ported, so it may"
                    " have M-PESA: you can send.", operator=number.operator_hint,
                )

    # === BUSINESS METHODS === #

    def _find_open_request(self):
        """ Return the student's newest request whose outcome is not known yet.

        :rtype: payment.transaction
        """
        # Bursars read requests; sudo spares them the rules of bills in other schools.
        return self.env['payment.transaction'].sudo().search([
            '|', ('mpesa_student_id', '=', self.student_id._origin.id),
            ('mpesa_share_ids.student_id', '=', self.student_id._origin.id),
            ('mpesa_push_state', 'in', (*const.OPEN_PUSH_STATES, 'receipt_pending')),
        ], order='id desc', limit=1)

    def _explain(self, check, *args):
        """ Say what one of the checks of a request would refuse, False when nothing.

        :param str check: The method of the request that checks.
        :param args: Its arguments.
        :rtype: str | bool
        """
        # The checks read shortcodes and bills, which only the system may; they change nothing.
        transaction_sudo = self.env['payment.transaction'].sudo()
        try:
            getattr(transaction_sudo, check)(*args)
        except MpesaRequestError as error:
            return str(error)
        return False
