from decimal import Decimal

from odoo import models

from .. import daraja
from .pay_amounts import offer_amounts


class SchoolApp(models.AbstractModel):
    """What the school's own app is told: plain JSON, money as text, moments in UTC."""

    _inherit = 'school.app'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS - WHAT CAN BE PAID === #

    def _describe_options(self, student, bills):
        """ Return what can be paid of a student's fees.

        :param school.student student: The student; access was checked.
        :param account.move bills: The bills chosen, if any; access was checked.
        :rtype: dict
        """
        # Not every guardian reads entries: a class teacher with a child here does not.
        shown = bills or student.sudo()._get_open_bills()
        bills_sudo, student_sudo = shown.sudo(), student.sudo()
        provider_sudo = self._get_provider_sudo(student)
        due = self.env['payment.transaction']._mpesa_get_due(student_sudo, bills.sudo())
        asked = _round_up(due)
        amounts = offer_amounts(provider_sudo, asked)
        return {
            'student_id': student.id,
            'is_test': bool(
                provider_sudo._mpesa_get_watermark() or student_sudo.company_id._get_watermark()
            ),
            'currency': student_sudo.currency_id.name,
            'due': _say_amount(due),
            'bills': [
                {
                    'bill_id': bill.id, 'number': bill.name,
                    'due_date': str(bill.invoice_date_due),
                    'due': _say_amount(bill.amount_residual),
                }
                for bill in bills_sudo
            ],
            'can_prompt': bool(
                provider_sudo and provider_sudo.mpesa_stk_enabled
                and (provider_sudo.is_published or self._is_office())
            ),
            'options': [
                {'name': name, 'amount': _say_amount(amount)}
                for name, amount in {
                    'full': amounts['full'],
                    'half': amounts['half'],
                    'arrears': min(self._get_arrears(student, bills), amounts['full']),
                    'deposit': min(self._get_deposit(bills_sudo), amounts['full']),
                }.items() if amount
            ],
            # Of nothing that is due, whatever the school takes as credit.
            'least': _say_amount(amounts['least'] or min(amounts['most'], daraja.LEAST_AMOUNT)),
            'most': _say_amount(amounts['most']),
            'phones': [
                {'phone_key': key, 'phone': number.masked}
                for key, number in self._get_phones(student).items()
            ],
        }

    def _get_arrears(self, student, bills):
        """ Return what is due since earlier terms.

        :param school.student student: The student; access was checked.
        :param account.move bills: The bills chosen; none: all.
        :return: KES, whole shillings.
        :rtype: int
        """
        items = self.env['school.statement']._get_open_items(student)[student]['items']
        return _round_up(sum(
            Decimal(str(item['residual'])) for item in items
            if item['standing'] == 'arrears' and (not bills or item['move_id'] in bills.ids)
        ))

    def _get_deposit(self, bills_sudo):
        """ Return what is still to come of the deposits that bills ask for.

        What was paid on a bill is taken as paid on its deposit first: it is asked for beforehand.

        :param account.move bills_sudo: The bills, in sudo mode.
        :return: KES, whole shillings.
        :rtype: int
        """
        rest = Decimal(0)
        for bill in bills_sudo:
            deposit = sum(bill.invoice_line_ids.filtered(
                lambda line: line.product_id.charge_basis == 'deposit'
            ).mapped('price_total'))
            paid = bill.amount_total - bill.amount_residual
            rest += max(Decimal(str(deposit)) - Decimal(str(paid)), Decimal(0))
        return _round_up(rest)

    # === BUSINESS METHODS - WHAT BECAME OF IT === #

    def _describe_requests(self, txs_sudo):
        """ Return requests as the caller sees them.

        :param payment.transaction txs_sudo: The requests, in sudo mode; access was checked.
        :rtype: list[dict]
        """
        students = None if self._is_office() else self._get_links().student_id
        return [self._describe_request(tx_sudo, students) for tx_sudo in txs_sudo]

    def _describe_request(self, tx_sudo, students):
        """ Return what became of a request.

        :param payment.transaction tx_sudo: The request, in sudo mode; access was checked.
        :param school.student students: Whose parts are shown; None: everybody's.
        :rtype: dict
        """
        view = tx_sudo._mpesa_payer_view()
        state = next((name for name in ('denied', 'given_back') if view[name]), view['state'])
        shown = tx_sudo._mpesa_get_students()
        shown = shown if students is None else shown & students
        receipt = tx_sudo.mpesa_receipt_id and self._describe_receipt(
            tx_sudo.mpesa_receipt_id, students,
        )
        return {
            'request_id': tx_sudo.id,
            'is_test': bool(tx_sudo.provider_id._mpesa_get_watermark()),
            # It holds the admission number of the named student, who may be another family's.
            'reference': tx_sudo.reference if tx_sudo.mpesa_student_id in shown else None,
            'channel': tx_sudo.mpesa_channel,
            'state': state,
            'message': tx_sudo.mpesa_outcome,
            'result_code': view['code'],
            'has_callback': bool(tx_sudo.mpesa_callback_ids),
            'can_retry': view['retry'],
            'retry_in': view['retry_in'],
            'phone': view['phone_mask'],
            'students': [
                {
                    'student_id': student.id,
                    'amount': _say_amount(tx_sudo._mpesa_get_part(student)),
                }
                for student in shown
            ],
            'bill_ids': tx_sudo.invoice_ids.ids,
            'currency': tx_sudo.currency_id.name,
            'amount': _say_amount(sum(tx_sudo._mpesa_get_part(student) for student in shown)),
            'amount_paid': receipt['amount'] if receipt and state == 'paid' else _say_amount(0),
            'amount_due': _say_amount(sum(
                tx_sudo._mpesa_get_due(student, tx_sudo.invoice_ids) for student in shown
            )),
            'requested_at': _say_moment(tx_sudo.create_date),
            'sent_at': _say_moment(tx_sudo.mpesa_sent_at),
            'receipt': receipt or None,
        }

    def _describe_receipt(self, receipt_sudo, students):
        """ Return a receipt.

        :param school.receipt receipt_sudo: The receipt, in sudo mode; access was checked.
        :param school.student students: Whose parts are shown; None: everybody's.
        :rtype: dict
        """
        parts = {
            student: sum(Decimal(str(amount)) for amount in lines.mapped('amount'))
            for student, lines in receipt_sudo.line_ids.grouped('student_id').items()
            if students is None or student in students
        }
        return {
            'receipt_id': receipt_sudo.id,
            'number': receipt_sudo.number,
            'is_test': bool(receipt_sudo._get_watermark()),
            'is_cancelled': receipt_sudo.state == 'reversed',
            'date': str(receipt_sudo.date),
            'paid_at': _say_moment(receipt_sudo.paid_at),
            'channel': receipt_sudo.channel,
            'code': receipt_sudo.external_ref or '',
            'currency': receipt_sudo.currency_id.name,
            'amount': _say_amount(sum(parts.values())),
            'students': [
                {'student_id': student.id, 'amount': _say_amount(part)}
                for student, part in parts.items()
            ],
        }


def _round_up(amount):
    """ Return an amount in whole shillings: M-PESA moves no cents. """
    return int(Decimal(amount).to_integral_value('ROUND_CEILING'))


def _say_amount(amount):
    """ Return KES as text with two decimals, such as '15500.00'. """
    return f'{Decimal(str(amount)):.2f}'


def _say_moment(moment):
    """ Return a moment of the database, which is UTC, such as '2026-09-11T08:00:00Z', or None. """
    return f'{moment:%Y-%m-%dT%H:%M:%SZ}' if moment else None
