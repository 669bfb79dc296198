from decimal import Decimal

from odoo import api, models
from odoo.fields import Command

from ..rules import allocation
from .school_receipt_page import SCHOOL_TZ


class SchoolReceiptBooking(models.Model):
    """Booking of money into receipts, in batches: every channel's one road into the ledger."""

    _inherit = 'school.receipt'

    # === BUSINESS METHODS - ALLOCATION === #

    @api.model
    def _propose_shares(self, requests):
        """ Split each amount over students: chosen bills, then oldest due, then siblings.

        The rule is that of the family (school-fees section 2.5): what was asked for on chosen bills
        settles those; the rest goes to the named student's oldest debt, then to the siblings by
        the family's policy; what is left is credit of the named student. Requests are served in
        the order given, each seeing what those before it have already taken.

        :param list[dict] requests: For each payment `student` (school.student, the one named),
                                    `amount` (Decimal, KES) and optionally `invoices`
                                    (account.move, the bills chosen), `whole_family` (the
                                    payment names the family: its rule decides over all children),
                                    `students` (school.student: who may share, in this order,
                                    instead of the family) and `shares` (the pairs that the payer
                                    chose: they stand as they are).
        :return: For each request its list of (student, Decimal amount) pairs.
        :rtype: list[list[tuple]]
        """
        Student = self.env['school.student']
        named = Student.browse({request['student'].id for request in requests})
        everyone = named | named.family_id.student_ids
        for request in requests:
            everyone |= request.get('students') or Student
            everyone |= Student.union(*(student for student, _part in request.get('shares') or ()))
        items_by_student = {student: [] for student in everyone}
        student_of_partner = {student.partner_id: student for student in everyone}
        lines = self.env['account.move.line'].search([
            ('partner_id', 'in', everyone.partner_id.ids),
            ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'),
            ('reconciled', '=', False),
            ('amount_residual', '>', 0),
        ], order='date_maturity, id')
        for line in lines:
            student = student_of_partner[line.partner_id]
            if line.company_id == student.company_id:
                items_by_student[student].append({
                    'line': line,
                    'due': line.date_maturity or line.date,
                    'left': Decimal(str(line.amount_residual)),
                })
        return [
            self._propose_one(request, items_by_student) for request in requests
        ]

    @api.model
    def _propose_one(self, request, items_by_student):
        """ Split one amount and take it off the open items.

        :param dict request: As in :meth:`_propose_shares`.
        :param dict items_by_student: The open items of each student, changed in place.
        :return: (student, Decimal amount) pairs.
        :rtype: list[tuple]
        """
        student = request['student']
        chosen = request.get('invoices') or self.env['account.move']
        whole_family = bool(request.get('whole_family'))
        siblings = student.family_id.student_ids.filtered(
            # Who left and still owes is of the family that pays its debts.
            lambda s: s.state == 'active'
            or (whole_family and items_by_student.get(s) and s.balance > 0)
        )
        policy = student.family_id.allocation_policy
        if request.get('students'):
            siblings = request['students']
            if len(siblings.family_id) > 1 or not all(sibling.family_id for sibling in siblings):
                policy = False  # They are not of one family, so no family's rule is theirs.
        elif whole_family:
            siblings = (siblings | student).sorted('admission_no')
        else:
            siblings = student | siblings.sorted('admission_no')
        items = [
            allocation.OpenItem(
                key=item['line'].id, student=owner.id, due=item['due'], amount=item['left'],
                chosen=item['line'].move_id in chosen,
            )
            for owner in siblings
            for item in items_by_student.get(owner, ())
            if item['left'] > 0
        ]
        shares = [(owner.id, part) for owner, part in request.get('shares') or ()]
        shares = shares or allocation.allocate(
            request['amount'], items, student.id, siblings.ids, policy or 'oldest_due',
            whole_family=whole_family,
        )
        for owner_id, share in shares:
            owner = student.browse(owner_id)
            left = share
            open_items = sorted(
                items_by_student.get(owner, ()), key=lambda i: i['line'].move_id not in chosen,
            )
            for item in open_items:
                taken = min(left, item['left'])
                item['left'] -= taken
                left -= taken
        return [(student.browse(owner_id), share) for owner_id, share in shares]

    # === BUSINESS METHODS - BOOKING === #

    @api.model
    def _book(self, bookings, payments_without_receipt=()):
        """ Post a batch of payments, make their receipts and settle the bills.

        One `create`, one `action_post` and one `_reconcile_plan` serve the whole batch. All of it
        or nothing is written: the caller holds the savepoint or transaction.

        :param list[dict] bookings: For each payment `receipt` (values of the receipt, its lines
                                    left out), `shares` ((student, Decimal) pairs, KES),
                                    `payment` (values common to its payments: journal, method
                                    line, memo) and optionally `invoices` (bills chosen).
        :param payments_without_receipt: Values of payments to post along that name no student.
        :return: The receipts, in the order of the bookings, and the payments without receipt.
        :rtype: tuple[school.receipt, account.payment]
        """
        Receipt = self._with_booking_context(bookings, payments_without_receipt)
        receipts = Receipt.create([
            Receipt._prepare_receipt_values(booking) for booking in bookings
        ])
        receipts._assign_numbers()

        lines = receipts.line_ids
        booking_of = dict(zip(receipts, bookings, strict=True))
        payments = Receipt.env['account.payment'].create([
            line._prepare_payment_values(booking_of[line.receipt_id]) for line in lines
        ] + list(payments_without_receipt))
        payments.action_post()
        receipt_payments = payments[:len(lines)]

        for line, payment in zip(lines, receipt_payments, strict=True):
            line.payment_id = payment
            line.move_line_id = payment._get_counterpart_line()
        lines._reconcile_with_bills({
            line: booking_of[line.receipt_id].get('invoices') for line in lines
        })
        lines.student_id.invalidate_recordset(['balance'])  # Computed from the ledger at each read.
        return receipts, payments[len(lines):]

    @api.model
    def _prepare_receipt_values(self, booking):
        """ Return the values of a posted receipt with its lines.

        :param dict booking: As in :meth:`_book`.
        :rtype: dict
        """
        values = booking['receipt']
        return {
            **values,
            'state': 'posted',
            'line_ids': [
                Command.create({
                    'student_id': student.id,
                    'amount': float(share),
                    'company_id': values['company_id'],
                })
                for student, share in booking['shares']
            ],
        }

    @api.model
    def _with_booking_context(self, bookings, payments_without_receipt=()):
        """ Return `self` without mail tracking, unless a school's audit trail asks for it.

        Tracking costs about a third of the posting time; the receipt itself, its numbers and the
        entry are the record. A company with the restrictive audit trail keeps all of it.

        :param list[dict] bookings: As in :meth:`_book`.
        :param payments_without_receipt: As in :meth:`_book`.
        :rtype: school.receipt
        """
        companies = self.env['res.company'].browse({
            *(booking['receipt']['company_id'] for booking in bookings),
            *(values['company_id'] for values in payments_without_receipt),
        })
        if any(companies.mapped('restrictive_audit_trail')):
            return self
        return self.with_context(tracking_disable=True)

    # === BUSINESS METHODS - REVERSAL === #

    def _reverse(self, reason, *, same_day=False, date=None):
        """ Reverse posted receipts: the number stays, the bills are open again, nothing is deleted.

        :param str reason: Why, for the people who read the receipt later.
        :param bool same_day: Whether the reversal carries the day of the entry itself, where that
                              is not locked, and not today: for a correction of our own, which
                              minutes after midnight in Kenya is no business of another month.
        :param date date: The day on which the money itself went back, where that is known.
        :return: None
        """
        for receipt in self.filtered(lambda r: r.state == 'posted'):
            # What was moved on to another child has come from here: it goes back first.
            receipt.line_ids._undo_transfers(reason)
            # Entries of payments, or the one that took the money from where it waited.
            entries = receipt.line_ids.move_line_id.move_id
            # Today is that of Kenya, whoever's the clock is.
            entries.with_context(school_receipt_reversal=True, tz=SCHOOL_TZ.zone)._reverse_moves(
                [
                    {
                        'ref': f'{receipt.number} {reason}'[:200],
                        **({'date': date or move.date} if date or same_day else {}),
                    }
                    for move in entries
                ],
                cancel=True,
            )
            receipt.line_ids.payment_id.state = 'canceled'
            receipt.write({'state': 'reversed', 'reversed_reason': reason})
            receipt.line_ids.student_id.invalidate_recordset(['balance'])
        # A receipt made anew carries the same external reference: free it in the database first.
        self.flush_recordset(['state'])
