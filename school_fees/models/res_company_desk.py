from odoo import fields, models
from odoo.exceptions import UserError


# Where the money of each kind of desk receipt goes when the school has chosen no journal.
JOURNAL_TYPES = {'cash': 'cash', 'bank': 'bank', 'cheque': 'bank'}


class ResCompanyDesk(models.Model):
    """The journals of the school's desk."""

    _inherit = 'res.company'  # pylint: disable=consider-merging-classes-inherited

    school_cash_journal_id = fields.Many2one(
        string="Cash Journal", comodel_name='account.journal', copy=False, check_company=True,
        domain="[('type', '=', 'cash')]", help="Takes the cash of the school's desk.",
    )
    school_bank_journal_id = fields.Many2one(
        string="Bank Journal", comodel_name='account.journal', copy=False, check_company=True,
        domain="[('type', '=', 'bank')]",
        help="Takes what parents paid into the bank and show a slip for.",
    )
    school_cheque_journal_id = fields.Many2one(
        string="Cheque Journal", comodel_name='account.journal', copy=False, check_company=True,
        domain="[('type', 'in', ('bank', 'cash'))]", help="Takes the cheques of the school's desk.",
    )
    school_fees_journal_id = fields.Many2one(
        string="Fees Journal", comodel_name='account.journal', copy=False, check_company=True,
        domain="[('type', '=', 'general')]",
        help="Holds entries that move money between students without money moving.",
    )

    # === BUSINESS METHODS === #

    def _get_desk_journal(self, money_kind):
        """ Return the journal that takes, and pays back, one kind of money at the desk.

        Note: `self.ensure_one()`

        :param str money_kind: 'cash', 'bank' or 'cheque'.
        :return: The journal chosen in the settings, else the first that fits; empty without one.
        :rtype: account.journal
        """
        self.ensure_one()
        company_sudo = self.sudo()  # A cashier may not read journals.
        chosen = company_sudo[f'school_{money_kind}_journal_id']
        if chosen and chosen._is_for_desk():
            return chosen
        Journal = company_sudo.env['account.journal']
        journals = Journal.search([
            *Journal._check_company_domain(self), ('type', '=', JOURNAL_TYPES[money_kind]),
        ])
        return journals.filtered(lambda journal: journal._is_for_desk())[:1]

    def _make_desk_journal(self, money_kind):
        """ Return the desk's journal for one kind of money; a cash box is made when first needed.

        Odoo's charts come with a bank journal and without a cash journal.

        Note: `self.ensure_one()`

        :param str money_kind: 'cash', 'bank' or 'cheque'.
        :rtype: account.journal
        :raise UserError: If the school has no such journal.
        """
        journal_sudo = self._get_desk_journal(money_kind)
        if not journal_sudo and money_kind == 'cash':
            company_sudo = self.sudo()
            journal_sudo = company_sudo.env['account.journal'].with_company(self).create({
                'name': self.env._("Cash Office"), 'type': 'cash', 'company_id': self.id,
            })
            company_sudo.school_cash_journal_id = journal_sudo
        if not journal_sudo:
            raise UserError(self._explain_no_desk_journal())
        return journal_sudo

    def _explain_no_desk_journal(self):
        """ Say that money of this kind has nowhere to go, and what to do.

        Note: `self.ensure_one()`

        :rtype: str
        """
        self.ensure_one()
        return self.env._(
            "%(school)s has no journal for this kind of money. Ask the administrator to choose one"
            " under Settings > School Fees.", school=self.sudo().name,
        )

    def _get_fees_journal(self):
        """ Return the journal of entries between students, made when first needed.

        Note: `self.ensure_one()`

        :rtype: account.journal
        """
        self.ensure_one()
        company_sudo = self.sudo()
        if not company_sudo.school_fees_journal_id:
            Journal = company_sudo.env['account.journal'].with_company(self)
            company_sudo.school_fees_journal_id = Journal.search([
                ('company_id', '=', self.id), ('type', '=', 'general'), ('code', '=', 'FEES'),
            ], limit=1) or Journal.create({
                'name': "School Fees", 'code': 'FEES', 'type': 'general', 'company_id': self.id,
                'show_on_dashboard': False,
            })
        return company_sudo.school_fees_journal_id
