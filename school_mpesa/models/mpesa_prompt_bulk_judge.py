from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from odoo import api, fields, models
from odoo.fields import Command

from odoo.addons.school_fees.models.school_receipt_page import SCHOOL_TZ

from .. import const, daraja, vault


@dataclass
class Proposal:
    """ One phone and what it may be asked for, or one student who is left out.

    :ivar students: Whose fees (school.student).
    :ivar Decimal balance: What they owe, KES.
    :ivar Decimal asked: KES, whole shillings.
    :ivar guardian: Whose phone (res.partner).
    :ivar number: The phone (daraja.msisdn.Msisdn); None without one.
    :ivar str index: The keyed digest of the phone.
    :ivar str reason: Why nobody is prompted; '' when somebody is.
    """
    students: Any
    balance: Decimal = Decimal(0)
    asked: Decimal = Decimal(0)
    guardian: Any = None
    number: Any = None
    index: str = ''
    reason: str = ''

    def prepare_line(self):
        """ Return the values of the run's line.

        :rtype: dict
        """
        return {
            'student_id': self.students[:1].id,
            'student_ids': [Command.set(self.students.ids)],
            'guardian_id': self.guardian and self.guardian.id,
            'phone_mask': self.number and self.number.masked,
            'phone_index': self.index or False,
            'balance': float(self.balance),
            'asked': 0.0 if self.reason else float(self.asked),
            'reason': self.reason or False,
            'state': 'left' if self.reason else 'waiting',
        }


