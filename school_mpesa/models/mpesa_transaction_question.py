import re
from decimal import Decimal

from odoo import api, models
from odoo.exceptions import AccessError

from odoo.addons.school_fees.rules import reference_match


# Why somebody is suggested, beside the reasons of the matcher: the payer, who was asked, has typed
# the reference, or something that points at it for a reason of the matcher.
ANSWERED, HINTED = 'answered', 'hinted_'
# The reasons of the matcher where no reference was typed as it is.
GUESSES = {
    reference_match.SLIP, reference_match.SERIAL, reference_match.NAME, reference_match.PHONE,
}


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
        elif not question_sudo._is_open():
            question_sudo._renew()
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
            **{
                f'{HINTED}{code}': self.env._(
                    "What the payer says may mean this one: %(reason)s", reason=reason,
                )
                for code, reason in self.env['school.student']._get_match_reasons().items()
            },
        }

    @api.model
    def _is_enough(self, reason):
        """ Override of `school_mpesa`: only the reference itself says whom the payer means. """
        return super()._is_enough(reason) and not reason.startswith(HINTED)

    def _get_suggestions(self):
        """ Override of `school_mpesa` to put first whom the payer means, when asked. """
        result = super()._get_suggestions()
        for movement, question in self._get_answers().items():
            meant = movement._match_answer(question)
            found = result[movement]
            # Else what was typed as account is the better reason.
            if ANSWERED in meant.values() or set(meant) != set(dict(found)):
                result[movement] = (
                    *meant.items(), *(pair for pair in found if pair[0] not in meant),
                )
        return result

    def _match_answer(self, question):
        """ Return whom the payer means, or may mean.

        A class with a number in it would read as an admission number: it only tells those apart
        whom the name fits.

        Note: `self.ensure_one()`

        :param mpesa.payer.question question: The question to the payer, answered.
        :return: For each student or family the reason's code.
        :rtype: dict
        """
        self.ensure_one()
        match = self.env['school.student']._get_matcher(
            self._get_served_schools() & self.env.companies
        ).match(question.answer, Decimal(str(self.amount)))
        taken_from = self._get_taken_from()
        meant = {
            holder: ANSWERED if match.posts else f'{HINTED}{reason}'
            for holder, reason in match.found if holder not in taken_from
        }
        typed = _read_class(question.class_name)
        in_class = typed and {
            holder: reason for holder, reason in meant.items()
            if holder._name == 'school.student' and typed <= _read_class(holder.class_id.name)
        }
        return in_class or meant

    def _get_served_schools(self):
        """ Return the schools whose students the shortcode serves.

        Note: `self.ensure_one()`

        :rtype: res.company
        """
        self.ensure_one()
        return self.env['res.company'].search([('id', 'child_of', self.company_id.id)])

    def _is_reference(self, text):
        """ Tell whether a text is a reference of one student or family, as :class:`Arrival` does.

        Note: `self.ensure_one()`

        :param str text: What the payer typed.
        :rtype: bool
        """
        self.ensure_one()
        match = self.env['school.student']._get_matcher(self._get_served_schools()).decide(text)
        return match.posts or any(
            reason == reference_match.LEFT for _holder, reason in match.found
        )

    def _names_nobody(self):
        """ Tell whether an account was typed that has no student's and no family's number in it.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        if not self.account_reference or self.previous_receipt_id:
            return False  # Booked by it before, and taken back.
        match = self.env['school.student']._get_matcher(self._get_served_schools()).match(
            self._read_typed(),
        )
        return {reason for _holder, reason in match.found} <= GUESSES

    def _compute_suggestion(self):
        """ Override of `school_mpesa` to show the payer's own words as well. """
        result = super()._compute_suggestion()
        waiting = self.filtered(lambda movement: movement.booking_state == 'unidentified')
        for movement, question in waiting._get_answers().items():
            words = ', '.join(filter(None, (question.answer, question.class_name)))
            said = self.env._("The payer says: %(words)s", words=words)
            movement.suggestion = '\n'.join(filter(None, (said, movement.suggestion)))
        return result

    def _get_answers(self):
        """ Return the questions to the payers of these movements that were answered.

        :rtype: dict[mpesa.transaction, mpesa.payer.question]
        """
        return {
            question.mpesa_transaction_id: question
            for question in self.env['mpesa.payer.question'].search([
                ('mpesa_transaction_id', 'in', self.ids), ('answer', '!=', False),
            ])
        }


def _read_class(name):
    """ Return the words and numbers of a class, such as GRADE, 8 and EAST.

    :param str name: The class, as its name is or as somebody types it.
    :rtype: set[str]
    """
    return set(re.findall(r'[^\W\d_]+|\d+', (name or '').upper()))
