from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_datetime


NAIROBI = 'Africa/Nairobi'


class MpesaEvidenceMixin(models.AbstractModel):
    """The whole evidence of a payment or of a request: for the screen, and for one PDF.

    A movement and the requests about it have one story, so both tell all of it. Nothing is opened
    for it that is masked elsewhere: numbers stay masked, whoever has opened a message before. Paper
    goes to others, so there of a payer's name stands the first one and initials.
    """

    _name = 'mpesa.evidence.mixin'
    _description = "M-PESA Evidence"

    mpesa_entry_ids = fields.Many2many(
        string="Journal Entries", comodel_name='account.move', compute='_compute_mpesa_entry_ids',
        groups='school_fees.group_bursar', exportable=False,
    )
    mpesa_reasons = fields.Text(
        string="Why It Is Booked So", compute='_compute_mpesa_reasons',
        groups='school_fees.group_bursar', exportable=False,
    )
    mpesa_sent = fields.Html(
        string="Messages Sent", compute='_compute_mpesa_history', sanitize=False,
        groups='school_fees.group_bursar', exportable=False,
    )
    mpesa_history = fields.Html(
        string="Who Did What", compute='_compute_mpesa_history', sanitize=False,
        groups='school_fees.group_bursar', exportable=False,
    )

    # === COMPUTE METHODS === #

    def _compute_mpesa_entry_ids(self):
        for record in self:
            record.mpesa_entry_ids = record._get_evidence_entries().with_env(self.env)

    @api.depends_context('lang')
    def _compute_mpesa_reasons(self):
        for record in self:
            record.mpesa_reasons = '\n'.join(record._explain_booking())

    @api.depends_context('lang')
    def _compute_mpesa_history(self):
        for record in self:
            record.mpesa_sent = record._render_evidence(record._get_sent_section())
            record.mpesa_history = record._render_evidence(record._get_history_section())

    # === BUSINESS METHODS - WHAT BELONGS TO IT === #

    def _get_evidence_requests(self):
        """ Return the requests that the story is about.

        :return: In sudo mode.
        :rtype: payment.transaction
        """
        raise NotImplementedError

    def _get_evidence_movements(self):
        """ Return the movements that the story is about.

        :return: In sudo mode.
        :rtype: mpesa.transaction
        """
        raise NotImplementedError

    def _get_evidence_facts(self):
        """ Return the names of the fields that the head of the PDF shows.

        :rtype: list[str]
        """
        raise NotImplementedError

    def _get_evidence_callbacks(self):
        """ Return the messages about it, the first one first.

        :return: In sudo mode.
        :rtype: mpesa.callback
        """
        return self._filter_evidence(
            self._get_evidence_requests().mpesa_callback_ids
            | self._get_evidence_movements().callback_ids
        )

    def _get_evidence_commands(self):
        """ Return the questions to Safaricom about it, the first one first.

        :return: In sudo mode.
        :rtype: mpesa.command
        """
        return self._filter_evidence(
            self._get_evidence_movements().command_ids
            | self.env['mpesa.command'].sudo().search([
                ('payment_transaction_id', 'in', self._get_evidence_requests().ids),
            ])
        )

    def _get_evidence_receipts(self):
        """ Return the receipts that the money is on, or was on.

        :return: In sudo mode.
        :rtype: school.receipt
        """
        movements = self._get_evidence_movements()
        return self._filter_evidence(
            movements.receipt_id | movements.previous_receipt_id
            | self._get_evidence_requests().mpesa_receipt_id
        )

    def _get_evidence_transfers(self):
        """ Return the transfers by which the money went on to another student.

        :return: In sudo mode.
        :rtype: school.transfer
        """
        return self._get_evidence_receipts().line_ids.transfer_ids.sorted('id')

    def _get_evidence_entries(self):
        """ Return the journal entries by which the money came, moved and went.

        :return: In sudo mode, the first one first.
        :rtype: account.move
        """
        movements = self._get_evidence_movements()
        lines = self._get_evidence_receipts().line_ids
        entries = (
            lines.payment_id.move_id | lines.move_line_id.move_id
            | movements.suspense_payment_id.move_id | movements.reversal_move_id
            | movements.return_move_ids | movements.denial_move_ids
            | self._get_evidence_transfers().move_id
        )
        return self._filter_evidence(entries | entries.reversal_move_ids)

    def _filter_evidence(self, records):
        """ Return those of some records that the user may read: branches share a paybill.

        :param models.Model records: In sudo mode.
        :return: In sudo mode, the first one first: what they tell of guardians, keys and users is
                 nobody's to read.
        :rtype: models.Model
        """
        return records.with_env(self.env)._filtered_access('read').sudo().sorted('id')

    # === BUSINESS METHODS - WORDS === #

    def _check_evidence(self):
        """ Ensure that the user may see the whole evidence.

        :return: None
        :raise AccessError: If the user is not of the bursar's office, or of another school.
        """
        if not (self.env.su or self.env.user.has_group('school_fees.group_bursar')):
            raise AccessError(self.env._(
                "Only the bursar's office sees the evidence of M-PESA payments."
            ))
        self.check_access('read')

    def _explain_booking(self):
        """ Return why the money is booked as it is.

        :return: Sentences.
        :rtype: list[str]
        """
        return [
            sentence
            for movement in self._get_evidence_movements()
            for sentence in movement.with_env(self.env)._explain_match()
        ]

    def _format_evidence_moment(self, moment):
        """ Return a moment as Kenyans read it.

        :param datetime moment: Naive UTC, or nothing.
        :rtype: str
        """
        return (moment and format_datetime(
            self.env, moment, tz=NAIROBI, dt_format='dd/MM/yyyy HH:mm:ss',
        )) or ''

    def _name_person(self, user):
        """ Return who did something: a person, or the system by itself.

        :param res.users user: Who is on record.
        :rtype: str
        """
        if not user or user.id == SUPERUSER_ID:
            return self.env._("This system")
        if user._is_public():
            return self.env._("Payer")
        return user.sudo().name

    def _describe_value(self, record, name):
        """ Return a field's value in words.

        :param models.Model record: One record.
        :param str name: A field.
        :rtype: str
        """
        field, value = record._fields[name], record[name]
        if field.type == 'datetime':
            return self._format_evidence_moment(value)
        if field.type == 'monetary':
            return record.currency_id._format_plain(value)
        if field.type == 'selection':
            return dict(field._description_selection(self.env)).get(value, '')
        if field.type == 'many2one':
            return value.sudo().display_name or ''  # A branch's student is named, not opened.
        return value or ''

    def _describe_facts(self, record, names):
        """ Return those of some fields that say something, by their labels.

        :param models.Model record: One record.
        :param list[str] names: Fields.
        :return: (label, value) pairs.
        :rtype: list[tuple[str, str]]
        """
        described = (
            (record._fields[name]._description_string(self.env), self._describe_value(record, name))
            for name in names
        )
        return [(label, value) for label, value in described if value]

    def _render_evidence(self, section):
        """ Return a section as a table for the screen.

        :param dict section: As :meth:`_get_evidence_sections` returns them.
        :rtype: Markup
        """
        return self.env['ir.qweb']._render(
            'school_mpesa.evidence_table', {'section': section, 'screen': True},
        )
