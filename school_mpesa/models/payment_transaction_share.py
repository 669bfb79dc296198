import re
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from .. import daraja
from .request_error import MpesaRequestError


class PaymentTransaction(models.Model):
    """One request for several children: which child gets how much of it."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.transaction'

    mpesa_share_ids = fields.One2many(
        string="Parts", comodel_name='mpesa.request.share', inverse_name='transaction_id',
        readonly=True, copy=False, groups='school_fees.group_bursar',
        help="Which child gets how much. None: the whole request is for one student.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('mpesa_share_ids', 'amount')
    def _check_mpesa_shares(self):
        """ Ensure that the parts of a request make up its amount.

        :raise ValidationError: If they do not.
        """
        for tx in self.sudo().filtered('mpesa_share_ids'):  # Accountants make other requests.
            total = sum(tx.mpesa_share_ids.mapped('amount'))
            if tx.currency_id.compare_amounts(total, tx.amount) != 0:
                raise ValidationError(self.env._(
                    "The parts of a payment request must make up its amount."
                ))

    # === BUSINESS METHODS === #

    def _mpesa_get_students(self):
        """ Return whose fees a request asks for, the named student first.

        :rtype: school.student
        """
        self.ensure_one()
        return self.mpesa_student_id | self.mpesa_share_ids.student_id

    def _mpesa_get_shares(self, amount):
        """ Return how money that came for a request is shared out, as the payer saw it.

        :param Decimal amount: What came, KES.
        :return: (student, Decimal KES) pairs; none when the request is for one student, or when
                 another amount came than was shared out: then the family's own rule decides.
        :rtype: list[tuple]
        """
        shares = [
            (share.student_id, Decimal(str(share.amount))) for share in self.mpesa_share_ids
        ]
        return shares if sum(part for _student, part in shares) == amount else []

    def _mpesa_get_part(self, student):
        """ Return what a request asks for one student.

        :param school.student student: The student.
        :return: KES.
        :rtype: Decimal
        """
        self.ensure_one()
        if not self.mpesa_share_ids:
            return self._mpesa_get_amount() if self.mpesa_student_id == student else Decimal(0)
        return sum((
            Decimal(str(share.amount)) for share in self.mpesa_share_ids
            if share.student_id == student
        ), Decimal(0))

    def _mpesa_say_amount(self, record):
        """ Write what a request asks, for a note: on a child, that child's part of it.

        :param record: The record that the note is on: a student or a bill.
        :return: The amount, without the currency.
        :rtype: str
        """
        self.ensure_one()
        amount = f'{self.amount:,.0f}'
        if record._name != 'school.student' or len(self._mpesa_get_students()) < 2:
            return amount
        return self.env._(
            "%(part)s (of KES %(amount)s)", part=f'{self._mpesa_get_part(record):,.0f}',
            amount=amount,
        )

    @api.model
    def _mpesa_prepare_shares(self, shares):
        """ Return the create values of a request's parts.

        :param list shares: (student, Decimal KES) pairs.
        :rtype: list
        """
        return [
            Command.create({
                'student_id': student.id, 'amount': int(part),
                'company_id': student.company_id.id,
            })
            for student, part in shares
        ]

    # === CHECKS === #

    @api.model
    def _mpesa_check_shares(self, shares, amount, provider):
        """ Ensure that a request may be shared out as it is meant.

        Messages name the child, by first name. The field of the error is `share_<id>` of the child
        whose part must be corrected, or `shares` when the parts together are wrong.

        :param list shares: (student, amount as number or text) pairs; the first is the student
                            whom the request names.
        :param amount: The amount of the request, KES, as number or text.
        :param payment.provider provider: The shortcode.
        :return: The pairs, with amounts in whole KES.
        :rtype: list[tuple[school.student, Decimal]]
        :raise MpesaRequestError: If it may not.
        """
        checked = []
        for student, part in shares:
            self._mpesa_check_provider(provider, student)
            self._mpesa_check_bills(self.env['account.move'], student)
            if student.company_id != shares[0][0].company_id:
                raise MpesaRequestError(self.env._(
                    "%(child)s is at another school. Pay for each school by itself. No request was"
                    " sent and no money moved.", child=student._get_first_name(),
                ), f'share_{student.id}')
            if student in [other for other, _part in checked]:
                raise MpesaRequestError(self.env._(
                    "%(child)s is named twice. No request was sent and no money moved.",
                    child=student._get_first_name(),
                ), f'share_{student.id}')
            checked.append((student, self._mpesa_check_share(student, part, provider)))
        total = sum(part for _student, part in checked)
        if total != self._mpesa_read_amount(amount):
            raise MpesaRequestError(self.env._(
                "The parts make KES %(total)s, which is not the amount. Change a part or the"
                " amount: no request was sent.", total=f'{total:,}',
            ), 'shares')
        return checked

    @api.model
    def _mpesa_check_share(self, student, part, provider):
        """ Ensure that one child may get a part.

        :return: KES, whole shillings.
        :rtype: Decimal
        :raise MpesaRequestError: If the child may not.
        """
        child, field = student._get_first_name(), f'share_{student.id}'
        value = self._mpesa_read_amount(part)
        if value is None:
            raise MpesaRequestError(self.env._(
                "Enter how much %(child)s gets, or leave it empty.", child=child,
            ), field)
        if value != value.to_integral_value():
            raise MpesaRequestError(self.env._(
                "Enter whole shillings for %(child)s, without cents.", child=child,
            ), field)
        if value < daraja.LEAST_AMOUNT:
            raise MpesaRequestError(self.env._(
                "The part of %(child)s must be KES %(least)s or more.", child=child,
                least=daraja.LEAST_AMOUNT,
            ), field)
        due = self._mpesa_get_due(student, self.env['account.move']).to_integral_value(
            'ROUND_CEILING'
        )
        if value > due and not provider.mpesa_allow_credit:
            if not due:
                raise MpesaRequestError(self.env._(
                    "Nothing is due for %(child)s. Leave that part empty.", child=child,
                ), field)
            raise MpesaRequestError(self.env._(
                "That is more than the balance of %(child)s, KES %(balance)s. Enter KES %(balance)s"
                " or less.", child=child, balance=f'{due:,}',
            ), field)
        return Decimal(int(value))

    @api.model
    def _mpesa_read_amount(self, amount):
        """ Read an amount as people write it.

        :param amount: KES, as number or text.
        :return: The amount, or None when it is none.
        :rtype: Decimal | None
        """
        text = str(amount).strip()
        if re.fullmatch(r'[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?', text):
            text = text.replace(',', '')  # Any other comma may stand for the decimal point.
        try:
            value = Decimal(text)
        except InvalidOperation:
            return None
        # Nobody pays a million millions, and '1E999999' written out keeps a worker for minutes.
        return value if value.is_finite() and value.adjusted() < 12 else None
