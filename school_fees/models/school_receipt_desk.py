from odoo import api, fields, models
from odoo.tools import clean_context


# The kinds of money that pass the desk; their channels have the same names.
DESK_KINDS = [('cash', "Cash"), ('bank', "Bank"), ('cheque', "Cheque")]


class SchoolReceiptDesk(models.Model):
    """Receipts that a person makes at the desk, for cash, a bank slip or a cheque."""

    _inherit = 'school.receipt'  # pylint: disable=consider-merging-classes-inherited

    intent = fields.Char(
        string="Intent", readonly=True, copy=False, groups='base.group_system',
        help="One opened form is one receipt, however often Post is pressed.",
    )

    cash_up_id = fields.Many2one(
        string="Cash-Up", comodel_name='school.cash.up', readonly=True, copy=False,
        index='btree_not_null', ondelete='restrict', groups='base.group_user',
        help="The count at the end of the day in which this money was handed in.",
    )

    correction_cash_up_id = fields.Many2one(
        string="Corrected In", comodel_name='school.cash.up', readonly=True, copy=False,
        index='btree_not_null', ondelete='restrict', groups='base.group_user',
        help="The later count that shows this as reversed.",
    )

    _intent_uniq = models.UniqueIndex(
        "(intent) WHERE intent IS NOT NULL",
        "This form was posted already, and the receipt stands once. Look under Receipts.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _book_at_desk(self, *, company, money_kind, amount, shares, intent, external_ref='',
                      date=None, family=None, payer=None):
        """ Book money that a person received, and return its receipt.

        The same intent returns the same receipt, however often it comes.

        :param res.company company: The school.
        :param str money_kind: 'cash', 'bank' or 'cheque'; the channel is the same.
        :param float amount: What was received, KES.
        :param list[tuple] shares: (student, Decimal KES) pairs that make up the amount.
        :param str intent: What names this one act of receiving.
        :param str external_ref: The bank's or the cheque's number.
        :param date date: The day of the payment; today without one.
        :param school.family family: The family, when it is a family receipt.
        :param res.partner payer: Who paid, where known.
        :return: The receipt, in sudo mode: who may take money may not write receipts.
        :rtype: school.receipt
        :raise UserError: If the school has no journal for such money.
        """
        # Without the caller's defaults: they would reach the receipt and its payments.
        Receipt = self.with_context(clean_context(self.env.context)).with_company(company).sudo()
        if same := Receipt.search([('intent', '=', intent)], limit=1):
            return same
        journal_sudo = company._make_desk_journal(money_kind)
        receipts, _payments = Receipt._book([{
            'receipt': {
                'date': date or fields.Date.context_today(self),
                'channel': money_kind,
                'money_kind': money_kind,
                'external_ref': external_ref or False,
                'amount': amount,
                'currency_id': company.currency_id.id,
                'company_id': company.id,
                'family_id': family.id if family else False,
                'payer_partner_id': payer.id if payer else False,
                'issued_by_id': self.env.uid,
                'intent': intent,
            },
            'shares': shares,
            'payment': {
                'journal_id': journal_sudo.id,
                'payment_method_line_id': journal_sudo._get_desk_method_line().id,
            },
        }])
        return receipts

    @api.model
    def _clean_reference(self, text):
        """ Return a bank's or cheque's number as it is kept: capitals, one blank between words.

        Else "chq 12" and "CHQ  12" would be two payments.

        :param str text: What somebody typed.
        :rtype: str
        """
        return ' '.join((text or '').upper().split())

    @api.model
    def _find_by_reference(self, company, money_kind, external_ref):
        """ Return the live receipt that has this reference already.

        :param res.company company: The school.
        :param str money_kind: The kind of money: references are unique within one.
        :param str external_ref: The reference, clean.
        :rtype: school.receipt
        """
        if not external_ref:
            return self.browse()
        return self.search([
            ('company_id', '=', company.id), ('money_kind', '=', money_kind),
            ('external_ref', '=', external_ref), ('state', '!=', 'reversed'),
        ], limit=1)

    def _get_posted_action(self):
        """ Return what the desk sees after Post: a message, the print, and the receipt.

        Note: `self.ensure_one()`

        :rtype: dict
        """
        self.ensure_one()
        receipt_sudo = self.sudo()
        return {
            'type': 'ir.actions.client',
            'tag': 'school_fees_receipt_posted',
            'params': {
                'message': receipt_sudo._get_posted_message(),
                'print': receipt_sudo.env.ref(
                    'school_fees.school_receipt_report_action'
                ).report_action(receipt_sudo.ids, config=False),
                'next': {
                    'type': 'ir.actions.act_window',
                    'res_model': 'school.receipt',
                    'res_id': self.id,
                    'views': [(False, 'form')],
                    'target': 'current',
                },
            },
        }

    def _get_posted_message(self):
        """ Return what happened, in words.

        Note: `self.ensure_one()`

        :return: Such as "RCT/2026/000012: KES 5,000.00 for Faith Otieno (ADM-012), who now owes
                 3,000.00."
        :rtype: str
        """
        self.ensure_one()
        parts = []
        for line in self.line_ids:
            student = line.student_id
            texts = student._get_balance_texts()
            words = self.env._("%(student)s: %(amount)s, credit now %(balance)s") if (
                texts['is_credit']
            ) else self.env._("%(student)s: %(amount)s, balance now %(balance)s")
            parts.append(words % {
                'student': student.display_name,
                'amount': self.currency_id._format_plain(line.amount),
                'balance': texts['balance'],
            })
        return self.env._(
            "Receipt %(number)s is posted. %(students)s.",
            number=self.number, students='; '.join(parts),
        )
