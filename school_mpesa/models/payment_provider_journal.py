from odoo import api, models
from odoo.exceptions import UserError, ValidationError


class PaymentProvider(models.Model):
    """The provider's journal: one shortcode is one bank journal, posting straight to the wallet."""

    # One file per concern of a large model, so that each stays small.
    # pylint: disable=consider-merging-classes-inherited
    _inherit = 'payment.provider'

    @api.constrains('code', 'state', 'journal_id')
    def _check_mpesa_journal(self):
        """ Check that a shortcode has a journal, and that no other provider has it too.

        :raise ValidationError: If it has none or shares it, whichever of the two was saved last.
        """
        for provider in self.filtered(lambda p: p.state != 'disabled'):
            is_mpesa = provider.code == 'mpesa'
            if not is_mpesa and not (provider.journal_id and provider.journal_id._is_mpesa()):
                continue
            if not provider.journal_id:
                raise ValidationError(self.env._(
                    "Choose a bank journal for this shortcode: each paybill or till has its own."
                ))
            others = self.env['account.payment.method.line'].search([
                ('journal_id', '=', provider.journal_id.id),
                ('payment_provider_id', 'not in', (False, provider.id)),
            ], limit=1)
            if others:
                raise ValidationError(self.env._(
                    "The journal %(journal)s already belongs to %(provider)s. Each paybill or till"
                    " needs a bank journal of its own, or its balance could not be proven.",
                    journal=provider.journal_id.name,
                    provider=others.payment_provider_id.sudo().name,
                ))

    @api.depends('code', 'state', 'company_id')
    def _compute_journal_id(self):
        """ Override of `account_payment`: never take the school's bank journal by itself.

        Odoo fills in the first bank journal of the company when a provider is enabled; each
        shortcode has one of its own, which a person chooses.
        """
        mpesa = self.filtered(lambda p: p.code == 'mpesa')
        res = super(PaymentProvider, self - mpesa)._compute_journal_id()
        for provider in mpesa:
            provider.journal_id = self.env['account.payment.method.line'].search([
                ('payment_provider_id', '=', provider._origin.id), ('journal_id', '!=', False),
            ], limit=1).journal_id
        return res

    def _ensure_payment_method_line(self, allow_create=True):
        """ Override of `account_payment`: the money is in the wallet the moment M-PESA says so.

        Posting straight to the journal's own account leaves no outstanding receipts behind, which
        Odoo Community has no screen to clear (odoo.md 2.1).
        """
        res = super()._ensure_payment_method_line(allow_create=allow_create)
        if self.code == 'mpesa' and self.journal_id:
            line = self._mpesa_find_method_line()
            if line.payment_account_id != self.journal_id.default_account_id:
                line.payment_account_id = self.journal_id.default_account_id
        return res

    def _mpesa_get_method_line(self):
        """ Return the journal's inbound method line of this provider, to book by.

        :rtype: account.payment.method.line
        :raise UserError: If somebody took it off the journal, as can be done once it is disabled.
        """
        line = self._mpesa_find_method_line()
        if not line:
            raise UserError(self.env._(
                "Shortcode %(shortcode)s has lost its journal: add its payment method again under"
                " Incoming Payments of the journal. The money is then booked by itself.",
                shortcode=self.mpesa_shortcode,
            ))
        return line

    def _mpesa_find_method_line(self):
        """ Return the journal's inbound method line of this provider, empty where it has none.

        :rtype: account.payment.method.line
        """
        self.ensure_one()
        return self.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self
        )[:1]
