import re
from datetime import timedelta

import pytz

from odoo import fields, models
from odoo.tools import format_date

from .qr_picture import make_qr_picture


SCHOOL_TZ = pytz.timezone('Africa/Nairobi')  # East Africa Time: what a receipt prints.
# For how long the public page tells what is due now: an old link must not follow a family's debt.
PUBLIC_BALANCE_DAYS = 7


# What a receipt is, how it is booked and what it shows are three subjects, hence three files.
class SchoolReceiptPage(models.Model):
    """What a receipt shows on paper and on its public page."""

    _inherit = 'school.receipt'  # pylint: disable=consider-merging-classes-inherited

    # === ACTION METHODS === #

    def action_open_page(self):
        """ Open the receipt's public page.

        :return: A URL action.
        :rtype: dict
        """
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'url': self._get_public_url(), 'target': 'new'}

    # === BUSINESS METHODS === #

    def _get_print_values(self, full=False):
        """ Return what the receipt shows.

        Whoever holds the public code sees the first student only, by first name and admission
        number, and what is due only while the receipt is young; brothers and sisters, the payer
        and full names need a log-in (design section 5). A guardian who is logged in sees the own
        children's part, and who paid only where that is allowed.

        Note: `self.ensure_one()`

        :param bool full: Whether the reader may see full names and the payer.
        :return: The texts of the receipt, ready to print, in the language of the context.
        :rtype: dict
        """
        self.ensure_one()
        # Who holds the public code comes in sudo mode; anyone else needs the right: every log-in,
        # a parent's too, can ask Odoo to print any report of any record.
        self.check_access('read')
        receipt_sudo = self.sudo()
        currency = receipt_sudo.currency_id
        shares = list(receipt_sudo.line_ids.grouped('student_id').items())
        shown = shares if full else shares[:1]
        sees_payer = full
        if full and self.env.user.share:
            # A child may have guardians whom its brothers and sisters do not have.
            links = self.env['school.guardian.link']._of_portal_user().filtered('sees_amounts')
            shown = [(student, lines) for student, lines in shares if student in links.student_id]
            sees_payer = receipt_sudo._filter_paid_by(self.env.user.partner_id) or all(
                link.sees_other_payers
                for link in links if link.student_id in receipt_sudo.line_ids.student_id
            )
        rest = receipt_sudo.amount - sum(
            sum(lines.mapped('amount')) for _student, lines in shown
        )
        with_balance = full or receipt_sudo._tells_balance()
        return {
            'school': receipt_sudo.company_id.name,
            'school_contact': ' · '.join(filter(None, (
                receipt_sudo.company_id.street, receipt_sudo.company_id.city,
                receipt_sudo.company_id.phone,
            ))),
            'number': receipt_sudo.number,
            'cancelled': receipt_sudo.state == 'reversed',
            'watermark': receipt_sudo._get_watermark(),
            'date': receipt_sudo._format_paid_at(),
            'amount': currency._format_plain(receipt_sudo.amount),
            'amount_in_words': currency._format_words(receipt_sudo.amount),
            'method': receipt_sudo._get_method_label(),
            'external_ref': receipt_sudo.external_ref or '',
            'payer': receipt_sudo._get_payer_label() if sees_payer else '',
            'issued_by': receipt_sudo._get_issuer_label(),
            'lines': [
                {
                    'student': student.name if full else student._get_first_name(),
                    'admission_no': student.admission_no,
                    'number': lines[0]._get_number() if len(shares) > 1 else '',
                    'amount': currency._format_plain(sum(lines.mapped('amount'))),
                    **(student._get_balance_texts() if with_balance else {
                        'balance': '', 'is_credit': False,
                    }),
                }
                for student, lines in shown
            ],
            'others': self.env._(
                "and %(amount)s for other children of the family",
                amount=currency._format_plain(rest),
            ) if len(shares) > len(shown) else '',
            'url': receipt_sudo._get_public_url(),
            'check_url': receipt_sudo.get_base_url() + f'/rc/check/{receipt_sudo.slug}',
        }

    def _get_check_values(self):
        """ Return the little that proves a receipt genuine.

        Note: `self.ensure_one()`

        :return: Number, day, amount, the students' initials, whether it was cancelled, and what
                 marks it as not real.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('read')  # Who holds the public code comes in sudo mode.
        receipt_sudo = self.sudo()
        return {
            'school': receipt_sudo.company_id.name,
            'number': receipt_sudo.number,
            'cancelled': receipt_sudo.state == 'reversed',
            'watermark': receipt_sudo._get_watermark(),
            'date': format_date(self.env, receipt_sudo.date, date_format='d MMM y'),
            'amount': receipt_sudo.currency_id._format_plain(receipt_sudo.amount),
            'initials': ', '.join(
                student._get_initials() for student in receipt_sudo.line_ids.student_id
            ),
        }

    def _get_watermark(self):
        """ Return what marks the receipt as not real, '' where it is.

        Other modules mark money that never was; what came before a school trained is real.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return ''

    def _tells_balance(self):
        """ Tell whether the public page of the receipt may tell what is due.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        return self._is_young()

    def _is_young(self):
        """ Tell whether the payment is so recent that its public page may tell what is due.

        Note: `self.ensure_one()`

        :rtype: bool
        """
        self.ensure_one()
        limit = timedelta(days=PUBLIC_BALANCE_DAYS)
        if self.paid_at:
            return fields.Datetime.now() - self.paid_at <= limit
        return fields.Date.today() - self.date <= limit

    def _format_paid_at(self):
        """ Return the day of the payment, with the time in EAT where it is known.

        Note: `self.ensure_one()`

        :return: Such as "12 Jan 2027, 14:05 EAT".
        :rtype: str
        """
        self.ensure_one()
        day = format_date(self.env, self.date, date_format='d MMM y')
        if not self.paid_at:
            return day
        local = pytz.utc.localize(self.paid_at).astimezone(SCHOOL_TZ)
        # The receipt's day and the moment are one fact; where a lock date has moved the day, the
        # moment keeps its own.
        day = format_date(self.env, local.date(), date_format='d MMM y')
        return f"{day}, {local:%H:%M} EAT"

    def _get_method_label(self):
        """ Return how the money came, such as "Cheque".

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        labels = [
            dict(self._fields[name]._description_selection(self.env)).get(self[name])
            for name in ('money_kind', 'channel')
        ]
        return ', '.join(dict.fromkeys(filter(None, labels)))

    def _get_payer_label(self):
        """ Return who paid, where the school knows it.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return self.payer_partner_id.name or ''

    def _get_payer_labels(self):
        """ Return who paid each receipt, as a statement shows it to those who may know.

        A batch, for statements of many years.

        :return: The name, or a masked number, of each payer that the school knows.
        :rtype: dict[school.receipt, str]
        """
        return {
            receipt: receipt.payer_partner_id.name
            for receipt in self if receipt.payer_partner_id
        }

    def _filter_paid_by(self, partner):
        """ Return those of the receipts that a person paid, as far as the school knows.

        :param res.partner partner: The person.
        :rtype: school.receipt
        """
        return self.filtered(lambda receipt: receipt.payer_partner_id == partner)

    def _get_issuer_label(self):
        """ Return who issued the receipt: a person, or the system where nobody did by hand.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        issuer = self.issued_by_id
        if not issuer or issuer._is_superuser() or not issuer._is_internal():
            return self.env._("the system")
        return issuer.name

    def _get_check_qr(self):
        """ Return the QR code that leads to the genuineness check.

        Note: `self.ensure_one()`

        :return: A black and white PNG picture as a `data:` address.
        :rtype: str
        """
        self.ensure_one()
        return make_qr_picture(self._get_print_values()['check_url'])

    def _get_print_filename(self, full=False):
        """ Return the name of the receipt's file, without its ending.

        Note: `self.ensure_one()`

        :param bool full: As in :meth:`_get_print_values`.
        :return: Such as "Receipt-RCT-2027-000123-Faith-O".
        :rtype: str
        """
        self.ensure_one()
        student = self.sudo().line_ids[:1].student_id
        parts = ['Receipt', self.number or '', student._get_first_name()]
        if full and student._get_initials():
            parts.append(student._get_initials()[-1])
        return re.sub(r'[^\w]+', '-', ' '.join(filter(None, parts))).strip('-')