class MpesaPromptBulk(models.Model):
    """Who is prompted, on which phone, for how much; and who is not, and why."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.prompt.bulk'

    def _judge(self, students):
        """ Propose one prompt for each phone of these students' paying guardians.

        The same few queries serve all students.

        Note: `self.ensure_one()`

        :param school.student students: The students.
        :return: Each student is in one of them; those of students who are left out come first.
        :rtype: list[Proposal]
        """
        self.ensure_one()
        left, groups = [], {}
        dues = self._read_dues(students)
        payers = self._read_payers(students)
        for student in students.sorted('admission_no'):
            balance, asked = dues[student]
            guardian, number, reason = payers[student]
            if not balance:
                reason = 'nothing'
            elif student.mpesa_is_spared:
                reason = 'spared'
            elif not asked:
                reason = 'not_overdue'
            if reason:
                left.append(Proposal(student, balance, reason=reason))
                continue
            group = groups.setdefault(number.wire, Proposal(
                self.env['school.student'], guardian=guardian, number=number,
                index=vault.blind_index('phone', number.wire),
            ))
            group.students |= student
            group.balance += balance
            group.asked += asked
        self._judge_phones(list(groups.values()))
        return left + list(groups.values())

    def _judge_phones(self, proposals):
        """ Set the amounts of prompts, and leave out the phones that are to be left alone now.

        :param list[Proposal] proposals: One for each phone; changed in place.
        :return: None
        """
        provider_sudo = self._get_provider_sudo()
        busy = self._read_busy_phones([proposal.index for proposal in proposals])
        students = self.env['school.student'].union(*(one.students for one in proposals))
        asked_of = self._read_open_students(students)
        for proposal in proposals:
            if self.asks_for == 'amount':
                proposal.asked = min(proposal.asked, Decimal(int(self.amount)))
            if proposal.asked > daraja.MOST_AMOUNT and self.cap_at_limit:
                proposal.asked = Decimal(daraja.MOST_AMOUNT)
            least = min(provider_sudo.mpesa_least_amount, int(proposal.balance))
            if proposal.index in busy:
                proposal.reason = busy[proposal.index]
            elif proposal.students & asked_of:
                proposal.reason = 'open'
            elif proposal.asked > daraja.MOST_AMOUNT:
                proposal.reason = 'limit'
            elif proposal.asked < least:
                proposal.reason = 'little'

    def _read_dues(self, students):
        """ Return what each student owes, and what of it this run asks for.

        Whole shillings: cents of a balance are asked for as one more and become credit.

        :param school.student students: The students.
        :return: KES, both; never below zero.
        :rtype: dict[school.student, tuple[Decimal, Decimal]]
        """
        students_sudo = students.sudo()
        overdue = dict(self.env['account.move.line'].sudo()._read_group(
            students_sudo._get_open_receivable_domain() + [
                ('date_maturity', '<', self.env['mpesa.payment.link']._get_today()),
                ('amount_residual', '>', 0),
            ],
            ['partner_id'], ['amount_residual:sum'],
        )) if self.asks_for == 'arrears' else {}
        dues = {}
        for student, student_sudo in zip(students, students_sudo, strict=True):
            balance = _round_up(student_sudo.balance)
            asked = balance
            if self.asks_for == 'arrears':  # Credit that is not used yet pays the oldest debt.
                asked = min(balance, _round_up(overdue.get(student_sudo.partner_id, 0.0)))
            dues[student] = balance, asked
        return dues

    @api.model
    def _read_payers(self, students):
        """ Return whose phone is prompted for each student: the first guardian who can be.

        :param school.student students: The students.
        :return: The guardian, the number, and '' or why there is none.
        :rtype: dict[school.student, tuple]
        """
        # What is valid today, is so by the day in Kenya.
        links_sudo = students.sudo().with_context(tz=SCHOOL_TZ.zone).guardian_link_ids.filtered(
            lambda link: link.is_live and link.is_payer
        )
        payers_of = links_sudo.grouped('student_id')
        takers_of = students._get_message_links().filtered('is_payer').grouped('student_id')
        phones = links_sudo.partner_id._get_message_phones()
        numbers = {partner: _parse(phone) for partner, phone in phones.items()}
        result = {}
        for student in students:
            payers = payers_of.get(student.sudo(), links_sudo.browse())
            takers = takers_of.get(student.sudo(), links_sudo.browse()).partner_id
            guardian = next((taker for taker in takers if numbers.get(taker)), None)
            if not payers:
                reason = 'no_payer'
            elif any(0 < link.share_percent < 100 for link in payers):
                reason = 'shared'  # Nobody is asked for another's part.
            elif not takers:
                reason = 'opted_out'
            else:
                reason = '' if guardian else 'no_phone'
            result[student] = guardian, guardian and numbers[guardian], reason
        return result

    def _read_busy_phones(self, indexes):
        """ Return which phones are to be left alone now, and why.

        :param list[str] indexes: Keyed digests of phones.
        :rtype: dict[str, str]
        """
        if not indexes:
            return {}
        now = fields.Datetime.now()
        timeout = timedelta(seconds=self._get_provider_sudo().mpesa_prompt_timeout)
        pause = timedelta(hours=self.company_id.sudo().mpesa_prompt_bulk_pause)
        requests_sudo = self.env['payment.transaction'].sudo().search_fetch([
            ('mpesa_phone_index', 'in', indexes), ('create_date', '>', now - max(pause, timeout)),
            # What never went out has disturbed nobody.
            '|', ('mpesa_result_code', '=', False), ('mpesa_result_code', '!=', 'not_sent'),
        ], ['mpesa_phone_index', 'mpesa_in_flight', 'mpesa_sent_at'])
        busy = {}
        for request_sudo in requests_sudo:
            index = request_sudo.mpesa_phone_index
            is_open = request_sudo.mpesa_in_flight and (
                now - (request_sudo.mpesa_sent_at or request_sudo.create_date) < timeout
            )
            if is_open:
                busy[index] = 'in_flight'
            elif now - request_sudo.create_date < pause:
                busy.setdefault(index, 'lately')
        return busy

    @api.model
    def _read_open_students(self, students):
        """ Return for whose fees a request is open, on whatever phone.

        :param school.student students: The students.
        :rtype: school.student
        """
        if not students:
            return students
        open_sudo = self.env['payment.transaction'].sudo().search([
            '|', ('mpesa_student_id', 'in', students.ids),
            ('mpesa_share_ids.student_id', 'in', students.ids),
            ('create_date', '>', fields.Datetime.now() - timedelta(days=1)),
            ('mpesa_push_state', 'in', (*const.OPEN_PUSH_STATES, 'receipt_pending')),
        ]).filtered(lambda tx: tx._mpesa_blocks_payment())
        return self.env['school.student'].union(*(
            tx_sudo._mpesa_get_students() for tx_sudo in open_sudo
        )).with_env(self.env)


def _round_up(amount):
    """Return an amount of the ledger in whole shillings, none below zero.

    :param float amount: KES.
    :rtype: Decimal
    """
    return max(Decimal(str(round(amount, 2))), Decimal(0)).to_integral_value('ROUND_CEILING')


def _parse(phone):
    """Return a number that can be prompted, or nothing when it is none.

    :param str phone: The number, or nothing.
    :rtype: daraja.msisdn.Msisdn | None
    """
    try:
        return daraja.msisdn.parse(phone) if phone else None
    except daraja.MsisdnError:
        return None  # A number abroad, or a landline.
