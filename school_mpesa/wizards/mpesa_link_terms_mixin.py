from odoo import fields, models
from odoo.exceptions import UserError

from .. import daraja


class MpesaLinkTermsMixin(models.AbstractModel):
    """What the office chooses for payment links: how much, what for, until when, how often."""

    _name = 'mpesa.link.terms.mixin'
    _description = "Terms of Payment Links"

    currency_id = fields.Many2one(string="Currency", comodel_name='res.currency')
    asks_for = fields.Selection(
        string="Ask For",
        selection=[('balance', "All that is due when it is opened"), ('amount', "This amount")],
        required=True, default='balance',
    )
    amount = fields.Monetary(
        string="Amount", help="In KES, whole shillings. The page never asks for more than is due.",
    )
    may_change = fields.Boolean(
        string="May Pay in Parts", default=True, help="The parent may pay a part of it.",
    )
    description = fields.Char(
        string="What For", help="The parent reads it on the page, and whoever gets the link.",
    )
    expires_on = fields.Date(
        string="Open Until", help="The last day on which it can be opened; empty: no end.",
    )
    max_uses = fields.Integer(
        string="Payments at Most", default=0, help="0: any number of payments.",
    )

    # === BUSINESS METHODS === #

    def _prepare_link(self, student):
        """ Return the create values of a student's link.

        Note: `self.ensure_one()`

        :param school.student student: The student.
        :rtype: dict
        """
        self.ensure_one()
        return {
            'student_id': student.id,
            'amount': self.amount if self.asks_for == 'amount' else 0.0,
            'may_change': self.may_change,
            'description': (self.description or '').strip() or False,
            'expires_on': self.expires_on,
            'max_uses': self.max_uses,
        }

    def _check_terms(self, company):
        """ Ensure that a parent could pay by a link of these terms.

        Note: `self.ensure_one()`

        :param res.company company: The school.
        :raise UserError: If none could.
        """
        self.ensure_one()
        provider_sudo = self.env['payment.provider']._mpesa_get_default(company)
        if not provider_sudo:
            raise UserError(self.env._(
                "This school does not collect by M-PESA yet. No link was made. Ask the"
                " administrator to set up a shortcode."
            ))
        if self.asks_for == 'amount':
            self._check_asked_amount(provider_sudo, company.currency_id)
        if self.max_uses < 0:
            raise UserError(self.env._(
                "The number of payments cannot be below zero. No link was made. 0 stands for any"
                " number."
            ))
        if self.expires_on and self.expires_on < self.env['mpesa.payment.link']._get_today():
            raise UserError(self.env._(
                "That day is over. No link was made. Choose today or a later day."
            ))

    def _check_asked_amount(self, provider_sudo, currency):
        """ Ensure that a parent could pay the amount.

        :param payment.provider provider_sudo: The shortcode, in sudo mode.
        :param res.currency currency: The school's.
        :raise UserError: If none could.
        """
        least = max(provider_sudo.mpesa_least_amount, daraja.LEAST_AMOUNT)
        if currency.compare_amounts(self.amount, int(self.amount)) != 0:
            raise UserError(self.env._("Enter whole shillings, without cents."))
        if currency.compare_amounts(self.amount, least) < 0:
            raise UserError(self.env._(
                "Amount must be KES %(least)s or more.", least=f'{least:,}',
            ))
        above = currency.compare_amounts(self.amount, daraja.MOST_AMOUNT) > 0
        if above and not self.may_change:
            raise UserError(self.env._(
                "M-PESA allows up to KES %(cap)s at once. No link was made. Let the parent pay"
                " in parts, or ask for less.", cap=f'{daraja.MOST_AMOUNT:,}',
            ))
