from decimal import Decimal

from odoo import models


class MpesaTransaction(models.Model):
    """The evidence of a movement: its requests, and why it is booked as it is."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _name = 'mpesa.transaction'
    _inherit = ['mpesa.transaction', 'mpesa.evidence.mixin']

    def _get_evidence_requests(self):
        """ Override of `school_mpesa`: its own, and those that messages about it name. """
        movement = self.sudo()  # Of a movement that the user may read.
        return self._filter_evidence(
            movement.payment_transaction_id | movement.callback_ids.payment_transaction_id
        )

    def _get_evidence_movements(self):
        """ Override of `school_mpesa`: itself, what it reverses, and what reverses it. """
        movement = self.sudo()
        return self._filter_evidence(movement.reverses_id | movement | movement.reversal_ids)

    def _get_evidence_facts(self):
        """ Override of `school_mpesa`: what Safaricom says, and what it became in our books. """
        return [
            'booking_state', 'booked_as', 'student_id', 'class_id', 'channel', 'paid_at',
            'account_reference', 'payer_mask', 'kind', 'shortcode', 'environment',
            'first_seen_at', 'source', 'verified_by', 'near_checked_by_id', 'reversal_state',
            'reversal_note', 'reversal_read_by_id',
        ]

    # === BUSINESS METHODS === #

    def _explain_match(self):
        """ Return why the movement is booked as it is, in sentences.

        :rtype: list[str]
        """
        self.ensure_one()
        movement = self.sudo()  # Of a movement that the user may read.
        sentences = []
        if movement.kind == 'reversal':
            sentences.append(self.env._(
                "%(code)s is a reversal by M-PESA: %(outcome)s.", code=movement.receipt,
                outcome=self.booked_as or self.env._("Not booked"),
            ))
        elif movement.payment_transaction_id and movement.receipt_id:
            sentences.append(self._explain_request_match(movement.payment_transaction_id))
        elif movement.receipt_id and movement.suspense_payment_id:
            sentences.append(self.env._(
                "%(user)s said whose money %(code)s is. The payer had typed \"%(typed)s\", which"
                " named nobody for certain.",
                user=self._name_person(movement.receipt_id.issued_by_id), code=movement.receipt,
                typed=movement.account_reference or '',
            ))
        elif movement.receipt_id:
            sentences.append(self._explain_reference_match())
        elif movement.booking_state == 'unidentified':
            sentences.append(self.env._(
                "%(code)s waits in Unidentified fee receipts: the account \"%(typed)s\" names"
                " nobody for certain.",
                code=movement.receipt, typed=movement.account_reference or '',
            ))
            sentences += (self.suggestion or '').splitlines()
        else:
            sentences.append(f'{movement.receipt}: {self.booked_as}.')
        if movement.near_checked_by_id:
            sentences.append(self.env._(
                "%(user)s has looked at it and found it right.",
                user=movement.near_checked_by_id.name,
            ))
        elif movement.near_waits:
            sentences.append(self.near_warning)
        return sentences

    def _explain_request_match(self, tx):
        """ Return why the movement is booked as a request.

        :param payment.transaction tx: The request, in sudo mode.
        :rtype: str
        """
        if tx._mpesa_is_paid_for_certain():
            return self.env._(
                "%(code)s answers request %(reference)s: the prompt's own result named it.",
                code=self.receipt, reference=tx.reference,
            )
        return self.env._(
            "%(code)s is taken for the answer to request %(reference)s: account and amount are"
            " exactly those that were asked for at that time.",
            code=self.receipt, reference=tx.reference,
        )

    def _explain_reference_match(self):
        """ Return why what the payer typed names the student.

        The rule is asked again as of now; numbers may have changed since the money was booked.

        :rtype: str
        """
        students = self.receipt_id.sudo().line_ids.student_id
        schools = self.env['res.company'].sudo().search([
            ('id', 'child_of', self.sudo().company_id.id),
        ])
        found = self.env['school.student'].sudo()._get_matcher(schools).match(
            self._read_typed(), Decimal(str(self.amount)),
        ).found
        reasons = self._get_suggestion_reasons()
        reason = next((
            reasons.get(code, '') for holder, code in found
            if holder in (
                students if holder._name == students._name else students.family_id
            )
        ), '')
        return self.env._(
            "The payer typed \"%(typed)s\" for %(code)s, which named %(students)s. %(reason)s",
            typed=self.account_reference or '', code=self.receipt, reason=reason,
            students=', '.join(students.mapped('display_name')),
        ).strip()
