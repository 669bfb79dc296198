from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import mute_logger


class ResCompany(models.Model):
    _inherit = 'res.company'

    mpesa_unidentified_account_id = fields.Many2one(
        string="Unidentified Fee Receipts", comodel_name='account.account', copy=False,
        help="The liability that holds M-PESA money while nobody knows whose it is.",
    )
    mpesa_charges_account_id = fields.Many2one(
        string="M-PESA Charges", comodel_name='account.account', copy=False,
        domain="[('account_type', 'in', ('expense', 'expense_direct_cost'))]",
        help="The expense account of what Safaricom takes from each payment.",
    )
    mpesa_transit_account_id = fields.Many2one(
        string="M-PESA in Transit to Bank", comodel_name='account.account', copy=False,
        domain="[('account_type', '=', 'asset_current')]",
        help="Holds what has left the paybill and is not on the bank's statement yet.",
    )

    mpesa_link_run_number = fields.Integer(
        readonly=True, copy=False,
        help="Grows with each run that makes payment links for many: of two at once, the second"
             " one starts again and sees the first's links.",
    )

    # === BUSINESS METHODS === #

    def _begin_mpesa_link_run(self):
        """ Let one run at a time make payment links for many students of this school.

        Of two at once the second one waits here for the first, and is then started again by the
        framework, since it could not see the first's links.

        Note: `self.ensure_one()`

        :return: None
        """
        self.ensure_one()
        company_sudo = self.sudo()  # The bursar's office may not write on its school.
        company_sudo.mpesa_link_run_number += 1
        # The log would quote the whole row of what is no error: two runs at once.
        with mute_logger('odoo.sql_db'):
            company_sudo.flush_recordset(['mpesa_link_run_number'])

    def _get_mpesa_charges_account(self):
        """ Return the school's account for Safaricom's charges, made when first needed.

        :rtype: account.account
        """
        return self._get_school_account(
            'mpesa_charges_account_id', "M-PESA charges", 'expense', '620000',
        )

    def _get_mpesa_transit_account(self):
        """ Return the school's account for money on its way to the bank, made when first needed.

        A sweep, or a withdrawal from the paybill, debits it; who books the bank's statement credits
        it (daraja.md 23). What is left on it has not arrived.

        :rtype: account.account
        """
        account = self._get_school_account(
            'mpesa_transit_account_id', "M-PESA in transit to bank", 'asset_current', '120500',
        )
        if not account.reconcile:
            account.reconcile = True  # Each sweep is ticked off by its arrival.
        return account

    def _check_mpesa_counter_account(self, account):
        """ Ensure that money of a statement can go on an account that a person chooses.

        Also by RPC: nothing may hide on an account that our own booking uses, or that needs a name.

        :param account.account account: The account.
        :return: None
        :raise UserError: If there is none, or it is of cash, a bank, a wallet, debtors, creditors,
                          unidentified money or money on its way to the bank.
        """
        self.ensure_one()
        if not account:
            raise UserError(self.env._("Choose the account. Nothing was booked."))
        company = self.sudo()
        wallets = company.env['payment.provider'].with_context(active_test=False).search([
            ('code', '=', 'mpesa'),
        ]).journal_id.default_account_id
        if account.account_type in {
            'asset_receivable', 'liability_payable', 'asset_cash', 'liability_credit_card',
        } or account.sudo() in (
            wallets | company._get_unidentified_account() | company._get_mpesa_transit_account()
        ):
            raise UserError(self.env._(
                "%(account)s needs the name of who owes, or holds money itself. Nothing was"
                " booked. Choose an income, expense or other account.",
                account=account.display_name,
            ))

    def _get_unidentified_account(self):
        """ Return the school's account for money that nobody has claimed, made when first needed.

        :rtype: account.account
        """
        self.ensure_one()
        company = self.sudo()
        if not company.mpesa_unidentified_account_id:
            Account = company.env['account.account'].with_company(company)
            company.mpesa_unidentified_account_id = Account.create({
                'name': "Unidentified fee receipts",
                'code': Account._search_new_account_code('219000'),
                'account_type': 'liability_current',
                'reconcile': True,
                'company_ids': [company.id],
            })
        return company.mpesa_unidentified_account_id
