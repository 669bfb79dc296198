from odoo import models


class MpesaEvidenceMixin(models.AbstractModel):
    """Who did what and when, and what the school told the guardians."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.evidence.mixin'

    # === MESSAGES SENT === #

    def _get_sent_section(self):
        rows = [*self._list_sms(), *self._list_emails()]
        return self._make_section(
            self.env._("Messages sent to guardians"),
            [
                self.env._("When"), self.env._("Kind"), self.env._("To"), self.env._("Address"),
                self.env._("Status"),
            ],
            [
                [self._format_evidence_moment(when), *rest]
                for when, *rest in sorted(rows, key=lambda row: row[0])
            ],
        )

    def _list_sms(self):
        """ Return the SMS about the receipts and about failed requests.

        :return: Moment, kind, guardian, masked number and state of each.
        :rtype: list[tuple]
        """
        messages = self.env['school.message'].sudo().search([
            '|', ('receipt_id', 'in', self._get_evidence_receipts().ids),
            ('payment_transaction_id', 'in', self._get_evidence_requests().ids),
        ])
        return [
            (
                message.sent_at or message.create_date,
                self.env._("SMS: %(kind)s", kind=self._describe_value(message, 'kind')),
                message.partner_id.name, message.phone_mask,
                ': '.join(filter(None, (
                    self._describe_value(message, 'state'),
                    self._describe_value(message, 'failure_type'),
                ))),
            )
            for message in messages
        ]

    def _list_emails(self):
        """ Return the e-mails that brought the receipts.

        :return: Moment, kind, guardian, nothing and state of each.
        :rtype: list[tuple]
        """
        notifications = self.env['mail.notification'].sudo().search([
            ('notification_type', '=', 'email'),
            ('mail_message_id.model', '=', 'school.receipt'),
            ('mail_message_id.res_id', 'in', self._get_evidence_receipts().ids),
        ])
        return [
            (
                notification.mail_message_id.date, self.env._("E-mail"),
                notification.res_partner_id.name, '',
                self._describe_value(notification, 'notification_status'),
            )
            for notification in notifications
        ]

    # === WHO DID WHAT === #

    def _get_history_section(self):
        rows = [
            *self._list_request_events(), *self._list_message_events(),
            *self._list_outcomes(), *self._list_booking_events(), *self._list_people_events(),
        ]
        return self._make_section(
            self.env._("Who did what and when"),
            [self.env._("When"), self.env._("Who"), self.env._("What")],
            [
                [self._format_evidence_moment(when), who, what]
                for when, who, what in sorted(
                    (row for row in rows if row[0]),
                    # Within a second, in the order in which one thing leads to the other.
                    key=lambda row: row[0].replace(microsecond=0),
                )
            ],
        )

    def _list_request_events(self):
        """ Return what was asked for, and what was sent to Safaricom for it.

        :return: Moment, who and what of each.
        :rtype: list[tuple]
        """
        rows = []
        for tx in self._get_evidence_requests():
            rows.append((
                tx.create_date,
                tx.mpesa_initiator_id.name or self.env._("Payer"),
                self.env._(
                    "Asked %(phone)s for %(amount)s: request %(reference)s",
                    phone=tx.mpesa_phone_mask, reference=tx.reference,
                    amount=tx.currency_id._format_plain(tx.amount),
                ) if not tx.mpesa_retry_of_id else self.env._(
                    "Asked %(phone)s for %(amount)s again: request %(reference)s after %(first)s",
                    phone=tx.mpesa_phone_mask, reference=tx.reference,
                    amount=tx.currency_id._format_plain(tx.amount),
                    first=tx.mpesa_retry_of_id.reference,
                ),
            ))
            rows += [
                (call.create_date, self.env._("This system"), self.env._(
                    "%(kind)s to Safaricom: %(outcome)s",
                    kind=self._describe_value(call, 'kind'), outcome=call.outcome or '',
                ))
                for call in tx.mpesa_exchange_ids
            ]
        return rows

    def _list_outcomes(self):
        """ Return how the requests ended that brought no money.

        :return: Moment, who and what of each.
        :rtype: list[tuple]
        """
        return [
            (
                tx.last_state_change, self._describe_value(tx, 'mpesa_result_source'),
                tx.with_env(self.env).mpesa_outcome,
            )
            for tx in self._get_evidence_requests()
            if tx.mpesa_push_state in {'declined', 'expired'}
        ]

    def _list_message_events(self):
        """ Return what came from Safaricom, who opened it, and what was asked.

        :return: Moment, who and what of each.
        :rtype: list[tuple]
        """
        rows = []
        for callback in self._get_evidence_callbacks():
            rows.append((callback.received_at, self.env._("Safaricom"), ': '.join(filter(None, (
                self._describe_value(callback, 'endpoint'),
                self._describe_value(callback, 'state'),
                callback.with_env(self.env).reason_text,
            )))))
            rows += [
                (opening.create_date, self._name_person(opening.create_uid),
                 self.env._("Opened the numbers of a message"))
                for opening in callback.opening_ids
            ]
        for command in self._get_evidence_commands():
            rows += [
                (command.create_date, self._name_person(command.asked_by_id),
                 self.env._("Asked Safaricom what became of it")),
                (command.answered_at, self.env._("Safaricom"), command.with_env(self.env).outcome),
            ]
        return rows

    def _list_booking_events(self):
        """ Return what was booked, reversed and transferred.

        :return: Moment, who and what of each.
        :rtype: list[tuple]
        """
        rows = []
        for receipt in self._get_evidence_receipts():
            rows.append((
                receipt.create_date, self._name_person(receipt.issued_by_id),
                self.env._(
                    "Receipt %(number)s for %(students)s", number=receipt.number or '',
                    students=', '.join(receipt.line_ids.student_id.mapped('display_name')),
                ),
            ))
            reversal = receipt.line_ids.move_line_id.move_id.reversal_move_ids[:1]
            if receipt.state == 'reversed':
                rows.append((
                    reversal.create_date or receipt.write_date,
                    self._name_person(reversal.create_uid),
                    self.env._(
                        "Receipt %(number)s reversed: %(reason)s", number=receipt.number,
                        reason=receipt.reversed_reason or '',
                    ),
                ))
        for payment in self._get_evidence_movements().suspense_payment_id:
            rows.append((
                payment.create_date, self._name_person(payment.create_uid),
                self.env._(
                    "Posted to Unidentified fee receipts: %(entry)s", entry=payment.move_id.name,
                ),
            ))
        for transfer in self._get_evidence_transfers():
            rows.append((
                transfer.create_date, self._name_person(transfer.asked_by_id),
                self.env._(
                    "Transfer %(number)s to %(student)s (%(state)s): %(reason)s",
                    number=transfer.number, student=transfer.to_student_id.display_name,
                    state=self._describe_value(transfer, 'state'), reason=transfer.reason,
                ),
            ))
        return rows

    def _list_people_events(self):
        """ Return what people said of the movements: denials, claims, questions to the payer.

        :return: Moment, who and what of each.
        :rtype: list[tuple]
        """
        rows = []
        movements = self._get_evidence_movements()
        decisions = dict(movements._fields['denial_state']._description_selection(self.env))
        for movement in movements:
            rows += [
                (movement.denial_asked_on, movement.denial_asked_by_id.name, self.env._(
                    "Says that Safaricom does not know it: %(note)s",
                    note=movement.denial_note or '',
                )),
                (movement.denial_decided_on, movement.denial_decided_by_id.name, decisions[
                    'refused' if movement.denial_state == 'refused' else 'denied'
                ]),
                (movement.denial_undone_on, movement.denial_undone_by_id.name, self.env._(
                    "Took the denial back: %(note)s", note=movement.denial_undo_note or '',
                )),
            ]
        claims_sudo = self.env['school.payment.claim'].sudo().search([
            ('code', 'in', movements.mapped('receipt')),
            ('company_id', 'child_of', movements.company_id.ids),
        ])
        for claim in self._filter_evidence(claims_sudo):
            who = (
                self._name_person(claim.create_uid) if claim.source == 'office'
                else self._describe_value(claim, 'source')
            )
            rows += [
                (claim.create_date, who, self.env._(
                    "Claims the payment for %(student)s", student=claim.student_id.display_name,
                )),
                (claim.closed_at, claim.refused_by_id.name or self.env._("This system"),
                 self.env._("The claim is closed: %(state)s",
                            state=self._describe_value(claim, 'state'))),
            ]
        for question in self.env['mpesa.payer.question'].sudo().search([
            ('mpesa_transaction_id', 'in', movements.ids),
        ]):
            rows += [
                (question.create_date, self._name_person(question.create_uid),
                 self.env._("Asked the payer whose money it is")),
                (question.answered_at, self.env._("Payer"), ', '.join(filter(None, (
                    question.answer, question.class_name,
                )))),
            ]
        return rows
