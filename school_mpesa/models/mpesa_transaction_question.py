from decimal import Decimal

from odoo import api, models
from odoo.exceptions import AccessError


ANSWERED = 'answered'  # Why somebody is suggested, beside the reasons of the matcher.


class MpesaTransaction(models.Model):
    """Asking the payer whose money it is, and what the answer says for the queue."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    # === ACTION METHODS === #

    def action_ask_payer(self):
        """ Open the question to the payer, which is made where there is none that is open.

        :return: A window action.
        :rtype: dict
        :raise AccessError: If the user is not of the bursar's office.
        :raise UserError: If somebody knows by now whose money it is.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise AccessError(self.env._("Only the bursar's office asks payers."))
        self.check_access('read')
        self._check_waits()
        Question_sudo = self.env['mpesa.payer.question'].sudo()  # Nobody edits them by hand.
        question_sudo = Question_sudo.search([('mpesa_transaction_id', '=', self.id)])
        if not question_sudo:
            question_sudo = Question_sudo.create({'mpesa_transaction_id': self.id})
        elif question_sudo.expires_on < self.env['mpesa.payment.link']._get_today():
            question_sudo.write({
                'slug': self.env['mpesa.payment.link']._generate_slug(),
                'expires_on': Question_sudo._get_last_day(),
            })
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._("Ask the payer"),
            'res_model': 'mpesa.payer.question',
            'res_id': question_sudo.id,
            'views': [(self.env.ref('school_mpesa.mpesa_payer_question_view_form').id, 'form')],
            'target': 'new',
            'context': {'dialog_size': 'medium'},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_suggestion_reasons(self):
        """ Override of `school_mpesa` to add what the payer says. """
        return {
            **super()._get_suggestion_reasons(),
            ANSWERED: self.env._("The payer, who was asked, says so."),
        }

    def _get_suggestions(self):
        """ Override of `school_mpesa` to put first whom the payer means, when asked. """
        result = super()._get_suggestions()
        for movement, text in self._get_answers().items():
            schools = self.env['res.company'].search([('id', 'child_of', movement.company_id.id)])
            matcher = self.env['school.student']._get_matcher(schools & self.env.companies)
            taken_from = movement._get_taken_from()
            meant = dict.fromkeys((
                holder for holder, _reason in matcher.match(
                    text, Decimal(str(movement.amount)),
                ).found if holder not in taken_from
            ), ANSWERED)
            result[movement] = (
                *meant.items(), *(pair for pair in result[movement] if pair[0] not in meant),
            )
        return result

    def _compute_suggestion(self):
        """ Override of `school_mpesa` to show the payer's own words as well. """
        result = super()._compute_suggestion()
        waiting = self.filtered(lambda movement: movement.booking_state == 'unidentified')
        for movement, text in waiting._get_answers().items():
            said = self.env._("The payer says: %(words)s", words=text)
            movement.suggestion = '\n'.join(filter(None, (said, movement.suggestion)))
        return result

    def _get_answers(self):
        """ Return what the payers of these movements say, of those who were asked and answered.

        :rtype: dict[mpesa.transaction, str]
        """
        return {
            question.mpesa_transaction_id: question.answer
            for question in self.env['mpesa.payer.question'].search([
                ('mpesa_transaction_id', 'in', self.ids), ('answer', '!=', False),
            ])
        }
