from odoo import api, fields, models
from odoo.tools import format_date, format_datetime

from .. import daraja


NAIROBI = 'Africa/Nairobi'
# How each answer is shown: what may be given for it, what waits, and what is refused.
TONES = {
    'booked': 'success', 'other_school': 'success',
    'unidentified': 'warning', 'put_back': 'warning', 'waiting': 'warning', 'many': 'warning',
}
# Answers after which nothing is known of the payment here, and a mistyped code is likely.
UNKNOWN = {'unseen', 'many', 'asking', 'denied', 'elsewhere'}
ICONS = {'success': 'fa-check-circle', 'warning': 'fa-clock-o', 'danger': 'fa-ban'}


class MpesaMessageCheck(models.TransientModel):
    """What *Is this message real?* answers, and what the counter does next."""

    # One file per concern, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'mpesa.message.check'

    finding = fields.Char(compute='_compute_answer')
    answer = fields.Html(compute='_compute_answer', sanitize=False)
    has_receipt = fields.Boolean(compute='_compute_answer')
    meant_code = fields.Char(string="Did You Mean", compute='_compute_answer')
    is_asking = fields.Boolean(compute='_compute_answer')
    may_look_again = fields.Boolean(compute='_compute_answer')

    # === COMPUTE METHODS === #

    @api.depends('code', 'told_amount', 'told_day', 'checked_at')
    @api.depends_context('uid', 'allowed_company_ids', 'lang')
    def _compute_answer(self):
        for check in self:
            finding = check._get_finding()
            check.finding = finding
            check.has_receipt = bool(finding and check._get_receipt_sudo())
            check.meant_code = finding in UNKNOWN and check.sudo().similar_code
            # A payment that Safaricom vouches for is booked in a moment.
            check.is_asking = finding == 'asking' or (
                finding == 'waiting' and bool(check.sudo().command_ids)
            )
            check.may_look_again = finding in {*UNKNOWN, 'waiting', 'doubtful', 'unfinished'}
            check.answer = bool(finding) and self.env['ir.qweb']._render(
                'school_mpesa.message_answer', check._describe(finding),
            )

    # === BUSINESS METHODS === #

    def _get_finding(self):
        """ Return what is known of the message, as a word of this file; False before a check.

        :rtype: str | bool
        """
        self.ensure_one()
        check = self.sudo()
        if not check.checked_at:
            return False
        asked = check.command_ids
        found = (
            check.movement_id.receipt or check.reference_receipt_id.external_ref
            or asked[:1].receipt
        )
        if found and found != self.code:
            return False  # The code was written over: what was found answers another one.
        movement = self._get_movement()
        if not movement:
            return (
                check.unread or (check.reference_receipt_id and 'reference')
                or asked._tell_counter() or 'unseen'
            )
        if movement.kind == 'reversal' or movement.direction == 'out':
            return 'reversal'
        if movement.search_count([('reverses_id', '=', movement.id)], limit=1):
            return 'taken_back'
        if movement.denial_state == 'denied':
            return 'not_known'
        if movement.receipt_id:
            return 'booked' if self._get_receipt_sudo() else 'other_school'
        if movement.suspense_payment_id:
            return 'put_back' if movement.previous_receipt_id else 'unidentified'
        return 'waiting'

    def _describe(self, finding):
        """ Return what the answer's template shows.

        :param str finding: As :meth:`_get_finding` returns it.
        :rtype: dict
        """
        self.ensure_one()
        title, means, steps = self._get_words()[finding]
        altered = self._get_alterations(finding)
        tone = 'danger' if altered else TONES.get(finding, 'danger')
        return {
            'tone': tone, 'icon': ICONS[tone], 'title': title, 'means': means, 'steps': steps,
            'altered': altered, 'facts': self._get_facts(finding),
            'hints': self._get_hints(finding),
        }

    def _get_words(self):
        """ Return title, meaning and next steps of every finding.

        :rtype: dict[str, tuple[str, str, list[str]]]
        """
        no_receipt = self.env._("Give no receipt and no goods for it.")
        by_itself = self.env._("Give no receipt by hand: it follows by itself.")
        in_suspense = self.env._("The money has come, and waits in \"Unidentified fee receipts\".")
        ask_bursar = self.env._("Ask the bursar to look into the inbox.")
        return {
            'booked': (
                self.env._("Real, and on a receipt already"),
                self.env._("Safaricom told us of this payment, and it is booked once."),
                [self.env._("Give no second receipt, and no change or goods for the message.")],
            ),
            'other_school': (
                self.env._("Real, and on a receipt of another school"),
                self.env._("Another school that shares the Paybill has booked this money."),
                [self.env._("Give no receipt here. Send the payer to that school's office.")],
            ),
            'unidentified': (
                self.env._("Real, but not on any student yet"),
                in_suspense,
                [
                    by_itself,
                    self.env._(
                        "Note the code and the student's admission number for the bursar's office,"
                        " which puts the money on the student."
                    ),
                ],
            ),
            'put_back': (
                self.env._("Real, but its receipt was reversed"),
                in_suspense,
                [by_itself, self.env._("Ask the bursar's office whose money it is.")],
            ),
            'taken_back': (
                self.env._("M-PESA has taken this payment back"),
                self.env._("Safaricom told us that the money went back to the payer."),
                [no_receipt, self.env._("The fees have to be paid again.")],
            ),
            'not_known': (
                self.env._("Safaricom does not know this payment"),
                self.env._(
                    "A message told us of it, and Safaricom knows of no such payment. It is in our"
                    " books no more."
                ),
                [no_receipt, self.env._("Send the payer to the bursar's office.")],
            ),
            'reversal': (
                self.env._("The code of money that was given back"),
                self.env._("It is no payment to the school."),
                [no_receipt],
            ),
            'waiting': (
                self.env._("Safaricom has told us, and it is not booked yet"),
                self.env._("It is booked in a moment, mostly within a minute."),
                [
                    by_itself,
                    self.env._(
                        "Look again in a minute. If it is still not booked, ask the bursar to look"
                        " into the inbox."
                    ),
                ],
            ),
            'doubtful': (
                self.env._("Not certain: the bursar has to look"),
                self.env._(
                    "A message with this code came, but something in it does not fit, or it did"
                    " not come from Safaricom's address. Nothing is booked from it."
                ),
                [no_receipt, ask_bursar],
            ),
            'reference': (
                self.env._("Used on a receipt before, and not by M-PESA"),
                self.env._(
                    "A receipt that was written by hand names this code. Safaricom told us of no"
                    " payment with it."
                ),
                [no_receipt, self.env._("Ask the bursar to compare it with that receipt.")],
            ),
            'many': (
                self.env._("Not known yet"),
                self.env._("Many messages of Safaricom wait to be read, and this may be one."),
                [no_receipt, self.env._("Look again in some minutes.")],
            ),
            'asking': (
                self.env._("Safaricom has told us of no such payment so far"),
                self.env._(
                    "Safaricom is being asked at this moment. The answer appears here by itself,"
                    " mostly within some seconds."
                ),
                [no_receipt],
            ),
            'denied': (
                self.env._("Safaricom has told us of no such payment, and finds none"),
                self.env._(
                    "Safaricom was asked just now, and finds no payment to our Paybill or Till with"
                    " this code. The message is forged, or the code is mistyped."
                ),
                [no_receipt, self.env._("Compare each letter and digit with the phone.")],
            ),
            'elsewhere': (
                self.env._("A payment that was not made to the school"),
                self.env._(
                    "Safaricom knows the code, and the money did not go to our Paybill or Till."
                ),
                [no_receipt],
            ),
            'not_paid': (
                self.env._("A payment that did not go through"),
                self.env._("Safaricom says that it was cancelled, declined or has expired."),
                [no_receipt, self.env._("The fees have to be paid again.")],
            ),
            'unfinished': (
                self.env._("Not certain: M-PESA has not finished this payment"),
                self.env._("Safaricom was asked just now. Nothing is booked yet."),
                [no_receipt, self.env._("Look again in some minutes.")],
            ),
            'unseen': (
                self.env._("Safaricom has told us of no such payment"),
                self.env._(
                    "It may have been made a moment ago, or to another Paybill or Till. Or the"
                    " message is forged."
                ),
                [
                    no_receipt,
                    self.env._("Look again in a minute: a real payment appears here by itself."),
                ],
            ),
        }

    def _explain_no_code(self, told):
        """ Say why a text cannot be checked.

        :param MessageText told: What could be read of it.
        :rtype: str
        """
        if told.several:
            return self.env._(
                "The text holds several messages. Nothing was checked. Paste one at a time."
            )
        if told.length:
            return self.env._(
                "An M-PESA code has 10 letters and digits, and this has %(count)s. Nothing was"
                " checked, so give no receipt for it. Compare it with the phone.",
                count=told.length,
            )
        return self.env._(
            "There is no M-PESA code in it, so nothing was checked. Paste the whole message, or"
            " type its code of 10 letters and digits. A real message begins with the code."
        )

    def _get_facts(self, finding):
        """ Return what the counter may know, as (label, value): never the payer.

        :param str finding: As :meth:`_get_finding` returns it.
        :rtype: list[tuple[str, str]]
        """
        facts = [(self.env._("M-PESA code"), self.code)] if self.code else []
        movement, receipt = self._get_movement(), self._get_receipt_sudo()
        if not movement and self.told_amount:
            facts.append((
                self.env._("Amount, as the message says"),
                self.currency_id._format_plain(self.told_amount),
            ))
        if movement and finding != 'other_school':
            facts.append((
                self.env._("Amount, as Safaricom told us"),
                movement.currency_id._format_plain(movement.amount),
            ))
            if movement.paid_at:
                facts.append((self.env._("Paid"), format_datetime(
                    self.env, movement.paid_at, tz=NAIROBI, dt_format='d MMM yyyy, HH:mm',
                )))
        if receipt:
            was_reversed = receipt.state == 'reversed'
            facts += [
                (
                    self.env._("Receipt, reversed") if was_reversed else self.env._("Receipt"),
                    receipt.number,
                ),
                (self.env._("For"), ', '.join(
                    f'{student.name} ({student.admission_no})' for student in receipt.student_ids
                )),
            ]
        return facts

    def _get_alterations(self, finding):
        """ Return what the message says that Safaricom did not tell us.

        :param str finding: As :meth:`_get_finding` returns it.
        :rtype: list[str]
        """
        movement = self._get_movement()
        if not movement or finding == 'other_school':
            return []
        altered = self._is_altered()
        sentences = []
        if 'amount' in altered:
            sentences.append(self.env._(
                "It says %(told)s, and Safaricom told us %(real)s.",
                told=movement.currency_id._format_plain(self.told_amount),
                real=movement.currency_id._format_plain(movement.amount),
            ))
        if 'day' in altered:
            sentences.append(self.env._(
                "It says %(told)s, and the money was paid on %(real)s.",
                told=self._format_day(self.told_day),
                real=self._format_day(movement._get_eat_day(movement.paid_at)),
            ))
        return sentences

    def _get_hints(self, finding):
        """ Return what else helps to judge.

        :param str finding: As :meth:`_get_finding` returns it.
        :rtype: list[str]
        """
        hints = []
        check = self.sudo()
        day = daraja.day_of_code(self.code or '')
        if finding in UNKNOWN - {'many'} and day and self.told_day and (
            abs((day - self.told_day).days) > 1
        ):
            hints.append(self.env._(
                "Codes of M-PESA begin with their day. This one begins like a code of %(day)s, and"
                " the message says %(told)s.",
                day=self._format_day(day), told=self._format_day(self.told_day),
            ))
        if finding in UNKNOWN and check.similar_code:
            hints.append(self.env._(
                "Did you mean %(code)s? We know a payment with that code. Compare each letter and"
                " digit with the phone: 0 and O, 1, I and L look alike.", code=check.similar_code,
            ))
        movement = self._get_movement()
        states = movement.callback_ids.mapped('state')
        if finding != 'other_school' and 'conflict' in states:
            hints.append(self.env._(
                "Safaricom's messages about this payment contradict each other. Ask the bursar to"
                " look into the inbox."
            ))
        if movement and movement.environment != 'production':
            hints.append(self.env._("This is a test system: no real money moved."))
        return hints

    def _format_day(self, day):
        return format_date(self.env, day, date_format='d MMM yyyy')
