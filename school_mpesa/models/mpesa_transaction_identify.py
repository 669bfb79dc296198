from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.school_fees.rules.admission_number import canonical_key

from .mpesa_transaction_near import PAID_BEFORE


LEAST_LEARNT = 4  # Signs of a reference that may become a student's own (school-fees section 2.9).


class MpesaTransaction(models.Model):
    """Money that nobody has claimed: whose it may be, and what a person decides."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.transaction'

    days_waiting = fields.Integer(
        string="Days", compute='_compute_days_waiting', help="How many days ago it was paid.",
    )
    suggestion = fields.Text(
        string="Perhaps", compute='_compute_suggestion', groups='school_fees.group_bursar',
        help="Whom the account that was typed may mean, and why. Nothing is booked by it.",
    )
    only_suggestion = fields.Char(
        compute='_compute_suggestion', groups='school_fees.group_bursar',
        help="The one student or family that is suggested, if it is one.",
    )

    # === COMPUTE METHODS === #

    @api.depends('paid_at')
    def _compute_days_waiting(self):
        today = self._get_eat_day(fields.Datetime.now())
        for movement in self:
            movement.days_waiting = movement.paid_at and (
                today - self._get_eat_day(movement.paid_at)
            ).days

    @api.depends('account_reference', 'receipt_id', 'suspense_payment_id')
    @api.depends_context('allowed_company_ids', 'uid', 'lang')
    def _compute_suggestion(self):
        reasons = self._get_suggestion_reasons()
        self.suggestion = self.only_suggestion = False
        waiting = self.filtered(lambda movement: movement.booking_state == 'unidentified')
        for movement, found in waiting._get_suggestions().items():
            movement.suggestion = '\n'.join(
                f'{holder.display_name}: {reasons[reason]}' for holder, reason in found
            )
            if len(found) == 1:
                (holder, reason), = found
                if self._is_enough(reason):
                    movement.only_suggestion = f'{holder._name},{holder.id}'

    # === ACTION METHODS === #

    def action_accept_suggestion(self):
        """ Book the money on the one student or family that is suggested.

        The button sends along whom the screen showed, as `school_accepted` in the context.

        :return: The message that tells of it.
        :rtype: dict
        :raise UserError: If somebody else is suggested by now; nothing is booked.
        """
        self.ensure_one()
        suggested = self.only_suggestion
        if not suggested or suggested != self.env.context.get('school_accepted'):
            raise UserError(self.env._(
                "Other students are suggested for this payment by now. Nothing was booked. Read"
                " the list again, or press Choose."
            ))
        model, holder_id = suggested.split(',')
        holder = self.env[model].browse(int(holder_id))
        return self._identify_as(self._propose_for(holder))._get_identified_action()

    def action_identify(self):
        """ Open the question whose money it is.

        :return: A window action.
        :rtype: dict
        """
        self.ensure_one()
        self._check_waits()
        return {
            **self.env['ir.actions.act_window']._for_xml_id(
                'school_mpesa.mpesa_identify_wizard_action'
            ),
            'context': {'dialog_size': 'large', 'default_mpesa_transaction_id': self.id},
        }

    # === BUSINESS METHODS === #

    def _get_suggestions(self):
        """ Return whom each payment may be meant for, by what the payer typed.

        :return: For each movement up to five (student or family, reason's code) pairs.
        :rtype: dict[mpesa.transaction, tuple]
        """
        result = {}
        for company, movements in self.grouped('company_id').items():
            schools = self.env['res.company'].search([('id', 'child_of', company.id)])
            matcher = self.env['school.student']._get_matcher(schools & self.env.companies)
            for movement in movements:
                found = matcher.match(
                    movement._read_typed(), Decimal(str(movement.amount)),
                ).found
                near = movement.near_student_id.filtered(
                    lambda student: student.company_id in self.env.companies
                )
                if near and near not in dict(found):
                    found = (*found, (near, PAID_BEFORE))
                taken_from = movement._get_taken_from()
                result[movement] = tuple(
                    (holder, reason) for holder, reason in found if holder not in taken_from
                )
        return result

    @api.model
    def _is_enough(self, reason):
        """ Tell whether one button may accept the only one who is suggested for a reason.

        :param str reason: The reason's code.
        :rtype: bool
        """
        return True

    def _get_taken_from(self):
        """ Return whoever had the money and lost it again by a reversal.

        They are not suggested any more, unless it was taken from them by a mistake about the
        payment itself.

        Note: `self.ensure_one()`

        :return: Students and their family.
        :rtype: tuple
        """
        self.ensure_one()
        receipt = self.sudo().filtered(
            lambda movement: movement.denial_state != 'undone'
        ).previous_receipt_id
        return (*receipt.line_ids.student_id, receipt.family_id)

    def _read_typed(self):
        """ Return what the payer typed, to the letter, for a person of the bursar's office.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        # What is stored to be shown may be masked.
        return self._read_payer().get('typed') or self.account_reference or ''

    def _propose_for(self, holder):
        """ Return the shares by which a student or family would get this money.

        :param holder: A student, who gets all of it, or a family, whose own rule splits it.
        :return: (student, Decimal KES) pairs.
        :rtype: list[tuple]
        """
        self.ensure_one()
        amount = Decimal(str(self.amount))
        if holder._name == 'school.student':
            return [(holder, amount)]
        # The bursar's office may see the family; the rule reads journal items.
        shares = self.env['school.receipt'].sudo()._propose_shares([{
            'student': holder.sudo()._get_first_child(), 'amount': amount, 'whole_family': True,
        }])[0]
        return [(student.with_env(self.env), share) for student, share in shares]

    def _identify_as(self, shares, *, learn=False):
        """ Book money that nobody had claimed on the students that a person names.

        :param list shares: (student, Decimal KES) pairs.
        :param bool learn: Whether what was typed is to name this one student from now on.
        :return: The receipt.
        :rtype: school.receipt
        :raise UserError: If it does not wait any more, or the shares are not its amount.
        """
        self.ensure_one()
        if not self.env.user.has_group('school_fees.group_bursar'):
            raise UserError(self.env._(
                "Only the bursar's office decides whose money it is. Nothing was booked."
            ))
        self.check_access('read')
        if not self.sudo().try_lock_for_update():
            raise UserError(self.env._(
                "Payment %(code)s is being booked at this moment. Nothing was changed by you. Read"
                " the list again.", code=self.receipt,
            ))
        self._check_waits()
        students = self.env['school.student'].union(*(student for student, _share in shares))
        students.check_access('read')
        self._check_shares(shares, students)
        movement = self.sudo()
        waiting = movement.suspense_payment_id._get_counterpart_line()
        date = movement._get_waiting_since(waiting)
        receipt = self.env['school.receipt'].sudo()._book_from_suspense(
            {
                **movement._prepare_identified_receipt(),
                'date': date,
                'company_id': students.company_id.id,
                'family_id': students.sudo().family_id[:1].id,
            },
            [(student.sudo(), share) for student, share in shares], waiting, date,
        )
        movement.write({
            'receipt_id': receipt.id,
            'near_checked_by_id': self.env.uid if movement.near_student_id else False,
        })
        if learn:
            self._learn_reference(students)
        return receipt.with_env(self.env)

    def _check_waits(self):
        """ Ensure that nobody knows yet whose money it is.

        :return: None
        :raise UserError: If it is booked.
        """
        self.ensure_one()
        if self.booking_state != 'unidentified':
            raise UserError(self.env._(
                "Payment %(code)s is booked as %(booked)s by now. Nothing was changed. If that is"
                " wrong, reverse the receipt: then the money waits here again.",
                code=self.receipt, booked=self.booked_as,
            ))

    def _check_shares(self, shares, students):
        """ Ensure that shares make up the amount, of students whom this paybill serves.

        :return: None
        :raise UserError: If they do not; nothing is booked.
        """
        self.ensure_one()
        compare = self.currency_id.compare_amounts
        if not shares or any(share <= 0 for _student, share in shares):
            raise UserError(self.env._(
                "Say whose money it is: each share is above zero. Nothing was booked."
            ))
        if len(students) < len(shares):
            raise UserError(self.env._(
                "A student is listed twice. Nothing was booked. Put both amounts on one line."
            ))
        total = float(sum(share for _student, share in shares))
        if compare(total, self.amount) != 0:
            raise UserError(self.env._(
                "The shares make up %(total)s, and %(amount)s was paid. Nothing was booked. Change"
                " the shares until both are the same.",
                total=self.currency_id._format_plain(total),
                amount=self.currency_id._format_plain(self.amount),
            ))
        schools = self.env['res.company'].sudo().search([
            ('id', 'child_of', self.sudo().company_id.id),
        ])
        if len(students.company_id) > 1 or students.company_id not in schools:
            raise UserError(self.env._(
                "One payment goes to students of one school, which collects by this paybill."
                " Nothing was booked. For another school, book it on one student here and ask for"
                " a transfer."
            ))

    def _get_waiting_since(self, waiting):
        """ Return the day from which on the money belongs to whoever it is given to.

        That is the day when it was paid. What was on a student before, until a reversal, is
        somebody else's from the reversal on: no day may show the money twice.

        Note: `self.ensure_one()`

        :param account.move.line waiting: The credit on the account that waits.
        :rtype: date
        """
        self.ensure_one()
        shares = self.previous_receipt_id.line_ids
        reversals = shares.move_line_id.move_id.reversal_move_ids
        return max([waiting.date, *reversals.mapped('date')])

    def _prepare_identified_receipt(self):
        """ Return the receipt's values, its lines, day, school and family left out.

        Note: `self.ensure_one()`

        :rtype: dict
        """
        self.ensure_one()
        return {
            'paid_at': self.paid_at,
            'channel': self.previous_receipt_id.channel or 'paybill_manual',
            'money_kind': 'mpesa',
            'external_ref': self.receipt,
            'amount': self.amount,
            'currency_id': self.currency_id.id,
            'issued_by_id': self.env.user.id,
        }

    # === BUSINESS METHODS - LEARNING === #

    def _can_learn(self):
        """ Tell whether what was typed could name one student from now on.

        Not words, which other parents write too, and not a phone number, which is of the phone
        book only: what is stored of it is a mask.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        reference = self.account_reference or ''
        key = canonical_key(reference)
        if len(key) < LEAST_LEARNT or not any(sign.isdecimal() for sign in key):
            return False
        if reference != self._read_typed():
            return False
        schools = self.env['res.company'].sudo().search([
            ('id', 'child_of', self.sudo().company_id.id),
        ])
        return not self.env['school.student.alias']._find_holders(schools, [key])

    def _learn_reference(self, student):
        """ Let what was typed name a student from now on.

        :param school.student student: One student.
        :return: None
        :raise UserError: If there are several students, or it cannot name one.
        """
        self.ensure_one()
        if len(student) != 1 or not self._can_learn():
            raise UserError(self.env._(
                "%(reference)s cannot name one student from now on. Nothing was booked. Take the"
                " tick off and book it without.", reference=self.account_reference or '',
            ))
        self.env['school.student.alias'].sudo().create({
            'name': self.account_reference, 'student_id': student.id,
        })
