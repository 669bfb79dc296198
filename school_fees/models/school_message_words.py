from odoo import api, models
from odoo.tools import format_date

from ..rules import sms_text


class SchoolMessage(models.Model):
    """The words of all messages, in the guardian's language: each fits one SMS, whatever the names.

    Each kind has several wordings, the fullest first; `rules/sms_text.py` chooses and cuts. A text
    never asks for a PIN, and names no number but the office's.
    """

    _inherit = 'school.message'  # pylint: disable=consider-merging-classes-inherited

    # === BUSINESS METHODS === #

    def _write_body(self):
        """ Return the text of the message with the figures of this moment.

        Note: `self.ensure_one()`

        :return: At most 160 septets; '' when there is nothing to tell.
        :rtype: str
        """
        self.ensure_one()
        message = self.with_context(lang=self.partner_id._get_message_language(self.company_id))
        return getattr(message, f'_write_{self.kind}')()

    def _write_receipt(self):
        """ Return the text that tells of a received payment.

        Note: `self.ensure_one()`

        :rtype: str
        """
        students, amount = self._get_told_shares()
        if not students:
            return ''
        currency = self.receipt_id.currency_id
        balances = students.mapped('balance')
        # What one child owes is not hidden by what another has too much.
        balance = sum(owed for owed in balances if owed > 0) or sum(balances)
        values = {
            'amount': currency._format_plain(amount),
            'balance': currency._format_plain(abs(balance)),
            'number': self.receipt_id.number,
            **self._get_money_words(),
            'url': self._get_receipt_address(),
        }
        compared = currency.compare_amounts(balance, 0.0)
        if self._is_late():
            wordings = self._get_late_wordings()
        elif compared > 0:
            wordings = self._get_received_wordings()
        elif compared == 0:
            wordings = self._get_paid_wordings()
        else:
            wordings = self._get_overpaid_wordings()
        return self._fit(wordings, values, students, amount=values['amount'])

    def _write_reversal(self):
        """ Return the text that tells of a reversed payment.

        Note: `self.ensure_one()`

        :rtype: str
        """
        students, amount = self._get_told_shares()
        if not students:
            return ''
        currency = self.receipt_id.currency_id
        balance = sum(owed for owed in students.mapped('balance') if owed > 0)
        values = {
            'amount': currency._format_plain(amount),
            'balance': currency._format_plain(balance),
            'number': self.receipt_id.number,
            **self._get_money_words(),
            'phone': self._get_office_phone(),
        }
        wordings = [
            self.env._("%(school)s: The payment of %(amount)s (%(method)s) for %(who)s was"
                       " reversed. Balance is now %(balance)s. Questions: %(phone)s"),
            self.env._("%(school)s: The payment of %(amount)s (%(method)s) for %(who)s was"
                       " reversed. Balance is now %(balance)s. %(phone)s"),
            self.env._("%(school)s: %(amount)s for %(who)s was reversed (%(method)s). Balance is"
                       " now %(balance)s."),
        ]
        if not values['phone']:
            wordings = wordings[2:]
        return self._fit(wordings, values, students, amount=values['amount'])

    def _write_balance(self):
        """ Return the text that reminds of what is due.

        Note: `self.ensure_one()`

        :return: '' where nothing is due.
        :rtype: str
        """
        return self._write_balance_of(self.student_id)

    @api.model
    def _write_balance_of(self, student):
        """ Return the text that reminds of what a student owes, in the language of the context.

        :param school.student student: The student.
        :return: '' where nothing is due.
        :rtype: str
        """
        student_sudo = student.sudo().with_context(lang=self.env.lang)
        currency = student_sudo.currency_id
        if currency.compare_amounts(student_sudo.balance, 0.0) <= 0:
            return ''
        due = student_sudo._open_receivable_lines().filtered(
            lambda line: line.amount_residual > 0,
        )[:1].date_maturity
        pay = student_sudo._get_message_pay()
        values = {
            'balance': currency._format_plain(student_sudo.balance),
            'due': format_date(self.env, due, date_format='d MMM') if due else '',
            'url': self._get_short_address(student_sudo, pay['address']),
            'by_hand': pay['by_hand'],
        }
        if values['url'] and values['by_hand']:
            wordings = [
                self.env._("%(school)s: %(who)s balance %(balance)s, due %(due)s. Pay: %(url)s or"
                           " %(by_hand)s. Already paid? Ignore this."),
                self.env._("%(school)s: %(who)s balance %(balance)s, due %(due)s. Pay: %(url)s or"
                           " %(by_hand)s"),
                self.env._("%(school)s: %(who)s balance %(balance)s. Pay: %(url)s or %(by_hand)s"),
                self.env._("%(school)s: %(who)s balance %(balance)s. Pay: %(url)s"),
            ]
        elif values['url']:
            wordings = [
                self.env._("%(school)s: %(who)s balance %(balance)s, due %(due)s. Pay: %(url)s"
                           " Already paid? Ignore this."),
                self.env._("%(school)s: %(who)s balance %(balance)s. Pay: %(url)s"),
            ]
        elif values['by_hand']:
            wordings = [
                self.env._("%(school)s: %(who)s balance %(balance)s, due %(due)s. %(by_hand)s."
                           " Already paid? Ignore this."),
                self.env._("%(school)s: %(who)s balance %(balance)s. %(by_hand)s"),
            ]
        else:
            wordings = []
        if not due:
            wordings = [wording for wording in wordings if '%(due)s' not in wording]
        plain = [self.env._("%(school)s: %(who)s balance %(balance)s.")]
        return self._fit(wordings or plain, values, student_sudo, plain=plain)

    def _write_bill(self):
        """ Return the text that tells of a bill, and of what is left of it to pay.

        Note: `self.ensure_one()`

        :rtype: str
        """
        bill = self.invoice_id
        pay = bill._get_message_pay()
        currency = bill.currency_id
        amount = currency._format_plain(bill.amount_total)
        if currency.compare_amounts(bill.amount_residual, bill.amount_total) < 0:
            amount = self.env._(
                "%(left)s left of %(amount)s",
                left=currency._format_plain(bill.amount_residual), amount=amount,
            )
        values = {
            'term': bill.term_id.name or bill.name,
            'amount': amount,
            'due': format_date(self.env, bill.invoice_date_due, date_format='d MMM'),
            'url': self._get_short_address(self.student_id, pay['address']),
            'by_hand': pay['by_hand'],
        }
        if values['url']:
            wordings = [
                self.env._("%(school)s: %(term)s fees for %(who)s: %(amount)s, due %(due)s. Pay"
                           " any amount: %(url)s or %(by_hand)s"),
                self.env._("%(school)s: %(term)s fees for %(who)s: %(amount)s, due %(due)s."
                           " %(url)s or %(by_hand)s"),
                self.env._("%(school)s: Fees for %(who)s: %(amount)s, due %(due)s. %(url)s"),
            ]
        else:
            wordings = [
                self.env._("%(school)s: %(term)s fees for %(who)s: %(amount)s, due %(due)s."
                           " %(by_hand)s"),
                self.env._("%(school)s: Fees for %(who)s: %(amount)s, due %(due)s."),
            ]
        return self._fit(wordings, values, self.student_id, plain=[
            self.env._("%(school)s: Fees for %(who)s: %(amount)s, due %(due)s."),
        ])

    @api.model
    def _write_test(self, company):
        """ Return the text of an administrator's test message.

        :param res.company company: The school.
        :rtype: str
        """
        return sms_text.fit(
            [self.env._("%(school)s: This is a test message from Odoo. SMS work.")], {},
            company.name, [''], mark=company.with_env(self.env)._get_message_mark(),
        )

    # === WORDINGS === #

    def _get_received_wordings(self):
        """ Return the wordings for a payment after which something is still due.

        :rtype: list[str]
        """
        return [
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s, receipt"
                       " %(number)s. Balance %(balance)s. Receipt: %(url)s"),
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s, receipt"
                       " %(number)s. Balance %(balance)s. %(url)s"),
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s. Balance"
                       " %(balance)s. %(url)s"),
        ]

    def _get_paid_wordings(self):
        """ Return the wordings for a payment after which nothing is due.

        :rtype: list[str]
        """
        return [
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s. Fees fully paid."
                       " Thank you. Receipt: %(url)s"),
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s. Fees fully paid."
                       " %(url)s"),
        ]

    def _get_overpaid_wordings(self):
        """ Return the wordings for a payment that leaves credit.

        :rtype: list[str]
        """
        return [
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s. Nothing is due:"
                       " %(balance)s is kept for the next bill. Receipt: %(url)s"),
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s. Nothing is due:"
                       " %(balance)s is kept for the next bill. %(url)s"),
            self.env._("%(school)s: Received %(amount)s for %(who)s. %(method)s. %(balance)s is"
                       " kept for the next bill. %(url)s"),
        ]

    def _get_late_wordings(self):
        """ Return the wordings for a payment that the payer was told had failed.

        :rtype: list[str]
        """
        return [
            self.env._("%(school)s: Good news, the payment of %(amount)s for %(who)s did go"
                       " through. %(method)s. Do not pay again. Receipt: %(url)s"),
            self.env._("%(school)s: Good news, the payment of %(amount)s for %(who)s did go"
                       " through. %(method)s. Do not pay again. %(url)s"),
            self.env._("%(school)s: %(amount)s for %(who)s did go through. %(method)s. Do not pay"
                       " again. %(url)s"),
        ]

    # === WHAT STANDS IN THEM === #

    def _is_late(self):
        """ Tell whether the payer was told before that the payment had failed.

        Ways of collecting that can be late say so.

        :rtype: bool
        """
        return False

    def _get_told_shares(self):
        """ Return whose shares of the receipt the guardian is told of, and how much they are.

        Note: `self.ensure_one()`

        :return: The guardian's children on the receipt, in its order, and KES.
        :rtype: tuple[school.student, float]
        """
        self.ensure_one()
        lines = self.receipt_id.line_ids.filtered(
            lambda line: self.partner_id in line.student_id._get_message_links().partner_id
        )
        return lines.student_id.with_context(lang=self.env.lang), sum(lines.mapped('amount'))

    def _get_money_words(self):
        """ Return how the money came, such as "M-PESA UKL7XY12AB".

        :return: The words as `method`.
        :rtype: dict
        """
        receipt = self.receipt_id
        kinds = dict(receipt._fields['money_kind']._description_selection(self.env))
        reference = sms_text.to_gsm(receipt.external_ref)
        # What a bank writes may be long: it is whole on the receipt, and whole or not at all here.
        if len(reference) > 16:
            reference = ''
        return {'method': f"{kinds[receipt.money_kind]} {reference}".strip()}

    def _get_receipt_address(self):
        """ Return the address of the receipt's page, for who may see the student that it shows.

        :rtype: str
        """
        first = self.receipt_id.line_ids[:1].student_id
        if self.partner_id not in first._get_message_links().partner_id:
            return ''
        return self._get_short_address(self.receipt_id, self.receipt_id._get_public_url())

    @api.model
    def _get_short_address(self, record, path):
        """ Return a whole address, without the scheme that every browser adds by itself.

        :param record: Any record of the school.
        :param str path: The path, '' for no address.
        :rtype: str
        """
        return f'{record.get_base_url()}{path}'.removeprefix('https://') if path else ''

    def _get_office_phone(self):
        """ Return the number of the school's office.

        :rtype: str
        """
        number = sms_text.to_gsm(self.company_id.phone).replace(' ', '')
        return number if len(number) <= 16 else ''

    @api.model
    def _fit(self, wordings, values, students, amount='', plain=()):
        """ Choose and cut a wording.

        :param list[str] wordings: The fullest first.
        :param dict values: What they name.
        :param school.student students: Whom it is about.
        :param str amount: What was paid, for the last resort.
        :param plain: Wordings without address.
        :rtype: str
        """
        if not values.get('url'):
            wordings = [wording.replace(' %(url)s', '') for wording in wordings]
            # What announced the address goes with it.
            label = self.env._("Receipt:")
            wordings = [wording.removesuffix(label).rstrip() for wording in wordings]
        student = students[:1]
        return sms_text.fit(
            wordings, values, student.company_id.name,
            sms_text.person_forms(
                student.name, student.admission_no, more=len(students) - 1,
            ),
            without_address=plain or [
                wording.replace(' %(url)s', '').removesuffix(self.env._("Receipt:")).rstrip()
                for wording in wordings
            ],
            mark=student.company_id.with_env(self.env)._get_message_mark(),
        )
