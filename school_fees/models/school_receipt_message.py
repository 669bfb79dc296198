import logging

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY


_logger = logging.getLogger(__name__)

# The guardian has, or may have, such a message.
TOLD = {'sent', 'delivered', 'doubt'}


class SchoolReceipt(models.Model):
    """Telling guardians of receipts: a mark is booked with the money, the rest comes after it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'school.receipt'

    # Made with the receipt itself, so that a booking costs nothing more. Receipts from before the
    # school told of them carry none.
    message_due = fields.Boolean(readonly=True, copy=False, groups='base.group_user')
    sms_ids = fields.One2many(
        string="SMS", comodel_name='school.message', inverse_name='receipt_id', readonly=True,
        groups='school_fees.group_cashier,account.group_account_invoice,'
               'account.group_account_readonly',
    )

    _message_due_idx = models.Index("(id) WHERE message_due")

    # === BUSINESS METHODS - BOOKING === #

    @api.model
    def _prepare_receipt_values(self, booking):
        """ Override of `school_fees` to mark what is to be told. """
        values = super()._prepare_receipt_values(booking)
        company = self.env['res.company'].browse(values['company_id'])
        if company.sudo()._tells_receipts():
            values['message_due'] = True
        return values

    @api.model
    def _book(self, bookings, payments_without_receipt=()):
        """ Override of `school_fees` to wake what tells of the receipts, once for the batch. """
        receipts, payments = super()._book(bookings, payments_without_receipt)
        receipts._wake_messages()
        return receipts, payments

    @api.model
    def _book_from_suspense(self, values, shares, waiting, date):
        """ Override of `school_fees` to wake what tells of the receipt. """
        receipt = super()._book_from_suspense(values, shares, waiting, date)
        receipt._wake_messages()
        return receipt

    def _reverse(self, reason, *, same_day=False, date=None):
        """ Override of `school_fees` to tell whoever was told of the payment. """
        posted_sudo = self.sudo().filtered(lambda receipt: receipt.state == 'posted')
        result = super()._reverse(reason, same_day=same_day, date=date)
        told_sudo = posted_sudo.filtered(
            lambda receipt: receipt.sms_ids and not receipt.message_due
            and receipt.company_id._tells_receipts()
        )
        if told_sudo:
            told_sudo.message_due = True
            told_sudo.flush_recordset(['message_due'])
            told_sudo._wake_messages()
        return result

    def _wake_messages(self):
        """ Let the scheduled action tell of these receipts after the commit.

        :return: None
        """
        if any(receipt.message_due for receipt in self.sudo()):
            self.env['school.message'].sudo()._wake()

    # === BUSINESS METHODS - TELLING === #

    @api.model
    def _count_untold(self):
        """ Return how many receipts wait to be told for the first time; the odd ones have time.

        :rtype: int
        """
        return self.search_count([('message_due', '=', True), ('message_tries', '=', 0)])

    @api.model
    def _tell_due(self, limit):
        """ Make the messages of marked receipts. Mark and messages change in one transaction.

        :param int limit: How many receipts at most.
        :return: How many were looked at.
        :rtype: int
        """
        # Those that could not be told hold up no other.
        due = self.search(
            [('message_due', '=', True)], limit=limit, order='message_tries nulls first, id',
        )
        due = due.try_lock_for_update(allow_referencing=True).filtered_domain(
            [('message_due', '=', True)],
        )
        if not due:
            return 0
        try:
            with self.env.cr.savepoint():
                due._tell_all()
        except Exception:  # noqa: BLE001 - found again below; one odd receipt silences no other
            self.env.invalidate_all(flush=False)
        else:
            return len(due)
        for receipt in due:
            try:
                with self.env.cr.savepoint():
                    receipt._tell_all()
            except Exception as error:  # noqa: BLE001 - it stays marked, and is tried again
                self.env.invalidate_all(flush=False)
                _logger.warning(
                    "Receipt %s was not told: %s", receipt.id, type(error).__name__,
                )
                if not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                    receipt._note_failed_try()
        return len(due)

    def _tell_all(self):
        """ Make the messages of these receipts, and take their marks away.

        :return: None
        """
        for receipt in self:
            receipt._tell()
        self.with_context(tracking_disable=True).message_due = False
        self.flush_recordset(['message_due'])

    def _tell(self):
        """ Ask for the messages of one receipt, as it stands now.

        A payment that was booked anew, because more became known about it, is told again only to
        whom it looks otherwise.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        if not self.company_id._tells_receipts():
            return
        twins = self._get_twins()
        if self.state == 'posted':
            known = {
                (message.partner_id, twin._get_shares_of(message.partner_id))
                for twin in twins.filtered(lambda twin: twin.state == 'reversed')
                for message in twin.sms_ids
                if message.kind == 'receipt' and message.state in TOLD
                and not twin.sms_ids.filtered(
                    lambda sms, guardian=message.partner_id: sms.kind == 'reversal'
                    and sms.partner_id == guardian
                )
            }
            self._make_messages('receipt', known)
            if not (known or self.sms_ids):
                self.with_context(tracking_disable=True).message_gap = self._find_message_gap()
        elif self.state == 'reversed':
            told = self.sms_ids.filtered(lambda message: message.kind == 'receipt')
            # What was not sent is not to be taken back, and will not be: `_may_go_now`.
            told.filtered(lambda message: message.state == 'waiting').state = 'cancelled'
            told = told.filtered(lambda message: message.state in TOLD) | told._being_sent()
            live = twins.filtered(lambda twin: twin.state == 'posted')
            known = {
                (guardian, twin._get_shares_of(guardian))
                for twin in live for guardian in told.partner_id
            }
            self._make_messages('reversal', known, told.partner_id)

    def _make_messages(self, kind, known, guardians=None):
        """ Make one message to each guardian and number of the receipt's students.

        :param str kind: 'receipt' or 'reversal'.
        :param set known: (guardian, shares) pairs that need no message.
        :param res.partner guardians: Only these; None for all.
        :return: None
        """
        told = self.sms_ids.filtered(lambda message: message.kind == kind).partner_id
        said, vals_list = {}, []
        for student in self.line_ids.student_id:
            for guardian in student._get_message_links().partner_id:
                number = guardian._get_message_phone()
                shares = self._get_shares_of(guardian)
                # One phone in two guardians' records is told once, unless it is of other children.
                if guardian in told or not number or {*shares} <= said.get(number, set()):
                    continue
                if guardians is not None and guardian not in guardians:
                    continue
                said.setdefault(number, set()).update(shares)
                told |= guardian
                if (guardian, shares) not in known:
                    vals_list.append({
                        'kind': kind, 'receipt_id': self.id, 'student_id': student.id,
                        'partner_id': guardian.id, 'company_id': self.company_id.id,
                        'day': self.env['school.message']._get_today(),
                    })
        self.env['school.message'].sudo().create(vals_list)

    def _get_shares_of(self, guardian):
        """ Return what a receipt says to a guardian: whose shares, and how much.

        Note: `self.ensure_one()`

        :param res.partner guardian: The guardian.
        :rtype: tuple
        """
        self.ensure_one()
        return tuple(sorted(
            (line.student_id.id, self.currency_id.round(line.amount)) for line in self.line_ids
            if guardian in line.student_id._get_message_links().partner_id
        ))

    def _get_twins(self):
        """ Return other receipts of the same money, which was booked more than once.

        Note: `self.ensure_one()`

        :rtype: school.receipt
        """
        self.ensure_one()
        if not self.external_ref:
            return self.browse()
        return self.search([
            ('company_id', '=', self.company_id.id), ('money_kind', '=', self.money_kind),
            ('external_ref', '=', self.external_ref), ('id', '!=', self.id),
        ])
