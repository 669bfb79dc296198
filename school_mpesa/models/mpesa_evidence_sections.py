from odoo import models

from .mpesa_callback_screen import mask_name


class MpesaEvidenceMixin(models.AbstractModel):
    """The sections of the evidence: requests, movements, messages, questions, entries, people."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.evidence.mixin'

    def _get_evidence(self):
        """ Return what the PDF prints.

        Note: `self.ensure_one()`

        :return: `title`, `school`, `amount`, `facts`, `reasons`, `sections`, `printed_by` and
                 `printed_at`.
        :rtype: dict
        :raise AccessError: If the user may not see it.
        """
        self.ensure_one()
        self._check_evidence()
        return {
            'title': self.display_name,
            'school': self.company_id.name,
            'amount': self.currency_id._format_plain(self.amount),
            'facts': self._describe_facts(self, self._get_evidence_facts()),
            'reasons': self._explain_booking(),
            'sections': self._get_evidence_sections(),
            'printed_by': self.env.user.name,
            'printed_at': self._format_evidence_moment(self.env.cr.now()),
        }

    def _get_evidence_sections(self):
        """ Return the sections of the PDF.

        :return: Each a `title`, `heads` and `rows` of cells; `numbers`, the columns of amounts; and
                 `details`, the text that belongs to a row, by the row's number.
        :rtype: list[dict]
        """
        return [
            self._get_request_section(),
            self._get_movement_section(),
            self._get_callback_section(),
            self._get_call_section(),
            self._get_entry_section(),
            self._get_sent_section(),
            self._get_history_section(),
        ]

    def _make_section(self, title, heads, rows, *, numbers=(), details=None):
        return {
            'title': title, 'heads': heads, 'rows': rows, 'numbers': numbers,
            'details': details or {},
        }

    def _get_request_section(self):
        return self._make_section(
            self.env._("Payment requests"),
            [
                self.env._("Reference"), self.env._("Asked"), self.env._("Channel"),
                self.env._("By"), self.env._("Phone"), self.env._("Account"), self.env._("Amount"),
                self.env._("Outcome"),
            ],
            [
                [
                    tx.reference, self._format_evidence_moment(tx.create_date),
                    self._describe_value(tx, 'mpesa_channel'),
                    tx.mpesa_initiator_id.name or self.env._("Payer"), tx.mpesa_phone_mask,
                    tx.mpesa_account_reference, tx.currency_id._format_number(tx.amount),
                    tx.with_env(self.env).mpesa_outcome,
                ]
                for tx in self._get_evidence_requests()
            ],
            numbers=(6,),
        )

    def _get_movement_section(self):
        return self._make_section(
            self.env._("Movements of money at Safaricom"),
            [
                self.env._("M-PESA code"), self.env._("Paid"), self.env._("Account"),
                self.env._("Payer"), self.env._("Told by"), self.env._("Booking"),
                self.env._("Booked as"), self.env._("Amount"),
            ],
            [
                [
                    movement.receipt, self._format_evidence_moment(movement.paid_at),
                    movement.account_reference,
                    ' '.join(filter(None, (
                        mask_name(movement.payer_name or ''), movement.payer_mask,
                    ))),
                    ', '.join(filter(None, (
                        self._describe_value(movement, 'source'), movement.verified_by,
                    ))),
                    self._describe_value(movement, 'booking_state'),
                    movement.with_env(self.env).booked_as,
                    movement.currency_id._format_number(movement.signed_amount),
                ]
                for movement in self._get_evidence_movements()
            ],
            numbers=(7,),
        )

    def _get_callback_section(self):
        callbacks = self._get_evidence_callbacks()
        texts = callbacks.with_env(self.env)._get_masked_texts()
        return self._make_section(
            self.env._("Messages from Safaricom, numbers and names masked"),
            [
                self.env._("Received"), self.env._("Kind"), self.env._("Status"),
                self.env._("Why"), self.env._("From"), self.env._("Digest"),
            ],
            [
                [
                    self._format_evidence_moment(callback.received_at),
                    self._describe_value(callback, 'endpoint'),
                    self._describe_value(callback, 'state'),
                    callback.with_env(self.env).reason_text, callback.source_address,
                    callback.digest[:16],
                ]
                for callback in callbacks
            ],
            details=dict(enumerate(texts[callback.id] for callback in callbacks)),
        )

    def _get_call_section(self):
        commands = self._get_evidence_commands()
        rows = [
            (
                call.create_date, self._describe_value(call, 'kind'),
                self._name_person(call.command_id.asked_by_id), call.outcome,
            )
            for call in (
                self._get_evidence_requests().mpesa_exchange_ids | commands.exchange_ids
            )
        ] + [
            (
                command.answered_at, self.env._("Answer"), self.env._("Safaricom"),
                command.with_env(self.env).outcome,
            )
            for command in commands if command.answered_at
        ]
        return self._make_section(
            self.env._("Calls to Safaricom and what came of them"),
            [
                self.env._("When"), self.env._("Kind"), self.env._("Who"), self.env._("Outcome"),
            ],
            [
                [self._format_evidence_moment(when), *rest]
                for when, *rest in sorted(rows, key=lambda row: row[0])
            ],
        )

    def _get_entry_section(self):
        return self._make_section(
            self.env._("Journal entries"),
            [
                self.env._("Entry"), self.env._("Date"), self.env._("Account"),
                self.env._("Partner"), self.env._("Debit"), self.env._("Credit"),
            ],
            [
                [
                    line.move_id.name, line.date.strftime('%d/%m/%Y'), line.account_id.display_name,
                    line.partner_id.name,
                    line.company_currency_id._format_number(line.debit) if line.debit else '',
                    line.company_currency_id._format_number(line.credit) if line.credit else '',
                ]
                for line in self.mpesa_entry_ids.sudo().line_ids.sorted(
                    lambda line: (line.move_id.id, line.id)
                )
            ],
            numbers=(4, 5),
        )
